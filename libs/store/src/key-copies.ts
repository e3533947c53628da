import type { Breaker, BreakerState } from './breaker.ts'
import { WrongValue, type KeyRecord } from './key-records.ts'

/** Redis as the cache needs it. Both must settle by their own short time limit. */
export interface RedisTier {
  /** Null when it holds nothing. Rejects with WrongValue for what it should not hold, with anything else when it fails. */
  fromRedis(digest: Buffer): Promise<KeyRecord | null>
  /** Keeps the record unless a newer one or a tombstone is there. */
  toRedis(digest: Buffer, record: KeyRecord): Promise<void>
}

/** The copies of callers in Redis, behind a breaker: an accelerator that may fail in any way without being missed. */
export class RedisCopies {
  readonly #tier: RedisTier | null
  readonly #breaker: Breaker
  hits = 0
  misses = 0
  failures = 0
  /** Values that were not what we put there: 0 unless something is badly wrong. */
  wrong = 0

  constructor(tier: RedisTier | null, breaker: Breaker) {
    this.#tier = tier
    this.#breaker = breaker
  }

  get state(): BreakerState {
    return this.#breaker.state
  }

  /** Null on a miss and on every kind of trouble: then Postgres is asked. */
  async read(digest: Buffer): Promise<KeyRecord | null> {
    const trial = this.#tier && this.#breaker.admit()
    if (!this.#tier || !trial) return null
    try {
      const record = await this.#tier.fromRedis(digest)
      trial.succeeded()
      if (record) this.hits++
      else this.misses++
      return record
    } catch (error) {
      if (error instanceof WrongValue) {
        trial.succeeded()
        this.wrong++
      } else {
        trial.failed()
        this.failures++
      }
      return null
    }
  }

  /** Never rejects: what Redis does not take, the next node asks Postgres for. */
  async write(digest: Buffer, record: KeyRecord): Promise<void> {
    const trial = this.#tier && this.#breaker.admit()
    if (!this.#tier || !trial) return
    try {
      await this.#tier.toRedis(digest, record)
      trial.succeeded()
    } catch {
      trial.failed()
      this.failures++
    }
  }
}
