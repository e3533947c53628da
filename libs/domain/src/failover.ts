import { blame, type Fault, type FaultCode } from './fault.ts'

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

/** Faults that another target might not have; any other is returned at once. */
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

/** The kind of failure that a fault is; null for a fault that no target caused. */
export function failureKind({ code }: Pick<Fault, 'code'>): FailureKind | null {
  return KIND[code] ?? null
}

/** To the next target, past the targets to the fallbacks, or back to the caller. */
type Step = 'target' | 'fallback' | 'stop'

/**
 * The next step after a failure of that kind. Kinds in `on` move to the next target. Kinds in `fallbackOn` alone affect all endpoints
 * of a model, such as a prompt that is too long for it, so the model's other endpoints are skipped.
 * Call it only before the first content.
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

/** Faults of a provider that its endpoint did not cause. */
const NO_OUTAGE: ReadonlySet<FaultCode> = new Set([
  'upstream_rate_limited',
  'upstream_credential_refused',
  'upstream_empty',
])

/**
 * Whether the fault counts against the endpoint's health. A rate limit starts a cooldown of the account and is not an outage. An empty
 * answer is retried but not counted: prompts can cause it, and one tenant's prompts must not eject an endpoint for the others.
 */
export function countsAgainstHealth({ code }: Pick<Fault, 'code'>): boolean {
  return blame[code] === 'upstream' && !NO_OUTAGE.has(code)
}
