import { describe, expect, it } from 'vitest'
import { roundTicks } from './ticks.ts'

const QUARTER_MS = 900_000
const HOUR_MS = 3_600_000
/** As the reader's clock shows it, wherever the test runs. */
const local = (hour: number, minute: number, day = 2) => new Date(2026, 2, day, hour, minute).getTime()

/** Beginnings of bars over so many hours. */
function bars(fromMs: number, hours: number, stepMs: number): number[] {
  return Array.from({ length: (hours * HOUR_MS) / stepMs }, (_, index) => fromMs + index * stepMs)
}

const written = (ticks: ReadonlySet<number>) =>
  [...ticks].map((ms) => {
    const time = new Date(ms)
    return `${time.getHours()}:${String(time.getMinutes()).padStart(2, '0')}`
  })

describe('the ticks of a time axis', () => {
  it('are quarters of an hour over one hour', () => {
    expect(written(roundTicks(bars(local(9, 45), 1, QUARTER_MS), 'times'))).toEqual(['9:45', '10:00', '10:15', '10:30'])
  })

  it('are whole hours over some, wherever the first bar begins', () => {
    const half = bars(local(9, 45), 6, QUARTER_MS)
    expect(written(roundTicks(half, 'times'))).toEqual(['10:00', '11:00', '12:00', '13:00', '14:00', '15:00'])
  })

  it('are every third hour over a day', () => {
    const ticks = roundTicks(bars(local(10, 15), 24, QUARTER_MS), 'times')
    expect(written(ticks)).toEqual(['12:00', '15:00', '18:00', '21:00', '0:00', '3:00', '6:00', '9:00'])
  })

  it('are midnights where days are written, none of them twice', () => {
    const ticks = roundTicks(bars(local(10, 15), 60, QUARTER_MS), 'days')
    expect(written(ticks)).toEqual(['0:00', '0:00'])
  })

  it('are never more than fit, in whole days over weeks', () => {
    const ticks = roundTicks(bars(local(10, 0), 16 * 24, HOUR_MS), 'days')
    expect(ticks.size).toBeLessThanOrEqual(9)
    expect(ticks.size).toBeGreaterThan(3)
    expect(new Set(written(ticks))).toEqual(new Set(['0:00']))
  })

  it('are none without bars', () => {
    expect(roundTicks([], 'times').size).toBe(0)
  })
})
