/**
 * What one node has seen of an endpoint lately. Two horizons: a short one that tells an outage, and figures that fade with
 * a half-life of ten seconds and order the healthy. Values are replaced, never edited, so that a decision can keep them.
 */
export interface Health {
  readonly consecutiveFailures: number
  /** Faded counts. */
  readonly attempts: number
  readonly failures: number
  /** Faded means; null before the first success. */
  readonly firstTokenMs: number | null
  readonly tokensPerSecond: number | null
  /** Until then (milliseconds, same clock as `now`) the endpoint is placed last. 0 when it is up. */
  readonly downUntilMs: number
  readonly updatedMs: number
}

export type Outcome =
  | { readonly ok: true; readonly firstTokenMs: number | null; readonly tokensPerSecond: number | null }
  | { readonly ok: false }

/** Five failures in a row, or half of at least twenty, call an endpoint down (Envoy's outlier ejection uses the same five). */
const CONSECUTIVE_FAILURES_MAX = 5
const FAILURE_RATE_MAX = 0.5
const ATTEMPTS_TO_JUDGE_MIN = 20
const DOWN_MS = 30_000
const HALF_LIFE_MS = 10_000

/** A new endpoint starts from what a typical peer does, not from perfection. */
export const PRIOR_FIRST_TOKEN_MS = 600
export const PRIOR_TOKENS_PER_SECOND = 60
const PRIOR_ATTEMPTS = 5
const PRIOR_FAILURES = 0.1

export const UNKNOWN_HEALTH: Health = {
  consecutiveFailures: 0,
  attempts: 0,
  failures: 0,
  firstTokenMs: null,
  tokensPerSecond: null,
  downUntilMs: 0,
  updatedMs: 0,
}

/** Folds one attempt into what is known. @param nowMs milliseconds of a clock that never goes back */
export function observe(health: Health, outcome: Outcome, nowMs: number): Health {
  const fade = 0.5 ** (Math.max(0, nowMs - health.updatedMs) / HALF_LIFE_MS)
  const attempts = health.attempts * fade + 1
  if (outcome.ok) {
    const weight = 1 / attempts
    return {
      consecutiveFailures: 0,
      attempts,
      failures: health.failures * fade,
      firstTokenMs: blend(health.firstTokenMs, outcome.firstTokenMs, weight),
      tokensPerSecond: blend(health.tokensPerSecond, outcome.tokensPerSecond, weight),
      downUntilMs: 0,
      updatedMs: nowMs,
    }
  }
  const consecutiveFailures = health.consecutiveFailures + 1
  const failures = health.failures * fade + 1
  const down =
    consecutiveFailures >= CONSECUTIVE_FAILURES_MAX ||
    (attempts >= ATTEMPTS_TO_JUDGE_MIN && failures / attempts >= FAILURE_RATE_MAX)
  return {
    ...health,
    consecutiveFailures,
    attempts,
    failures,
    downUntilMs: down ? nowMs + DOWN_MS : health.downUntilMs,
    updatedMs: nowMs,
  }
}

function blend(before: number | null, now: number | null, weight: number): number | null {
  if (before === null || now === null) return now ?? before
  return before + (now - before) * weight
}

export function isDown(health: Health, nowMs: number): boolean {
  return health.downUntilMs > nowMs
}

/** Share of attempts that fail, between 0 and 1, leaning on the prior while little is known. */
export function failureRate(health: Health): number {
  return (health.failures + PRIOR_FAILURES) / (health.attempts + PRIOR_ATTEMPTS)
}
