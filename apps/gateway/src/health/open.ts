import { ownerOf } from '@turnpike/domain'
import type { Logger } from '@turnpike/server'
import { HealthMinutes, openHealthPast, openHealthShare, type KeySecrets, type Pool } from '@turnpike/store'
import type { GatewayConfig } from '../config.ts'
import { TenantHealth } from './tenant-health.ts'
import { HealthTracker } from './tracker.ts'
import { startHealthLoop, type HealthLoopOptions } from './loop.ts'
import { healthMetrics } from './health-metrics.ts'

/** Opens the tracker, its minutes in PostgreSQL and other nodes' reports in Redis. Waits for neither. */
export function openHealth(config: GatewayConfig, pool: Pool, secrets: KeySecrets, log: Logger) {
  const minutes = new HealthMinutes({
    pool,
    node: config.NODE_NAME,
    onFailure: (cause) => log.warn({ error: cause }, 'minutes of health cannot be written'),
  })
  const past = openHealthPast(pool, (cause) => log.warn({ error: cause }, 'minutes of health cannot be read'))
  const tracker = new HealthTracker({
    minutes,
    past,
    onChange(endpoint, state) {
      if (ownerOf(endpoint) !== null) log.debug({ endpoint, state }, 'a target of a tenant fell or is back')
      else if (state === 'down') log.warn({ endpoint }, 'an endpoint is called down')
      else log.info({ endpoint }, 'an endpoint is in use again')
    },
  })
  const tenants = new TenantHealth(tracker)
  const share = config.REDIS_URL
    ? openHealthShare({
        redisUrl: config.REDIS_URL,
        secrets,
        onState: (received) => log.info({ received }, 'whether the figures of other nodes are received'),
      })
    : null
  let stop: () => void = () => undefined
  return {
    tracker,
    tenants,
    metrics: healthMetrics(tenants, share, nowMs),
    /** @param probe probes an endpoint that no request wants; null: callers find out instead */
    start(probe: HealthLoopOptions['probe']) {
      stop = startHealthLoop({ tracker, tenants, share, probe, nowMs })
    },
    async close() {
      stop()
      share?.close()
      await minutes.close()
    },
  }
}

function nowMs(): number {
  return performance.now()
}
