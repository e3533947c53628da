import type { Clock } from '../cache/clock.ts'
import { SYSTEM_CLOCK } from '../cache/clock.ts'

/**
 * The hour as Postgres tells it, carried on by our own monotonic clock. Keys expire and copies age by it, so that all nodes
 * agree on both and a machine whose clock is wrong, or jumps, neither ends a key early nor lets it live on. Until Postgres has
 * been heard it is this machine's own.
 */
export class StoreTime implements Clock {
  readonly #own: Clock
  /** What added to the monotonic clock gives the hour. */
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
