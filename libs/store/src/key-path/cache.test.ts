import * as fc from 'fast-check'
import { sampleSize } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { aCaller, digestOf, Gate, MINUTE_MS, settled, World } from './key-path.fixture.ts'

describe('a first use', () => {
  it('by a thousand callers at once is one query', async () => {
    const world = new World()
    const digest = world.key('hot')
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => world.keys.lookup(digest)))
    expect(new Set(answers.map((answer) => answer.kind))).toEqual(new Set(['found']))
    expect(world.queries).toHaveLength(1)
    expect(world.redisCalls).toBe(1)
  })

  it('of a thousand keys takes four queries at a time, each key once', async () => {
    const world = new World(false)
    const digests = Array.from({ length: 1_000 }, (_, i) => world.key(`key ${i}`))
    const answers = Promise.all(digests.map((digest) => world.keys.lookup(digest)))
    expect((await answers).every((answer) => answer.kind === 'found')).toBe(true)
    expect(world.queries.flat()).toHaveLength(1_000)
    expect(world.inFlightMost).toBe(4)
  })

  it('of a key that another node verified a moment ago asks Redis only', async () => {
    const world = new World()
    const digest = world.key('known elsewhere')
    world.redis.set(digest.toString('hex'), world.record(aCaller('known elsewhere', {})))
    await world.known(digest)
    expect(world.queries).toHaveLength(0)
  })

  it('of what does not exist is absent, and asked for once in five seconds', async () => {
    const world = new World()
    const digest = digestOf('nobody')
    expect(await world.keys.lookup(digest)).toEqual({ kind: 'absent' })
    expect(await world.keys.lookup(digest)).toEqual({ kind: 'absent' })
    expect(world.queries).toHaveLength(1)
    await world.clock.pass(5_001)
    world.key('nobody')
    await world.known(digest)
  })
})

describe('with Postgres away', () => {
  it('a key of this node is served for an hour and no longer, then it is unknown', async () => {
    const world = new World()
    const digest = world.key('mine')
    await world.known(digest)
    world.postgres = 'down'
    world.cache = 'down'
    for (let minute = 1; minute < 60; minute++) {
      await world.clock.pass(MINUTE_MS)
      await world.known(digest)
    }
    await world.clock.pass(MINUTE_MS + 1)
    expect(await world.keys.lookup(digest)).toMatchObject({ kind: 'unknown' })
    expect(world.changes.toSorted()).toEqual(['postgres open', 'redis open'])
  })

  it('a key that only Redis knows is found, and one that nobody knows is unknown', async () => {
    const world = new World()
    const digest = world.key('in redis')
    world.redis.set(digest.toString('hex'), world.record(aCaller('in redis', {})))
    await world.clock.pass(10 * MINUTE_MS)
    world.postgres = 'down'
    await world.known(digest)
    expect(await world.keys.lookup(world.key('new'))).toMatchObject({ kind: 'unknown' })
  })

  it('a caller waits 800 ms at most, and no more than four queries hang', async () => {
    const world = new World(false)
    world.postgres = 'silent'
    const answers = Array.from({ length: 50 }, (_, i) => world.keys.lookup(world.key(`key ${i}`)))
    await world.clock.pass(400)
    answers.push(...Array.from({ length: 900 }, (_, i) => world.keys.lookup(world.key(`later ${i}`))))
    await world.clock.pass(800)
    const kinds = (await Promise.all(answers)).map((answer) => answer.kind)
    expect(new Set(kinds)).toEqual(new Set(['unknown']))
    expect(world.queries.length).toBeLessThanOrEqual(4)
  })

  it('what it costs is bounded: a stale key is tried about once a second, not once per request', async () => {
    const world = new World(false)
    const digest = world.key('busy')
    await world.known(digest)
    world.postgres = 'down'
    await world.clock.pass(40_000)
    for (let i = 0; i < 1_000; i++) {
      await world.known(digest)
      await world.clock.pass(10)
    }
    expect(world.queries.length).toBeLessThan(20)
    expect(world.keys.stats().stale).toBeLessThan(20)
  })
})

