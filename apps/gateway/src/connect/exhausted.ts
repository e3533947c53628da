import { Fault, type Attempt, type TargetId, type ProviderSlug } from '@turnpike/domain'

/** Why a target was skipped. `throttled`: it gets enough retries. `refused`: it refused the tenant's credential. */
export type SkipReason = 'down' | 'rate_limited' | 'throttled' | 'refused'

/** A target that was skipped, without an attempt. */
export interface Skipped {
  readonly endpoint: TargetId
  readonly provider: ProviderSlug
  readonly reason: SkipReason
  /** The provider's refusal of the credential. */
  readonly refusal?: Fault
}

/** The attempts and the skipped targets, as an error's body lists them. */
function triedOf(attempts: readonly Attempt[], skipped: readonly Skipped[]): Readonly<Record<string, unknown>> {
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

/** The same fault with the attempts and the skipped targets in its metadata. */
export function withTried(fault: Fault, attempts: readonly Attempt[], skipped: readonly Skipped[]): Fault {
  if (attempts.length === 0 && skipped.length === 0) return fault
  const metadata = { ...fault.facts.metadata, ...triedOf(attempts, skipped) }
  return new Fault(fault.code, fault.message, { ...fault.facts, metadata })
}

/**
 * The fault when no target is left: 429 with scope `provider` when every target limits the rate; 424 when each refused the tenant's
 * own credential; a lone target's own fault; else 503. All list the attempts. @param last the last attempt's; null: none was made
 * @param retryAfterMs the shortest remaining cooldown; null where none is known
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

/** Whether rate limits are all that stands in the way. */
export function isRateLimited(attempts: readonly Attempt[], skipped: readonly Skipped[]): boolean {
  return (
    attempts.every(({ fault }) => fault === 'upstream_rate_limited') &&
    skipped.every(({ reason }) => reason === 'rate_limited')
  )
}

/** Whether refused credentials of the tenant's own are all that stands in the way. */
function isRefused(attempts: readonly Attempt[], skipped: readonly Skipped[]): boolean {
  return (
    attempts.every(({ fault }) => fault === 'own_credential_refused') &&
    skipped.every(({ reason }) => reason === 'refused')
  )
}
