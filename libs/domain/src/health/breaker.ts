/**
 * Whether an endpoint is worth asking, as far as this node knows at first hand. Up; down until a time; then exactly one probe at a
 * time; then a growing share. All times are milliseconds of the router's clock, which never goes back.
 */
export interface EndpointBreaker {
  readonly consecutiveFailures: number
  /** How many of them broke off after their first token. */
  readonly consecutiveCuts: number
  /** When the first attempt of that run began; null while there is none. */
  readonly failingSinceMs: number | null
  /** The last ten seconds, second by second; empty while the endpoint is down. */
  readonly recent: readonly Second[]
  /** Since when it has been called down and not been seen to work; null when it is up. */
  readonly trippedMs: number | null
  /** Until then it is placed last. 0 when it is up. */
  readonly downUntilMs: number
  /** Until then one request is finding out whether it works again; 0 when none is. */
  readonly probeUntilMs: number
  /** Somebody wanted it then, although it was down. */
  readonly wantedMs: number
  /** How often it fell, at the time of the last fall; forgotten one by one while it is up. */
  readonly outages: number
  /** When it came back last; null when it never fell. */
  readonly returnedMs: number | null
  /** Until then it asked us for patience: placed last, and not called down. */
  readonly coolUntilMs: number
  /** How often in a row it asked for patience without saying how much. */
  readonly cools: number
  /** Until then others call it down, so that one failure of our own suffices. */
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
 * An outage is asked about after 20 s first and every 28 s then. With the jitter that is 33.6 s at most, so that an endpoint is back in
 * use within 35 s of its healing, however long it was away.
 */
const FIRST_DOWN_MS = 20_000
const NEXT_DOWN_MS = 28_000
/** One that keeps falling is left alone for that many times as long, so that its flapping costs less and less. */
const DOWN_MS_MAX = 300_000
/** ±20 %, so that nodes do not return together. */
const JITTER = 0.2
/** One outage is forgotten in this time of being up. */
const FORGET_MS = 120_000
/** A probe of which nothing was heard for this long is forgotten, or a lost one would block the endpoint for ever. */
export const PROBE_MS_MAX = 10_000
const RAMP_MS = 10_000
const RAMP_FROM = 0.1
/** A provider's wish for patience is followed up to this; without a number it is a second, doubling. */
const COOL_MS_MAX = 300_000
const COOL_MS_MIN = 1_000
const COOL_UNTOLD_MS_MAX = 30_000
/** Nobody wants it: not one request within this time would have gone to it. */
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

/** Placed last: down, or another request is finding out, or it asked for patience. */
export function isDown(breaker: EndpointBreaker, nowMs: number): boolean {
  return breaker.downUntilMs > nowMs || breaker.probeUntilMs > nowMs || breaker.coolUntilMs > nowMs
}

/** Called down and not seen to work since. Unlike `isDown` this ends with a success and not with a time. */
export function isTripped(breaker: EndpointBreaker): boolean {
  return breaker.trippedMs !== null
}

/**
 * Of the traffic that it would get, what it may have: 0 while it is down, a tenth when it comes back, rising to 1 within ten
 * seconds. One that waits for a probe has its full place, since the first request takes it out again.
 */
export function shareOf(breaker: EndpointBreaker, nowMs: number): number {
  if (isDown(breaker, nowMs)) return 0
  if (breaker.returnedMs === null || breaker.trippedMs !== null) return 1
  return Math.min(1, RAMP_FROM + ((1 - RAMP_FROM) * Math.max(0, nowMs - breaker.returnedMs)) / RAMP_MS)
}

/**
 * Whether a request may go to the endpoint. `skip`: it is down, cooling or being probed, and there are other targets. `probe`: it
 * may, and is the one that finds out; the answer is to be told. The last target is never skipped.
 */
export function admission(breaker: EndpointBreaker, nowMs: number, isLast: boolean): 'go' | 'probe' | 'skip' {
  if (isDown(breaker, nowMs)) return isLast ? 'go' : 'skip'
  return isTripped(breaker) ? 'probe' : 'go'
}

/** One request is finding out now. */
export function probing<State extends EndpointBreaker>(state: State, nowMs: number): State {
  return { ...state, probeUntilMs: nowMs + PROBE_MS_MAX }
}

/** The probe came to nothing; the next request may be one. */
export function released<State extends EndpointBreaker>(state: State): State {
  return state.probeUntilMs === 0 ? state : { ...state, probeUntilMs: 0 }
}

/** A request would have gone there. */
export function wanted<State extends EndpointBreaker>(state: State, nowMs: number): State {
  return { ...state, wantedMs: nowMs }
}

/** Whether a probe would be due that no request is going to be. */
export function isDue(breaker: EndpointBreaker, nowMs: number): boolean {
  return isTripped(breaker) && !isDown(breaker, nowMs) && nowMs - breaker.wantedMs >= UNWANTED_AFTER_MS
}

/**
 * It answered. @param sinceMs when the attempt began: long answers from before the first failure go on ending well, and are no proof
 * that new ones begin @param isCounted it was counted when it began
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
 * It began to answer: proof that it is there, but none yet that it finishes, so that of a run of failures those that broke off remain.
 * Without it a provider of long answers would fall by five errors in a hundred: they come at once, and the ends of its answers long after.
 * @param counts it is counted as an attempt now
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

/**
 * It failed. @param dice uniform in [0, 1), for the jitter @param sinceMs when the attempt began @param isCut it broke off after its
 * first token, and was counted then
 */
export function failed<State extends EndpointBreaker>(
  state: State,
  nowMs: number,
  dice: number,
  sinceMs = nowMs,
  isCut = false,
): State {
  if (state.trippedMs !== null) {
    const next = { ...state, consecutiveFailures: state.consecutiveFailures + 1 }
    // Those that were under way when it fell, and the last resorts while it is down, say nothing new.
    if (state.downUntilMs > nowMs || sinceMs < state.trippedMs) return next
    return { ...next, probeUntilMs: 0, downUntilMs: nowMs + downMs(NEXT_DOWN_MS, state.outages, dice) }
  }
  const consecutiveFailures = state.consecutiveFailures + 1
  const consecutiveCuts = state.consecutiveCuts + (isCut ? 1 : 0)
  const failingSinceMs = state.failingSinceMs ?? sinceMs
  const recent = slide(state.recent, isCut ? 0 : 1, 1, nowMs)
  const isSuspect = state.suspectUntilMs > nowMs
  if (consecutiveFailures < CONSECUTIVE_FAILURES_MAX && !isSuspect && !isTooMany(recent)) {
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

/**
 * It asked for patience, which is not counted as a failure. @param untilMs when it may be asked again; null when it did not say.
 * Several answers of one moment count once.
 */
export function cooled<State extends EndpointBreaker>(state: State, untilMs: number | null, nowMs: number): State {
  if (untilMs !== null && Number.isFinite(untilMs)) {
    const coolUntilMs = Math.max(state.coolUntilMs, Math.min(untilMs, nowMs + COOL_MS_MAX))
    return { ...state, probeUntilMs: 0, coolUntilMs }
  }
  if (state.coolUntilMs > nowMs) return { ...state, probeUntilMs: 0 }
  const coolMs = Math.min(COOL_MS_MIN * 2 ** state.cools, COOL_UNTOLD_MS_MAX)
  return { ...state, probeUntilMs: 0, coolUntilMs: nowMs + coolMs, cools: state.cools + 1 }
}

/** Others call it down. @param forMs for how long still, as they said */
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
