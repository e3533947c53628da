import { begun, CLOSED_ENDPOINT_BREAKER, failed, succeeded, suspected, type EndpointBreaker } from './breaker.ts'
import { countOf, meanOf, quantile, type Digest } from './digest.ts'
import type { WindowCounts } from './window.ts'
import type { FailureKind } from '../failover.ts'
import type { TargetId } from '../ids.ts'
import type { Percentile } from '../policy/policy.ts'

/** What one node knows of an endpoint: its breaker, and figures with a half-life of ten seconds. Never edited. */
export interface Health extends EndpointBreaker {
  /** Faded counts, of this node and of all that share with it. */
  readonly attempts: number
  readonly failures: number
  /** Faded means; null before the first success. */
  readonly firstTokenMs: number | null
  readonly tokensPerSecond: number | null
  /** Percentiles of the last five minutes, of this node and of all that share with it; null while too little is known. */
  readonly firstTokenQuantiles: Readonly<Record<Percentile, number>> | null
  readonly throughputQuantiles: Readonly<Record<Percentile, number>> | null
  /** When the faded figures were brought up to date. */
  readonly updatedMs: number
  /** When this node last got figures of it, its own or another node's. */
  readonly lastFiguresMs: number
}

/**
 * How an attempt went. `sinceMs`: when it began; absent: just now. `begun`: it was counted at its first token. `proof`: it was the
 * operator's own probe, whose failure is enough to open the breaker.
 */
export type Outcome = { readonly sinceMs?: number; readonly begun?: boolean; readonly proof?: boolean } & (
  | { readonly ok: true; readonly firstTokenMs: number | null; readonly tokensPerSecond: number | null }
  | { readonly ok: false; readonly kind?: FailureKind }
)

/** What a node observed of an endpoint since its last report to the other nodes. */
export interface HealthChange extends WindowCounts {
  readonly endpoint: TargetId
  /** Remaining time (ms) that the reporting node's breaker is open, from its own attempts; 0 when closed. */
  readonly downForMs: number
  /** Remaining cooldown from the provider's `Retry-After` (ms); 0 without one since the last report. */
  readonly coolForMs: number
}

/** What routing reads: health of all endpoints, as one tenant sees it. */
export type HealthView = Pick<ReadonlyMap<TargetId, Health>, 'get'>

const HALF_LIFE_MS = 10_000
/** No sample counts for less: under much traffic, ten seconds of good ones would hide a brown-out for as long again. */
const WEIGHT_MIN = 0.05
/** After this time without attempts the means return to the usual, so that a slow endpoint is tried again. */
const QUIET_MS = 10_000

/** A new endpoint starts from what a typical peer does, not from perfection. */
export const PRIOR_FIRST_TOKEN_MS = 600
export const PRIOR_TOKENS_PER_SECOND = 60
const PRIOR_ATTEMPTS = 5
const PRIOR_FAILURES = 0.1

export const UNKNOWN_HEALTH: Health = {
  ...CLOSED_ENDPOINT_BREAKER,
  attempts: 0,
  failures: 0,
  firstTokenMs: null,
  tokensPerSecond: null,
  firstTokenQuantiles: null,
  throughputQuantiles: null,
  updatedMs: 0,
  lastFiguresMs: 0,
}

/** Folds one finished attempt of this node into what is known. @param dice uniform in [0, 1), used when it falls */
export function observe(health: Health, outcome: Outcome, nowMs: number, dice = 0.5): Health {
  const { ok, sinceMs, begun: isCounted = false, proof: isProof = false } = outcome
  const firstTokenMs = outcome.ok ? outcome.firstTokenMs : null
  const tokensPerSecond = outcome.ok ? outcome.tokensPerSecond : null
  const counts = { attempts: isCounted ? 0 : 1, failures: ok ? 0 : 1 }
  const seen = fold(health, { ...counts, firstTokenMs, tokensPerSecond, samples: 1 }, nowMs)
  return ok
    ? succeeded(seen, nowMs, sinceMs, isCounted)
    : failed(seen, nowMs, dice, { sinceMs, isCut: isCounted, isProof })
}

/**
 * An attempt of this node has its first content and goes on. A stream is counted now: were it counted when it ends, the failures of a
 * provider of long answers, which come at once, would be ten seconds ahead of its successes.
 * @param firstTokenMs null for an answer that is not streamed, which is counted by `observe` @param isTypical its time is a figure
 */
