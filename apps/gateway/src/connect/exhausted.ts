import { Fault, type Attempt, type TargetId, type ProviderSlug } from '@turnpike/domain'

/**
 * Why a target was not tried: known to be down, limiting our rate, enough requests are being retried there already, or the tenant's own
 * credential was refused there a moment ago.
 */
export type SkipReason = 'down' | 'rate_limited' | 'throttled' | 'refused'

/** A target that was passed over, without an attempt. */
export interface Skipped {
  readonly endpoint: TargetId
  readonly provider: ProviderSlug
  readonly reason: SkipReason
  /** What was said of a credential that was refused. */
  readonly refusal?: Fault
}

/** What was tried and what was not, as an error's body lists it. */
export function triedOf(attempts: readonly Attempt[], skipped: readonly Skipped[]): Readonly<Record<string, unknown>> {
  return {
    attempts: attempts.map(({ provider, model, status, fault, startMs, endMs, hedge }) => ({
      provider,
      model,
      status,
      code: fault,
      ms: endMs - startMs,
      ...(hedge && { hedge }),
    })),
    ...(skipped.length > 0 && { skipped: skipped.map(({ provider, reason }) => ({ provider, reason })) }),
  }
}

/** The same fault with what was tried beside what it says already. */
export function withTried(fault: Fault, attempts: readonly Attempt[], skipped: readonly Skipped[]): Fault {
  if (attempts.length === 0 && skipped.length === 0) return fault
  const metadata = { ...fault.facts.metadata, ...triedOf(attempts, skipped) }
  return new Fault(fault.code, fault.message, { ...fault.facts, metadata })
}

/**
 * What is told when no target is left: 429 with scope `provider` when every one asked for patience; 424 when each refused the tenant's
 * own credential; a lone target's own fault; else 503. All list what was tried.
 * @param last the fault of the last attempt; null when none was made
 * @param retryAfterMs the shortest patience that was asked for; null when nobody said
 */
export function exhausted(
  attempts: readonly Attempt[],
  skipped: readonly Skipped[],
  last: Fault | null,
  retryAfterMs: number | null,
): Fault {
  const isAlone = attempts.length === 1 && skipped.length === 0
  if (last && isAlone && last.code !== 'upstream_rate_limited') return withTried(last, attempts, skipped)
  const refusal = last ?? skipped[0]?.refusal
  if (refusal && isRefused(attempts, skipped)) return withTried(refusal, attempts, skipped)
  const metadata = triedOf(attempts, skipped)
  const hint = retryAfterMs === null ? {} : { retryAfterMs }
  if (isRateLimited(attempts, skipped)) {
    return new Fault('upstream_rate_limited', 'Every provider of this model is limiting requests just now.', {
      metadata: { ...last?.facts.metadata, ...metadata, scope: 'provider' },
      ...hint,
      ...(last && { cause: last }),
    })
  }
  const passedOver = skipped.length > 0 ? `, ${skipped.length} more were passed over` : ''
  return new Fault(
    'no_healthy_provider',
    `No provider could answer: ${attempts.length} tried${passedOver}. metadata lists them.`,
    { metadata, ...(last && { cause: last }) },
  )
}

/** Whether all that stood in the way were rate limits. */
export function isRateLimited(attempts: readonly Attempt[], skipped: readonly Skipped[]): boolean {
  return (
    attempts.every(({ fault }) => fault === 'upstream_rate_limited') &&
    skipped.every(({ reason }) => reason === 'rate_limited')
  )
}

/** Whether all that stood in the way were credentials of the tenant's own, which it can mend. */
function isRefused(attempts: readonly Attempt[], skipped: readonly Skipped[]): boolean {
  return (
    attempts.every(({ fault }) => fault === 'own_credential_refused') &&
    skipped.every(({ reason }) => reason === 'refused')
  )
}
