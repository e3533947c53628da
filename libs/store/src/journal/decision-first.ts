import {
  endpointOf,
  DEFAULT_FAILOVER,
  type Attempt,
  type Candidate,
  type Decision,
  type TargetId,
  type FaultCode,
  type ModelSlug,
  type Objective,
  type ProviderSlug,
  type Removed,
  type Stage,
} from '@turnpike/domain'

/** The first form in which decisions were stored, with one policy and every name written out. It is only read. */
interface FirstForm {
  readonly v: 1
  readonly o: Objective | null
  readonly p: readonly [id: string, version: number] | null
  readonly c: number
  readonly d: number
  readonly t: readonly TargetId[]
  readonly k: readonly (readonly [
    endpoint: TargetId,
    model: ModelSlug,
    provider: ProviderSlug,
    priceVersion: number,
    expectedNano: string,
    firstTokenMs: number,
    tokensPerSecond: number,
    failureRate: number,
    down: 0 | 1,
    weight: number | null,
  ])[]
  readonly r: readonly (readonly [TargetId, Stage])[]
  readonly a: readonly (readonly [
    endpoint: TargetId,
    provider: ProviderSlug,
    model: ModelSlug,
    startMs: number,
    firstTokenMs: number | null,
    endMs: number,
    outcome: Attempt['outcome'],
    status: number | null,
    fault: FaultCode | null,
  ])[]
}

export function isFirstForm(stored: unknown): stored is FirstForm {
  return typeof stored === 'object' && stored !== null && 'v' in stored && stored.v === 1
}

/** Reads a row of yesterday. Whatever it could not hold is as it was then: one policy, no fallbacks, the usual failover. */
export function openFirstForm(stored: FirstForm): { decision: Decision | null; attempts: Attempt[] } {
  const attempts = stored.a.map(
    ([endpoint, provider, model, startMs, firstTokenMs, endMs, outcome, status, fault]): Attempt => ({
      endpoint,
      provider,
      model,
      startMs,
      firstTokenMs,
      endMs,
      outcome,
      status,
      fault,
    }),
  )
  if (!stored.o) return { decision: null, attempts }
  return {
    attempts,
    decision: {
      objective: stored.o,
      policies: stored.p ? [{ id: stored.p[0], version: stored.p[1], window: null }] : [],
      sticky: false,
      catalogueVersion: stored.c,
      candidates: stored.k.map(openCandidate),
      removed: stored.r.map(([endpoint, stage]): Removed => ({ endpoint: endpointOf(endpoint), stage })),
      draw: stored.d,
      targets: stored.t,
      fallbacks: [],
      fallbackOn: [],
      failover: DEFAULT_FAILOVER,
      hedge: null,
    },
  }
}

function openCandidate(row: FirstForm['k'][number]): Candidate {
  const [endpoint, model, provider, priceVersion, expected, firstTokenMs, tokensPerSecond, failureRate, down, weight] =
    row
  return {
    endpoint,
    model,
    provider,
    priceVersion,
    expectedNano: BigInt(expected),
    firstTokenMs,
    tokensPerSecond,
    failureRate,
    down: down === 1,
    ...(weight !== null && { weight }),
  }
}
