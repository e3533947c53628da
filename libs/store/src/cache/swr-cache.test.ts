import { describe, expect, it } from 'vitest'
import { settled, TestClock } from '../key-path/key-path.fixture.ts'
import type { Flight } from './single-flight.ts'
import { EXPIRED, SwrCache } from './swr-cache.ts'

interface Cached {
  readonly answer: number
}

/** A cache over one value, which is fresh for ten seconds and stale for sixty. */
class World {
  readonly clock = new TestClock()
  readonly cache = new SwrCache<Cached, number>({ clock: this.clock, entriesMax: 3 })
  truth = 1
  isUp = true
  loads: string[] = []

  use(key = 'one'): Promise<unknown> {
    return this.cache.lookup(key, (flight) => this.load(key, flight))
  }

  async load(key: string, { isCurrent }: Flight): Promise<number> {
    this.loads.push(key)
    const answer = this.truth
    await settled()
    if (!this.isUp) throw new Error('refused')
    this.put(key, answer, isCurrent() ? 10_000 : EXPIRED)
    return answer
  }

  put(key: string, answer: number, freshMs: number): void {
    this.cache.put(key, { answer }, { verifiedMs: this.clock.monotonicMs(), freshMs, staleMs: 60_000 })
  }
}

describe('a value', () => {
  it('is loaded once for all who miss it, and served while it is fresh', async () => {
    const world = new World()
    expect(await Promise.all([world.use(), world.use()])).toEqual([1, 1])
    world.truth = 2
    await world.clock.pass(9_999)
    expect(await world.use()).toBe(1)
    expect(world.loads).toHaveLength(1)
    expect(world.cache.counts).toEqual({ fresh: 1, stale: 0, unknown: 0 })
  })

  it('is served stale at once while it is revalidated', async () => {
    const world = new World()
    await world.use()
    world.truth = 2
    await world.clock.pass(10_000)
    expect(await world.use()).toBe(1)
    await world.clock.pass(1)
    expect(await world.use()).toBe(2)
  })

  it('is served while the origin is away, asked for once a second, and unknown once it is too old', async () => {
    const world = new World()
    await world.use()
    world.isUp = false
    await world.clock.pass(10_000)
    for (let i = 0; i < 100; i++) {
      expect(await world.use()).toBe(1)
      await settled()
    }
    expect(world.loads).toHaveLength(2)
    await world.clock.pass(50_000)
    expect(await world.use()).toMatchObject({ kind: 'unknown', cause: new Error('refused') })
  })

  it('that expired is loaded before it is used, and served as it was only while the origin is away', async () => {
    const world = new World()
    world.put('one', 0, EXPIRED)
    world.isUp = false
    expect(await world.use()).toBe(0)
    await world.clock.pass(1_000)
    world.isUp = true
    expect(await world.use()).toBe(1)
  })

  it('that was invalidated while it was loaded answers who waited for it, and nobody afterwards', async () => {
    const world = new World()
    const early = world.use()
    await Promise.resolve()
    world.cache.invalidate('one')
    world.truth = 2
    expect([await world.use(), await early, await world.use()]).toEqual([2, 1, 2])
  })

  it('that was not used the longest goes when there is no room', async () => {
    const world = new World()
    for (const key of ['one', 'two', 'three', 'one', 'four', 'one', 'two']) await world.use(key)
    expect(world.loads).toEqual(['one', 'two', 'three', 'four', 'two'])
  })
})
