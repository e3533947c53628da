import type { Caller } from '../caller.ts'
import type { Candidate, Decision, Removed } from './decision.ts'
import { FAILURE_KINDS, type FailureKind } from '../failover.ts'
import type { ModelSlug } from '../ids.ts'
import { indexOf } from '../byok.ts'
import { ATTEMPTS_MAX, type Objective } from '../policy/policy.ts'
import { score, type Scored } from './score.ts'
import { filter } from './filter.ts'
import { isServedByOwn } from './byok.ts'
import { order, spread, keepWarm } from './order.ts'
import { rulingFor } from './effective-policy.ts'
import type { RoutingInput, RouteRequest, RoutingSnapshot } from './input.ts'

export type { RouteRequest, RoutingSnapshot } from './input.ts'

/**
 * Orders the endpoints able to serve a request, best first, and says why. `targets` are of the first requested model that has any, or
 * of all of them ranked together; `fallbacks` of the further ones, then of the models that the policy falls back to. Without a target
 * there are no fallbacks: nothing failed, everything was excluded.
 * Pure: the same request, caller, snapshot, time and dice give the same decision.
 * @param nowMs the clock that the health figures use
 * @param dice uniform in [0, 1)
 */
export function route(
  request: RouteRequest,
  caller: Caller,
  snapshot: RoutingSnapshot,
  nowMs: number,
  dice: number,
): Decision {
  const { policy, policies } = rulingFor(caller.policies, request.preferences, snapshot.wallMs)
  const own = caller.own ? indexOf(caller.own) : null
  const base: RoutingInput = { request, caller, policy, own, outOfCredit: false, snapshot, nowMs, dice }
  const groups = groupsOf(base)
  const input = goesOnWithoutCredit(base, groups) ? { ...base, outOfCredit: true } : base
  const removed: Removed[] = []
  const ranked = groups.map(({ models, objective }) =>
    order(score(filter(models, input, removed), input), objective, input),
  )
  const first = ranked.findIndex((scored, i) => scored.length > 0 && groups[i]?.isRequested)
  const sticky = first >= 0 && keepWarm(ranked[first] ?? [], policy.objective, input)
  for (const scored of ranked) spread(scored)
  const further = first < 0 || !policy.allow_fallbacks ? [] : ranked.slice(first + 1)
  const candidates: Candidate[] = []
  for (const scored of ranked) for (const { candidate } of scored) candidates.push(candidate)
  const { targets, fallbacks } = chooseTargets(ranked[first] ?? [], further, input)
  return {
    objective: policy.objective,
    policies,
    sticky,
    catalogueVersion: snapshot.catalogue.version,
    candidates,
    removed,
    draw: dice,
    targets: targets.map(({ candidate }) => candidate.endpoint),
    fallbacks: fallbacks.map(({ candidate }) => candidate.endpoint),
    fallbackOn: fallbacks.length > 0 ? kindsFor(fallbacks, input) : [],
    failover: policy.failover,
    hedge: policy.hedge,
    ...(policy.disconnect === 'read_to_end' && { readToEnd: true }),
  }
}

/** Whether credits are used up and a BYOK target serves the request. Without one, admission refuses the request. */
function goesOnWithoutCredit(input: RoutingInput, groups: readonly ModelGroup[]): boolean {
  const { own, caller } = input
  const { funds, kind, balance } = caller
  if (own === null || funds === 'operator' || kind !== 'live' || balance === null || balance > 0n) return false
  return groups.some(({ models, isRequested }) => isRequested && isServedByOwn(models, input))
}

interface ModelGroup {
  readonly models: readonly ModelSlug[]
  readonly objective: Objective
  /** Requested, or else a fallback of the policy. */
  readonly isRequested: boolean
}

/** In the order in which they are tried. */
function groupsOf({ request, policy }: RoutingInput): ModelGroup[] {
  const { objective, model_fallback } = policy
  const models = [...new Set(request.models)]
  const requested = request.preferences.partition === 'none' ? [models] : models.map((model) => [model])
  const groups = requested.map((group) => ({ models: group, objective, isRequested: true }))
  if (!model_fallback || !policy.allow_fallbacks) return groups
  const others = model_fallback.models.filter((model, i, all) => !models.includes(model) && all.indexOf(model) === i)
  const otherwise = model_fallback.objective ?? objective
  return [...groups, ...others.map((model) => ({ models: [model], objective: otherwise, isRequested: false }))]
}

/** Attempts that are kept for other models, if there are any: else one model's endpoints could use all attempts. */
const FALLBACKS_KEPT = 2

/** ATTEMPTS_MAX in both lists. Each further model gets one attempt before any gets its second. */
function chooseTargets(
  ordered: readonly Scored[],
  further: readonly (readonly Scored[])[],
  { policy }: RoutingInput,
): { targets: readonly Scored[]; fallbacks: readonly Scored[] } {
  const others = further.filter((scored) => scored.length > 0)
  const most = Math.min(policy.failover.attempts, ATTEMPTS_MAX - Math.min(others.length, FALLBACKS_KEPT))
  // Without fallbacks an order is still followed to its end, and no other target is tried.
  const targets = (policy.allow_fallbacks ? ordered : strictly(ordered)).slice(0, most)
  if (others.length === 0) return { targets, fallbacks: [] }
  const taken = others.map(() => 0)
  let left = Math.min(ATTEMPTS_MAX - targets.length, others.flat().length)
  for (let turn = 0; left > 0; turn = (turn + 1) % others.length) {
    const count = taken[turn] ?? 0
    if (count >= (others[turn]?.length ?? 0)) continue
    taken[turn] = count + 1
    left--
  }
  return { targets, fallbacks: others.flatMap((scored, i) => scored.slice(0, taken[i])) }
}

function strictly(ordered: readonly Scored[]): readonly Scored[] {
  const named = ordered.filter((one) => one.named)
  return named.length > 0 ? named : ordered.slice(0, 1)
}

/** Several requested models move on after any failure; a policy names the kinds. */
function kindsFor(fallbacks: readonly Scored[], { request, policy }: RoutingInput): readonly FailureKind[] {
  const isNamed = fallbacks.some(({ candidate }) => request.models.includes(candidate.model))
  return isNamed ? FAILURE_KINDS : (policy.model_fallback?.on ?? [])
}
