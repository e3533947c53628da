import { describe, expect, it } from 'vitest'
import { aCaller, MINUTE_MS, World } from './key-path.fixture.ts'
import { WrongValue, type KeyRecord } from './records.ts'
import { KeySampler, type Inconsistency } from './sampler.ts'

/** A world whose changes reach nobody by themselves, and a sampler over it. */
class Sampled extends World {
  readonly inconsistent: Inconsistency[] = []
  readonly behind: Inconsistency[] = []
  readonly asked: number[] = []
  redisReads = 0
  /** For how long the process of the sampler did not run. */
  stoppedMs = 0
  readonly sampler = new KeySampler({
    keys: this.keys,
    clock: {
      wallMs: () => this.clock.wallMs(),
      monotonicMs: () => this.clock.monotonicMs() + this.stoppedMs,
      after: (ms, call) => this.clock.after(ms, call),
    },
    fromPostgres: async (digests) => {
      if (this.postgres !== 'up') throw new Error('refused')
      this.asked.push(digests.length)
      return new Map(digests.flatMap((digest) => this.#rows(digest)))
    },
    fromRedis: async (digest) => {
      this.redisReads++
      if (this.cache === 'down') throw new Error('refused')
      if (this.cache === 'wrong') throw new WrongValue('not ours')
      return this.redis.get(digest.toString('hex')) ?? null
    },
    onInconsistent: (found) => this.inconsistent.push(found),
    onPostgresBehind: (found) => this.behind.push(found),
  })

  constructor() {
    super(true, undefined, 100_000)
  }

  #rows(digest: Buffer): [string, KeyRecord][] {
    const caller = this.truth.get(digest.toString('hex'))
    return caller ? [[digest.toString('hex'), this.record(caller)]] : []
  }

  /** A key in both tiers, as Postgres has it. */
  async held(name: string, version = 1): Promise<Buffer> {
    const digest = this.key(name, { version })
    await this.known(digest)
    return digest
  }
}

describe('a copy that missed a change', () => {
  it('in memory is counted once, reported by the key’s id, and put right', async () => {
    const world = new Sampled()
    const digest = await world.held('edited')
    await world.clock.pass(1_500)
    world.redis.clear()
    world.key('edited', { version: 2 })
    await world.clock.pass(8_000)
    expect(world.inconsistent).toEqual([{ tier: 'memory', keyId: 'edited', version: 1, truth: 2 }])
    expect(await world.keys.lookup(digest)).toMatchObject({ kind: 'found', value: { version: 2 } })
    await world.clock.pass(60_000)
    expect(world.sampler.stats().inconsistent).toEqual({ memory: 1, redis: 0 })
  })

  it('and is a revoked key is refused from then on', async () => {
    const world = new Sampled()
    const digest = await world.held('revoked')
    world.key('revoked', { version: 2, revoked: true })
    await world.clock.pass(8_000)
    expect(world.inconsistent.map(({ tier }) => tier)).toEqual(['memory', 'redis'])
    expect(await world.keys.lookup(digest)).toEqual({ kind: 'absent' })
  })

  it('in Redis is counted there and replaced', async () => {
    const world = new Sampled()
    const digest = await world.held('edited', 2)
    await world.clock.pass(500)
    world.redis.set(digest.toString('hex'), world.record(aCaller('edited', { version: 1 })))
    await world.clock.pass(8_000)
    expect(world.inconsistent).toEqual([{ tier: 'redis', keyId: 'edited', version: 1, truth: 2 }])
    expect(world.redis.get(digest.toString('hex'))?.version).toBe(2)
  })

  it('is no incident when the change arrives within five seconds', async () => {
    const world = new Sampled()
    const digest = await world.held('edited')
    world.key('edited', { version: 2 })
    await world.clock.pass(4_000)
    world.keys.drop([digest])
    await world.clock.pass(MINUTE_MS)
    expect(world.inconsistent).toEqual([])
  })

  it('is no incident for a key that changes all the time and is always a little late', async () => {
    const world = new Sampled()
    const digest = await world.held('busy')
    for (let version = 2; version < 40; version++) {
      world.key('busy', { version })
      await world.clock.pass(1_000)
      world.keys.drop([digest])
    }
    expect(world.inconsistent).toEqual([])
  })

  it('is not held against a process that was stopped meanwhile', async () => {
    const world = new Sampled()
    const digest = await world.held('edited')
    world.key('edited', { version: 2 })
    await world.clock.pass(1_500)
    world.stoppedMs = 60_000
    // The first round after the stop comes before the change is received.
    await world.clock.pass(1_000)
    world.keys.drop([digest])
    await world.clock.pass(10_000)
    expect(world.inconsistent).toEqual([])
  })

  it('is not suspected across an outage of Postgres, in which no change can arrive', async () => {
    const world = new Sampled()
    const digest = await world.held('edited')
    world.key('edited', { version: 2 })
    await world.clock.pass(1_500)
    world.postgres = 'down'
    await world.clock.pass(4_000)
    world.postgres = 'up'
    await world.clock.pass(700)
    world.keys.drop([digest])
    await world.clock.pass(20_000)
    expect(world.inconsistent).toEqual([])
  })
})

describe('a copy newer than Postgres', () => {
  it('is counted as Postgres gone back in time, reported once a minute, and kept', async () => {
    const world = new Sampled()
    const digest = await world.held('restored', 7)
    world.key('restored', { version: 3 })
    await world.clock.pass(20_500)
    expect(world.sampler.stats().postgresBehind).toBe(40)
    expect(world.behind).toEqual([{ tier: 'memory', keyId: 'restored', version: 7, truth: 3 }])
    expect(world.inconsistent).toEqual([])
    expect(await world.keys.lookup(digest)).toMatchObject({ value: { version: 7 } })
  })

  it('is one of a key that Postgres does not know at all, since no key is ever deleted', async () => {
    const world = new Sampled()
    const digest = await world.held('lost')
    world.truth.delete(digest.toString('hex'))
    await world.clock.pass(1_500)
    expect(world.behind).toEqual([{ tier: 'memory', keyId: null, version: 1, truth: 0 }])
  })
})

describe('the work of the sampler', () => {
  it('is one query a second for a hundredth of the copies a minute, ten of them from Redis', async () => {
    const world = new Sampled()
    const copies = Array.from({ length: 100_000 }, (_, index) => {
      const name = `key ${index}`
      return { digest: world.key(name).toString('hex'), record: world.record(aCaller(name, {})) }
    })
    expect(world.keys.restore({ copies, tombstones: [], denied: [], sequence: null })).toBe(100_000)
    await world.clock.pass(60_500)
    expect(world.asked).toEqual(Array.from({ length: 60 }, () => 17))
    expect(world.redisReads).toBe(600)
    expect(world.inconsistent).toEqual([])
  })

  it('is at least one copy a second, and nothing while there is none', async () => {
    const world = new Sampled()
    await world.clock.pass(3_500)
    expect(world.asked).toEqual([])
    await world.held('only')
    await world.clock.pass(3_000)
    expect(world.asked).toEqual([1, 1, 1])
  })

  it('spares a store whose breaker is not closed', async () => {
    const world = new Sampled()
    await world.held('known')
    world.postgres = 'down'
    world.cache = 'down'
    await world.clock.pass(10_500)
    expect(world.keys.stats()).toMatchObject({ postgres: 'open', redis: 'open' })
    const reads = world.redisReads
    world.postgres = 'up'
    world.cache = 'up'
    await world.clock.pass(10_000)
    expect(world.asked).toEqual([])
    expect(world.redisReads).toBe(reads)
  })

  it('expects nothing new of a Redis that takes no writes', async () => {
    const world = new Sampled()
    await world.held('known')
    await world.clock.pass(500)
    for (let failure = 0; failure < 5; failure++) world.keys.breakers.redisWrites.admit()?.failed('refused')
    await world.clock.pass(5_000)
    expect(world.asked).toHaveLength(5)
    expect(world.redisReads).toBe(0)
  })

  it('takes a tombstone in Redis for what it is, and counts a foreign value', async () => {
    const world = new Sampled()
    const digest = await world.held('ended', 3)
    world.redis.set(digest.toString('hex'), { version: 2, caller: null, verifiedAtMs: world.clock.wallMs() })
    await world.clock.pass(10_500)
    expect(world.inconsistent).toEqual([])
    world.cache = 'wrong'
    await world.clock.pass(1_000)
    expect(world.sampler.stats()).toMatchObject({ redisWrong: 1, postgresBehind: 0 })
  })

  it('ends with the process', async () => {
    const world = new Sampled()
    await world.held('known')
    await world.clock.pass(1_500)
    await world.sampler.close()
    await world.clock.pass(10_000)
    expect(world.asked).toHaveLength(1)
  })
})
