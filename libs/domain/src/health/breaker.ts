/**
 * The circuit breaker of an endpoint on this node, moved by its own attempts: up; down until a time; then exactly one probe at a time;
 * then a growing share. All times are milliseconds of the router's clock, which never goes back.
 */
export interface EndpointBreaker {
  readonly consecutiveFailures: number
  /** Those of them that were cut after their first token. */
  readonly consecutiveCuts: number
  /** Start of the first attempt of that run of failures; null without one. */
  readonly failingSinceMs: number | null
  /** The last ten seconds, second by second; empty while the endpoint is down. */
  readonly recent: readonly Second[]
  /** When it went down, without a success since; null when it is up. */
  readonly trippedMs: number | null
  /** End of the time for which it comes last; 0 when it is up. */
  readonly downUntilMs: number
  /** Deadline of the running probe; 0 without one. */
  readonly probeUntilMs: number
  /** The last time that a request would have gone to it while it was down. */
  readonly wantedMs: number
  /** Outages counted at the last one; forgotten one by one while it is up. */
  readonly outages: number
  /** End of the last outage; null without one. */
  readonly returnedMs: number | null
  /** End of the cooldown, during which it comes last and is not down. */
  readonly coolUntilMs: number
  /** Consecutive rate limits without `Retry-After`. */
  readonly cools: number
  /** Until then other nodes report it down, so that one failure on this node is enough. */
  readonly suspectUntilMs: number
}

interface Second {
  readonly second: number
  readonly attempts: number
  readonly failures: number
}

/** Five failures in a row, or half of at least twenty within ten seconds (the five and the half minute are Envoy's defaults). */
const CONSECUTIVE_FAILURES_MAX = 5
const FAILURE_RATE_MAX = 0.5
const ATTEMPTS_TO_JUDGE_MIN = 20
const RECENT_SECONDS = 10
/**
 * The first probe comes 20 s after an outage begins, the next ones every 28 s, or up to `OTHERS_FIRST_MS` later: with jitter 34.8 s at
 * most, so that an endpoint is in use within 35 s of its recovery, however long the outage was.
 */
const FIRST_DOWN_MS = 20_000
const NEXT_DOWN_MS = 28_000
/**
 * A tenant whose probe failed leaves the next one to others, the operator's own included, for this long: what it sends may fail at any
 * endpoint.
 */
export const OTHERS_FIRST_MS = 1_200
/** The time down grows with the number of outages, up to this, so that flapping costs less and less. */
const DOWN_MS_MAX = 300_000
/** ±20 %, so that nodes do not return together. */
const JITTER = 0.2
/** One outage is forgotten in this time of being up. */
const FORGET_MS = 120_000
/** A probe without a result for this long is dropped: a lost one would block the endpoint for ever. */
export const PROBE_MS_MAX = 10_000
const RAMP_MS = 10_000
const RAMP_FROM = 0.1
/** Longest cooldown from `Retry-After`. Without that header a cooldown is one second, doubling up to `COOLDOWN_UNKNOWN_MS_MAX`. */
const COOLDOWN_MS_MAX = 300_000
const COOLDOWN_MS_MIN = 1_000
const COOLDOWN_UNKNOWN_MS_MAX = 30_000
/** Without a request that would have gone to it for this long, a probe of its own is due. */
const UNWANTED_AFTER_MS = 5_000

export const CLOSED_ENDPOINT_BREAKER: EndpointBreaker = {
  consecutiveFailures: 0,
  consecutiveCuts: 0,
  failingSinceMs: null,
  recent: [],
  trippedMs: null,
  downUntilMs: 0,
  probeUntilMs: 0,
  wantedMs: 0,
  outages: 0,
  returnedMs: null,
  coolUntilMs: 0,
  cools: 0,
  suspectUntilMs: 0,
}

/** Comes last: it is down, being probed or in a cooldown. */
export function isDown(breaker: EndpointBreaker, nowMs: number): boolean {
  return breaker.downUntilMs > nowMs || breaker.probeUntilMs > nowMs || breaker.coolUntilMs > nowMs
}

