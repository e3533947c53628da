import type { Caller, Lookup } from '@turnpike/domain'
import { LRUCache } from 'lru-cache'
import { SYSTEM_CLOCK, type Clock } from '../cache/clock.ts'
import type { Flight } from '../cache/single-flight.ts'
import { StoreBreaker, type BreakerOptions, type StoreFailure } from '../connections/breaker.ts'
import { ExpiringSet, KeyDenials, type Denial } from './denials.ts'
import { LocalKeyCache, type LocalKeyCacheOptions } from './local-cache.ts'
import { LookupBatch, SILENT_QUERIES_MAX, Unanswered, type ReadPostgres } from './lookup-batch.ts'
import type { KeyRecord } from './records.ts'
import { RedisKeyCache, type RedisTier } from './redis-tier.ts'

/** A change of a key. */
export interface KeyEvent {
  readonly digest: Buffer
  /** After the change; 0 when the channel does not know it. */
  readonly version: number
  readonly revoked: boolean
}

/** What a process knows of keys, for the next one: callers and denials, no secrets. */
export interface KeySnapshot {
  /** By hexadecimal digest, the one used last first. */
  readonly copies: readonly { readonly digest: string; readonly record: KeyRecord }[]
  readonly tombstones: readonly string[]
  readonly denied: readonly string[]
  /** Decimal; null when it never received a change. */
  readonly sequence: string | null
}

/** Each has a breaker. Redis has two, since a full one or a replica still reads. */
export type KeyStore = 'redis' | 'redis writes' | 'postgres'

export interface KeyCacheOptions extends Partial<LocalKeyCacheOptions> {
  /** Null: there is no Redis. */
  readonly redis: RedisTier | null
  /** Must settle by its own time limit, or a permit is lost. */
  readonly fromPostgres: ReadPostgres
  /** Called when a breaker opens, with the reason, and when it closes: log here. */
  readonly onStore?: (store: KeyStore, state: 'closed' | 'open', failure: StoreFailure) => void
}

const FRESH_MS = 30_000
/** Outlives the longest cache outage on record (38 minutes). */
const STALE_MS = 60 * 60_000
/** From a caller's question to its answer. */
const DEADLINE_MS = 800
/** About 100 MB with policies. As many changes and revocations are remembered. */
const ENTRIES_MAX = 100_000
/** Small and short: what does not exist today may be made in a moment. */
const NEGATIVES = { max: 10_000, ttlMs: 5_000 }

const ABSENT: Lookup<never> = { kind: 'absent' }

/**
 * Looks up the caller of a key in process memory, then Redis, then Postgres: one look-up per key, few queries at a time. While no store
 * answers, keys are served stale; a key that is not cached is `unknown`, never a guess. A revoked key is `absent`.
 */
export class KeyCache {
  readonly #clock: Clock
  /** Shared with sampler and watch, so that a store gets one probe at a time from all of them. */
  readonly breakers: Readonly<Record<'redis' | 'redisWrites' | 'postgres', StoreBreaker>>
  readonly #redis: RedisKeyCache
  readonly #batch: LookupBatch
  readonly #local: LocalKeyCache
  readonly #denials: KeyDenials
  /** Digests that Postgres says do not exist. */
  readonly #negatives: ExpiringSet
  /** Digests that changed: Redis may hold the old value, so only Postgres is asked. */
  readonly #suspects: LRUCache<string, true>
  readonly #counts = { tombstoned: 0, negative: 0, absent: 0 }
  readonly #unanswered: Record<Unanswered['trouble'], number> = { refused: 0, slow: 0, busy: 0 }
  /** The number of the last change read from Postgres; null before the first. */
  sequence: bigint | null = null

