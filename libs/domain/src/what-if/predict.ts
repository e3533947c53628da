import type { Caller } from '../caller.ts'
import { STAGES, type Attempt, type Decision, type Stage } from '../route/decision.ts'
import { failureKind, type FailureKind } from '../failover.ts'
import { quantile, type Digest } from '../health/digest.ts'
import { ownerOf, type RequestId, type TargetId } from '../ids.ts'
import type { NanoUsd } from '../money/money.ts'
import { ATTEMPTS_MAX } from '../policy/policy.ts'
import { cost } from '../money/price.ts'
import type { RouteRequest } from '../route/route.ts'
import type { RequestOutcome } from '../usage/outcome.ts'
import type { Usage } from '../usage/usage.ts'
import { derivedDraw } from './draw.ts'
import type { Failing } from './timeline.ts'
import type { Moment } from './context.ts'

/** A finished request as it was recorded: what the router was given, and the outcome. */
export interface ReplaySample {
  readonly requestId: RequestId
  readonly beganAtMs: number
  /** With the policies that applied then. Requests of one caller best share the object, by which work is cached. */
  readonly caller: Caller
  readonly route: RouteRequest
  /** The draw of its decision. */
  readonly draw: number
  /** The target whose prompt cache was warm; null when none was, or it was not recorded. */
  readonly warm: TargetId | null
  readonly streamed: boolean
  /** The target that answered; null when none did. */
  readonly endpoint: TargetId | null
  readonly outcome: RequestOutcome
  readonly usage: Usage
  readonly costNano: NanoUsd
  /** From the request's beginning to the first content of a stream. */
  readonly firstTokenMs: number | null
  /** Of a stream that was long enough to measure. */
  readonly tokensPerSecond: number | null
  readonly attempts: readonly Pick<Attempt, 'endpoint' | 'outcome' | 'fault'>[]
}

/** The recorded or predicted outcome of a request. Null: unknown, or there was none. */
export interface PredictedOutcome {
  readonly end: RequestOutcome
  /** The target that answered, or broke off the answer. */
  readonly endpoint: TargetId | null
  readonly costNano: NanoUsd | null
  readonly firstTokenMs: number | null
  readonly tokensPerSecond: number | null
  /** Attempts after the first, without those that lost to a faster one. */
  readonly failovers: number
}

export interface Prediction extends PredictedOutcome {
  /** The filter that left no endpoint; null unless rejected. */
  readonly stage: Stage | null
  /** What cannot be predicted: the endpoints that would be tried showed nothing of it within the hour. */
  readonly unknown: { readonly firstToken: boolean; readonly throughput: boolean; readonly failure: boolean }
}

/** What happened. */
export function recordedOutcome(request: ReplaySample): PredictedOutcome {
  const { endpoint, outcome: end, costNano, firstTokenMs, tokensPerSecond, attempts } = request
  const tried = attempts.filter(({ outcome }) => outcome !== 'lost').length
  return { end, endpoint, costNano, firstTokenMs, tokensPerSecond, failovers: Math.max(tried - 1, 0) }
}

const ALL_KNOWN = { firstToken: false, throughput: false, failure: false }
const NO_ANSWER = { endpoint: null, costNano: 0n, firstTokenMs: null, tokensPerSecond: null, unknown: ALL_KNOWN }

/**
 * The outcome of a request under another decision. It is the recorded one where the decision begins with the target that answered at
 * once, and where both decisions have the same targets. Else the targets are walked: a target that was tried repeats its recorded
 * attempt; the attempt of another is drawn from what it showed in that minute, by numbers that follow from the request's own draw.
 * @param then the decision under the policies that applied, in the same snapshot; called when it is needed
 */
export function predict(
  request: ReplaySample,
  happened: PredictedOutcome,
  draft: Decision,
  then: () => Decision,
  moment: Moment,
): Prediction {
  const [first] = request.attempts
  const isSame = first !== undefined && first.endpoint === draft.targets[0] && first.outcome !== 'failed'
  if (isSame || isSameWay(then(), draft)) return asItWas(happened)
  if (draft.targets.length === 0) return refusal(then(), draft)
  return walk(request, wayOf(request, then(), draft), draft, moment)
}

/** Field by field: to spread an object that many requests share the shape of took a tenth of a replay. */
function asItWas({ end, endpoint, costNano, firstTokenMs, tokensPerSecond, failovers }: PredictedOutcome): Prediction {
  return { end, endpoint, costNano, firstTokenMs, tokensPerSecond, failovers, stage: null, unknown: ALL_KNOWN }
}

function isSameWay(a: Decision, b: Decision): boolean {
  return (
    isSameList(a.targets, b.targets) &&
    isSameList(a.fallbacks, b.fallbacks) &&
    isSameList(a.failover.on, b.failover.on) &&
    isSameList(a.fallbackOn, b.fallbackOn)
  )
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}

