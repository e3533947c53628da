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
import { HedgeTiming } from './hedge-timing.ts'

/** Windows over an endpoint's attempts, and what is still to be reported. Changed in place, by the tracker alone. */
export interface HealthRecord {
  /** Half a minute: what it is like now. */
  readonly recent: Window
  /** Five minutes: percentiles to route by, and the deadline of a first token. */
  readonly five: Window
  /** Half an hour, to be shown. */
  readonly thirty: Window
  /** Since the record was settled: an attempt costs two counts, and windows are filled once a second. */
  fresh: Sum | null
  /** What this node saw and has not reported yet. */
  unreported: Sum | null
  /** End of a cooldown that is not reported yet; 0 when there is none to report. */
  unreportedCoolUntilMs: number
  /** The percentiles are older than the windows. */
  isStale: boolean
  deadlineMs: number | null
  /** First tokens of the five minutes, as hedges need them. */
  readonly hedgeTiming: HedgeTiming
  /** The medians of the half hour; null when they are to be computed again. */
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

export function newHealthRecord(): HealthRecord {
  return {
    recent: newWindow(5_000, 6),
    five: newWindow(30_000, 10),
    thirty: newWindow(60_000, 30),
    fresh: null,
    unreported: null,
    unreportedCoolUntilMs: 0,
    isStale: false,
    deadlineMs: null,
    hedgeTiming: new HedgeTiming(),
    usual: null,
  }
}

/** Figures that are not known are null. */
export function count(record: HealthRecord, attempts: 0 | 1, failures: 0 | 1, figures: Usual): void {
  const fresh = (record.fresh ??= nothing())
  fresh.attempts += attempts
  fresh.failures += failures
  if (figures.firstTokenMs !== null) addToDigest(fresh.firstTokenMs, figures.firstTokenMs)
  if (figures.tokensPerSecond !== null) addToDigest(fresh.tokensPerSecond, figures.tokensPerSecond)
}

export function settle(record: HealthRecord, nowMs: number): void {
  const { fresh } = record
  record.fresh = null
  record.hedgeTiming.settle(fresh ? countOf(fresh.firstTokenMs) : 0, nowMs)
  if (fresh) {
    addToRecord(record, fresh, nowMs)
    if (record.unreported) add(record.unreported, fresh)
    else record.unreported = fresh
  }
  advance(record.recent, nowMs)
  if (advance(record.thirty, nowMs)) record.usual = null
  if (advance(record.five, nowMs)) record.isStale = true
}

/** Adds what was seen, by this node or by another. */
export function addToRecord(record: HealthRecord, tally: WindowCounts, nowMs: number): void {
  for (const window of [record.recent, record.five, record.thirty]) addToWindow(window, tally, nowMs)
  record.isStale = true
  record.usual = null
}

/** Null when nothing has changed since the last time. */
export function refreshed(record: HealthRecord): Pick<Health, 'firstTokenQuantiles' | 'throughputQuantiles'> | null {
  if (!record.isStale) return null
  record.isStale = false
  const { firstTokenMs, tokensPerSecond } = record.five.sum
  record.deadlineMs = firstTokenDeadlineMs(firstTokenMs)
  record.hedgeTiming.refresh(firstTokenMs)
  return { firstTokenQuantiles: percentilesOf(firstTokenMs), throughputQuantiles: reachedBy(tokensPerSecond) }
}

/** What is usual of it; null where nothing is known. */
export function usualOf(record: HealthRecord): Usual {
  const { firstTokenMs, tokensPerSecond } = record.thirty.sum
  return (record.usual ??= {
    firstTokenMs: quantile(firstTokenMs, 0.5),
    tokensPerSecond: quantile(tokensPerSecond, 0.5),
  })
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

/** Figures closer than this to what is usual count as the same. */
const AT_REST = 0.01

/** Whether fading would change nothing worth a new state. */
export function isAtRest(before: Health, after: Health): boolean {
  const near = (a: number | null, b: number | null) =>
    a === b || (a !== null && b !== null && Math.abs(a - b) <= AT_REST * Math.abs(a))
  return (
    before.attempts < AT_REST &&
    near(before.firstTokenMs, after.firstTokenMs) &&
    near(before.tokensPerSecond, after.tokensPerSecond)
  )
}

/** Failures that say nothing of the endpoint: the request was wrong, or too much. */
export const NOT_COUNTED: readonly (FailureKind | undefined)[] = [
  'rate_limit',
  'validation',
  'moderation',
  'context_length',
  'empty',
]

/** An outage that waits for its probe is reported to last this much longer. */
const REPORTED_DOWN_MS_MIN = 2_000

export function unreportedOf(
  record: HealthRecord,
  health: Health,
  nowMs: number,
): Omit<HealthChange, 'endpoint'> | null {
  const downForMs = isTripped(health) ? Math.max(health.downUntilMs - nowMs, REPORTED_DOWN_MS_MIN) : 0
  const coolForMs = Math.max(record.unreportedCoolUntilMs - nowMs, 0)
  if (!record.unreported && downForMs === 0 && coolForMs === 0) return null
  return { ...(record.unreported ?? nothing()), downForMs, coolForMs }
}

/** The other nodes know what was to be reported. */
export function wasReported(record: HealthRecord): void {
  record.unreported = null
  record.unreportedCoolUntilMs = 0
}