  constructor(options: KeyCacheOptions) {
    const { clock = SYSTEM_CLOCK, random = Math.random, freshMs = FRESH_MS, staleMs = STALE_MS, onStore } = options
    const { entriesMax = ENTRIES_MAX } = options
    const now = () => clock.monotonicMs()
    const breaker = (store: KeyStore, limits?: Pick<BreakerOptions, 'failuresMax'>) => {
      const onChange = (state: 'closed' | 'open') => onStore?.(store, state, made.failure)
      const made: StoreBreaker = new StoreBreaker({ now, random, onChange, ...limits })
      return made
    }
    this.#clock = clock
    const [reads, writes] = [breaker('redis'), breaker('redis writes')]
    const postgres = breaker('postgres', { failuresMax: SILENT_QUERIES_MAX })
    this.breakers = { redis: reads, redisWrites: writes, postgres }
    this.#redis = new RedisKeyCache({ tier: options.redis, reads, writes, clock })
    this.#batch = new LookupBatch(options.fromPostgres, postgres, clock)
    this.#local = new LocalKeyCache({ clock, random, freshMs, staleMs, entriesMax })
    this.#denials = new KeyDenials(now, entriesMax)
    this.#suspects = new LRUCache({ max: entriesMax })
    this.#negatives = new ExpiringSet(Math.min(NEGATIVES.max, entriesMax), NEGATIVES.ttlMs, now)
  }

  /** The time by which keys expire, Unix milliseconds. */
  wallMs(): number {
    return this.#clock.wallMs()
  }

  /** Never rejects. */
  lookup(digest: Buffer): Promise<Lookup<Caller>> {
    const hex = digest.toString('hex')
    if (this.#denials.hasDigest(hex)) {
      this.#counts.tombstoned++
      return Promise.resolve(ABSENT)
    }
    if (this.#negatives.has(hex)) {
      this.#counts.negative++
      return Promise.resolve(ABSENT)
    }
    return this.#local.entries.lookup(hex, (flight) => this.#load(hex, digest, flight))
  }

  /** These keys changed: their cached records are not used until Postgres has returned the new ones. */
  drop(digests: readonly Buffer[]): void {
    for (const digest of digests) {
      const hex = digest.toString('hex')
      const wasCached = this.#local.entries.invalidate(hex)
      this.#negatives.delete(hex)
      this.#suspects.set(hex, true)
      if (wasCached) void this.#local.entries.revalidate(hex, (flight) => this.#load(hex, digest, flight))
    }
  }

  /** A revoked key is absent from now on, whatever a look-up under way answers. */
  tombstone(digest: Buffer): void {
    const hex = digest.toString('hex')
    this.#denials.addDigest(hex)
    this.#local.entries.invalidate(hex)
  }

