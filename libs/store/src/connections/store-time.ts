import type { Clock } from '../cache/clock.ts'
import { SYSTEM_CLOCK } from '../cache/clock.ts'

/**
 * The time of Postgres, advanced by this machine's monotonic clock. Keys expire and cached keys age by it, so that all nodes agree on both,
 * and a machine whose clock is wrong, or jumps, neither ends a key early nor extends it. Before the first time of Postgres it is the
 * machine's own time.
 */
export class StoreTime implements Clock {
  readonly #own: Clock
  /** Offset to the monotonic clock; null before the first time of Postgres. */
  #offsetMs: number | null = null

  constructor(own: Clock = SYSTEM_CLOCK) {
    this.#own = own
  }

  /** @param wallMs the current time of Postgres; the error is its time in transit, at most a time limit of the poll */
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
