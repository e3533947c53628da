import type { KeyId } from '@turnpike/domain'
import { repeat, SYSTEM_CLOCK, type Clock } from '../cache/clock.ts'
import { storeFailureOf, type StoreBreaker } from '../connections/breaker.ts'
import type { KeyCache } from './cache.ts'
import type { ReadPostgres } from './lookup-batch.ts'
import { WrongValue, type KeyRecord } from './records.ts'
import type { RedisTier } from './redis-tier.ts'

type CacheTier = 'memory' | 'redis'

/** A cached key that still lacks a change which Postgres had at least 5 s before. */
export interface Inconsistency {
  readonly tier: CacheTier
  readonly keyId: KeyId | null
  /** The key's version in the cache, and in Postgres. */
  readonly version: number
  readonly truth: number
}

export interface KeySamplerOptions {
  readonly keys: Pick<KeyCache, 'sample' | 'lookup' | 'drop' | 'stats' | 'breakers'>
  /** Must settle by its own time limit. */
  readonly fromPostgres: ReadPostgres
  /** The same; null: there is no Redis. */
  readonly fromRedis: RedisTier['fromRedis'] | null
  readonly clock?: Clock
  /** Called for each, after its cached key was dropped. */
  readonly onInconsistent?: (found: Inconsistency) => void
  /** Called when cached keys are ahead of Postgres, once a minute at most while they are. */
  readonly onPostgresBehind?: (found: Inconsistency) => void
}

const INTERVAL_MS = 1_000
/** One cached key in a hundred each minute: all of them within two hours. */
const SHARE_PER_ROUND = 0.01 / 60
const COPIES_PER_ROUND = { min: 1, max: 50 }
const REDIS_READS_PER_ROUND_MAX = 10
/** Longer than any change takes to a node that reaches a store, with Redis down as well. */
const CONSISTENT_WITHIN_MS = 5_000
/** A round later than this found the process stopped: what it suspected had no chance to be corrected. */
const ROUND_LATE_MS = 3_000
const BEHIND_REPORTED_EVERY_MS = 60_000

interface CachedVersion {
  readonly tier: CacheTier
  readonly digest: Buffer
  readonly version: number
}

/** A cached version seen behind Postgres. */
interface Suspect extends CachedVersion {
  readonly keyId: KeyId | null
  /** What Postgres had then. */
  readonly truth: number
  readonly sinceMs: number
}

/**
 * Compares cached keys with Postgres, a few each second. Postgres is queried after the copies were read, so that a copy may only lag. One
 * that still lags 5 s later is counted and dropped, which corrects it. One that leads is kept: Postgres was restored to an earlier state,
 * and an older record never replaces a newer one. Without Postgres no key is compared, and copies that lagged are forgotten.
 */
