import { WEEKDAYS } from '@turnpike/domain/lists'
import { at, listOf, textOf } from '../../draft/draft.ts'

const DAY_MINUTES = 1_440

/** Minutes since midnight of one day; `to` is not included. */
interface Stretch {
  /** 0 is Monday. */
  readonly day: number
  readonly from: number
  readonly to: number
}

/** When a window is open. One that ends no later than it begins runs into the next day. */
export function stretchesOf(window: unknown): Stretch[] {
  const from = minuteOf(textOf(at(window, ['from'])))
  const to = minuteOf(textOf(at(window, ['to'])))
  if (from === null || to === null) return []
  const days = listOf(at(window, ['days'])).flatMap((name) => {
    const day = WEEKDAYS.findIndex((known) => known === name)
    return day < 0 ? [] : [day]
  })
  return days.flatMap((day) => {
    if (from < to) return [{ day, from, to }]
    const evening = { day, from, to: DAY_MINUTES }
    return to === 0 ? [evening] : [evening, { day: (day + 1) % WEEKDAYS.length, from: 0, to }]
  })
}

/** Minutes since midnight of a time such as `08:30`; null when it is none. */
function minuteOf(time: string): number | null {
  if (!/^(?:[01]\d|2[0-3]):[0-5]\d$/.test(time)) return null
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}