export function observeBeginning(
  health: Health,
  firstTokenMs: number | null,
  nowMs: number,
  sinceMs?: number,
  isTypical = true,
): Health {
  const attempts = firstTokenMs === null ? 0 : 1
  const figure = { firstTokenMs: isTypical ? firstTokenMs : null, tokensPerSecond: null, samples: 1 }
  const seen = fold(health, { attempts, failures: 0, ...figure }, nowMs)
  return begun(seen, nowMs, sinceMs, attempts === 1)
}

/**
 * Adds the report of another node. A report changes figures and not the breaker, which only this node's own attempts move. A cooldown
 * is taken over from any node, since it is for the account, which all nodes share.
 */
export function merge(health: Health, change: HealthChange, nowMs: number): Health {
  const { attempts, failures } = change
  const firstTokenMs = meanOf(change.firstTokenMs)
  const tokensPerSecond = meanOf(change.tokensPerSecond)
  const samples = Math.max(countOf(change.firstTokenMs), attempts, 1)
  const merged = fold(health, { attempts, failures, firstTokenMs, tokensPerSecond, samples }, nowMs)
  const coolUntilMs = change.coolForMs > 0 ? nowMs + change.coolForMs : 0
  const cooling = coolUntilMs > merged.coolUntilMs ? { ...merged, coolUntilMs } : merged
  return change.downForMs > 0 ? suspected(cooling, change.downForMs, nowMs) : cooling
}

/** Without attempts counts fade, and after a while of silence the means return to the usual. */
export function fadeTo(health: Health, usual: Pick<Health, 'firstTokenMs' | 'tokensPerSecond'>, nowMs: number): Health {
  const fade = fadeOver(nowMs - health.updatedMs)
  const isQuiet = nowMs - health.lastFiguresMs > QUIET_MS
  const back = isQuiet ? 1 - fade : 0
  return {
    ...health,
    attempts: health.attempts * fade,
    failures: health.failures * fade,
    firstTokenMs: blend(health.firstTokenMs, usual.firstTokenMs, back),
    tokensPerSecond: blend(health.tokensPerSecond, usual.tokensPerSecond, back),
    updatedMs: nowMs,
  }
}

/** Share of attempts that fail, between 0 and 1, leaning on the prior while little is known. */
export function failureRate(health: Health): number {
  return (health.failures + PRIOR_FAILURES) / (health.attempts + PRIOR_ATTEMPTS)
}

/** Fewer first tokens than this give no percentile of the slowest. */
const DEADLINE_SAMPLES_MIN = 50
const DEADLINE_SHARE = 0.995
const DEADLINE_SLACK = 1.5
const DEADLINE_MS_MIN = 2_000
const DEADLINE_MS_MAX = 120_000

/** How long a first token may take: half as long again as the slowest of 200; null while too little is known. */
export function firstTokenDeadlineMs(firstTokenMs: Digest): number | null {
  if (countOf(firstTokenMs) < DEADLINE_SAMPLES_MIN) return null
  const slowestMs = quantile(firstTokenMs, DEADLINE_SHARE) ?? DEADLINE_MS_MAX
  return Math.min(Math.max(slowestMs * DEADLINE_SLACK, DEADLINE_MS_MIN), DEADLINE_MS_MAX)
}

/** What is added at once: counts, and means of what succeeded. `samples`: of how many. */
interface Seen extends Pick<Health, 'attempts' | 'failures' | 'firstTokenMs' | 'tokensPerSecond'> {
  readonly samples: number
}

function fold(health: Health, seen: Seen, nowMs: number): Health {
  const fade = fadeOver(nowMs - health.updatedMs)
  const before = health.attempts * fade
  const weight = Math.max(seen.samples / (before + seen.samples), 1 - (1 - WEIGHT_MIN) ** seen.samples)
  return {
    ...health,
    attempts: before + seen.attempts,
    failures: health.failures * fade + seen.failures,
    firstTokenMs: blend(health.firstTokenMs, seen.firstTokenMs, weight),
    tokensPerSecond: blend(health.tokensPerSecond, seen.tokensPerSecond, weight),
    updatedMs: nowMs,
    lastFiguresMs: nowMs,
  }
}

function fadeOver(passedMs: number): number {
  return 0.5 ** (Math.max(0, passedMs) / HALF_LIFE_MS)
}

function blend(before: number | null, now: number | null, weight: number): number | null {
  if (before === null || now === null) return now ?? before
  return before + (now - before) * weight
}