/** Went down, without a success since. Unlike `isDown` this ends with a success and not at a time. */
export function isTripped(breaker: EndpointBreaker): boolean {
  return breaker.trippedMs !== null
}

/** 0 while down, a tenth after the outage, 1 ten seconds later. One that waits for a probe has all its traffic. */
export function shareOf(breaker: EndpointBreaker, nowMs: number): number {
  if (isDown(breaker, nowMs)) return 0
  if (breaker.returnedMs === null || breaker.trippedMs !== null) return 1
  return Math.min(1, RAMP_FROM + ((1 - RAMP_FROM) * Math.max(0, nowMs - breaker.returnedMs)) / RAMP_MS)
}

/** `probe`: the request is the probe, and its outcome must be reported. The last target is never skipped. */
export function admission(breaker: EndpointBreaker, nowMs: number, isLast: boolean): 'go' | 'probe' | 'skip' {
  if (isDown(breaker, nowMs)) return isLast ? 'go' : 'skip'
  return isTripped(breaker) ? 'probe' : 'go'
}

/** A probe begins. */
export function probing<State extends EndpointBreaker>(state: State, nowMs: number): State {
  return { ...state, probeUntilMs: nowMs + PROBE_MS_MAX }
}

/** The probe ended without a result; the next request may be one. */
export function released<State extends EndpointBreaker>(state: State): State {
  return state.probeUntilMs === 0 ? state : { ...state, probeUntilMs: 0 }
}

/** A request would have gone there. */
export function wanted<State extends EndpointBreaker>(state: State, nowMs: number): State {
  return { ...state, wantedMs: nowMs }
}

/** Whether a probe is due and no request is there to be one. */
export function isDue(breaker: EndpointBreaker, nowMs: number): boolean {
  return isTripped(breaker) && !isDown(breaker, nowMs) && nowMs - breaker.wantedMs >= UNWANTED_AFTER_MS
}

/**
 * An attempt succeeded. @param sinceMs when it began: a long answer from before the first failure does not prove that new ones begin
 * @param isCounted it was counted at its first token
 */
export function succeeded<State extends EndpointBreaker>(
  state: State,
  nowMs: number,
  sinceMs = nowMs,
  isCounted = false,
): State {
  if (state.trippedMs !== null) return sinceMs < state.trippedMs ? state : returned(state, nowMs)
  const recent = isCounted ? state.recent : slide(state.recent, 1, 0, nowMs)
  if (state.failingSinceMs !== null && sinceMs < state.failingSinceMs) return { ...state, recent }
  return { ...state, consecutiveFailures: 0, consecutiveCuts: 0, failingSinceMs: null, cools: 0, recent }
}

/**
 * An attempt got its first token. That ends a run of failures except for cuts, since the answer may still be cut. Without this step five
 * errors in a hundred would trip a provider of long answers: errors come at once, the ends of its answers much later.
 * @param counts the attempt is counted now
 */
export function begun<State extends EndpointBreaker>(
  state: State,
  nowMs: number,
  sinceMs = nowMs,
  counts = false,
): State {
  if (state.trippedMs !== null) return sinceMs >= state.trippedMs ? returned(state, nowMs) : state
  const recent = counts ? slide(state.recent, 1, 0, nowMs) : state.recent
  if (state.failingSinceMs === null || sinceMs < state.failingSinceMs) return { ...state, recent }
  const { consecutiveCuts } = state
  const failingSinceMs = consecutiveCuts > 0 ? state.failingSinceMs : null
  return { ...state, consecutiveFailures: consecutiveCuts, failingSinceMs, recent }
}

interface Failure {
  /** When the attempt began; absent: just now. */
  readonly sinceMs?: number | undefined
  /** It was cut after its first token, and counted then. */
  readonly isCut?: boolean
  /** It was a probe of the operator's: no other failure is needed. */
  readonly isProof?: boolean
}

