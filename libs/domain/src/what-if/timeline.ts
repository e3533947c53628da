import { countsAgainstHealth, failureKind, type FailureKind } from '../failover.ts'
import { blame, Fault, type FaultCode } from '../fault.ts'
import { addDigest, countOf, meanOf, mergeDigests, percentilesOf, type Digest } from '../health/digest.ts'
import { UNKNOWN_HEALTH, type Health } from '../health/health.ts'
import type { TargetId } from '../ids.ts'

/** What an endpoint did within one minute, all nodes together. */
export interface EndpointMinute {
  readonly endpoint: TargetId
  /** When the minute begins, Unix milliseconds. */
  readonly minuteMs: number
  readonly attempts: number
  /** By fault code. */
  readonly failureKinds: Readonly<Record<string, number>>
  readonly firstTokenMs: Digest
  readonly tokensPerSecond: Digest
}

/** How attempts at an endpoint failed in a minute by no fault of their callers. */
export interface Failing {
  /** Share of attempts that failed, between 0 and 1. */
  readonly rate: number
  /** Kinds with their share of the failures; null is a failure that no policy can name. */
  readonly kinds: readonly (readonly [kind: FailureKind | null, share: number])[]
}

/** What an endpoint showed in a minute, or in the nearest one within the hour; null where it showed nothing. */
export interface Shown {
  readonly firstToken: Digest | null
  readonly throughput: Digest | null
  readonly failing: Failing | null
}

const MINUTE_MS = 60_000
/** Figures of an endpoint are borrowed from this many minutes away at most: an hour. Further away is another time of the day. */
const BORROWED_MINUTES_MAX = 60

/** One minute of an endpoint, all that is told of it added up. */
interface Page {
  readonly minute: number
  attempts: number
  readonly kinds: Map<FaultCode, number>
  /** Counted with their digests, which are asked more often than they change. */
  firstTokens: number
  throughputs: number
  readonly firstToken: Digest
  readonly throughput: Digest
}

/** The minutes of every endpoint, oldest first. */
export class Timeline {
  readonly #pages = new Map<TargetId, Page[]>()

  constructor(minutes: readonly EndpointMinute[]) {
    const books = new Map<TargetId, Map<number, Page>>()
    for (const told of minutes) {
      const book = books.get(told.endpoint) ?? new Map<number, Page>()
      books.set(told.endpoint, book)
      const minute = Math.floor(told.minuteMs / MINUTE_MS)
      const page = book.get(minute) ?? emptyPage(minute)
      book.set(minute, page)
      addTo(page, told)
    }
    for (const [endpoint, book] of books) {
      this.#pages.set(
        endpoint,
        [...book.values()].toSorted((a, b) => a.minute - b.minute),
      )
    }
  }

  /** Health of every endpoint that was called within the hour before the end of the minute. */
  healthAt(minute: number): Map<TargetId, Health> {
    const health = new Map<TargetId, Health>()
    for (const [endpoint, pages] of this.#pages) {
      const known = healthOf(pages, minute)
      if (known) health.set(endpoint, known)
    }
    return health
  }

  shownAt(endpoint: TargetId, minute: number): Shown {
    const pages = this.#pages.get(endpoint) ?? []
    return {
      firstToken: nearest(pages, minute, hasFirstTokens)?.firstToken ?? null,
      throughput: nearest(pages, minute, hasThroughputs)?.throughput ?? null,
      failing: failingOf(nearest(pages, minute, hasAttempts)),
    }
  }
}

function emptyPage(minute: number): Page {
  const nothing = { attempts: 0, firstTokens: 0, throughputs: 0 }
  return { minute, ...nothing, kinds: new Map(), firstToken: {}, throughput: {} }
}

function addTo(page: Page, told: EndpointMinute): void {
  page.attempts += told.attempts
  for (const [name, count] of Object.entries(told.failureKinds)) {
    const code = name as FaultCode
    page.kinds.set(code, (page.kinds.get(code) ?? 0) + count)
  }
  page.firstTokens += countOf(told.firstTokenMs)
  page.throughputs += countOf(told.tokensPerSecond)
  addDigest(page.firstToken, told.firstTokenMs)
  addDigest(page.throughput, told.tokensPerSecond)
}

const hasFirstTokens = (page: Page) => page.firstTokens > 0
const hasThroughputs = (page: Page) => page.throughputs > 0
const hasAttempts = (page: Page) => page.attempts > 0

