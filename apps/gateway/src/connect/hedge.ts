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
import type { Routed } from '../call/call.ts'
import type { ConnectDependencies } from './dependencies.ts'
import type { HedgeOutcome } from './hedge-budget.ts'
import type { AttemptResult, FinishedAttempt } from './race.ts'
import type { Target } from '../targets/target.ts'

/**
 * After how long a second target may be asked beside this first one, milliseconds; null: never. Streams only: how long a whole answer
 * takes says more of its length than of its provider.
 * @param deadlineMs when the first one is given up in any case
 */
export function hedgeDelayMs(
  { call, decision: { hedge, targets } }: Routed,
  first: TargetId,
  deadlineMs: number,
  { health }: Pick<ConnectDependencies, 'health'>,
): number | null {
  if (!hedge || !call.streamed || targets.length < 2 || call.attempts.length > 0) return null
  const afterMs = hedgeAfterMs(hedge, health.racing(first)?.usual ?? null)
  return afterMs !== null && afterMs < deadlineMs ? afterMs : null
}

/**
 * A second target to ask now, with leave to: what the loser may cost at most, to be settled. Null where nobody else is up, or the
 * tenant's allowance is used up.
 */
export function reserveHedge(
  { call, decision, directory }: Routed,
  first: Target,
  means: ConnectDependencies,
): { readonly target: Target; readonly leave: LostCost } | null {
  const { hedge, targets, candidates } = decision
  const { health, throttle, hedges, nowMs } = means
  if (!hedge || call.signal.aborted || call.disconnected) return null
  const id = hedgeTarget(hedge, first.id, targets, {
    isUp: (other) => {
      const { own, account } = directory.target(other)
      const page = health.pages.get(other)
      const isAway = page !== undefined && (isDown(page, nowMs()) || isTripped(page))
      return !isAway && throttle.mayRetry(account) && !(own && health.refusal(other, own.version, nowMs()))
    },
    domainOf: (other) => directory.target(other).provider.failureDomain,
  })
  if (id === null) {
    hedges.refuse('nobody')
    return null
  }
  const costOf = (target: TargetId) =>
    lossBy(target, candidates.find(({ endpoint }) => endpoint === target)?.expectedNano ?? 0n)
  const leave = higher(costOf(first.id), costOf(id))
  return hedges.take(call.caller.tenantId, hedge, leave) ? { target: directory.target(id), leave } : null
}

/** Gives back of a second target's leave what it did not cost, and counts what came of it; of one attempt alone there is nothing to say. */
export function settleHedge(
  { call }: Routed,
  runs: readonly FinishedAttempt<unknown>[],
  { hedges }: Pick<ConnectDependencies, 'hedges'>,
): void {
  const leave = runs[1]?.run.leave
  if (!leave) return
  const loser = runs.find(({ run, ended }) => ended === null || (run.leave && wasCutShort(ended)))?.run
  const price = loser?.target.endpoint.price
  const lost = loser && price ? lossBy(loser.target.id, lostCost(price, call.route.promptTokens)) : NO_LOSS
  hedges.settle(call.caller.tenantId, leave, outcomeOf(runs), lost)
}

function outcomeOf([first, second]: readonly FinishedAttempt<unknown>[]): HedgeOutcome {
  if (second?.ended?.ok) return 'won'
  if (second?.ended) return wasCutShort(second.ended) ? 'called_off' : 'failed'
  return first?.ended?.ok ? 'lost' : 'called_off'
}

function wasCutShort(ended: AttemptResult<unknown>): boolean {
  return !ended.ok && wasCancelled(ended.fault)
}

/** On the tenant's own account it is the tenant's. */
function lossBy(target: TargetId, all: NanoUsd): LostCost {
  return { all, operator: ownerOf(target) === null ? all : 0n }
}

function higher(a: LostCost, b: LostCost): LostCost {
  return { all: a.all > b.all ? a.all : b.all, operator: a.operator > b.operator ? a.operator : b.operator }
}
