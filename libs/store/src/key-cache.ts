import type { Caller, Lookup } from '@turnpike/domain'
import { LRUCache } from 'lru-cache'
import { Breaker } from './breaker.ts'
import { ExpiringSet } from './expiring-set.ts'
import { KeyBatch, SYSTEM_CLOCK, Unanswered, type AskPostgres, type Clock } from './key-batch.ts'
import type { KeyRecord } from './key-records.ts'
import { KeyShelf } from './key-shelf.ts'
import { RedisCopies, type RedisTier } from './key-copies.ts'

/** A change of a key, as either channel tells it. */
export interface KeyEvent {
  readonly digest: Buffer
  /** The key's own version after the change; 0 when the channel does not know it. */
  readonly version: number
  readonly revoked: boolean
}

export interface KeyCacheOptions {
  /** Null: there is no Redis, and Postgres is asked for every miss. */
  readonly redis: RedisTier | null
  /** Must settle by its own time limit, or a permit is lost. */
  readonly fromPostgres: AskPostgres
  readonly clock?: Clock
  /** Uniform in [0, 1). */
  readonly random?: () => number
  /** Told when a store leaves service and when it is back: the place for the one log line. */
  readonly onStore?: (store: 'redis' | 'postgres', state: 'closed' | 'open') => void
}

/** Counters since the start, and what is held now. */
export type KeyCacheStats = Readonly<ReturnType<KeyCache['stats']>>

/** As many as there are copies to doubt. */
const SUSPECTS_MAX = 100_000
/** Small and short: what does not exist today may be made in a moment. */
const NEGATIVES = { max: 10_000, ttlMs: 5_000 }
/** Longer than any stale copy lives, anywhere. */
const TOMBSTONES = { max: 100_000, ttlMs: 65 * 60_000 }

interface Flight {
  readonly answer: Promise<Lookup<Caller>>
  /** False once the key changed under it: what it brings home is not kept. */
  current: boolean
}

const ABSENT: Lookup<never> = { kind: 'absent' }

/**
 * Who is behind a key: process memory, then Redis, then Postgres. One look-up per key at a time, few queries at a time,
 * stale copies while nobody can be asked, and `unknown` instead of a guess when there is none. A revoked key is `absent`.
 */
