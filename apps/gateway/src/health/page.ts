import {
  addDigest,
  addToDigest,
  addToWindow,
  advance,
  countOf,
  firstTokenDeadlineMs,
  isTripped,
  newWindow,
  percentilesOf,
  reachedBy,
  quantile,
  type FailureKind,
  type Health,
  type HealthChange,
  type WindowCounts,
  type Window,
} from '@turnpike/domain'
import { Racing } from './racing.ts'

/** The spans in which an endpoint is looked at, and what of it is still to be told to others. Changed in place, by the book alone. */
export interface HealthPage {
  /** Half a minute: what it is like now. */
  readonly recent: Window
  /** Five minutes: percentiles to route by, and the deadline of a first token. */
  readonly five: Window
  /** Half an hour, to be shown. */
  readonly thirty: Window
  /** What this node saw since the page was settled: one attempt costs two counts here, and the windows are filled once a second. */
  fresh: Sum | null
  /** What this node saw and has not told yet. */
  untold: Sum | null
  /** Until when it was asked to leave the endpoint alone, which it has not told yet; 0 when there is nothing to tell. */
  untoldCoolMs: number
  /** The percentiles on the health page are older than the windows. */
  isStale: boolean
  deadlineMs: number | null
  /** First tokens of the five minutes, as hedges need them. */
  readonly racing: Racing
  /** The medians of the half hour; null when they are to be made anew. */
  usual: Usual | null
}

interface Usual {
  readonly firstTokenMs: number | null
  readonly tokensPerSecond: number | null
}

interface Sum extends WindowCounts {
  attempts: number
  failures: number
}

export function newHealthPage(): HealthPage {
  return {
    recent: newWindow(5_000, 6),
    five: newWindow(30_000, 10),
    thirty: newWindow(60_000, 30),
    fresh: null,
    untold: null,
    untoldCoolMs: 0,
    isStale: false,
    deadlineMs: null,
    racing: new Racing(),
    usual: null,
  }
}

/** Counts what one attempt of this node adds. Figures that are not known are null. */
export function count(page: HealthPage, attempts: 0 | 1, failures: 0 | 1, figures: Usual): void {
  const fresh = (page.fresh ??= nothing())
  fresh.attempts += attempts
  fresh.failures += failures
  if (figures.firstTokenMs !== null) addToDigest(fresh.firstTokenMs, figures.firstTokenMs)
  if (figures.tokensPerSecond !== null) addToDigest(fresh.tokensPerSecond, figures.tokensPerSecond)
}

/** Moves what is fresh into the windows and to what is untold, and lets old attempts go. */
export function settle(page: HealthPage, nowMs: number): void {
  const { fresh } = page
  page.fresh = null
  page.racing.settle(fresh ? countOf(fresh.firstTokenMs) : 0, nowMs)
  if (fresh) {
    addToPage(page, fresh, nowMs)
    if (page.untold) add(page.untold, fresh)
    else page.untold = fresh
  }
  advance(page.recent, nowMs)
  if (advance(page.thirty, nowMs)) page.usual = null
  if (advance(page.five, nowMs)) page.isStale = true
}

/** Adds what was seen, by this node or by another. */
export function addToPage(page: HealthPage, tally: WindowCounts, nowMs: number): void {
  for (const window of [page.recent, page.five, page.thirty]) addToWindow(window, tally, nowMs)
  page.isStale = true
  page.usual = null
}

/** The percentiles and the deadline anew; null when nothing has changed since the last time. */
export function refreshed(page: HealthPage): Pick<Health, 'firstTokenQuantiles' | 'throughputQuantiles'> | null {
  if (!page.isStale) return null
  page.isStale = false
  const { firstTokenMs, tokensPerSecond } = page.five.sum
  page.deadlineMs = firstTokenDeadlineMs(firstTokenMs)
  page.racing.refresh(firstTokenMs)
  return { firstTokenQuantiles: percentilesOf(firstTokenMs), throughputQuantiles: reachedBy(tokensPerSecond) }
}

/** What is usual of it; null where nothing is known. */
export function usualOf(page: HealthPage): Usual {
  const { firstTokenMs, tokensPerSecond } = page.thirty.sum
  return (page.usual ??= { firstTokenMs: quantile(firstTokenMs, 0.5), tokensPerSecond: quantile(tokensPerSecond, 0.5) })
}

function nothing(): Sum {
  return { attempts: 0, failures: 0, firstTokenMs: {}, tokensPerSecond: {} }
}

function add(sum: Sum, tally: WindowCounts): void {
  sum.attempts += tally.attempts
  sum.failures += tally.failures
  addDigest(sum.firstTokenMs, tally.firstTokenMs)
  addDigest(sum.tokensPerSecond, tally.tokensPerSecond)
}

/** Figures closer than this to what is usual are left alone. */
const AT_REST = 0.01

/** Whether fading would change nothing worth a new page. */
export function isAtRest(before: Health, after: Health): boolean {
  const near = (a: number | null, b: number | null) =>
    a === b || (a !== null && b !== null && Math.abs(a - b) <= AT_REST * Math.abs(a))
  return (
    before.attempts < AT_REST &&
    near(before.firstTokenMs, after.firstTokenMs) &&
    near(before.tokensPerSecond, after.tokensPerSecond)
  )
}

/** Failures that say nothing of the endpoint: what the caller asked for was wrong, or too much. */
export const NOT_COUNTED: readonly (FailureKind | undefined)[] = [
  'rate_limit',
  'validation',
  'moderation',
  'context_length',
  'empty',
]

/** An outage that is over but for the probe is told as lasting that much longer. */
const TOLD_DOWN_MS_MIN = 2_000

/** What the others are to be told of a settled page; null when there is nothing new. */
export function newsOf(page: HealthPage, health: Health, nowMs: number): Omit<HealthChange, 'endpoint'> | null {
  const downForMs = isTripped(health) ? Math.max(health.downUntilMs - nowMs, TOLD_DOWN_MS_MIN) : 0
  const coolForMs = Math.max(page.untoldCoolMs - nowMs, 0)
  if (!page.untold && downForMs === 0 && coolForMs === 0) return null
  return { ...(page.untold ?? nothing()), downForMs, coolForMs }
}

/** What was news is known to the others. */
export function wasReported(page: HealthPage): void {
  page.untold = null
  page.untoldCoolMs = 0
}
