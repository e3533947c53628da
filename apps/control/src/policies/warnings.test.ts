import { isOpen, WEEKDAYS, type Weekday } from '@turnpike/domain'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { neverOpen } from './warnings.ts'

const ALL = [...WEEKDAYS]

function window(days: Weekday[], from: string, to: string, zone = 'UTC') {
  return { days, from, to, zone }
}

it.each([
  ['a later one of the same hours', [window(['mon'], '08:00', '18:00'), window(ALL, '08:00', '18:00')], [0]],
  [
    'two later ones together',
    [window(['mon'], '08:00', '18:00'), window(ALL, '08:00', '12:00'), window(ALL, '12:00', '18:00')],
    [0],
  ],
  ['a whole day', [window(['mon'], '08:00', '18:00'), window(['mon'], '00:00', '00:00')], [0]],
  ['one that began the day before', [window(['sun'], '01:00', '02:00'), window(['sat'], '20:00', '06:00')], [0]],
  ['one over the end of the week', [window(['mon'], '01:00', '02:00'), window(['sun'], '20:00', '06:00')], [0]],
])('finds a window that is covered by %s', (_what, windows, expected) => {
  expect(neverOpen(windows)).toEqual(expected)
})

it.each([
  ['is a minute longer', [window(['mon'], '08:00', '18:01'), window(ALL, '08:00', '18:00')]],
  ['comes later', [window(ALL, '08:00', '18:00'), window(['mon'], '08:00', '18:00')]],
  ['has another zone', [window(['mon'], '08:00', '18:00'), window(ALL, '00:00', '00:00', 'Europe/Berlin')]],
])('says nothing of one that %s', (_what, windows) => {
  expect(neverOpen(windows)).toEqual([])
})

const TIME = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '30'))
  .map(([hour, minutes]) => `${String(hour).padStart(2, '0')}:${minutes}`)
const WINDOWS = fc.array(
  fc.record({ days: fc.subarray(ALL, { minLength: 1 }), from: TIME, to: TIME, zone: fc.constant('UTC') }),
  { minLength: 1, maxLength: 5 },
)

it('finds exactly the windows that the router never applies at any half hour of a week', () => {
  const monday = Date.parse('2026-11-16T00:00:00Z')
  const halfHours = Array.from({ length: 7 * 48 }, (_, i) => monday + i * 30 * 60_000)
  const minuteOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
  fc.assert(
    fc.property(WINDOWS, (windows) => {
      const schedule = windows.map(({ from, to, ...rest }) => ({
        ...rest,
        from: minuteOf(from),
        to: minuteOf(to),
        ...{ objective: null, order: null, shares: null, max_price: null },
      }))
      const applied = new Set(halfHours.map((atMs) => schedule.findLastIndex((one) => isOpen(one, atMs))))
      expect(neverOpen(windows)).toEqual([...windows.keys()].filter((i) => !applied.has(i)))
    }),
    { numRuns: 50 },
  )
})
