import type { UsageAnswer, UsageFigures } from '@turnpike/contract'
import { dollarsApproximate } from '../format.ts'
import type { Period } from './period.ts'

export const METRICS = ['cost', 'requests', 'tokens'] as const
export type Metric = (typeof METRICS)[number]

/** Series with a bar of their own; the rest is one bar, because more hues are not distinguishable. */
export const SERIES_MAX = 6
/** Name of the series that the rest is drawn as; no slug begins with a space. */
export const OTHER = ' other'
/** Bars drawn at most; the server chooses widths that stay far below. */
const BUCKETS_MAX = 800
const DAY_SECONDS = 86_400

export interface Chart {
  /** Beginnings of the bars, milliseconds since the epoch, without gaps. */
  readonly startsMs: readonly number[]
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[]
  /** Index of the bar that is still filling; null when all are complete. */
  readonly partial: number | null
}

/** What one series shows of its figures. Heights only: printed amounts are never taken from here. */
function valueOf(figures: UsageFigures | undefined, metric: Metric): number {
  if (!figures) return 0
  if (metric === 'requests') return figures.requests
  return metric === 'cost' ? dollarsApproximate(figures.costNano) : figures.promptTokens + figures.completionTokens
}

/** Turns the answer into bars: gaps filled with nothing, the small series joined into one. */
export function chartOf(answer: UsageAnswer, metric: Metric, period: Period): Chart {
  const byStart = new Map(answer.buckets.map(({ startAt, series }) => [Date.parse(startAt), series]))
  const startsMs = starts([...byStart.keys()], answer.bucketSeconds, period)
  const own = answer.names.length > SERIES_MAX + 1 ? answer.names.slice(0, SERIES_MAX) : answer.names
  const rest = answer.names.slice(own.length)
  const line = (names: readonly string[]) =>
    startsMs.map((start) => names.reduce((sum, name) => sum + valueOf(byStart.get(start)?.[name], metric), 0))
  const series = own.map((name) => ({ name, values: line([name]) }))
  if (rest.length > 0) series.push({ name: OTHER, values: line(rest) })
  return {
    startsMs,
    series,
    partial: answer.partialUntil === null || startsMs.length === 0 ? null : startsMs.length - 1,
  }
}

/** All beginnings of buckets in the period, in step with those that the server named. */
function starts(known: readonly number[], bucketSeconds: number, { from, to }: Period): number[] {
  const fromMs = Date.parse(from)
  const toMs = Date.parse(to)
  const anchorMs = known[0] ?? Math.floor(fromMs / (bucketSeconds * 1000)) * bucketSeconds * 1000
  const all = new Set(known)
  for (let n = 0; n < BUCKETS_MAX; n++) {
    const startMs = stepped(anchorMs, n, bucketSeconds)
    if (startMs >= toMs) break
    all.add(startMs)
  }
  for (let n = -1; n > -BUCKETS_MAX; n--) {
    if (stepped(anchorMs, n + 1, bucketSeconds) <= fromMs) break
    all.add(stepped(anchorMs, n, bucketSeconds))
  }
  return [...all].toSorted((a, b) => a - b)
}

/** Days are stepped by the calendar, since two of them in a year are not 24 hours long. */
function stepped(anchorMs: number, n: number, bucketSeconds: number): number {
  if (bucketSeconds !== DAY_SECONDS) return anchorMs + n * bucketSeconds * 1000
  const day = new Date(anchorMs)
  day.setDate(day.getDate() + n)
  return day.getTime()
}
