import type { Patience } from '../call/attempt.ts'
import type { HealthBook } from '../health/book.ts'
import type { HedgeBook } from './hedge-budget.ts'
import type { After } from './race.ts'
import type { WaitingRoom } from './rate-limit-queue.ts'
import type { RetryThrottle } from './retry-throttle.ts'

/** What one process holds for all of its calls. */
export interface ConnectMeans {
  readonly health: Pick<
    HealthBook,
    | 'pages'
    | 'admit'
    | 'begun'
    | 'note'
    | 'release'
    | 'cool'
    | 'refused'
    | 'refusal'
    | 'firstTokenDeadlineMs'
    | 'racing'
  >
  readonly throttle: RetryThrottle
  readonly hedges: Pick<HedgeBook, 'earn' | 'take' | 'settle' | 'refuse'>
  readonly waitingRoom: WaitingRoom
  /** The gateway's own limits. */
  readonly patience: Patience
  /** Monotonic clock. */
  readonly nowMs: () => number
  readonly after: After
  /** Uniform in [0, 1). */
  readonly dice: () => number
}
