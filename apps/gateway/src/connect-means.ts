import type { Patience } from './attempt.ts'
import type { HealthBook } from './health-book.ts'
import type { HedgeBook } from './hedge-book.ts'
import type { After } from './hedge-race.ts'
import type { WaitingRoom } from './queue.ts'
import type { RetryThrottle } from './throttle.ts'

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
