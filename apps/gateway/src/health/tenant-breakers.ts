import {
  admission,
  begun,
  CLOSED_ENDPOINT_BREAKER,
  cooled,
  failed,
  isDown,
  isTripped,
  probing,
  released,
  succeeded,
  UNKNOWN_HEALTH,
  type EndpointBreaker,
  type Health,
  type HealthView,
  type Outcome,
  type TargetId,
  type TenantId,
} from '@turnpike/domain'
import { LRUCache } from 'lru-cache'

/** Tenants with failures of their own; beyond it the least recently active one has only shared health. */
const TENANTS_MAX = 2_000
/** Endpoints per tenant; beyond it the earliest is dropped. */
const ENDPOINTS_MAX = 200
/** A breaker without a failure for this long is dropped, as outages are forgotten. */
const FORGOTTEN_AFTER_MS = 120_000

interface Kept {
  breaker: EndpointBreaker
  /** Last failure or rate limit. */
  failedMs: number
}

/**
 * A breaker per tenant and endpoint, moved by that tenant's attempts alone: it leads a tenant away from what fails for it and for nobody
 * else. There is one only after a failure.
 */
export class TenantBreakers {
  readonly #tenants = new LRUCache<TenantId, Map<TargetId, Kept>>({ max: TENANTS_MAX })

  /** @param dice uniform in [0, 1) */
  constructor(private readonly dice: () => number) {}

  /** Shared health, with the endpoints down that are down for this tenant. */
  view(tenantId: TenantId, shared: ReadonlyMap<TargetId, Health>): HealthView {
    const own = this.#tenants.peek(tenantId)
    return own ? { get: (target) => joined(shared.get(target), own.get(target)?.breaker) } : shared
  }

  /** Like `admission`; a probe is begun. */
  admit(tenantId: TenantId, target: TargetId, nowMs: number, isLast: boolean): 'go' | 'probe' | 'skip' {
    const kept = this.#find(tenantId, target)
    if (!kept) return 'go'
    const answer = admission(kept.breaker, nowMs, isLast)
    if (answer === 'probe') kept.breaker = probing(kept.breaker, nowMs)
    return answer
  }

  begun(tenantId: TenantId, target: TargetId, nowMs: number, sinceMs: number, counts: boolean): void {
    const kept = this.#find(tenantId, target)
    if (kept) kept.breaker = begun(kept.breaker, nowMs, sinceMs, counts)
  }

  /** @returns whether the endpoint is down for this tenant */
  note(tenantId: TenantId, target: TargetId, outcome: Outcome, nowMs: number): boolean {
    const kept = outcome.ok ? this.#find(tenantId, target) : this.#keep(tenantId, target)
    if (!kept) return false
    const { sinceMs, begun: isCounted = false } = outcome
    if (outcome.ok) kept.breaker = succeeded(kept.breaker, nowMs, sinceMs, isCounted)
    else {
      kept.breaker = failed(kept.breaker, nowMs, this.dice(), { sinceMs, isCut: isCounted })
      kept.failedMs = nowMs
    }
    return isTripped(kept.breaker)
  }

  /** @returns the end of the tenant's cooldown */
  startCooldown(tenantId: TenantId, target: TargetId, untilMs: number | null, nowMs: number): number {
    const kept = this.#keep(tenantId, target)
    kept.breaker = cooled(kept.breaker, untilMs, nowMs)
    kept.failedMs = nowMs
    return kept.breaker.coolUntilMs
  }

  release(tenantId: TenantId, target: TargetId): void {
    const kept = this.#find(tenantId, target)
    if (kept) kept.breaker = released(kept.breaker)
  }

  /** Once a second: breakers at rest are dropped. */
  tick(nowMs: number): void {
    for (const [tenantId, targets] of this.#tenants) {
      for (const [target, { breaker, failedMs }] of targets) {
        const isAtRest = !isTripped(breaker) && !isDown(breaker, nowMs)
        if (isAtRest && nowMs - failedMs > FORGOTTEN_AFTER_MS) targets.delete(target)
      }
      if (targets.size === 0) this.#tenants.delete(tenantId)
    }
  }

  /** Endpoints that are down for a tenant, counted once per tenant. */
  down(): number {
    let down = 0
    for (const targets of this.#tenants.values()) {
      for (const { breaker } of targets.values()) if (isTripped(breaker)) down++
    }
    return down
  }

  #find(tenantId: TenantId, target: TargetId): Kept | undefined {
    return this.#tenants.size === 0 ? undefined : this.#tenants.get(tenantId)?.get(target)
  }

  #keep(tenantId: TenantId, target: TargetId): Kept {
    const targets = this.#tenants.get(tenantId) ?? new Map<TargetId, Kept>()
    const known = targets.get(target)
    if (known) return known
    this.#tenants.set(tenantId, targets)
    const kept = { breaker: CLOSED_ENDPOINT_BREAKER, failedMs: 0 }
    targets.set(target, kept)
    for (const earliest of targets.keys()) {
      if (targets.size <= ENDPOINTS_MAX) break
      targets.delete(earliest)
    }
    return kept
  }
}

/** The figures are shared; the endpoint is down where either breaker says so. */
function joined(shared: Health | undefined, own: EndpointBreaker | undefined): Health | undefined {
  if (!own || (shared && isTripped(shared))) return shared
  const coolUntilMs = Math.max(own.coolUntilMs, shared?.coolUntilMs ?? 0)
  return isTripped(own)
    ? { ...(shared ?? UNKNOWN_HEALTH), ...own, coolUntilMs }
    : { ...(shared ?? UNKNOWN_HEALTH), coolUntilMs }
}
