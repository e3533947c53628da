import type { Catalogue, Endpoint, Provider } from './catalogue.ts'
import type { Caller } from './caller.ts'
import type { Candidate, Decision, Removed, Stage } from './decision.ts'
import { ATTEMPTS_MAX } from './failover.ts'
import {
  failureRate,
  isDown,
  PRIOR_FIRST_TOKEN_MS,
  PRIOR_TOKENS_PER_SECOND,
  UNKNOWN_HEALTH,
  type Health,
} from './health.ts'
import type { EndpointId, ModelSlug, ProviderSlug } from './ids.ts'
import { DEFAULT_POLICY, narrow, type Policy, type RoutePreferences } from './policy.ts'
import { cost, ratesFor } from './price.ts'
import type { Usage } from './usage.ts'

/** What the router may know of a request: features, never the prompt. */
export interface RouteRequest {
  /** In order of preference; the first is what was asked for. */
  readonly models: readonly ModelSlug[]
  /** About how long the prompt is, in tokens: an estimate to compare by, never to bill by. */
  readonly promptTokens: number
  /** What the caller allows, or null. */
  readonly maxTokens: number | null
  /** Names as in `supportedParameters`, of what the request uses. */
  readonly parameters: readonly string[]
  readonly preferences: RoutePreferences
}

/** The world as the router sees it, at one instant. */
export interface Snapshot {
  readonly catalogue: Catalogue
  /** Providers that we hold a credential and an address for. */
  readonly reachable: ReadonlySet<ProviderSlug>
  readonly health: ReadonlyMap<EndpointId, Health>
}

/** When no limit is given: the length of a typical answer, to compare prices by. */
const TYPICAL_COMPLETION_TOKENS = 400
/** Figures that differ by less than a tenth are noise; within it targets share the load instead of herding onto one. */
const NOISE_BAND = 0.1
/** Parameters whose silent loss changes the meaning of an answer: if any endpoint of a model honours one, only those are used. */
const SOFT_REQUIRED = ['tools', 'response_format', 'structured_outputs', 'reasoning']

/**
 * Orders the endpoints able to serve a request, best first, and says why.
 * Pure: the same request, caller, snapshot, time and dice give the same decision.
 * @param nowMs the clock that the health figures use
 * @param dice uniform in [0, 1)
 */
export function route(
  request: RouteRequest,
  caller: Caller,
  snapshot: Snapshot,
  nowMs: number,
  dice: number,
): Decision {
  const policy = narrow(caller.policy?.policy ?? DEFAULT_POLICY, request.preferences)
  const removed: Removed[] = []
  const candidates: Candidate[] = []
  const targets: EndpointId[] = []
  for (const model of new Set(request.models)) {
    const able = filter(model, request, caller, policy, snapshot, removed)
    const judged = able.map((endpoint) => judge(endpoint, request, policy, snapshot, nowMs))
    const ordered = order(judged, policy, snapshot.catalogue, dice)
    candidates.push(...ordered)
    targets.push(...ordered.map((candidate) => candidate.endpoint))
  }
  return {
    objective: policy.objective,
    policy: caller.policy && { id: caller.policy.id, version: caller.policy.version },
    catalogueVersion: snapshot.catalogue.version,
    candidates,
    removed,
    draw: dice,
    targets: targets.slice(0, policy.allowFallbacks ? ATTEMPTS_MAX : 1),
  }
}

function filter(
  model: ModelSlug,
  request: RouteRequest,
  caller: Caller,
  policy: Policy,
  { catalogue, reachable }: Snapshot,
  removed: Removed[],
): Endpoint[] {
  const all = catalogue.endpointsOf.get(model) ?? []
  const required = request.parameters.filter(
    (name) =>
      request.preferences.requireParameters ||
      (SOFT_REQUIRED.includes(name) && all.some((endpoint) => endpoint.supportedParameters.includes(name))),
  )
  return all.filter((endpoint) => {
    const provider = catalogue.providers.get(endpoint.provider)
    const stage =
      provider && reachable.has(provider.slug)
        ? exclusion(endpoint, provider, request, required, caller, policy)
        : 'credential'
    if (stage) removed.push({ endpoint: endpoint.id, stage })
    return stage === null
  })
}

