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
  /** Policies of the organisation and its workspaces, which still apply around the draft. */
  readonly wider: ReadonlySet<PolicyId>
}

/**
 * Routes recorded requests again under a draft. A request whose first target changes is routed once more, with the same draw in the
 * same snapshot, under the policies that applied, so that only the draft's changes count: where both decisions are the same, the
 * recorded outcome stands. Requests are not kept, so that there may be any number of them; their order does not matter.
 */
export function openReplay(draft: DraftPolicy) {
  const summary = new WhatIfSummary()
  const drafted = new Map<Caller, Caller>()
  return {
    /** Routes samples again. @param context holds their minutes, and the hour around them */
    take(context: ReplayContext, samples: readonly ReplaySample[]): void {
      for (const sample of samples) {
        const caller = drafted.get(sample.caller) ?? underDraft(sample.caller, draft)
        drafted.set(sample.caller, caller)
        replayOne(sample, caller, context, summary)
      }
    },
    /** Counts requests that have no recorded decision. */
    skip: (requests: number): void => summary.skip(requests),
    report: (): WhatIfReport => summary.report(),
  }
}

/** The same for a list of samples. The same input gives the same report. */
export function replay(draft: DraftPolicy, context: ReplayContext, samples: readonly ReplaySample[]): WhatIfReport {
  const whole = openReplay(draft)
  whole.take(context, samples)
  return whole.report()
}

/** The share of samples routed again under their own policies, to check that it reproduces the record. */
const CHECKED_SHARE = 1 / 16
/** Differs from the draw indexes of `predict`. */
const CHECK_PLACE = 200

function replayOne(request: ReplaySample, drafted: Caller, context: ReplayContext, summary: WhatIfSummary): void {
  const moment = context.at(request.beganAtMs)
  const snapshot = request.warm === null ? moment.snapshot : { ...moment.snapshot, warm: request.warm }
  const decide = (caller: Caller): Decision => route(request.route, caller, snapshot, request.beganAtMs, request.draw)
  let known: Decision | null = null
  const then = () => (known ??= decide(request.caller))
  const happened = recordedOutcome(request)
  summary.add(request, happened, predict(request, happened, decide(drafted), then, moment))
  if (derivedDraw(request.draw, request.beganAtMs, CHECK_PLACE) < CHECKED_SHARE) {
    summary.check(then().targets[0] === request.attempts[0]?.endpoint)
  }
}

/** The draft replaces the policy it is a version of, else the key's; wider ones still apply. */
function underDraft(caller: Caller, { policy, wider }: DraftPolicy): Caller {
  const policies = caller.policies.some(({ id }) => id === policy.id)
    ? caller.policies.map((applied) => (applied.id === policy.id ? policy : applied))
    : [...caller.policies.filter(({ id }) => wider.has(id)), policy]
  return { ...caller, policies }
}
