import { judge, percentile, type RequestRecord } from '@turnpike/testkit'
import type { Asked, Group, LookupCounts } from './limited-database.ts'

/** What one group of keys saw in one phase, or in all of them. */
interface Seen {
  readonly requests: number
  /** Not answered with success, after all retries. */
  readonly failed: number
  readonly wrong401: number
  /** Of whole requests, from the first attempt to the last answer. NaN of none. */
  readonly p50Ms: number
  readonly p99Ms: number
}

/** What the database saw in one phase. */
export interface DatabaseLoad extends LookupCounts {
  /** The most look-ups under way at once. */
  readonly peak: number
}

/** @param records requests with valid keys only */
export function seenBy(records: readonly RequestRecord[]): Seen {
  const times = records.map(({ startedMs, endedMs }) => endedMs - startedMs)
  const validKeys = new Set(records.map(({ key }) => key))
  const { failed, wrong401 } = judge({ requests: [...records] }, { validKeys })
  return {
    requests: records.length,
    failed,
    wrong401,
    p50Ms: percentile(times, 50),
    p99Ms: percentile(times, 99),
  }
}

/** A request belongs to the phase in which it began. */
export function inPhase(records: readonly RequestRecord[], phase: string): RequestRecord[] {
  return records.filter((record) => record.phase === phase)
}

const WINDOW_MS = 1_000
/** One good second may be chance. */
const GOOD_IN_A_ROW = 3
/** Two cores that do everything at once have a mood; this is its size. */
const MARGIN_MS = 5
const RATIO_MAX = 1.2

/**
 * Seconds from a phase's first request until all is as it was: the beginning of the first three seconds in a row without a
 * failure and with a p99 of at most 1.2 times the warm one and 5 ms. Null when they do not come within the phase.
 */
export function recoveredAfter(records: readonly RequestRecord[], warmP99Ms: number): number | null {
  const began = Math.min(...records.map(({ startedMs }) => startedMs))
  const windows: RequestRecord[][] = []
  for (const record of records) (windows[Math.floor((record.startedMs - began) / WINDOW_MS)] ??= []).push(record)
  let good = 0
  for (const [index, window] of windows.entries()) {
    good = window && isNormal(window, warmP99Ms) ? good + 1 : 0
    if (good === GOOD_IN_A_ROW) return ((index + 1 - GOOD_IN_A_ROW) * WINDOW_MS) / 1_000
  }
  return null
}

function isNormal(records: readonly RequestRecord[], warmP99Ms: number): boolean {
  const { failed, p99Ms } = seenBy(records)
  return failed === 0 && p99Ms <= RATIO_MAX * warmP99Ms + MARGIN_MS
}

/** What came between two readings. */
export function between(before: LookupCounts, after: LookupCounts, peak: number): DatabaseLoad {
  const of = (group: Group): Asked => ({
    lookups: after[group].lookups - before[group].lookups,
    keys: after[group].keys - before[group].keys,
  })
  return { inUse: of('inUse'), unseen: of('unseen'), others: of('others'), peak }
}
