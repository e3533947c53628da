import type { AttemptDeadlines } from '../call/attempt.ts'
import type { HealthTracker } from '../health/tracker.ts'
import type { HedgeBudget } from './hedge-budget.ts'
import type { After } from './running-attempt.ts'
import type { RateLimitQueue } from './rate-limit-queue.ts'
import type { RetryThrottle } from './retry-throttle.ts'

/** What the attempts of all calls of one process share. */
export interface ConnectDependencies {
  readonly health: Omit<HealthTracker, 'changes' | 'due' | 'figures' | 'keep' | 'receive' | 'renew' | 'stats' | 'tick'>
  readonly throttle: RetryThrottle
  readonly hedges: Pick<HedgeBudget, 'earn' | 'reserve' | 'settle' | 'refuse'>
  readonly rateLimitQueue: RateLimitQueue
  /** The gateway's own limits. */
  readonly deadlines: AttemptDeadlines
  /** Monotonic clock. */
  readonly nowMs: () => number
  readonly after: After
  /** Uniform in [0, 1). */
  readonly dice: () => number
}
