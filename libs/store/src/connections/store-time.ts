import type { Clock } from '../cache/clock.ts'
import { SYSTEM_CLOCK } from '../cache/clock.ts'

/**
 * The time of Postgres, carried on by this machine's monotonic clock. Keys expire and cached keys age by it, so that all nodes agree
 * on both, and a machine whose clock is wrong, or jumps, neither ends a key early nor lets it live on. Until the first time of Postgres
 * it is this machine's own.
 */
export class StoreTime implements Clock {
  readonly #own: Clock
  /** What to add to the monotonic clock; null until the first time of Postgres. */
  #offsetMs: number | null = null

  constructor(own: Clock = SYSTEM_CLOCK) {
    this.#own = own
  }

  /** @param wallMs what Postgres said just now; the way it took is the error, at most a time limit of the poll */
  observe(wallMs: number): void {
    this.#offsetMs = wallMs - this.#own.monotonicMs()
  }

  wallMs(): number {
    return this.#offsetMs === null ? this.#own.wallMs() : this.#own.monotonicMs() + this.#offsetMs
  }

  monotonicMs(): number {
    return this.#own.monotonicMs()
  }

  after(ms: number, call: () => void): () => void {
    return this.#own.after(ms, call)
  }
}
