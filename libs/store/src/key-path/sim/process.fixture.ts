import type { Caller, Lookup } from '@turnpike/domain'
import type { Clock } from '../../cache/clock.ts'
import { KeyCache, type KeyEvent, type KeySnapshot, type KeyStore } from '../cache.ts'
import type { KeyRecord } from '../records.ts'
import { call, POSTGRES_TIMEOUT_MS, REDIS_TIMEOUT_MS, type Link, type LinkMode } from './link.fixture.ts'
import { orWrong, type SimKey, type SimPostgres, type SimRedis } from './stores.fixture.ts'
import { Traffic } from './traffic.fixture.ts'
import { Witness, type Reach, type Remembered } from './witness.fixture.ts'

/** The ways of one gateway as they are now, and since when. */
export interface Ways {
  redis: LinkMode
  postgres: LinkMode
  /** `lossy` loses every other message and tells the rest twice; `silent` is a connection that died. */
  channel: 'up' | 'lossy' | 'silent'
  redisSinceMs: number
  postgresSinceMs: number
}

export interface ProcessOptions {
  readonly clock: Clock
  readonly dice: () => number
  readonly postgres: SimPostgres
  readonly redis: SimRedis
  readonly ways: Ways
  readonly fail: (what: string) => void
}

/** What a process leaves behind for the next one, and what its witness knows of it. */
export interface Saved {
  readonly held: KeySnapshot
  readonly remembered: Remembered
}

/** More than the keys of a run, and few enough that a process begins in no time. */
const ENTRIES_MAX = 128
/** Hours of two gateways differ by this much at most. */
const SKEW_MS_MAX = 2_000

/** A gateway's key path from its start to its end: a real KeyCache over simulated stores, receiving changes by both channels. */
export class SimProcess implements Clock {
  readonly #options: ProcessOptions
  readonly cache: KeyCache
  readonly witness: Witness
  readonly traffic: Traffic
  readonly links: { readonly redis: Link; readonly postgres: Link }
  readonly #skewMs: number
  readonly #states = new Map<KeyStore, string>()
  #warpMs: number
  #ended = false
  /** What is to happen when it thaws; null while it is not frozen. */
  #frozen: (() => void)[] | null = null

  constructor(options: ProcessOptions, saved: Saved | null) {
    const { clock, dice, ways, fail } = options
    this.#options = options
    this.#skewMs = SKEW_MS_MAX * (2 * dice() - 1)
    this.#warpMs = clock.monotonicMs()
    const base = { there: clock, here: this, dice }
    this.links = {
      redis: { ...base, mode: () => ways.redis, timeoutMs: REDIS_TIMEOUT_MS },
      postgres: { ...base, mode: () => ways.postgres, timeoutMs: POSTGRES_TIMEOUT_MS },
    }
    this.witness = new Witness({ clock, fail, reach: () => this.#reach() })
    this.cache = this.#openCache()
    this.traffic = new Traffic({
      clock,
      fail,
      stateOf: (store) => this.cache.breakers[store === 'redis writes' ? 'redisWrites' : store].state,
      changedMs: (hex) => this.witness.memory(hex).changedMs,
      warpMs: () => this.#reach().warpMs,
    })
    if (saved) {
      this.cache.restore(saved.held)
      // What is too old, or of an organisation that allows no stale copies, is not taken.
      this.witness.restored(this.cache.snapshot(Infinity), saved.remembered)
    }
  }

  wallMs(): number {
    return this.#options.clock.wallMs() + this.#skewMs
  }

  monotonicMs(): number {
    return this.#options.clock.monotonicMs()
  }

  after(ms: number, act: () => void): () => void {
    return this.#options.clock.after(ms, () => {
      if (this.#ended) return
      if (this.#frozen) this.#frozen.push(act)
      else act()
    })
  }

  get isFrozen(): boolean {
    return this.#frozen !== null
  }

  freeze(): void {
    this.#frozen ??= []
  }

  thaw(): void {
    const late = this.#frozen
    if (!late) return
    this.#frozen = null
    this.warped()
    for (const act of late) act()
  }

  /** It lost time. */
  warped(): void {
    this.#warpMs = this.monotonicMs()
  }

  /** As kill -9 ends it. */
  end(): void {
    this.#ended = true
  }

  save(copiesMax: number): Saved {
    return { held: this.cache.snapshot(copiesMax), remembered: this.witness.remembered() }
  }

  async ask(key: SimKey): Promise<Lookup<Caller>> {
    const question = this.witness.asked(key)
    const answer = await this.cache.lookup(key.digest)
    if (!this.#ended) this.witness.answered(key, question, answer)
    return answer
  }

  /** Changes reach it, by either channel. */
  receives(events: readonly KeyEvent[]): void {
    for (const { digest, revoked } of events) this.witness.received(digest.toString('hex'), revoked)
    this.cache.apply(events)
  }

  /** A pending revocation reaches it. */
  denies(key: SimKey): void {
    this.witness.received(key.hex, true)
    this.cache.deny(key.id)
  }

  #reach(): Reach {
    if (this.isFrozen) return { redisSinceMs: null, postgresSinceMs: null, warpMs: Infinity }
    const { redis, postgres, redisSinceMs, postgresSinceMs } = this.#options.ways
    return {
      redisSinceMs: redis === 'up' ? Math.max(redisSinceMs, this.#warpMs) : null,
      postgresSinceMs: postgres === 'up' ? Math.max(postgresSinceMs, this.#warpMs) : null,
      warpMs: this.#warpMs,
    }
  }

  #openCache(): KeyCache {
    const { redis, dice } = this.#options
    const options = {
      redis: {
        fromRedis: (digest: Buffer) => this.#fromRedis(digest),
        claim: (digest: Buffer) => this.#write(() => redis.claim(digest.toString('hex'))),
        toRedis: (digest: Buffer, record: KeyRecord) => this.#write(() => redis.put(digest.toString('hex'), record)),
      },
      fromPostgres: (digests: readonly Buffer[]) => this.#fromPostgres(digests),
      clock: this,
      random: dice,
      onStore: (store: KeyStore, state: 'closed' | 'open') => this.#onStore(store, state),
      entriesMax: ENTRIES_MAX,
    }
    return new KeyCache(options)
  }

  #fromRedis(digest: Buffer): Promise<KeyRecord | null> {
    const { redis, dice, ways } = this.#options
    const hex = digest.toString('hex')
    return this.traffic.lookup('redis', [digest], () =>
      call(this.links.redis, () => {
        if (ways.redis === 'wrong') return orWrong(redis.get(hex), dice)
        return ways.redis === 'old' ? redis.getOld(hex, dice) : redis.get(hex)
      }),
    )
  }

  #write<T>(act: () => T): Promise<T> {
    return this.traffic.admitted('redis writes', () => call(this.links.redis, act, 'write'))
  }

  #fromPostgres(digests: readonly Buffer[]): Promise<Map<string, KeyRecord>> {
    const verifiedAtMs = this.wallMs()
    const ask = () => call(this.links.postgres, () => this.#options.postgres.read(digests, verifiedAtMs))
    return this.traffic.lookup('postgres', digests, () => this.traffic.permitted(ask))
  }

  /** One log line when a store leaves and one when it is back, never two of a kind. */
  #onStore(store: KeyStore, state: 'closed' | 'open'): void {
    if ((this.#states.get(store) ?? 'closed') === state) this.#options.fail(`${store}: said to be ${state} twice`)
    this.#states.set(store, state)
  }
}
