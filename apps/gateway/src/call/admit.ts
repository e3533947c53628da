import { Fault, ownerOf, type Caller, type Decision, type TargetId, type TenantId } from '@turnpike/domain'

/** Requests under way in this process at most; beyond it all of them would only take longer. */
const IN_FLIGHT_MAX = 4_000
/** Of one tenant, so that one cannot take the process. */
const IN_FLIGHT_PER_TENANT_MAX = 1_000

/** Admission of one call. `release` ends it; a second call does nothing. */
export interface Grant {
  release(): void
}
/** @param decision targets by the tenant's own accounts need no credit */
export type Admit = (caller: Caller, decision: Pick<Decision, 'targets' | 'fallbacks'>) => Grant

/** Capacity and credit of one process. Throws Fault `overloaded`, `rate_limited` or `credit_exhausted`. */
export function createAdmission(): {
  admit: Admit
  inFlight: () => number
  inFlightOf: (tenantId: TenantId) => number
} {
  let inFlight = 0
  const perTenant = new Map<TenantId, number>()
  return {
    inFlight: () => inFlight,
    inFlightOf: (tenantId) => perTenant.get(tenantId) ?? 0,
    admit(caller, decision) {
      if (!isOwnOnly(decision)) refuseWithoutCredit(caller)
      if (inFlight >= IN_FLIGHT_MAX)
        throw new Fault('overloaded', 'This gateway is at its limit; please retry shortly.')
      const mine = perTenant.get(caller.tenantId) ?? 0
      if (mine >= IN_FLIGHT_PER_TENANT_MAX) {
        throw new Fault('rate_limited', `Your organisation has ${mine} requests under way, which is its limit.`, {
          metadata: { scope: 'tenant', limit: IN_FLIGHT_PER_TENANT_MAX },
        })
      }
      inFlight++
      perTenant.set(caller.tenantId, mine + 1)
      let held = true
      return {
        release() {
          if (!held) return
          held = false
          inFlight--
          const left = (perTenant.get(caller.tenantId) ?? 1) - 1
          if (left > 0) perTenant.set(caller.tenantId, left)
          else perTenant.delete(caller.tenantId)
        },
      }
    },
  }
}

/** Whether every target uses a BYOK resource of the tenant. */
function isOwnOnly({ targets, fallbacks }: Pick<Decision, 'targets' | 'fallbacks'>): boolean {
  const isOwn = (target: TargetId) => ownerOf(target) !== null
  return targets.every(isOwn) && fallbacks.every(isOwn)
}

/** The balance is as old as the key's look-up, and no exact budget. */
function refuseWithoutCredit(caller: Caller): void {
  if (caller.funds === 'operator' || caller.kind === 'test') return
  if (caller.balance === null || caller.balance <= 0n) {
    throw new Fault('credit_exhausted', 'Your organisation has no credit left. Add credits in the console.', {
      metadata: { limit_source: 'credits', reason: 'balance_exhausted' },
    })
  }
}
