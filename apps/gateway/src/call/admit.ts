import { Fault, ownerOf, type Caller, type Decision, type TargetId, type TenantId } from '@turnpike/domain'
import { Shares } from './shares.ts'

/** Of one tenant, so that one cannot take the process. */
const IN_FLIGHT_PER_TENANT_MAX = 1_000
/** Kept for tenants that have no request under way: so many tenants may be greedy, and the next one is admitted all the same. */
const FIRST_REQUESTS_KEPT = 250
/** Requests under way in this process at most; beyond it all of them would only take longer. One tenant alone gets its 1,000. */
const IN_FLIGHT_MAX = 4 * IN_FLIGHT_PER_TENANT_MAX + FIRST_REQUESTS_KEPT

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
  const slots = new Shares({ total: IN_FLIGHT_MAX, kept: FIRST_REQUESTS_KEPT, tenantMax: IN_FLIGHT_PER_TENANT_MAX })
  return {
    inFlight: () => slots.taken,
    inFlightOf: (tenantId) => slots.heldBy(tenantId),
    admit(caller, decision) {
      if (!isOwnOnly(decision)) refuseWithoutCredit(caller)
      const { tenantId } = caller
      const refused = slots.refusal(tenantId, 1)
      if (refused?.kind === 'used_up')
        throw new Fault('overloaded', 'This gateway is at its limit; please retry shortly.')
      if (refused) {
        const message = `Your organisation has ${slots.heldBy(tenantId)} requests under way, which is its share of this gateway now.`
        throw new Fault('rate_limited', message, { metadata: { scope: 'tenant', limit: refused.limit } })
      }
      slots.take(tenantId, 1)
      let held = true
      return {
        release() {
          if (!held) return
          held = false
          slots.giveBack(tenantId, 1)
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
