import type { AttemptDeadlines } from '../call/attempt.ts'
import type { CallHealth } from '../health/tenant-health.ts'
import type { HedgeBudget } from './hedge-budget.ts'
import type { After } from './running-attempt.ts'
import type { RateLimitQueue } from './rate-limit-queue.ts'
import type { RetryThrottle } from './retry-throttle.ts'

/** What the attempts of all calls of one process share, with health as the call's tenant sees it. */
export interface ConnectDependencies {
  readonly health: Omit<CallHealth, 'keep'>
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