/** The first filter that an endpoint fails, or null. */
function exclusion(
  endpoint: Endpoint,
  provider: Provider,
  request: RouteRequest,
  required: readonly string[],
  caller: Caller,
  policy: Policy,
): Stage | null {
  const mayUseReal = caller.kind !== 'test' && caller.funds !== 'simulated'
  if (!provider.simulated && !mayUseReal) return 'funds'
  if (endpoint.price === null) return 'price_unknown'
  if (!isAllowed(endpoint, policy)) return 'allow'
  if (policy.deny.includes(provider.slug)) return 'deny'
  if (!policy.allowRetention && provider.retainsPrompts) return 'retention'
  if (!required.every((name) => endpoint.supportedParameters.includes(name))) return 'parameters'
  const answerFits = endpoint.maxCompletionTokens === null || (request.maxTokens ?? 0) <= endpoint.maxCompletionTokens
  if (!answerFits || request.promptTokens > endpoint.contextLength) return 'context'
  const rates = ratesFor(request.promptTokens, endpoint.price)
  if (policy.maxPromptPrice !== null && rates.prompt > policy.maxPromptPrice) return 'max_price'
  if (policy.maxCompletionPrice !== null && rates.completion > policy.maxCompletionPrice) return 'max_price'
  return null
}

/** On the list, where there is one; and named in the order, where that is followed without fallbacks. */
function isAllowed(endpoint: Endpoint, policy: Policy): boolean {
  if (policy.allow !== null && !policy.allow.includes(endpoint.provider)) return false
  const onlyNamed = policy.objective === 'pinned' && !policy.allowFallbacks && policy.order.length > 0
  return !onlyNamed || policy.order.some((slug) => slug === endpoint.provider || slug === endpoint.id)
}

function judge(
  endpoint: Endpoint,
  request: RouteRequest,
  policy: Policy,
  snapshot: Snapshot,
  nowMs: number,
): Candidate {
  const health = snapshot.health.get(endpoint.id) ?? UNKNOWN_HEALTH
  const candidate: { -readonly [Field in keyof Candidate]: Candidate[Field] } = {
    endpoint: endpoint.id,
    model: endpoint.model,
    provider: endpoint.provider,
    priceVersion: endpoint.price?.version ?? 0,
    expectedNano: endpoint.price ? cost(expectedUsage(request), endpoint.price).total : 0n,
    firstTokenMs: health.firstTokenMs ?? PRIOR_FIRST_TOKEN_MS,
    tokensPerSecond: health.tokensPerSecond ?? PRIOR_TOKENS_PER_SECOND,
    failureRate: failureRate(health),
    down: isDown(health, nowMs),
  }
  if (policy.objective === 'balanced') candidate.weight = weigh(candidate)
  return candidate
}

