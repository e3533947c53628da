import type { Caller } from '../caller.ts'
import type { Decision } from '../route/decision.ts'
import type { PolicyId } from '../ids.ts'
import type { VersionedPolicy } from '../policy/policy.ts'
import { route } from '../route/route.ts'
import { derivedDraw } from './draw.ts'
import { recordedOutcome, predict, type ReplaySample } from './predict.ts'
import type { WhatIfReport } from './report.ts'
import { WhatIfSummary } from './summary.ts'
import type { ReplayContext } from './context.ts'

/** The policy that is tried out. */
export interface DraftPolicy {
  readonly policy: VersionedPolicy
  /** Policies of the organisation and its workspaces, which go on applying around the draft. */
  readonly wider: ReadonlySet<PolicyId>
}

/** A replay under way. Keeps sums and samples, no request. */
export interface Replay {
  /** Routes requests again. @param world holds their minutes, and the hour around them */
  take(world: ReplayContext, requests: readonly ReplaySample[]): void
  /** Counts requests that have no recorded decision. */
  skip(requests: number): void
  report(): WhatIfReport
}

/**
 * Routes recorded requests again under a draft. What does not begin where it began is routed once more, with the same dice in the
 * same snapshot, under the policies that applied, so that only what the draft changes shows: where both lead the same way, what
 * happened stands.
 * Nothing is kept of a request, so that there may be any number of them; their order does not matter.
 */
export function openReplay(draft: DraftPolicy): Replay {
  const tally = new WhatIfSummary()
  const drafted = new Map<Caller, Caller>()
  return {
    take(world, requests) {
      for (const request of requests) {
        const caller = drafted.get(request.caller) ?? underDraft(request.caller, draft)
        drafted.set(request.caller, caller)
        replayOne(request, caller, world, tally)
      }
    },
    skip: (requests) => tally.skip(requests),
    report: () => tally.report(),
  }
}

/** The same for requests that are all at hand. The same input gives the same report. */
export function replay(draft: DraftPolicy, world: ReplayContext, requests: readonly ReplaySample[]): WhatIfReport {
  const whole = openReplay(draft)
  whole.take(world, requests)
  return whole.report()
}

/** One of so many requests is routed again under its own policies for no other reason than to see whether that gives what was recorded. */
const CHECKED_SHARE = 1 / 16
/** Apart from the places that `predict` draws by. */
const CHECK_PLACE = 200

function replayOne(request: ReplaySample, drafted: Caller, world: ReplayContext, tally: WhatIfSummary): void {
  const moment = world.at(request.beganAtMs)
  const snapshot = request.warm === null ? moment.snapshot : { ...moment.snapshot, warm: request.warm }
  const decide = (caller: Caller): Decision => route(request.route, caller, snapshot, request.beganAtMs, request.draw)
  let known: Decision | null = null
  const then = () => (known ??= decide(request.caller))
  const happened = recordedOutcome(request)
  tally.add(request, happened, predict(request, happened, decide(drafted), then, moment))
  if (derivedDraw(request.draw, request.beganAtMs, CHECK_PLACE) < CHECKED_SHARE) {
    tally.check(then().targets[0] === request.attempts[0]?.endpoint)
  }
}

/**
 * The draft takes the place of the policy that it is a version of; where that did not apply, the place of the key's own: then the
 * policies of organisation and workspace stay around it, and whatever else applied goes.
 */
function underDraft(caller: Caller, { policy, wider }: DraftPolicy): Caller {
  const policies = caller.policies.some(({ id }) => id === policy.id)
    ? caller.policies.map((applied) => (applied.id === policy.id ? policy : applied))
    : [...caller.policies.filter(({ id }) => wider.has(id)), policy]
  return { ...caller, policies }
}
