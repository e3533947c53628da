const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
/** Lengths between two ticks, minutes: those of a clock's face, then days. */
const STEPS_MINUTES = [15, 30, 60, 120, 180, 360, 720, DAY_MINUTES, 2 * DAY_MINUTES, 4 * DAY_MINUTES]
/** More labels than this do not fit beside each other. */
const TICKS_MAX = 9

/**
 * Which bars get a tick: those that begin at a round time of the reader's day, as close together as fits.
 * @param startsMs beginnings of the bars, milliseconds since the epoch
 * @param labels what is written at a tick; a day may be written once only
 */
export function roundTicks(startsMs: readonly number[], labels: 'times' | 'days'): ReadonlySet<number> {
  const steps = labels === 'days' ? STEPS_MINUTES.filter((minutes) => minutes >= DAY_MINUTES) : STEPS_MINUTES
  const ticks = steps.map((minutes) => startsMs.filter((ms) => localMinutes(ms) % minutes === 0))
  return new Set(ticks.find(({ length }) => length <= TICKS_MAX) ?? ticks.at(-1))
}

/** Minutes of the reader's clock since an arbitrary midnight. */
function localMinutes(ms: number): number {
  return ms / MINUTE_MS - new Date(ms).getTimezoneOffset()
}