describe('with Redis away', () => {
  it('is asked about five times, then left alone, and reported once', async () => {
    const world = new World()
    world.cache = 'down'
    for (let i = 0; i < 50; i++) await world.known(world.key(`key ${i}`))
    expect(world.redisCalls).toBeLessThan(10)
    expect(world.changes).toEqual(['redis open', 'redis writes open'])
  })

  it('a wrong value is a counted miss, and is nobody’s answer', async () => {
    const world = new World()
    world.cache = 'wrong'
    await world.known(world.key('mine'))
    expect(world.keys.stats().redisWrong).toBe(1)
  })
})

describe('a stale copy', () => {
  it('is served at once while one refresh is under way', async () => {
    const world = new World(false)
    const digest = world.key('mine')
    await world.known(digest)
    world.truth.set(digest.toString('hex'), aCaller('mine', { version: 2, keyName: 'renamed' }))
    await world.clock.pass(MINUTE_MS)
    const answers = await Promise.all(Array.from({ length: 100 }, () => world.keys.lookup(digest)))
    expect(answers.every((answer) => answer.kind === 'found' && answer.value.version === 1)).toBe(true)
    await settled()
    expect(await world.keys.lookup(digest)).toMatchObject({ value: { keyName: 'renamed' } })
    expect(world.queries).toHaveLength(2)
  })

  it('takes three of the four permits at most, so that a key nobody knows yet is asked for at once', async () => {
    const world = new World(false)
    const stale = Array.from({ length: 5 }, (_, i) => world.key(`stale ${i}`))
    for (const digest of stale) await world.known(digest)
    await world.clock.pass(MINUTE_MS)
    world.queries = []
    const held = new Gate()
    world.gate = held.wait
    for (const digest of stale) {
      await world.known(digest)
      await settled()
    }
    expect(world.queries.flat()).toEqual(stale.slice(0, 3))
    const unknown = world.key('unknown')
    const answer = world.keys.lookup(unknown)
    await settled()
    expect(world.queries.at(-1)).toEqual([unknown, ...stale.slice(3)])
    held.open()
    expect(await answer).toMatchObject({ kind: 'found' })
  })

  it('keys filled together are not asked for together again', async () => {
    let dice = 0
    const world = new World(false, () => (dice = (dice + 0.37) % 1))
    const digests = Array.from({ length: 200 }, (_, i) => world.key(`key ${i}`))
    for (const digest of digests) await world.known(digest)
    let most = 0
    for (let second = 0; second < 60; second++) {
      await world.clock.pass(1_000)
      const before = world.queries.flat().length
      for (const digest of digests) await world.known(digest)
      await settled()
      most = Math.max(most, world.queries.flat().length - before)
    }
    expect(most).toBeLessThan(50)
  })

  it('is asked for again after a channel was lost, and served meanwhile', async () => {
    const world = new World(false)
    const digest = world.key('mine')
    await world.known(digest)
    await world.clock.pass(1_000)
    world.keys.channelLost()
    await world.known(digest)
    await settled()
    expect(world.queries).toHaveLength(2)
  })

  it('is never replaced by a lower version', async () => {
    const world = new World(false)
    const digest = world.key('mine', { version: 5 })
    await world.known(digest)
    world.truth.set(digest.toString('hex'), aCaller('mine', { version: 4 }))
    await world.clock.pass(MINUTE_MS)
    await world.known(digest)
    await settled()
    expect(await world.keys.lookup(digest)).toMatchObject({ value: { version: 5 } })
    expect(world.keys.stats().lowered).toBe(1)
  })
})