export class KeySampler {
  readonly #clock: Clock
  readonly #counts = {
    /** Cached keys compared. */
    sampled: { memory: 0, redis: 0 },
    /** 0 unless a change reached Postgres and not this cache. */
    inconsistent: { memory: 0, redis: 0 },
    /** Cached versions that Postgres does not have: 0 unless it lost what it had committed. */
    postgresBehind: 0,
    /** Values in Redis that were not what we put there. */
    redisWrong: 0,
  }
  /** Oldest first; no more than were read in the last five rounds. */
  readonly #suspects = new Map<string, Suspect>()
  #lastRoundMs: number
  #behindReportedMs = -Infinity
  /** Resolves when the round under way has ended. */
  readonly close: () => Promise<void>

  constructor(private readonly options: KeySamplerOptions) {
    this.#clock = options.clock ?? SYSTEM_CLOCK
    this.#lastRoundMs = this.#clock.monotonicMs()
    this.close = repeat(
      this.#clock,
      () => INTERVAL_MS,
      () => this.#compare(),
    )
  }

  /** Counters since the start. */
  stats() {
    return structuredClone(this.#counts)
  }

  async #compare(): Promise<void> {
    const { keys } = this.options
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#lastRoundMs > ROUND_LATE_MS) this.#suspects.clear()
    this.#lastRoundMs = nowMs
    const due = this.#due(nowMs)
    const copies = keys
      .sample(copiesPerRound(keys.stats().entries))
      .map((copy) => ({ ...copy, tier: 'memory' as const }))
    const readsLeft = REDIS_READS_PER_ROUND_MAX - due.filter(({ tier }) => tier === 'redis').length
    const inRedis = await Promise.all(copies.slice(0, readsLeft).map(({ digest }) => this.#versionInRedis(digest)))
    const compared: CachedVersion[] = [...copies, ...inRedis.filter((copy) => copy !== null)]
    const records = await this.#readPostgres(copies.map(({ digest }) => digest))
    if (!records) {
      this.#suspects.clear()
      return
    }
    for (const copy of compared) this.#check(copy, records.get(copy.digest.toString('hex')) ?? null, nowMs)
    for (const suspect of due) await this.#checkAgain(suspect)
  }

  /** Removes and returns those whose time has passed. */
  #due(nowMs: number): Suspect[] {
    const due = [...this.#suspects].filter(([, { sinceMs }]) => nowMs - sinceMs >= CONSISTENT_WITHIN_MS)
    for (const [name] of due) this.#suspects.delete(name)
    return due.map(([, suspect]) => suspect)
  }

  /** Null: none, or a tombstone, which no version makes wrong. */
  async #versionInRedis(digest: Buffer): Promise<CachedVersion | null> {
    const record = await this.#readRedis(digest)
    return record?.caller && !record.caller.revoked ? { tier: 'redis', digest, version: record.version } : null
  }

  async #readRedis(digest: Buffer): Promise<KeyRecord | null> {
    const { fromRedis, keys } = this.options
    // What Redis cannot be given it is not expected to hold.
    if (!fromRedis || keys.breakers.redisWrites.state !== 'closed') return null
    const trial = admitWhileClosed(keys.breakers.redis)
    if (!trial) return null
    try {
      const record = await fromRedis(digest)
      trial.succeeded()
      return record
    } catch (error) {
      // A wrong value is Redis' content and not its failing.
      if (error instanceof WrongValue) {
        this.#counts.redisWrong++
        trial.succeeded()
      } else trial.failed(storeFailureOf(error))
      return null
    }
  }

  /** Null: it did not answer, or its breaker is open. */
  async #readPostgres(digests: readonly Buffer[]): Promise<ReadonlyMap<string, KeyRecord> | null> {
    const { fromPostgres, keys } = this.options
    if (keys.breakers.postgres.state !== 'closed') return null
    if (digests.length === 0) return new Map()
    const trial = admitWhileClosed(keys.breakers.postgres)
    try {
      const records = await fromPostgres(digests)
      trial?.succeeded()
      return records
    } catch (error) {
      trial?.failed(storeFailureOf(error))
      return null
    }
  }

  /** @param record null when Postgres does not have the key: rows of keys are never deleted, so it lost it */
  #check({ tier, digest, version }: CachedVersion, record: KeyRecord | null, nowMs: number): void {
    this.#counts.sampled[tier]++
    const truth = record?.version ?? 0
    const keyId = record?.caller?.keyId ?? null
    if (version > truth) this.#reportBehind({ tier, keyId, version, truth }, nowMs)
    const name = `${tier} ${digest.toString('hex')}`
    if (version < truth && !this.#suspects.has(name)) {
      this.#suspects.set(name, { tier, digest, version, keyId, truth, sinceMs: nowMs })
    }
  }

  #reportBehind(found: Inconsistency, nowMs: number): void {
    this.#counts.postgresBehind++
    if (nowMs - this.#behindReportedMs < BEHIND_REPORTED_EVERY_MS) return
    this.#behindReportedMs = nowMs
    this.options.onPostgresBehind?.(found)
  }

  async #checkAgain({ tier, digest, keyId, truth }: Suspect): Promise<void> {
    const version =
      tier === 'memory' ? await this.#versionServed(digest) : (await this.#versionInRedis(digest))?.version
    if (version === undefined || version >= truth) return
    this.#counts.inconsistent[tier]++
    this.options.keys.drop([digest])
    this.options.onInconsistent?.({ tier, keyId, version, truth })
  }

  /** What a request with this key would be served from now. */
  async #versionServed(digest: Buffer): Promise<number | undefined> {
    const looked = await this.options.keys.lookup(digest)
    return looked.kind === 'found' ? looked.value.version : undefined
  }
}

function copiesPerRound(entries: number): number {
  const { min, max } = COPIES_PER_ROUND
  return Math.min(Math.max(Math.ceil(entries * SHARE_PER_ROUND), min), max)
}

/** The sampler makes no probes: it waits until the breaker is closed again. */
function admitWhileClosed(breaker: StoreBreaker) {
  return breaker.state === 'closed' ? breaker.admit() : null
}