  /** Revokes a key that is known by its id alone. Costs a walk through all cached keys, the first time. */
  deny(denial: Denial): void {
    const known = this.#denials.hasId(denial)
    // A repetition prolongs it: a revocation that Postgres has not taken is published each second until it has.
    this.#denials.addId(denial)
    if (known) return
    for (const { digest, record } of this.#local.snapshot(Infinity)) {
      if (record.caller && this.#denials.hasId(record.caller)) this.tombstone(Buffer.from(digest, 'hex'))
    }
  }

  apply(events: readonly KeyEvent[]): void {
    for (const event of events) if (event.revoked) this.tombstone(event.digest)
    this.drop(events.filter((event) => !event.revoked).map((event) => event.digest))
  }

  /** The channel that must carry every change is lost: all keys are stale. */
  channelLost(): void {
    this.#local.channelLost()
  }

  channelBack(): void {
    this.#local.channelBack()
  }

  redisFlushed(): void {
    this.#redis.flushed()
  }

  /** The versions of the next few keys, to be compared with Postgres. */
  sample(max: number): { digest: Buffer; version: number }[] {
    return this.#local.sample(max)
  }

  /** @param max keys at most, the most recently used */
  snapshot(max: number): KeySnapshot {
    const sequence = this.sequence?.toString() ?? null
    return { copies: this.#local.snapshot(max), ...this.#denials.snapshot(), sequence }
  }

  /** Returns how many keys were young enough. */
  restore(snapshot: KeySnapshot): number {
    this.#denials.restore(snapshot)
    this.sequence ??= resumeAt(snapshot)
    const denied = ({ digest, record: { caller } }: KeySnapshot['copies'][number]) =>
      this.#denials.hasDigest(digest) || (caller !== null && this.#denials.hasId(caller))
    // The most recently used key is put in last.
    const copies = snapshot.copies.filter((copy) => !denied(copy)).toReversed()
    return copies.filter(({ digest, record }) => this.#local.restore(digest, record)).length
  }

  /** Counters since the start, and what is cached now. */
  stats() {
    const { hits, misses, failures, wrong, claimsLost } = this.#redis
    const { queries, digests, inFlight, waiting } = this.#batch
    const { counts, size, loads } = this.#local.entries
    return {
      ...this.#counts,
      ...counts,
      joined: loads.joined,
      misses: { ...misses },
      redisHits: hits,
      redisFailures: failures,
      redisWrong: wrong,
      claimsLost,
      postgresQueries: queries,
      postgresDigests: digests,
      permitsInUse: inFlight,
      waiting,
      unanswered: { ...this.#unanswered },
      lowered: this.#local.lowered,
      entries: size,
      lookupsInFlight: loads.size,
      redis: this.breakers.redis.state,
      redisWrites: this.breakers.redisWrites.state,
      postgres: this.breakers.postgres.state,
    }
  }

  /** Starts nothing more and resolves when the look-ups under way have ended. */
  close(): Promise<void> {
    return this.#local.entries.close()
  }

  /** Asks Redis, then Postgres. Rejects when neither answered. */
  async #load(hex: string, digest: Buffer, flight: Flight): Promise<Lookup<Caller>> {
    const deadlineMs = this.#clock.monotonicMs() + DEADLINE_MS
    const redis = this.#suspects.has(hex) ? null : await this.#redis.read(digest, !flight.revalidates)
    try {
      if (redis && this.#local.isNews(hex, redis, flight.isCurrent())) return this.#keep(hex, digest, redis, flight)
      const record = await this.#batch.lookup(hex, digest, flight.revalidates, deadlineMs)
      if (!record) return this.#remember(hex, flight)
      if (flight.isCurrent()) {
        this.#suspects.delete(hex)
        void this.#redis.write(digest, record)
      }
      return this.#keep(hex, digest, record, flight)
    } catch (cause) {
      if (cause instanceof Unanswered) this.#unanswered[cause.trouble]++
      const isUsable = redis && this.#local.isUsable(redis) && this.#local.isLater(hex, redis)
      if (isUsable && flight.isCurrent()) this.#keep(hex, digest, redis, flight)
      if (this.#denials.hasDigest(hex)) return ABSENT
      throw cause
    }
  }

  /** Caches a record, unless a later one is cached, and answers with the one that holds. */
  #keep(hex: string, digest: Buffer, record: KeyRecord, flight: Flight): Lookup<Caller> {
    const { caller } = record
    if (caller === null || caller.revoked || this.#denials.hasId(caller)) this.tombstone(digest)
    if (caller === null || this.#denials.hasDigest(hex)) return ABSENT
    if (!flight.isCurrent()) return { kind: 'found', value: caller }
    this.#negatives.delete(hex)
    return this.#local.put(hex, record, caller)
  }

  /** Postgres says that it does not exist. */
  #remember(hex: string, flight: Flight): Lookup<Caller> {
    this.#counts.absent++
    if (flight.isCurrent()) {
      this.#local.entries.delete(hex)
      this.#negatives.add(hex)
    }
    return ABSENT
  }
}

/** Changes that are received once more: of keys that are not in the snapshot, Redis may hold an older version. */
const CHANGES_AGAIN = 1_000n

/** The number after which the next process reads changes; null when none was received yet. */
function resumeAt({ sequence }: KeySnapshot): bigint | null {
  if (sequence === null) return null
  const last = BigInt(sequence)
  return last > CHANGES_AGAIN ? last - CHANGES_AGAIN : 0n
}
