import {
  ASSUMED_FIGURES,
  DEFAULT_FAILOVER,
  endpointOf,
  ownerOf,
  type Attempt,
  type Candidate,
  type Decision,
  type TargetId,
  type Failover,
  type FailureKind,
  type FaultCode,
  type Hedge,
  type ModelSlug,
  type Objective,
  type ProviderSlug,
  type Removed,
  type Stage,
  type UsageWarning,
} from '@turnpike/domain'

/** Version of the stored form. A reader refuses any other. */
export const DECISION_VERSION = 1

/**
 * A decision and its attempts, as stored in one column: lists instead of objects, and each name once, since every request stores one.
 * Defaults are left out. Nothing is rounded: the router judges by figures that are already round, and the draw keeps every
 * digit, so that a decision replays from its record.
 */
interface CompactDecision {
  readonly v: typeof DECISION_VERSION
  /** Absent: no route was chosen. */
  readonly o?: Objective
  /** Policies. */
  readonly p?: readonly (readonly [id: string, version: number, window?: number])[]
  /** Version of the catalogue. */
  readonly c?: number
  /** The draw. */
  readonly d?: number
  /** 1: stayed at the endpoint whose prompt cache is warm. */
  readonly s?: 1
  /** Models that endpoints are named after. */
  readonly m?: readonly string[]
  /** Candidates. */
  readonly k?: readonly CompactCandidate[]
  /** Removed: neighbours of one stage and model in one row. */
  readonly r?: readonly (readonly [Stage, model: number, ...names: string[]])[]
  /** Targets and fallbacks, by their positions among the candidates. */
  readonly t?: readonly number[]
  readonly f?: readonly number[]
  readonly fo?: readonly FailureKind[]
  /** Hedge. */
  readonly h?: readonly [afterMs: number | null, extraRequests: number, extraSpend: string | null, ownCost: boolean]
  /** 1: read to its end when the caller hangs up. */
  readonly x?: 1
  readonly fv?: readonly [readonly FailureKind[], attempts: number, firstTokenMs: number | null, totalMs: number | null]
  readonly a: readonly CompactAttempt[]
}

/**
 * `name`, the provider and after a `#` the owner of an account, makes the target's id with the model at that position. A target whose
 * id does not hold its provider and model is written out.
 */
type CompactCandidate = readonly [
  name: string | readonly [TargetId, ProviderSlug, ModelSlug],
  model: number,
  priceVersion: number,
  expectedNano: number | string,
  firstTokenMs: number,
  tokensPerSecond: number,
  failureRate: number,
  marks?: number,
  weight?: number | null,
  share?: number,
]

type CompactAttempt = readonly [
  target: number | readonly [TargetId, ProviderSlug, ModelSlug],
  startMs: number,
  firstTokenMs: number | null,
  endMs: number,
  outcome: Attempt['outcome'],
  status?: number | null,
  fault?: FaultCode | null,
  hedge?: 0 | 1,
  usageWarnings?: readonly UsageWarning[],
]

/** Marks of a candidate, added up. `ASSUMED`: of each figure that is assumed, in the order of `ASSUMED_FIGURES`. */
const DOWN = 1
const SLOW = 2
const SPREAD = 4
const ASSUMED = [8, 16, 32] as const
/** Stands for a model where a removed endpoint's id is written out. */
const WHOLE = -1

/** Packs a decision and its attempts for storage. */
export function compactDecision(decision: Decision | null, attempts: readonly Attempt[]): CompactDecision {
  if (!decision) return { v: DECISION_VERSION, a: attempts.map((attempt) => compactAttempt(attempt, [])) }
  const endpoints = decision.candidates.map(({ endpoint }) => endpoint)
  const models = modelsOf(decision)
  const { fallbacks, fallbackOn, failover } = decision
  return {
    v: DECISION_VERSION,
    o: decision.objective,
    ...(decision.policies.length > 0 && { p: decision.policies.map(compactPolicy) }),
    c: decision.catalogueVersion,
    d: decision.draw,
    ...(decision.sticky && { s: 1 }),
    m: models,
    k: decision.candidates.map((candidate) => compactCandidate(candidate, models)),
    ...(decision.removed.length > 0 && { r: compactRemoved(decision.removed, models) }),
    t: decision.targets.map((target) => endpoints.indexOf(target)),
    ...(fallbacks.length > 0 && { f: fallbacks.map((fallback) => endpoints.indexOf(fallback)) }),
    ...(fallbackOn.length > 0 && { fo: fallbackOn }),
    ...(decision.hedge && { h: hedgeRow(decision.hedge) }),
    ...(decision.readToEnd && { x: 1 }),
    ...(failover !== DEFAULT_FAILOVER && { fv: failoverRow(failover) }),
    a: attempts.map((attempt) => compactAttempt(attempt, endpoints)),
  }
}

