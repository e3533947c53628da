import type { TargetId } from '@turnpike/domain'
import type { HealthShare } from '@turnpike/store'
import type { TenantHealth } from './tenant-health.ts'
import type { HealthTracker } from './tracker.ts'

const ROUND_MS = 1_000
/** Endpoints probed in one round: after an outage of everything, all is found within some seconds. */
const PROBES_MAX = 20

export interface HealthLoopOptions {
  readonly tracker: HealthTracker
  readonly tenants: Pick<TenantHealth, 'takeProbes' | 'tick'>
  /** Null: there are no other nodes. */
  readonly share: HealthShare | null
  /**
   * Probes an endpoint that no request wants, or, with `isForOne`, one that is up and fails for one tenant. Null where that is switched
   * off. Never rejects.
   */
  readonly probe: ((endpoint: TargetId, isForOne: boolean) => Promise<void>) | null
  /** Monotonic clock. */
  readonly nowMs: () => number
}

/** Each second updates the tracker and exchanges reports with other nodes. @returns what ends it */
export function startHealthLoop(options: HealthLoopOptions): () => void {
  options.share?.listen((changes) => options.tracker.receive(changes, options.nowMs()))
  const timer = setInterval(() => void healthRound(options), ROUND_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** Figures fade, changes are published, due endpoints are probed. Resolves when the changes are published. */
export async function healthRound({ tracker, tenants, share, probe, nowMs }: HealthLoopOptions): Promise<void> {
  const now = nowMs()
  tracker.tick(now)
  tenants.tick(now)
  const changes = tracker.changes(now)
  if (probe) {
    for (const endpoint of tracker.due(now).slice(0, PROBES_MAX)) void probe(endpoint, false)
    for (const endpoint of tenants.takeProbes(now, PROBES_MAX)) void probe(endpoint, true)
  }
  await share?.publish(changes)
}
