import type { Fault, FaultCode } from './fault.ts'

/** Kinds of failure as policies name them. `empty`: an answer without content; the others say what they are. */
export const FAILURE_KINDS = [
  'outage',
  'timeout',
  'rate_limit',
  'validation',
  'moderation',
  'context_length',
  'empty',
] as const
export type FailureKind = (typeof FAILURE_KINDS)[number]

/** Faults that another target might not have. What is not listed is the caller's to mend or ours, and is returned at once. */
const KIND: Partial<Record<FaultCode, FailureKind>> = {
  upstream_unreachable: 'outage',
  upstream_error: 'outage',
  upstream_overloaded: 'outage',
  upstream_garbled: 'outage',
  upstream_cut: 'outage',
  upstream_credential_refused: 'outage',
  upstream_model_missing: 'outage',
  own_credential_refused: 'outage',
  upstream_timeout: 'timeout',
  upstream_rate_limited: 'rate_limit',
  upstream_empty: 'empty',
  request_refused_upstream: 'validation',
  content_refused: 'moderation',
  context_length_exceeded: 'context_length',
}

/** What kind of failure a fault is; null for one that is no target's. */
export function failureKind(fault: Fault): FailureKind | null {
  return KIND[fault.code] ?? null
}

/** Where a request goes after a failure: to the next target, past the targets to the fallbacks, or back to its caller. */
type Step = 'target' | 'fallback' | 'stop'

/**
 * What a failure of that kind leads to. Kinds in `on` move on; kinds that stand in `fallbackOn` alone are known to be shared by
 * all endpoints of the model, a prompt that is too long for it, say, so the model's other endpoints are not asked.
 * Only before the first content: the caller decides that, not this function.
 * @param kind null for a fault that is no target's, which is always told to the caller
 */
export function stepAfter(
  kind: FailureKind | null,
  on: readonly FailureKind[],
  fallbackOn: readonly FailureKind[],
): Step {
  if (kind === null) return 'stop'
  if (on.includes(kind)) return 'target'
  return fallbackOn.includes(kind) ? 'fallback' : 'stop'
}

/** What a provider says that is none of its endpoint's doing: how much we ask, who we are, and what a prompt makes of a model. */
const NO_OUTAGE: ReadonlySet<FaultCode> = new Set([
  'upstream_rate_limited',
  'upstream_credential_refused',
  'upstream_empty',
])

/**
 * Whether the fault says something about the endpoint's health. A rate limit cools a credential; it is not an outage. An answer
 * that ended properly and held nothing is worth another try, but prompts can bring it about, and no tenant's prompts may take an
 * endpoint away from the others.
 */
export function countsAgainstHealth(fault: Fault): boolean {
  return fault.blame === 'upstream' && !NO_OUTAGE.has(fault.code)
}
