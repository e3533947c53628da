import type { Endpoint } from '../catalogue.ts'
import { ASSUMED_FIGURES, type AssumedFigure, type Candidate } from './decision.ts'
import { isDown, shareOf } from '../health/breaker.ts'
import {
  failureRate,
  PRIOR_FIRST_TOKEN_MS,
  PRIOR_TOKENS_PER_SECOND,
  UNKNOWN_HEALTH,
  type Health,
} from '../health/health.ts'
import { divideRounded, type NanoUsd } from '../money/money.ts'
import { PERCENTILES, type EffectivePolicy, type Percentile } from '../policy/policy.ts'
import { ratesFor, type Rates } from '../money/price.ts'
import { targetOf, type Eligible } from './constraint.ts'
import type { RoutingInput, RouteRequest } from './input.ts'

export interface Scored {
  readonly candidate: { -readonly [Field in keyof Candidate]: Candidate[Field] }
  readonly endpoint: Endpoint
  /** Those that share one are expected to fail together. */
  readonly domain: string
  readonly own: Eligible['own']
  /** The order of a pinned policy names it. Set by the ranking, as are `standing` and `figure`. */
  named: boolean
  /** Smaller comes first. */
  standing: number
  /** The sort key within one standing; smaller is better. */
  figure: number
}

/** When no limit is given: the length of a typical answer, to compare prices by. */
const TYPICAL_COMPLETION_TOKENS = 400
const PER_MILLION = 1_000_000n

/** The endpoints with the figures that order them. Prices assume that no token is cached. */
export function score(eligible: readonly Eligible[], input: RoutingInput): Scored[] {
  const { request, policy } = input
  const prompt = BigInt(request.promptTokens)
  const completion = completionOf(request)
  const cutoffs = cutoffsOf(policy)
  return eligible.map((one) => {
    const { endpoint, provider, own } = one
    const rates = endpoint.price && ratesFor(request.promptTokens, endpoint.price)
    const candidate: Scored['candidate'] = {
      endpoint: targetOf(one),
      model: endpoint.model,
      provider: endpoint.provider,
      priceVersion: endpoint.price?.version ?? 0,
      expectedNano: rates ? expected(prompt, rates.prompt, completion, rates) : 0n,
      firstTokenMs: 0,
      tokensPerSecond: 0,
      failureRate: 0,
      down: false,
    }
    addFigures(candidate, cutoffs, input)
    return { candidate, endpoint, domain: provider.failureDomain, own, named: false, standing: 0, figure: 0 }
  })
}

/** The expected price with the prompt read from the cache; null where that costs no less. */
export function warmNano({ price }: Endpoint, request: RouteRequest): NanoUsd | null {
  const rates = price && ratesFor(request.promptTokens, price)
  if (rates?.cacheRead === undefined || rates.cacheRead >= rates.prompt) return null
  return expected(BigInt(request.promptTokens), rates.cacheRead, completionOf(request), rates)
}

function completionOf({ maxTokens }: RouteRequest): bigint {
  return BigInt(Math.min(maxTokens ?? TYPICAL_COMPLETION_TOKENS, TYPICAL_COMPLETION_TOKENS))
}

/** Nano-dollars, rounded half up, once. */
function expected(prompt: bigint, promptRate: NanoUsd, completion: bigint, rates: Rates): NanoUsd {
  const exact = prompt * promptRate + completion * rates.completion + (rates.request ?? 0n) * PER_MILLION
  return divideRounded(exact, PER_MILLION)
}

/** From the record where there is one, else from live health, rounded to what a record keeps. */
function addFigures(candidate: Scored['candidate'], cutoffs: readonly Cutoff[], input: RoutingInput): void {
  const { snapshot, nowMs } = input
  const recorded = snapshot.recorded?.get(candidate.endpoint)
  if (recorded) {
    candidate.firstTokenMs = recorded.firstTokenMs
    candidate.tokensPerSecond = recorded.tokensPerSecond
    candidate.failureRate = recorded.failureRate
    candidate.down = recorded.down
    if (recorded.slow) candidate.slow = true
    if (recorded.assumed) candidate.assumed = recorded.assumed
    if (recorded.share !== undefined) candidate.share = recorded.share
    return
  }
  const health = snapshot.health.get(candidate.endpoint) ?? UNKNOWN_HEALTH
  candidate.firstTokenMs = Math.round(health.firstTokenMs ?? PRIOR_FIRST_TOKEN_MS)
  candidate.tokensPerSecond = rounded(health.tokensPerSecond ?? PRIOR_TOKENS_PER_SECOND, 10)
  candidate.failureRate = rounded(failureRate(health), 10_000)
  const assumed = assumedOf(health)
  if (assumed.length > 0) candidate.assumed = assumed
  candidate.down = isDown(health, nowMs)
  if (cutoffs.some((cutoff) => misses(health, cutoff))) candidate.slow = true
  const share = shareOf(health, nowMs)
  if (share > 0 && share < 1) candidate.share = Math.max(rounded(share, 100), 0.01)
}

/** One list for all endpoints of which nothing is known yet. */
const ALL_ASSUMED: readonly AssumedFigure[] = ASSUMED_FIGURES

function assumedOf({ firstTokenMs, tokensPerSecond, attempts }: Health): readonly AssumedFigure[] {
  if (firstTokenMs === null && tokensPerSecond === null && attempts === 0) return ALL_ASSUMED
  return ASSUMED_FIGURES.filter((figure) =>
    figure === 'firstTokenMs'
      ? firstTokenMs === null
      : figure === 'tokensPerSecond'
        ? tokensPerSecond === null
        : attempts === 0,
  )
}

/** @param parts of one: 100 keeps two decimals */
export function rounded(figure: number, parts: number): number {
  return Math.round(figure * parts) / parts
}

const MS_PER_S = 1_000

/** A preferred figure: tokens per second at least, or milliseconds to the first token at most. */
interface Cutoff {
  readonly of: 'throughputQuantiles' | 'firstTokenQuantiles'
  readonly percentile: Percentile
  readonly limit: number
}

function cutoffsOf({ preferred_min_throughput, preferred_max_latency }: EffectivePolicy): Cutoff[] {
  const cutoffs: Cutoff[] = []
  for (const percentile of PERCENTILES) {
    const least = preferred_min_throughput[percentile]
    const most = preferred_max_latency[percentile]
    if (least !== undefined) cutoffs.push({ of: 'throughputQuantiles', percentile, limit: least })
    if (most !== undefined) cutoffs.push({ of: 'firstTokenQuantiles', percentile, limit: most * MS_PER_S })
  }
  return cutoffs
}

/** Whether the last five minutes miss a preference. One of which too little is known is not slow. */
function misses(health: Health, { of, percentile, limit }: Cutoff): boolean {
  const figure = health[of]?.[percentile]
  if (figure === undefined) return false
  return of === 'throughputQuantiles' ? figure < limit : figure > limit
}
