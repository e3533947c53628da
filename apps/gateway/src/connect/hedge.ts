import {
  hedgeAfterMs,
  hedgeTarget,
  isDown,
  isTripped,
  lostCost,
  NO_LOSS,
  ownerOf,
  type LostCost,
  type NanoUsd,
  type TargetId,
} from '@turnpike/domain'
import { wasCancelled } from '../call/attempt.ts'
import type { Progress, Routed } from '../call/progress.ts'
import type { ConnectDependencies } from './dependencies.ts'
import type { HedgeOutcome } from './hedge-budget.ts'
import type { AttemptResult } from './running-attempt.ts'
import type { Target } from '../targets/target.ts'

/**
 * How long a call waits for its first target before it hedges, milliseconds; null: it does not. Streams only: how long a whole answer
 * takes says more of its length than of its provider. @param deadlineMs when the first attempt is given up in any case
 */
export function hedgeDelayMs(
  { call, attempts }: Progress,
  { decision: { hedge, targets } }: Routed,
  first: TargetId,
  deadlineMs: number,
  { health }: Pick<ConnectDependencies, 'health'>,
): number | null {
  if (!hedge || !call.streamed || targets.length < 2 || attempts.length > 0) return null
  const afterMs = hedgeAfterMs(hedge, health.hedgeTiming(first)?.usual ?? null)
  return afterMs !== null && afterMs < deadlineMs ? afterMs : null
}

/** Null where no other target is up, or the tenant's budget is used up. */
export function reserveHedge(
  { call, disconnected }: Progress,
  { decision, directory }: Routed,
  first: Target,
  { health, throttle, hedges, nowMs }: ConnectDependencies,
): { readonly target: Target; readonly reservation: LostCost } | null {
  const { hedge, targets, candidates } = decision
  if (!hedge || call.signal.aborted || disconnected) return null
  const id = hedgeTarget(hedge, first.id, targets, {
    isUp: (other) => {
      const { own, account } = directory.target(other)
      const state = health.states.get(other)
      const isUnavailable = state !== undefined && (isDown(state, nowMs()) || isTripped(state))
      return (
        !isUnavailable &&
        throttle.mayRetry(account, call.caller.tenantId) &&
        !(own && health.refusal(other, own.version, nowMs()))
      )
    },
    domainOf: (other) => directory.target(other).provider.failureDomain,
  })
  if (id === null) {
    hedges.refuse('nobody')
    return null
  }
  const costOf = (target: TargetId) =>
    lossAt(target, candidates.find(({ endpoint }) => endpoint === target)?.expectedNano ?? 0n)
  const reservation = higher(costOf(first.id), costOf(id))
  return hedges.reserve(call.caller.tenantId, hedge, reservation) ? { target: directory.target(id), reservation } : null
}

/** Returns what the loser did not cost to the budget, and counts the hedge's outcome, if there was one. */
export function settleHedge(
  { call, resolved }: Progress,
  results: readonly AttemptResult<unknown>[],
  { hedges }: Pick<ConnectDependencies, 'hedges'>,
): void {
  const reservation = results[1]?.reservation
  if (!reservation) return
  const loser = results.find((result) => result.outcome === 'lost' || (result.reservation && wasCutShort(result)))
  const price = loser?.target.endpoint.price
  const lost = loser && price ? lossAt(loser.target.id, lostCost(price, resolved.routeRequest.promptTokens)) : NO_LOSS
  hedges.settle(call.caller.tenantId, reservation, outcomeOf(results), lost)
}

function outcomeOf([first, hedge]: readonly AttemptResult<unknown>[]): HedgeOutcome {
  if (hedge?.outcome === 'answered') return 'won'
  if (hedge?.outcome === 'failed') return wasCutShort(hedge) ? 'cancelled' : 'failed'
  return first?.outcome === 'answered' ? 'lost' : 'cancelled'
}

function wasCutShort(result: AttemptResult<unknown>): boolean {
  return result.outcome === 'failed' && wasCancelled(result.fault)
}

/** What a loser costs: the operator nothing where the tenant's own account was used. */
function lossAt(target: TargetId, all: NanoUsd): LostCost {
  return { all, operator: ownerOf(target) === null ? all : 0n }
}

function higher(a: LostCost, b: LostCost): LostCost {
  return { all: a.all > b.all ? a.all : b.all, operator: a.operator > b.operator ? a.operator : b.operator }
}
