import type { AttemptRow } from '@turnpike/contract'

/** One attempt as a bar; all measures are per cent of the axis. */
export interface Bar {
  readonly attempt: AttemptRow
  readonly left: number
  readonly width: number
  /** Where the first token came; null when none did. */
  readonly mark: number | null
  /** Number of the hedged attempt, from 1; null for an attempt that is no hedge. */
  readonly hedgeOf: number | null
}

interface Waterfall {
  readonly bars: readonly Bar[]
  /** Times on the axis, milliseconds, the first always zero. */
  readonly ticksMs: readonly number[]
  /** Where the axis ends, milliseconds. */
  readonly axisMs: number
}

/** A shorter bar could neither be seen nor pointed at. */
const WIDTH_MIN = 0.6
const TICKS_WANTED = 5

/** Places attempts on one time axis that begins with the request and ends with the last of them. */
export function layOut(attempts: readonly AttemptRow[], totalMs: number): Waterfall {
  const lastMs = Math.max(totalMs, 1, ...attempts.map(({ endMs }) => endMs))
  const stepMs = niceStep(lastMs / TICKS_WANTED)
  const axisMs = Math.ceil(lastMs / stepMs) * stepMs
  const percent = (ms: number) => (Math.min(Math.max(ms, 0), axisMs) / axisMs) * 100
  return {
    axisMs,
    ticksMs: Array.from({ length: Math.round(axisMs / stepMs) + 1 }, (_, index) => index * stepMs),
    bars: attempts.map((attempt, index) => {
      const width = Math.max(percent(attempt.endMs) - percent(attempt.startMs), WIDTH_MIN)
      const left = Math.min(percent(attempt.startMs), 100 - width)
      const mark = attempt.firstTokenMs === null ? null : percent(attempt.firstTokenMs)
      return { attempt, left, width, mark, hedgeOf: hedgedAttempt(attempts, index) }
    }),
  }
}

function hedgedAttempt(attempts: readonly AttemptRow[], index: number): number | null {
  const hedge = attempts[index]
  if (!hedge?.hedge) return null
  const slow = attempts.findIndex(
    (attempt, at) => at !== index && attempt.startMs <= hedge.startMs && attempt.endMs > hedge.startMs,
  )
  return slow < 0 ? null : slow + 1
}

/** The next larger of 1, 2 and 5 times a power of ten, and at least one millisecond. */
function niceStep(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(ms, 1)))
  const step = [1, 2, 5, 10].find((factor) => factor * power >= ms) ?? 10
  return Math.max(step * power, 1)
}