/** An attempt failed. @param dice uniform in [0, 1), for the jitter */
export function failed<State extends EndpointBreaker>(
  state: State,
  nowMs: number,
  dice: number,
  { sinceMs = nowMs, isCut = false, isProof = false }: Failure = {},
): State {
  if (state.trippedMs !== null) {
    const next = { ...state, consecutiveFailures: state.consecutiveFailures + 1 }
    // Attempts that began before it went down, and last resorts while it is down, change nothing.
    if (state.downUntilMs > nowMs || sinceMs < state.trippedMs) return next
    return { ...next, probeUntilMs: 0, downUntilMs: nowMs + downMs(NEXT_DOWN_MS, state.outages, dice) }
  }
  const consecutiveFailures = state.consecutiveFailures + 1
  const consecutiveCuts = state.consecutiveCuts + (isCut ? 1 : 0)
  const failingSinceMs = state.failingSinceMs ?? sinceMs
  const recent = slide(state.recent, isCut ? 0 : 1, 1, nowMs)
  const isEnough = isProof || state.suspectUntilMs > nowMs || consecutiveFailures >= CONSECUTIVE_FAILURES_MAX
  if (!isEnough && !isTooMany(recent)) {
    return { ...state, consecutiveFailures, consecutiveCuts, failingSinceMs, recent }
  }
  const upForMs = state.returnedMs === null ? 0 : nowMs - state.returnedMs
  const outages = Math.max(0, state.outages - Math.floor(upForMs / FORGET_MS)) + 1
  return {
    ...state,
    consecutiveFailures,
    consecutiveCuts,
    failingSinceMs,
    recent: [],
    trippedMs: nowMs,
    downUntilMs: nowMs + downMs(FIRST_DOWN_MS, outages, dice),
    probeUntilMs: 0,
    wantedMs: nowMs,
    outages,
  }
}

/** A rate limit: a cooldown, no failure; others during it do not count. @param untilMs null without `Retry-After` */
export function cooled<State extends EndpointBreaker>(state: State, untilMs: number | null, nowMs: number): State {
  if (untilMs !== null && Number.isFinite(untilMs)) {
    const coolUntilMs = Math.max(state.coolUntilMs, Math.min(untilMs, nowMs + COOLDOWN_MS_MAX))
    return { ...state, probeUntilMs: 0, coolUntilMs }
  }
  if (state.coolUntilMs > nowMs) return { ...state, probeUntilMs: 0 }
  const coolMs = Math.min(COOLDOWN_MS_MIN * 2 ** state.cools, COOLDOWN_UNKNOWN_MS_MAX)
  return { ...state, probeUntilMs: 0, coolUntilMs: nowMs + coolMs, cools: state.cools + 1 }
}

/** Other nodes report it down. @param forMs the remaining time down that they report */
export function suspected<State extends EndpointBreaker>(state: State, forMs: number, nowMs: number): State {
  return { ...state, suspectUntilMs: nowMs + Math.min(Math.max(forMs, 0), DOWN_MS_MAX) }
}

function returned<State extends EndpointBreaker>(state: State, nowMs: number): State {
  return {
    ...state,
    consecutiveFailures: 0,
    consecutiveCuts: 0,
    failingSinceMs: null,
    recent: [],
    trippedMs: null,
    downUntilMs: 0,
    probeUntilMs: 0,
    returnedMs: nowMs,
    cools: 0,
  }
}

function downMs(onceMs: number, outages: number, dice: number): number {
  return Math.min(onceMs * outages * (1 - JITTER + 2 * JITTER * dice), DOWN_MS_MAX)
}

function slide(recent: readonly Second[], attempts: 0 | 1, failures: 0 | 1, nowMs: number): readonly Second[] {
  const second = Math.floor(nowMs / 1_000)
  const kept = recent.filter((past) => past.second > second - RECENT_SECONDS && past.second < second)
  const current = recent.at(-1)?.second === second ? recent.at(-1) : undefined
  const before = current ?? { attempts: 0, failures: 0 }
  return [...kept, { second, attempts: before.attempts + attempts, failures: before.failures + failures }]
}

function isTooMany(recent: readonly Second[]): boolean {
  let attempts = 0
  let failures = 0
  for (const second of recent) {
    attempts += second.attempts
    failures += second.failures
  }
  return attempts >= ATTEMPTS_TO_JUDGE_MIN && failures / attempts >= FAILURE_RATE_MAX
}
