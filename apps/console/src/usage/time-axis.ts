import type { Period } from './period.ts'

const DAY_SECONDS = 86_400
/** Beyond two days the hours on an axis stop telling the days apart. */
const LONG_MS = 2 * DAY_SECONDS * 1000

/** The axis of a chart whose bars begin at these moments: short at the ticks, complete in the tooltip. */
export function timeAxis(startsMs: readonly number[], bucketSeconds: number, { from, to }: Period, locale: string) {
  const isDays = bucketSeconds >= DAY_SECONDS
  const isLong = Date.parse(to) - Date.parse(from) > LONG_MS
  const write = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options)
  const tick = write(isDays || isLong ? { day: 'numeric', month: 'short' } : { timeStyle: 'short' })
  const full = write(isDays ? { dateStyle: 'full' } : { dateStyle: 'medium', timeStyle: 'short' })
  return {
    scaleType: 'band' as const,
    data: startsMs.map((ms) => new Date(ms)),
    valueFormatter: (date: Date, { location }: { location: string }) =>
      (location === 'tick' ? tick : full).format(date),
    categoryGapRatio: 0.25,
    disableLine: true,
    disableTicks: true,
    ...(isLong && !isDays && { tickInterval: isMidnight }),
  }
}

function isMidnight(date: Date): boolean {
  return date.getHours() === 0
}