/** Unpacks what `compactDecision` made. Throws an Error for another version. */
export function openDecision(stored: unknown): { decision: Decision | null; attempts: Attempt[] } {
  if (!isCompact(stored)) throw foreignDecision(versionOf(stored))
  const { o: objective, m: models = [], k = [], t = [], f = [], fv } = stored
  const candidates = k.map((row) => openCandidate(row, models))
  const named = (places: readonly number[]) => places.flatMap((place) => candidates[place]?.endpoint ?? [])
  const attempts = stored.a.map((row) => openAttempt(row, candidates))
  if (!objective) return { decision: null, attempts }
  return {
    attempts,
    decision: {
      objective,
      policies: (stored.p ?? []).map(([id, version, window = null]) => ({ id, version, window })),
      sticky: stored.s === 1,
      catalogueVersion: stored.c ?? 0,
      candidates,
      removed: (stored.r ?? []).flatMap(([stage, model, ...names]) =>
        names.map((name): Removed => ({ endpoint: targetOf(name, models[model]), stage })),
      ),
      draw: stored.d ?? 0,
      targets: named(t),
      fallbacks: named(f),
      fallbackOn: stored.fo ?? [],
      failover: fv ? { on: fv[0], attempts: fv[1], firstTokenMs: fv[2], totalMs: fv[3] } : DEFAULT_FAILOVER,
      hedge: stored.h ? openHedge(stored.h) : null,
      ...(stored.x === 1 && { readToEnd: true }),
    },
  }
}

function isCompact(stored: unknown): stored is CompactDecision {
  return versionOf(stored) === DECISION_VERSION
}

function versionOf(stored: unknown): unknown {
  return typeof stored === 'object' && stored !== null && 'v' in stored ? stored.v : undefined
}

/** What readers throw for any version but `DECISION_VERSION`. */
export function foreignDecision(version: unknown): Error {
  const found = typeof version === 'number' ? `version ${version}` : 'no version'
  return new Error(`A stored decision has ${found}, and this release of Turnpike reads version ${DECISION_VERSION}.`)
}

function compactPolicy({ id, version, window }: Decision['policies'][number]) {
  return window === null ? ([id, version] as const) : ([id, version, window] as const)
}

function failoverRow({ on, attempts, firstTokenMs, totalMs }: Failover) {
  return [on, attempts, firstTokenMs, totalMs] as const
}

function hedgeRow({ afterMs, extraRequests, extraSpend, ownCost }: Hedge) {
  return [afterMs, extraRequests, extraSpend?.toString() ?? null, ownCost] as const
}

function openHedge([afterMs, extraRequests, spend, ownCost]: NonNullable<CompactDecision['h']>): Hedge {
  return { afterMs, extraRequests, extraSpend: spend === null ? null : BigInt(spend), ownCost }
}

/** Each once: the models of the candidates, and those in the ids of the removed. */
function modelsOf({ candidates, removed }: Decision): string[] {
  const models = new Set<string>(candidates.map(({ model }) => model))
  for (const { endpoint } of removed) models.add(modelPart(endpoint))
  return [...models]
}

/** `provider/author/slug` without the provider and the owner. */
function modelPart(target: TargetId): string {
  const endpoint = endpointOf(target)
  return endpoint.slice(endpoint.indexOf('/') + 1)
}

/** What `nameOf` and the model make. Without a model the name is the id itself. */
export function targetOf(name: string, model: string | undefined): TargetId {
  if (model === undefined) return name as TargetId
  const mark = name.indexOf('#')
  return (mark < 0 ? `${name}/${model}` : `${name.slice(0, mark)}/${model}${name.slice(mark)}`) as TargetId
}

/** The provider, and the owner unless it is the operator. */
function nameOf(provider: string, target: TargetId): string {
  const owner = ownerOf(target)
  return owner === null ? provider : `${provider}#${owner}`
}

function providerIn(name: string): ProviderSlug {
  return name.split('#', 1)[0] as ProviderSlug
}

