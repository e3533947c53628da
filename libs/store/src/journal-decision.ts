import type {
  Attempt,
  Candidate,
  Decision,
  EndpointId,
  FaultCode,
  ModelSlug,
  Objective,
  ProviderSlug,
  Removed,
  Stage,
} from '@turnpike/domain'

/** A decision and what came of it, as kept in one column: lists in place of objects, since every request stores one. */
export interface CompactDecision {
  /** Form of this object; a reader refuses what it does not know. */
  readonly v: 1
  /** Null when no route was chosen. */
  readonly o: Objective | null
  readonly p: readonly [id: string, version: number] | null
  readonly c: number
  readonly d: number
  readonly t: readonly EndpointId[]
  readonly k: readonly CompactCandidate[]
  readonly r: readonly (readonly [EndpointId, Stage])[]
  readonly a: readonly CompactAttempt[]
}

type CompactCandidate = readonly [
  endpoint: EndpointId,
  model: ModelSlug,
  provider: ProviderSlug,
  priceVersion: number,
  expectedNano: string,
  firstTokenMs: number,
  tokensPerSecond: number,
  failureRate: number,
  down: 0 | 1,
  weight: number | null,
]

type CompactAttempt = readonly [
  endpoint: EndpointId,
  provider: ProviderSlug,
  model: ModelSlug,
  startMs: number,
  firstTokenMs: number | null,
  endMs: number,
  outcome: Attempt['outcome'],
  status: number | null,
  fault: FaultCode | null,
]

/** Packs a decision and its attempts for storage. Figures keep their full precision, so that the decision can be replayed. */
export function compactDecision(decision: Decision | null, attempts: readonly Attempt[]): CompactDecision {
  return {
    v: 1,
    o: decision?.objective ?? null,
    p: decision?.policy ? [decision.policy.id, decision.policy.version] : null,
    c: decision?.catalogueVersion ?? 0,
    d: decision?.draw ?? 0,
    t: decision?.targets ?? [],
    k: decision?.candidates.map(compactCandidate) ?? [],
    r: decision?.removed.map(({ endpoint, stage }) => [endpoint, stage] as const) ?? [],
    a: attempts.map(compactAttempt),
  }
}

/** Unpacks what `compactDecision` made. Anything else, such as the empty object of an interrupted request, holds nothing. */
export function openDecision(stored: unknown): { decision: Decision | null; attempts: Attempt[] } {
  if (!isCompact(stored)) return { decision: null, attempts: [] }
  return {
    attempts: stored.a.map(openAttempt),
    decision: stored.o && {
      objective: stored.o,
      policy: stored.p && { id: stored.p[0], version: stored.p[1] },
      catalogueVersion: stored.c,
      candidates: stored.k.map(openCandidate),
      removed: stored.r.map(([endpoint, stage]): Removed => ({ endpoint, stage })),
      draw: stored.d,
      targets: stored.t,
    },
  }
}

function isCompact(stored: unknown): stored is CompactDecision {
  return typeof stored === 'object' && stored !== null && 'v' in stored && stored.v === 1
}

function compactCandidate(candidate: Candidate): CompactCandidate {
  return [
    candidate.endpoint,
    candidate.model,
    candidate.provider,
    candidate.priceVersion,
    candidate.expectedNano.toString(),
    candidate.firstTokenMs,
    candidate.tokensPerSecond,
    candidate.failureRate,
    candidate.down ? 1 : 0,
    candidate.weight ?? null,
  ]
}

function openCandidate(compact: CompactCandidate): Candidate {
  const [endpoint, model, provider, priceVersion, expected, firstTokenMs, tokensPerSecond, failureRate, down, weight] =
    compact
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

function compactAttempt(attempt: Attempt): CompactAttempt {
  const { endpoint, provider, model, startMs, firstTokenMs, endMs, outcome, status, fault } = attempt
  return [endpoint, provider, model, startMs, firstTokenMs, endMs, outcome, status, fault]
}

function openAttempt(compact: CompactAttempt): Attempt {
  const [endpoint, provider, model, startMs, firstTokenMs, endMs, outcome, status, fault] = compact
  return { endpoint, provider, model, startMs, firstTokenMs, endMs, outcome, status, fault }
}
