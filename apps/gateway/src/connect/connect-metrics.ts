import type { Metric } from '@turnpike/server'
import type { HedgeBudget } from './hedge-budget.ts'
import type { RateLimitQueue } from './rate-limit-queue.ts'
import type { RetryThrottle } from './retry-throttle.ts'

interface Shared {
  readonly throttle: Pick<RetryThrottle, 'refused'>
  readonly rateLimitQueue: Pick<RateLimitQueue, 'count'>
  readonly hedges: Pick<HedgeBudget, 'metrics'>
}

/** Of what the attempts of all calls share. */
export function connectMetrics({ throttle, rateLimitQueue, hedges }: Shared): Metric[] {
  return [
    {
      name: 'turnpike_retries_refused_total',
      help: 'Retries that were not made, so that an outage is not made worse.',
      read: () => throttle.refused(),
    },
    {
      name: 'turnpike_rate_limit_waiting',
      help: 'Requests that wait for a short rate limit of their providers.',
      read: () => rateLimitQueue.count,
    },
    ...hedges.metrics,
  ]
}