export class KeyCache {
  readonly #copies: RedisCopies
  readonly #batch: KeyBatch
  readonly #postgresBreaker: Breaker
  readonly #shelf: KeyShelf
  /** Revoked digests, apart from the others, so that a flood of good keys cannot push a revocation out. */
  readonly #tombstones: ExpiringSet
  /** Digests that Postgres says do not exist. */
  readonly #negatives: ExpiringSet
  /** Digests that changed: Redis may hold what was before, so only Postgres is asked. */
  readonly #suspects = new LRUCache<string, true>({ max: SUSPECTS_MAX })
  readonly #flights = new Map<string, Flight>()
  readonly #counts = {
    fresh: 0,
    stale: 0,
    tombstoned: 0,
    negative: 0,
    misses: 0,
    /** Callers that joined a look-up under way. */
    joined: 0,
    absent: 0,
    /** Answered without proof: each is a 503. */
    unknown: 0,
  }
  #closed = false

  constructor(options: KeyCacheOptions) {
    const { clock = SYSTEM_CLOCK, random = Math.random, onStore } = options
    const now = () => clock.monotonicMs()
    const breaker = (store: 'redis' | 'postgres') =>
      new Breaker({ now, random, onChange: (state) => onStore?.(store, state) })
    this.#tombstones = new ExpiringSet({ ...TOMBSTONES, now })
    this.#negatives = new ExpiringSet({ ...NEGATIVES, now })
    this.#copies = new RedisCopies(options.redis, breaker('redis'))
    this.#shelf = new KeyShelf(clock, random)
    this.#postgresBreaker = breaker('postgres')
    this.#batch = new KeyBatch(options.fromPostgres, this.#postgresBreaker, clock)
  }

  /** Never rejects. A caller that goes away leaves the look-up to the others who joined it. */
  lookup(digest: Buffer): Promise<Lookup<Caller>> {
    const hex = digest.toString('hex')
    if (this.#tombstones.has(hex)) {
      this.#counts.tombstoned++
      return Promise.resolve(ABSENT)
    }
    const copy = this.#shelf.find(hex)
    if (copy) {
      const fresh = this.#shelf.isFresh(copy)
      this.#counts[fresh ? 'fresh' : 'stale']++
      if (!fresh) void this.#join(hex, digest, true)
      return Promise.resolve(copy.lookup)
    }
    if (this.#negatives.has(hex)) {
      this.#counts.negative++
      return Promise.resolve(ABSENT)
    }
    return this.#join(hex, digest, false)
  }

  /** These keys changed. What is known of them is not used again until Postgres has said what became of them. */
  drop(digests: readonly Buffer[]): void {
    for (const digest of digests) {
      const hex = digest.toString('hex')
      const known = this.#shelf.delete(hex)
      this.#leaveBehind(hex)
      this.#negatives.delete(hex)
      this.#suspects.set(hex, true)
      if (known) void this.#join(hex, digest, true)
    }
  }

  /** This key was revoked: from now on it is absent, whatever a look-up under way brings home. */
  tombstone(digest: Buffer): void {
    const hex = digest.toString('hex')
    this.#tombstones.add(hex)
    this.#shelf.delete(hex)
    this.#leaveBehind(hex)
  }

  /** Takes what a channel brings. */
  apply(events: readonly KeyEvent[]): void {
    for (const event of events) if (event.revoked) this.tombstone(event.digest)
    this.drop(events.filter((event) => !event.revoked).map((event) => event.digest))
  }

  /**
   * A channel went silent, told once for each: what is held may have changed unheard. It is still served, and asked for again
   * as it is used.
   */
  channelLost(): void {
    this.#shelf.channelLost()
  }

  channelBack(): void {
    this.#shelf.channelBack()
  }

  stats() {
    return {
      ...this.#counts,
      redisHits: this.#copies.hits,
      redisMisses: this.#copies.misses,
      redisFailures: this.#copies.failures,
      redisWrong: this.#copies.wrong,
      postgresQueries: this.#batch.queries,
      lowered: this.#shelf.lowered,
      entries: this.#shelf.size,
      flights: this.#flights.size,
      redis: this.#copies.state,
      postgres: this.#postgresBreaker.state,
    }
  }

  /** Starts nothing more and resolves when what is under way has landed. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#flights.values()].map((flight) => flight.answer))
  }

  /** A look-up under way read what was before: those who joined get its answer, nobody else does, and it is not kept. */
  #leaveBehind(hex: string): void {
    const flight = this.#flights.get(hex)
    if (flight) flight.current = false
    this.#flights.delete(hex)
  }

  #join(hex: string, digest: Buffer, refresh: boolean): Promise<Lookup<Caller>> {
    const under = this.#flights.get(hex)
    if (under) {
      this.#counts.joined++
      return under.answer
    }
    if (this.#closed) return Promise.resolve({ kind: 'unknown', cause: new Unanswered('closed') })
    if (!refresh) this.#counts.misses++
    const flight: Flight = {
      current: true,
      answer: Promise.resolve().then(() => this.#fly(hex, digest, refresh, flight)),
    }
    this.#flights.set(hex, flight)
    return flight.answer
  }

  async #fly(hex: string, digest: Buffer, refresh: boolean, flight: Flight): Promise<Lookup<Caller>> {
    const cached = this.#suspects.has(hex) ? null : await this.#copies.read(digest)
    try {
      if (cached && this.#shelf.isNews(hex, cached)) return this.#keep(hex, digest, cached, flight)
      const record = await this.#batch.lookup(hex, digest, refresh)
      if (!record) return this.#remember(hex, flight)
      if (flight.current) {
        this.#suspects.delete(hex)
        void this.#copies.write(digest, record)
      }
      return this.#keep(hex, digest, record, flight)
    } catch (cause) {
      return this.#makeDo(hex, digest, cached, flight, cause)
    } finally {
      if (this.#flights.get(hex) === flight) this.#flights.delete(hex)
    }
  }

  /** Puts a record into this process, unless a later word is there already, and answers with what holds. */
  #keep(hex: string, digest: Buffer, record: KeyRecord, flight: Flight): Lookup<Caller> {
    const { caller } = record
    if (caller === null || caller.revoked) this.tombstone(digest)
    if (caller === null || this.#tombstones.has(hex)) return ABSENT
    if (!flight.current) return { kind: 'found', value: caller }
    this.#negatives.delete(hex)
    return this.#shelf.put(hex, record, caller)
  }

  /** Postgres says that it does not exist. */
  #remember(hex: string, flight: Flight): Lookup<Caller> {
    this.#counts.absent++
    if (flight.current) {
      this.#shelf.delete(hex)
      this.#negatives.add(hex)
    }
    return ABSENT
  }

  /** Nobody could be asked: a copy that is not too old, from here or from Redis, or no answer. */
  #makeDo(hex: string, digest: Buffer, cached: KeyRecord | null, flight: Flight, cause: unknown): Lookup<Caller> {
    if (cached && flight.current && this.#shelf.isUsable(cached)) this.#keep(hex, digest, cached, flight)
    const held = this.#shelf.find(hex)
    if (held) {
      this.#shelf.putOff(held)
      return held.lookup
    }
    if (this.#tombstones.has(hex)) return ABSENT
    this.#counts.unknown++
    return { kind: 'unknown', cause }
  }
}