function compactCandidate(candidate: Candidate, models: readonly string[]): CompactCandidate {
  const { endpoint, provider, model, expectedNano, weight, share } = candidate
  const name = nameOf(provider, endpoint)
  const isPlain = endpoint === targetOf(name, model) && provider === providerIn(name)
  const marks =
    (candidate.down ? DOWN : 0) +
    (candidate.slow ? SLOW : 0) +
    (candidate.spread ? SPREAD : 0) +
    ASSUMED_FIGURES.reduce((sum, figure, i) => sum + (candidate.assumed?.includes(figure) ? (ASSUMED[i] ?? 0) : 0), 0)
  const row = [
    isPlain ? name : ([endpoint, provider, model] as const),
    isPlain ? models.indexOf(model) : WHOLE,
    candidate.priceVersion,
    expectedNano <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(expectedNano) : expectedNano.toString(),
    candidate.firstTokenMs,
    candidate.tokensPerSecond,
    candidate.failureRate,
  ] as const
  if (share !== undefined) return [...row, marks, weight ?? null, share]
  if (weight !== undefined) return [...row, marks, weight]
  return marks === 0 ? row : [...row, marks]
}

function openCandidate(row: CompactCandidate, models: readonly string[]): Candidate {
  const [name, at, priceVersion, expected, firstTokenMs, tokensPerSecond, failureRate, marks = 0, weight, share] = row
  const plain = models[at] ?? ''
  const assumed = ASSUMED_FIGURES.filter((_, i) => (marks & (ASSUMED[i] ?? 0)) !== 0)
  const [endpoint, provider, model] =
    typeof name === 'string' ? [targetOf(name, plain), providerIn(name), plain as ModelSlug] : name
  return {
    endpoint,
    model,
    provider,
    priceVersion,
    expectedNano: BigInt(expected),
    firstTokenMs,
    tokensPerSecond,
    failureRate,
    down: (marks & DOWN) !== 0,
    ...((marks & SLOW) !== 0 && { slow: true }),
    ...((marks & SPREAD) !== 0 && { spread: true }),
    ...(assumed.length > 0 && { assumed }),
    ...(share !== undefined && { share }),
    ...(typeof weight === 'number' && { weight }),
  }
}

function compactRemoved(removed: readonly Removed[], models: readonly string[]): [Stage, number, ...string[]][] {
  const rows: [Stage, number, ...string[]][] = []
  for (const { endpoint, stage } of removed) {
    const slash = endpointOf(endpoint).indexOf('/')
    const at = slash < 0 ? WHOLE : models.indexOf(modelPart(endpoint))
    const name = slash < 0 ? endpoint : nameOf(endpoint.slice(0, slash), endpoint)
    const last = rows.at(-1)
    if (last?.[0] === stage && last[1] === at) last.push(name)
    else rows.push([stage, at, name])
  }
  return rows
}

function compactAttempt(attempt: Attempt, endpoints: readonly TargetId[]): CompactAttempt {
  const { endpoint, provider, model, startMs, firstTokenMs, endMs, outcome, status, fault, hedge, usageWarnings } =
    attempt
  const place = endpoints.indexOf(endpoint)
  const row = [
    place < 0 ? ([endpoint, provider, model] as const) : place,
    startMs,
    firstTokenMs,
    endMs,
    outcome,
  ] as const
  if (usageWarnings) return [...row, status, fault, hedge ? 1 : 0, usageWarnings]
  if (hedge) return [...row, status, fault, 1]
  if (fault !== null) return [...row, status, fault]
  return status === null ? row : [...row, status]
}

function openAttempt(row: CompactAttempt, candidates: readonly Candidate[]): Attempt {
  const [target, startMs, firstTokenMs, endMs, outcome, status = null, fault = null, hedge, usageWarnings] = row
  const [endpoint, provider, model] = typeof target === 'number' ? namesOf(candidates[target]) : target
  const attempt = { endpoint, provider, model, startMs, firstTokenMs, endMs, outcome, status, fault }
  return { ...attempt, ...(hedge === 1 && { hedge: true }), ...(usageWarnings && { usageWarnings }) }
}

function namesOf(candidate: Candidate | undefined): readonly [TargetId, ProviderSlug, ModelSlug] {
  if (!candidate) throw new Error('a stored attempt names a candidate that is not stored with it')
  return [candidate.endpoint, candidate.provider, candidate.model]
}