/** The page closest in time that has what is looked for, less than an hour away; of two equally close the earlier. */
function nearest(pages: readonly Page[], minute: number, has: (page: Page) => boolean): Page | null {
  const earlier = lastBefore(pages, minute, has)
  const later = firstAfter(pages, minute, has)
  if (!earlier || !later) return earlier ?? later
  return minute - earlier.minute <= later.minute - minute ? earlier : later
}

/** The last such page of the minute itself or the hour before it. */
function lastBefore(pages: readonly Page[], minute: number, has: (page: Page) => boolean): Page | null {
  for (let place = placeAfter(pages, minute) - 1; place >= 0; place--) {
    const page = pages[place]
    if (!page || page.minute <= minute - BORROWED_MINUTES_MAX) return null
    if (has(page)) return page
  }
  return null
}

/** The first such page of the hour after the minute. */
function firstAfter(pages: readonly Page[], minute: number, has: (page: Page) => boolean): Page | null {
  for (let place = placeAfter(pages, minute); place < pages.length; place++) {
    const page = pages[place]
    if (!page || page.minute >= minute + BORROWED_MINUTES_MAX) return null
    if (has(page)) return page
  }
  return null
}

/** Where the first page after the minute stands. */
function placeAfter(pages: readonly Page[], minute: number): number {
  let low = 0
  let high = pages.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((pages[middle]?.minute ?? Infinity) <= minute) low = middle + 1
    else high = middle
  }
  return low
}

/** What is left of a minute's steady count under the router's half-life of ten seconds: 10 s / ln 2 of its 60 s. */
const FADED_SHARE = 10 / Math.LN2 / 60
/** Half of at least so many attempts of a minute call an endpoint down for that minute: the router's own breaker needs no more. */
const ATTEMPTS_TO_JUDGE_MIN = 5
const FAILURE_RATE_MAX = 0.5
/** Minutes that the router's percentiles look back on. */
const QUANTILE_MINUTES = 5

/**
 * What the router could have known: means of the last minute with figures, counts of this one, percentiles of the last five; null
 * when nothing is known of the hour. The percentiles are made when they are asked for, which few policies do.
 */
function healthOf(pages: readonly Page[], minute: number): Health | null {
  const latest = lastBefore(pages, minute, hasAttempts)
  if (!latest) return null
  const { attempts, kinds } = latest.minute === minute ? latest : emptyPage(minute)
  const failures = sumOf(kinds, COUNTED)
  const isDown = attempts >= ATTEMPTS_TO_JUDGE_MIN && failures / attempts >= FAILURE_RATE_MAX
  const recently = (digest: 'firstToken' | 'throughput') => {
    const end = placeAfter(pages, minute)
    const recent = pages.slice(Math.max(end - QUANTILE_MINUTES, 0), end)
    return percentilesOf(
      mergeDigests(recent.filter((page) => page.minute > minute - QUANTILE_MINUTES).map((page) => page[digest])),
    )
  }
  return {
    ...UNKNOWN_HEALTH,
    attempts: attempts * FADED_SHARE,
    failures: failures * FADED_SHARE,
    firstTokenMs: meanOf(lastBefore(pages, minute, hasFirstTokens)?.firstToken ?? {}),
    tokensPerSecond: meanOf(lastBefore(pages, minute, hasThroughputs)?.throughput ?? {}),
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

function failingOf(page: Page | null): Failing | null {
  if (!page) return null
  const failures = sumOf(page.kinds, OF_ENDPOINT)
  return {
    rate: failures / page.attempts,
    // In the order of their names, so that the order in which they were told does not matter.
    kinds: [...page.kinds]
      .filter(([code]) => OF_ENDPOINT.has(code))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, count]) => [kindOf(code), count / failures] as const),
  }
}

function sumOf(kinds: ReadonlyMap<FaultCode, number>, counted: ReadonlySet<FaultCode>): number {
  let sum = 0
  for (const [code, count] of kinds) if (counted.has(code)) sum += count
  return sum
}

const FAULTS = (Object.keys(blame) as FaultCode[]).map((code) => new Fault(code, ''))
/** What the router counts against an endpoint. */
const COUNTED = new Set(FAULTS.filter(countsAgainstHealth).map(({ code }) => code))
/** What a provider refused because of the request says nothing of what it would do with another. */
const OF_ENDPOINT = new Set(FAULTS.filter((fault) => fault.blame === 'upstream').map(({ code }) => code))
const KINDS = new Map(FAULTS.map((fault) => [fault.code, failureKind(fault)]))

/** The kind that policies know a fault code by; null for one that they cannot name. */
export function kindOf(code: FaultCode): FailureKind | null {
  return KINDS.get(code) ?? null
}
