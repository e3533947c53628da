import { countsAgainstHealth, failureKind, type FailureKind } from '../failover.ts'
import { blame, type FaultCode } from '../fault.ts'
import { addDigest, countOf, meanOf, mergeDigests, percentilesOf, type Digest } from '../health/digest.ts'
import { UNKNOWN_HEALTH, type Health } from '../health/health.ts'
import type { WindowCounts } from '../health/window.ts'
import type { TargetId } from '../ids.ts'

/** What an endpoint did within one minute, on all nodes. */
export interface EndpointMinute extends Omit<WindowCounts, 'failures'> {
  readonly endpoint: TargetId
  /** When the minute begins, Unix milliseconds. */
  readonly minuteMs: number
  /** By fault code. */
  readonly failureKinds: Readonly<Record<string, number>>
}

/** How attempts at an endpoint failed in a minute by no fault of their callers. */
export interface Failing {
  /** Share of attempts that failed, between 0 and 1. */
  readonly rate: number
  /** Kinds with their share of the failures; null is a failure that no policy can name. */
  readonly kinds: readonly (readonly [kind: FailureKind | null, share: number])[]
}

/** What an endpoint showed in a minute, or in the nearest one within the hour; null for nothing. */
export interface Shown {
  readonly firstToken: Digest | null
  readonly throughput: Digest | null
  readonly failing: Failing | null
}

const MINUTE_MS = 60_000
/** Figures are borrowed from an hour away at most; further away is another time of the day. */
const BORROWED_MINUTES_MAX = 60

/** One minute of an endpoint: the reports of all nodes added up. */
interface MinuteSum {
  readonly minute: number
  attempts: number
  readonly kinds: Map<FaultCode, number>
  /** Counts of the digests, which are read more often than they change. */
  firstTokens: number
  throughputs: number
  readonly firstToken: Digest
  readonly throughput: Digest
}

/** The minutes of every endpoint, oldest first. */
export class Timeline {
  readonly #minutes = new Map<TargetId, MinuteSum[]>()

  constructor(minutes: readonly EndpointMinute[]) {
    const byEndpoint = new Map<TargetId, Map<number, MinuteSum>>()
    for (const reported of minutes) {
      const sums = byEndpoint.get(reported.endpoint) ?? new Map<number, MinuteSum>()
      byEndpoint.set(reported.endpoint, sums)
      const minute = Math.floor(reported.minuteMs / MINUTE_MS)
      const sum = sums.get(minute) ?? emptySum(minute)
      sums.set(minute, sum)
      addTo(sum, reported)
    }
    for (const [endpoint, sums] of byEndpoint) {
      const oldestFirst = [...sums.values()].toSorted((a, b) => a.minute - b.minute)
      this.#minutes.set(endpoint, oldestFirst)
    }
  }

  /** Health of every endpoint that was called within the hour before the end of the minute. */
  healthAt(minute: number): Map<TargetId, Health> {
    const health = new Map<TargetId, Health>()
    for (const [endpoint, minutes] of this.#minutes) {
      const known = healthOf(minutes, minute)
      if (known) health.set(endpoint, known)
    }
    return health
  }

  shownAt(endpoint: TargetId, minute: number): Shown {
    const minutes = this.#minutes.get(endpoint) ?? []
    return {
      firstToken: nearest(minutes, minute, hasFirstTokens)?.firstToken ?? null,
      throughput: nearest(minutes, minute, hasThroughputs)?.throughput ?? null,
      failing: failingOf(nearest(minutes, minute, hasAttempts)),
    }
  }
}

function emptySum(minute: number): MinuteSum {
  const nothing = { attempts: 0, firstTokens: 0, throughputs: 0 }
  return { minute, ...nothing, kinds: new Map(), firstToken: {}, throughput: {} }
}

function addTo(sum: MinuteSum, reported: EndpointMinute): void {
  sum.attempts += reported.attempts
  for (const [name, count] of Object.entries(reported.failureKinds)) {
    const code = name as FaultCode
    sum.kinds.set(code, (sum.kinds.get(code) ?? 0) + count)
  }
  sum.firstTokens += countOf(reported.firstTokenMs)
  sum.throughputs += countOf(reported.tokensPerSecond)
  addDigest(sum.firstToken, reported.firstTokenMs)
  addDigest(sum.throughput, reported.tokensPerSecond)
}

const hasFirstTokens = (sum: MinuteSum) => sum.firstTokens > 0
const hasThroughputs = (sum: MinuteSum) => sum.throughputs > 0
const hasAttempts = (sum: MinuteSum) => sum.attempts > 0

