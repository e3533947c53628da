import type { Clock } from '../cache/clock.ts'
import { storeFailureOf, type StoreBreaker, type StoreFailure } from '../connections/breaker.ts'
import { WrongValue, type KeyRecord } from './records.ts'

/** Redis as the cache needs it. Each call must settle by its own short time limit. */
export interface RedisTier {
  /** Null when it holds nothing. Rejects with WrongValue for what it should not hold, with anything else when it fails. */
  fromRedis(digest: Buffer): Promise<KeyRecord | null>
  /** Asks for the right to look that digest up in Postgres: false while another process has it, for at most a second. */
  claim(digest: Buffer): Promise<boolean>
  /** Keeps the record unless a newer one or a tombstone is there. */
  toRedis(digest: Buffer, record: KeyRecord): Promise<void>
}

/** Why Redis did not know a key. `flushed`: it lost everything a moment ago. `wrong`: what it held was not ours. */
type MissCause = 'cold' | 'flushed' | 'wrong' | StoreFailure

interface RedisKeyCacheOptions {
  readonly tier: RedisTier | null
  readonly reads: StoreBreaker
  readonly writes: StoreBreaker
  readonly clock: Clock
}

/** Pauses before a process that lost the claim reads Redis again; after the last it asks Postgres itself. */
const LOOK_AGAIN_MS = [20, 60, 120]
/** How long misses are put down to a flush. */
const FLUSHED_MS = 60_000

/** The keys cached in Redis. Every failure of it is a miss. */
export class RedisKeyCache {
  #flushedUntilMs = -Infinity
  hits = 0
  failures = 0
  /** Values that were not what we put there: 0 unless something is badly wrong. */
  wrong = 0
  /** Look-ups left to another process. */
  claimsLost = 0
  readonly misses: Record<MissCause, number> = { cold: 0, flushed: 0, refused: 0, slow: 0, wrong: 0 }

  constructor(private readonly options: RedisKeyCacheOptions) {}

  flushed(): void {
    this.#flushedUntilMs = this.options.clock.monotonicMs() + FLUSHED_MS
  }

  /**
   * Null: Postgres is to be asked.
   * @param claim there is no stale entry to serve: of all processes that miss the key one asks Postgres, the others wait a moment for its
   *   answer in Redis
   */
  async read(digest: Buffer, claim: boolean): Promise<KeyRecord | null> {
    const found = await this.#read(digest)
    if (typeof found === 'object') {
      this.hits++
      return found
    }
    this.misses[found]++
    const healthy = found === 'cold' || found === 'flushed'
    if (!claim || !healthy || (await this.#claim(digest))) return null
    this.claimsLost++
    return this.#lookAgain(digest)
  }

  async #lookAgain(digest: Buffer): Promise<KeyRecord | null> {
    for (const ms of LOOK_AGAIN_MS) {
      await new Promise<void>((resolve) => this.options.clock.after(ms, resolve))
      const found = await this.#read(digest)
      if (typeof found === 'object') return found
      if (found !== 'cold' && found !== 'flushed') break
    }
    return null
  }

  /** Never rejects: what Redis does not take, the next node asks Postgres for. */
  async write(digest: Buffer, record: KeyRecord): Promise<void> {
    await this.#try(this.options.writes, (tier) => tier.toRedis(digest, record))
  }

  async #claim(digest: Buffer): Promise<boolean> {
    return (await this.#try(this.options.writes, (tier) => tier.claim(digest))) ?? true
  }

  async #read(digest: Buffer): Promise<KeyRecord | MissCause> {
    const { tier, reads, clock } = this.options
    if (!tier) return 'cold'
    const trial = reads.admit()
    if (!trial) return reads.failure
    try {
      const record = await tier.fromRedis(digest)
      trial.succeeded()
      return record ?? (clock.monotonicMs() < this.#flushedUntilMs ? 'flushed' : 'cold')
    } catch (error) {
      if (error instanceof WrongValue) {
        trial.succeeded()
        this.wrong++
        return 'wrong'
      }
      const trouble = storeFailureOf(error)
      trial.failed(trouble)
      this.failures++
      return trouble
    }
  }

  /** Undefined when the breaker is open or Redis fails. */
  async #try<T>(breaker: StoreBreaker, call: (tier: RedisTier) => Promise<T>): Promise<T | undefined> {
    const { tier } = this.options
    const trial = tier && breaker.admit()
    if (!tier || !trial) return undefined
    try {
      const answer = await call(tier)
      trial.succeeded()
      return answer
    } catch (error) {
      trial.failed(storeFailureOf(error))
      this.failures++
      return undefined
    }
  }
}
