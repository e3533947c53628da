import { describe, expect, it } from 'vitest'
import { NameCache } from './names.ts'

/** Names with a clock and look-ups in our hands. */
function aWorld() {
  const world = {
    nowMs: 1_000,
    /** Look-ups that were asked for, in order. */
    asked: [] as string[],
    waiting: [] as { answer(...addresses: string[]): Promise<void>; fail(code?: string): Promise<void> }[],
  }
  const names = new NameCache({
    waitMsMax: 1_500,
    nowMs: () => world.nowMs,
    lookup: (host) => {
      world.asked.push(host)
      return new Promise((resolve, reject) => {
        world.waiting.push({
          answer: (...addresses) => settled(() => resolve(addresses)),
          fail: (code = 'ENOTFOUND') => settled(() => reject(Object.assign(new Error(code), { code }))),
        })
      })
    },
  })
  const next = () => {
    const waiting = world.waiting.shift()
    if (!waiting) throw new Error('nobody asked')
    return waiting
  }
  return { world, names, next }
}

/** Everything that follows from it has happened. */
async function settled(settle: () => void): Promise<void> {
  settle()
  await new Promise(setImmediate)
}

async function known() {
  const all = aWorld()
  const first = all.names.find('a.example')
  await all.next().answer('192.0.2.1')
  expect(await first).toEqual(['192.0.2.1'])
  return all
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'found',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )

describe('a name that was never found', () => {
  it('is looked up once for everybody who waits', async () => {
    const { world, names, next } = aWorld()
    const finding = [names.find('a.example'), names.find('a.example'), names.find('b.example')]
    expect(world.asked).toEqual(['a.example', 'b.example'])
    await next().answer('192.0.2.1')
    await next().answer('192.0.2.2')
    expect(await Promise.all(finding)).toEqual([['192.0.2.1'], ['192.0.2.1'], ['192.0.2.2']])
  })

  it('is waited for by whoever comes while its look-up is young, and by nobody after', async () => {
    const { world, names, next } = aWorld()
    const finding = names.find('a.example')
    world.nowMs += 1_499
    const second = names.find('a.example')
    world.nowMs += 1
    expect(await codeOf(names.find('a.example'))).toBe('ETIMEDOUT')
    expect(await codeOf(names.refresh('a.example'))).toBe('ETIMEDOUT')
    expect(world.asked).toHaveLength(1)
    world.nowMs += 28_500
    await next().answer('192.0.2.1')
    for (const found of [finding, second, names.find('a.example')]) expect(await found).toEqual(['192.0.2.1'])
    expect(world.asked).toHaveLength(1)
  })

  it('is asked for again after a minute without a word, and a late answer still counts', async () => {
    const { world, names, next } = aWorld()
    void names.find('a.example')
    world.nowMs += 59_999
    expect(await codeOf(names.find('a.example'))).toBe('ETIMEDOUT')
    expect(world.asked).toHaveLength(1)
    world.nowMs += 1
    void names.find('a.example')
    expect(world.asked).toHaveLength(2)
    await next().answer('192.0.2.1')
    expect(await names.find('a.example')).toEqual(['192.0.2.1'])
  })

  it('that does not exist is asked for once a second', async () => {
    const { world, names, next } = aWorld()
    const finding = codeOf(names.find('a.example'))
    await next().fail()
    expect(await finding).toBe('ENOTFOUND')
    world.nowMs += 999
    expect(await codeOf(names.find('a.example'))).toBe('ENOTFOUND')
    expect(world.asked).toHaveLength(1)
    world.nowMs += 1
    const again = names.find('a.example')
    await next().answer('192.0.2.1')
    expect(await again).toEqual(['192.0.2.1'])
  })

  it('is not found in an empty answer', async () => {
    const { names, next } = aWorld()
    const finding = codeOf(names.find('a.example'))
    await next().answer()
    expect(await finding).toBe('ENOTFOUND')
  })
})