/** The closest minute with the figure, less than an hour away; the earlier of two. */
function nearest(minutes: readonly MinuteSum[], minute: number, has: (sum: MinuteSum) => boolean): MinuteSum | null {
  const earlier = lastBefore(minutes, minute, has)
  const later = firstAfter(minutes, minute, has)
  if (!earlier || !later) return earlier ?? later
  return minute - earlier.minute <= later.minute - minute ? earlier : later
}

/** The last such minute, from this one to an hour before it. */
function lastBefore(minutes: readonly MinuteSum[], minute: number, has: (sum: MinuteSum) => boolean): MinuteSum | null {
  for (let index = indexAfter(minutes, minute) - 1; index >= 0; index--) {
    const sum = minutes[index]
    if (!sum || sum.minute <= minute - BORROWED_MINUTES_MAX) return null
    if (has(sum)) return sum
  }
  return null
}

/** The first such minute of the hour after this one. */
function firstAfter(minutes: readonly MinuteSum[], minute: number, has: (sum: MinuteSum) => boolean): MinuteSum | null {
  for (let index = indexAfter(minutes, minute); index < minutes.length; index++) {
    const sum = minutes[index]
    if (!sum || sum.minute >= minute + BORROWED_MINUTES_MAX) return null
    if (has(sum)) return sum
  }
  return null
}

/** Position of the first one after the minute. */
function indexAfter(minutes: readonly MinuteSum[], minute: number): number {
  let low = 0
  let high = minutes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((minutes[middle]?.minute ?? Infinity) <= minute) low = middle + 1
    else high = middle
  }
  return low
}

/** What is left of a minute's steady count under the router's half-life of ten seconds: 10 s / ln 2 of its 60 s. */
const FADED_SHARE = 10 / Math.LN2 / 60
/** Down for a minute: half of at least so many attempts failed, as for the router's own breaker. */
const ATTEMPTS_TO_JUDGE_MIN = 5
const FAILURE_RATE_MAX = 0.5
/** Minutes that the router's percentiles look back on. */
const QUANTILE_MINUTES = 5

/**
 * What the router could have known: means of the last minute with figures, counts of this one, percentiles of the last five; null
 * when nothing is known of the hour. The percentiles are computed on use, since few policies need them.
 */
function healthOf(minutes: readonly MinuteSum[], minute: number): Health | null {
  const latest = lastBefore(minutes, minute, hasAttempts)
  if (!latest) return null
  const { attempts, kinds } = latest.minute === minute ? latest : emptySum(minute)
  const failures = sumOf(kinds, COUNTED)
  const isDown = attempts >= ATTEMPTS_TO_JUDGE_MIN && failures / attempts >= FAILURE_RATE_MAX
  const recently = (digest: 'firstToken' | 'throughput') => {
    const end = indexAfter(minutes, minute)
    const last = minutes.slice(Math.max(end - QUANTILE_MINUTES, 0), end)
    const recent = last.filter((sum) => sum.minute > minute - QUANTILE_MINUTES)
    return percentilesOf(mergeDigests(recent.map((sum) => sum[digest])))
  }
  return {
    ...UNKNOWN_HEALTH,
    attempts: attempts * FADED_SHARE,
    failures: failures * FADED_SHARE,
    firstTokenMs: meanOf(lastBefore(minutes, minute, hasFirstTokens)?.firstToken ?? {}),
    tokensPerSecond: meanOf(lastBefore(minutes, minute, hasThroughputs)?.throughput ?? {}),
    get firstTokenQuantiles() {
      return recently('firstToken')
    },
    get throughputQuantiles() {
      return recently('throughput')
    },
    downUntilMs: isDown ? (minute + 1) * MINUTE_MS : 0,
    updatedMs: minute * MINUTE_MS,
  }
}

function failingOf(sum: MinuteSum | null): Failing | null {
  if (!sum) return null
  const failures = sumOf(sum.kinds, OF_ENDPOINT)
  return {
    rate: failures / sum.attempts,
    // In the order of their names, so that the order of the reports does not matter.
    kinds: [...sum.kinds]
      .filter(([code]) => OF_ENDPOINT.has(code))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, count]) => [failureKind({ code }), count / failures] as const),
  }
}

function sumOf(kinds: ReadonlyMap<FaultCode, number>, counted: ReadonlySet<FaultCode>): number {
  let sum = 0
  for (const [code, count] of kinds) if (counted.has(code)) sum += count
  return sum
}

const CODES = Object.keys(blame) as FaultCode[]
/** What the router counts against an endpoint. */
const COUNTED = new Set(CODES.filter((code) => countsAgainstHealth({ code })))
/** What a provider refused because of the request says nothing of what it would do with another. */
const OF_ENDPOINT = new Set(CODES.filter((code) => blame[code] === 'upstream'))