function expectedUsage({ promptTokens, maxTokens }: RouteRequest): Usage {
  const completionTokens = Math.min(maxTokens ?? TYPICAL_COMPLETION_TOKENS, TYPICAL_COMPLETION_TOKENS)
  return { promptTokens, completionTokens, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
}

/** Best first. What is down goes last, not away: trying it costs one attempt, dropping it may leave none. */
function order(candidates: readonly Candidate[], policy: Policy, catalogue: Catalogue, dice: number): Candidate[] {
  const { objective } = policy
  if (objective === 'pinned') return pinned(candidates, policy.order, catalogue)
  const up = candidates.filter((candidate) => !candidate.down)
  const down = candidates.filter((candidate) => candidate.down)
  const rank = (group: readonly Candidate[]) =>
    objective === 'balanced' ? balanced(group, dice) : sorted(group, objective, dice)
  return spread([...rank(up), ...rank(down)], catalogue)
}

/** The tenant's own order first, exactly; then, where fallbacks are allowed, the rest by price. Deterministic. */
function pinned(candidates: readonly Candidate[], wanted: readonly string[], catalogue: Catalogue): Candidate[] {
  const place = (candidate: Candidate) => {
    const found = wanted.findIndex((slug) => slug === candidate.provider || slug === candidate.endpoint)
    return found < 0 ? wanted.length : found
  }
  const named = candidates.filter((candidate) => place(candidate) < wanted.length)
  const rest = candidates.filter((candidate) => place(candidate) === wanted.length)
  named.sort((a, b) => place(a) - place(b) || byFigure(a, b, 'cost'))
  rest.sort((a, b) => Number(a.down) - Number(b.down) || byFigure(a, b, 'cost'))
  return [...named, ...spread(rest, catalogue)]
}

/** Draws the first by weight, orders the others by it: price to the power −2, times reliability, times speed. */
function balanced(candidates: readonly Candidate[], dice: number): Candidate[] {
  const weighted = candidates.toSorted((a, b) => weightOf(b) - weightOf(a) || compareText(a.endpoint, b.endpoint))
  const total = weighted.reduce((sum, candidate) => sum + weightOf(candidate), 0)
  let left = dice * total
  const index = weighted.findIndex((candidate) => (left -= weightOf(candidate)) < 0)
  const [first] = index > 0 ? weighted.splice(index, 1) : []
  return first ? [first, ...weighted] : weighted
}

function weightOf(candidate: Candidate): number {
  return candidate.weight ?? 0
}

function weigh(candidate: Candidate): number {
  const price = Math.max(Number(candidate.expectedNano), 1)
  const reliability = (1 - candidate.failureRate) ** 2
  const speed = Math.sqrt(PRIOR_FIRST_TOKEN_MS / Math.max(candidate.firstTokenMs, 1))
  return (reliability * speed) / (price * price)
}

/** What candidates are sorted by; smaller is better. */
type Figure = 'cost' | 'latency' | 'throughput'

/** By one figure; those within the noise band of the best take turns at the front by the dice. */
function sorted(candidates: readonly Candidate[], figure: Figure, dice: number): Candidate[] {
  const list = candidates.toSorted((a, b) => byFigure(a, b, figure))
  const best = list[0]
  if (!best) return list
  const limit = figureOf(best, figure) * (1 + NOISE_BAND)
  const tied = list.findIndex((candidate) => figureOf(candidate, figure) > limit)
  const band = list.splice(0, tied < 0 ? list.length : tied)
  const start = Math.floor(dice * band.length)
  return [...band.slice(start), ...band.slice(0, start), ...list]
}

function byFigure(a: Candidate, b: Candidate, figure: Figure): number {
  return figureOf(a, figure) - figureOf(b, figure) || compareText(a.endpoint, b.endpoint)
}

/** Failures are paid for in the figure itself: an endpoint that fails one time in ten is a tenth worse. */
function figureOf(candidate: Candidate, figure: Figure): number {
  return plainFigure(candidate, figure) / (1 - Math.min(candidate.failureRate, 0.9))
}

function plainFigure(candidate: Candidate, figure: Figure): number {
  if (figure === 'cost') return Number(candidate.expectedNano)
  return figure === 'latency' ? candidate.firstTokenMs : 1_000 / Math.max(candidate.tokensPerSecond, 0.001)
}

/** Keeps the order but lets the second try leave the failure domain of the first where it can. */
function spread(ordered: readonly Candidate[], catalogue: Catalogue): Candidate[] {
  const [first, ...rest] = ordered
  if (!first) return []
  const domain = (candidate: Candidate) => catalogue.providers.get(candidate.provider)?.failureDomain
  const elsewhere = rest.findIndex((candidate) => !candidate.down && domain(candidate) !== domain(first))
  if (elsewhere > 0) rest.unshift(...rest.splice(elsewhere, 1))
  return [first, ...rest]
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