describe('a name that was found once', () => {
  it('is not asked for again for half a minute', async () => {
    const { world, names } = await known()
    world.nowMs += 29_999
    await names.find('a.example')
    expect(world.asked).toHaveLength(1)
  })

  it('is asked for again in the background, and its change is followed', async () => {
    const { world, names, next } = await known()
    world.nowMs += 30_000
    expect(await names.find('a.example')).toEqual(['192.0.2.1'])
    expect(await names.find('a.example')).toEqual(['192.0.2.1'])
    expect(world.asked).toHaveLength(2)
    await next().answer('192.0.2.9')
    expect(await names.find('a.example')).toEqual(['192.0.2.9'])
  })

  it.for(['ENOTFOUND', 'ESERVFAIL', 'ETIMEOUT'])(
    'goes on with its last addresses after %s, for a day',
    async (code) => {
      const { world, names, next } = await known()
      world.nowMs += 30_000
      await names.find('a.example')
      await next().fail(code)
      expect(await names.find('a.example')).toEqual(['192.0.2.1'])
      expect(world.asked).toHaveLength(2)
      world.nowMs += 5_000
      expect(await names.find('a.example')).toEqual(['192.0.2.1'])
      expect(world.asked).toHaveLength(3)
      await next().fail(code)
      world.nowMs += 86_400_000
      const finding = codeOf(names.find('a.example'))
      await next().fail(code)
      expect(await finding).toBe(code)
    },
  )

  it('is never waited for, however long a look-up takes', async () => {
    const { world, names } = await known()
    for (let i = 0; i < 10; i++) {
      world.nowMs += 30_000
      expect(await names.find('a.example')).toEqual(['192.0.2.1'])
    }
    // A look-up that says nothing is given up after a minute.
    expect(world.asked.length).toBeLessThanOrEqual(6)
  })

  it('is asked for anew when its addresses do not answer, once a second', async () => {
    const { world, names, next } = await known()
    expect(await names.refresh('a.example')).toEqual(['192.0.2.1'])
    world.nowMs += 1_000
    const anew = names.refresh('a.example')
    await next().answer('192.0.2.9')
    expect(await anew).toEqual(['192.0.2.9'])
    expect(await names.refresh('a.example')).toEqual(['192.0.2.9'])
    expect(world.asked).toHaveLength(2)
  })
})

describe('the names kept', () => {
  it('are bounded, and the ones in use stay', async () => {
    const { world, names, next } = await known()
    for (let i = 0; i < 3_000; i++) {
      const finding = names.find(`${i}.example`)
      await next().answer('192.0.2.2')
      await finding
      if (i % 1_000 === 0) await names.find('a.example')
    }
    world.asked = []
    await names.find('a.example')
    expect(world.asked).toEqual([])
    void names.find('0.example')
    expect(world.asked).toEqual(['0.example'])
  })

  it('have a bounded number of look-ups under way', async () => {
    const { world, names, next } = aWorld()
    const finding = Array.from({ length: 300 }, (_, i) => codeOf(names.find(`${i}.example`)))
    await new Promise(setImmediate)
    expect(world.asked).toHaveLength(256)
    expect(await finding[299]).toBe('ETIMEDOUT')
    await next().answer('192.0.2.1')
    void names.find('299.example')
    expect(world.asked).toHaveLength(257)
  })

  it('keep few of an answer’s many addresses, the families by turns', async () => {
    const { names, next } = aWorld()
    const finding = names.find('a.example')
    await next().answer('192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1', '2001:db8::2')
    expect(await finding).toEqual(['192.0.2.1', '2001:db8::1', '192.0.2.2', '2001:db8::2', '192.0.2.3'])
    const many = names.find('b.example')
    await next().answer(...Array.from({ length: 1_000 }, (_, i) => `198.51.${i >> 8}.${i & 255}`))
    expect(await many).toHaveLength(32)
  })
})
