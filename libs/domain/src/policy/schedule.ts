import { WEEKDAYS, type ScheduleWindow } from './policy.ts'

/**
 * Whether the window is open at that moment. It goes by what a clock on the wall shows, so that a window of hours that a change to
 * summer time skips is not open on that day, and one of hours that come twice is open both times.
 * @param nowMs Unix milliseconds
 */
export function isOpen(window: ScheduleWindow, nowMs: number): boolean {
  const { day, minute } = wallClock(window.zone, nowMs)
  const begins = (index: number) => window.days.some((name) => name === WEEKDAYS[(index + 7) % 7])
  if (window.from < window.to) return begins(day) && minute >= window.from && minute < window.to
  return (begins(day) && minute >= window.from) || (begins(day - 1) && minute < window.to)
}

/** Whether a name is that of a time zone. */
export function isZone(name: string): boolean {
  try {
    return Boolean(formatterOf(name))
  } catch {
    // What `Intl` does not know is none.
    return false
  }
}

interface WallClock {
  /** 0 is Monday. */
  readonly day: number
  readonly minute: number
}

const MINUTE_MS = 60_000
/** Zones remembered at most: there are some six hundred, but their names may be written in any case. */
const ZONES_MAX = 1_000
const formatters = new Map<string, Intl.DateTimeFormat>()
/** The last answer for each zone: offsets are whole minutes, so that it holds to the end of the minute. */
const lately = new Map<string, { readonly minute: number; readonly clock: WallClock }>()

function wallClock(zone: string, nowMs: number): WallClock {
  const minute = Math.floor(nowMs / MINUTE_MS)
  const known = lately.get(zone)
  if (known?.minute === minute) return known.clock
  const parts = Object.fromEntries(
    formatterOf(zone)
      .formatToParts(nowMs)
      .map(({ type, value }) => [type, value]),
  )
  const { weekday = '', hour = '', minute: minutes = '' } = parts
  const day = WEEKDAYS.findIndex((name) => name === weekday.toLowerCase())
  const clock = { day, minute: Number(hour) * 60 + Number(minutes) }
  keep(lately, zone, { minute, clock })
  return clock
}

/** Throws RangeError for a zone that does not exist. */
function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  keep(formatters, zone, made)
  return made
}

function keep<Value>(map: Map<string, Value>, zone: string, value: Value): void {
  if (map.size >= ZONES_MAX && !map.has(zone)) map.clear()
  map.set(zone, value)
}