describe('a change', () => {
  it('is asked of Postgres, since Redis may hold what was before', async () => {
    const world = new World()
    const digest = world.key('mine')
    await world.known(digest)
    await settled()
    world.truth.set(digest.toString('hex'), aCaller('mine', { version: 2 }))
    world.keys.drop([digest])
    expect(await world.keys.lookup(digest)).toMatchObject({ value: { version: 2 } })
  })

  it('without anybody to ask is unknown, never the old copy', async () => {
    const world = new World()
    const digest = world.key('mine')
    await world.known(digest)
    world.postgres = 'down'
    world.keys.drop([digest])
    expect(await world.keys.lookup(digest)).toMatchObject({ kind: 'unknown' })
  })

  it('a revoked key is absent from that moment on, with both stores away too', async () => {
    const world = new World()
    const digest = world.key('mine')
    await world.known(digest)
    world.keys.tombstone(digest)
    world.postgres = 'down'
    world.cache = 'down'
    expect(await world.keys.lookup(digest)).toEqual({ kind: 'absent' })
    await world.clock.pass(60 * MINUTE_MS)
    expect(await world.keys.lookup(digest)).toEqual({ kind: 'absent' })
  })

  it('a flood of good keys does not push a revocation out', async () => {
    const world = new World(false)
    const digest = world.key('mine')
    world.keys.tombstone(digest)
    for (let i = 0; i < 1_000; i++) await world.known(world.key(`flood ${i}`))
    expect(await world.keys.lookup(digest)).toEqual({ kind: 'absent' })
  })

  it('a look-up that began before it and ends after it is not kept', async () => {
    const world = new World()
    const digest = world.key('mine')
    const held = new Gate()
    world.gate = held.wait
    const early = world.keys.lookup(digest)
    await settled()
    world.truth.set(digest.toString('hex'), aCaller('mine', { version: 2 }))
    world.keys.drop([digest])
    world.gate = null
    held.open()
    await early
    expect(await world.keys.lookup(digest)).toMatchObject({ value: { version: 2 } })
    expect(world.redis.get(digest.toString('hex'))?.version).toBe(2)
  })

  it('leaves nobody unanswered who asked before it', async () => {
    const world = new World(false)
    const digest = world.key('mine')
    const early = world.keys.lookup(digest)
    await Promise.resolve()
    world.keys.drop([digest])
    const later = world.keys.lookup(digest)
    expect((await Promise.all([early, later])).map((answer) => answer.kind)).toEqual(['found', 'found'])
  })

  it('a look-up under way never brings a revoked or changed key back', async () => {
    const steps = fc.array(fc.constantFrom('lookup', 'revoke', 'change', 'gate', 'open', 'pass'), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (list, withRedis) => {
        const world = new World(withRedis)
        const digest = world.key('mine')
        const held: Gate[] = []
        let version = 1
        let revoked = false
        for (const step of list) {
          if (step === 'lookup') void world.keys.lookup(digest)
          if (step === 'gate') world.gate = held[held.push(new Gate()) - 1]?.wait ?? null
          if (step === 'open') for (const one of held) one.open()
          if (step === 'pass') await world.clock.pass(100)
          if (step === 'change' || step === 'revoke') {
            revoked ||= step === 'revoke'
            world.truth.set(digest.toString('hex'), aCaller('mine', { version: ++version, revoked }))
            world.keys.apply([{ digest, version, revoked: step === 'revoke' }])
          }
          await settled()
        }
        world.gate = null
        for (const one of held) one.open()
        await settled()
        const answer = await world.keys.lookup(digest)
        if (revoked) expect(answer).toEqual({ kind: 'absent' })
        else expect(answer).toMatchObject({ kind: 'found', value: { version } })
      }),
      { numRuns: sampleSize({ part: 40, all: 1_000 }) },
    )
  }, 60_000)
})

it('a caller that went away leaves the look-up to the others', async () => {
  const world = new World(false)
  const digest = world.key('mine')
  const held = new Gate()
  world.gate = held.wait
  void world.keys.lookup(digest)
  const other = world.keys.lookup(digest)
  held.open()
  expect(await other).toMatchObject({ kind: 'found' })
})

it('close waits for what is under way and asks nobody afterwards', async () => {
  const world = new World(false)
  const digest = world.key('mine')
  const answer = world.keys.lookup(digest)
  await world.keys.close()
  expect(await answer).toMatchObject({ kind: 'found' })
  expect(await world.keys.lookup(world.key('later'))).toMatchObject({ kind: 'unknown' })
})