/** Names the filter that removed the first target, else the last one that removed anything. */
function refusal(then: Decision, { removed }: Decision): Prediction {
  const cause = removed.find(({ endpoint }) => endpoint === then.targets[0])
  const last = STAGES.findLast((stage) => removed.some((one) => one.stage === stage))
  return { ...NO_ANSWER, end: 'rejected', failovers: 0, stage: cause?.stage ?? last ?? null }
}

type Way = Pick<Decision, 'targets' | 'fallbacks'>

/** Where both decisions begin with the same endpoint, the first attempt is the recorded one. */
function wayOf(request: ReplaySample, then: Decision, { targets, fallbacks }: Decision): Way {
  const began = request.attempts[0]?.endpoint
  if (began === undefined || targets[0] !== then.targets[0] || targets[0] === began) return { targets, fallbacks }
  const others = (list: readonly TargetId[]) => list.filter((endpoint) => endpoint !== began)
  return { targets: [began, ...others(targets)].slice(0, targets.length), fallbacks: others(fallbacks) }
}

type Hop =
  | { readonly end: 'recorded' }
  | { readonly end: 'drawn' }
  | { readonly end: 'failed'; readonly kind: FailureKind | null }

function walk(request: ReplaySample, way: Way, { failover, fallbackOn }: Decision, moment: Moment): Prediction {
  let { targets, fallbacks } = way
  for (let failovers = 0; failovers < ATTEMPTS_MAX; failovers++) {
    const [endpoint, ...others] = targets
    if (endpoint === undefined) break
    const { failing } = moment.shown(endpoint)
    const hop = recordedHop(request, endpoint) ?? drawnHop(request, failovers, failing)
    if (hop.end === 'recorded') return { ...asItWas(recordedOutcome(request)), failovers }
    if (hop.end === 'drawn') return answered(request, endpoint, failovers, moment)
    const { kind } = hop
    const mayGoOn = (on: readonly FailureKind[]) => kind !== null && on.includes(kind)
    if (mayGoOn(failover.on) && others.length > 0) targets = others
    else if (mayGoOn(fallbackOn) && fallbacks.length > 0) [targets, fallbacks] = [fallbacks, []]
    else return unanswered(failovers)
  }
  return unanswered(ATTEMPTS_MAX - 1)
}

function recordedHop({ attempts }: ReplaySample, endpoint: TargetId): Hop | null {
  const attempt = attempts.find((tried) => tried.endpoint === endpoint)
  if (!attempt) return null
  if (attempt.outcome !== 'failed') return { end: 'recorded' }
  return { end: 'failed', kind: attempt.fault && failureKind({ code: attempt.fault }) }
}

/** Draw indexes of one request. Smaller ones decide whether its attempts fail. */
const FIRST_TOKEN_INDEX = 100
const THROUGHPUT_INDEX = 101

/** An endpoint of which nothing is known is taken to answer; the report counts those apart. */
function drawnHop({ draw, beganAtMs }: ReplaySample, index: number, failing: Failing | null): Hop {
  const number = derivedDraw(draw, beganAtMs, index)
  if (!failing || number >= failing.rate) return { end: 'drawn' }
  let left = number / failing.rate
  const drawn = failing.kinds.find(([, share]) => (left -= share) < 0) ?? failing.kinds.at(-1)
  return { end: 'failed', kind: drawn?.[0] ?? null }
}

function answered(request: ReplaySample, endpoint: TargetId, failovers: number, moment: Moment): Prediction {
  const { firstToken, throughput, failing } = moment.shown(endpoint)
  const price = moment.endpoint(endpoint)?.price ?? null
  const isOwn = ownerOf(endpoint) !== null
  const drawn = (digest: Digest | null, index: number) =>
    digest && quantile(digest, derivedDraw(request.draw, request.beganAtMs, index))
  const isWhole = request.outcome === 'succeeded' || request.outcome === 'cancelled'
  // An answer that was not streamed, or too short to measure, would not have been measured elsewhere either.
  const hasFirstToken = request.firstTokenMs !== null || (request.streamed && !isWhole)
  const hasThroughput = request.tokensPerSecond !== null
  return {
    // Who hung up then would hang up again.
    end: request.outcome === 'cancelled' ? 'cancelled' : 'succeeded',
    endpoint,
    // Tokens of a request that failed are unknown; BYOK requests are billed by the provider.
    costNano: price && isWhole ? (isOwn ? 0n : cost(request.usage, price).total) : null,
    firstTokenMs: hasFirstToken ? drawn(firstToken, FIRST_TOKEN_INDEX) : null,
    tokensPerSecond: hasThroughput ? drawn(throughput, THROUGHPUT_INDEX) : null,
    failovers,
    stage: null,
    unknown: {
      firstToken: hasFirstToken && firstToken === null,
      throughput: hasThroughput && throughput === null,
      failure: failing === null,
    },
  }
}

/** A failure costs nothing. */
function unanswered(failovers: number): Prediction {
  return { ...NO_ANSWER, end: 'failed', failovers, stage: null }
}
