import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WEEKDAYS, type ScheduleWindow } from './policy.ts'
import { isOpen, isZone } from './schedule.ts'

const EVERY_DAY = WEEKDAYS
const window = (zone: string, from: string, to: string, days: ScheduleWindow['days'] = EVERY_DAY): ScheduleWindow => ({
  days,
  from: minute(from),
  to: minute(to),
  zone,
  objective: null,
  order: null,
  shares: null,
  max_price: null,
})
const minute = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
/** The hours and half hours of a UTC day at which the window is open, as `HH:MM`. */
const openAt = (given: ScheduleWindow, day: string, everyMinutes = 30) =>
  Array.from({ length: (24 * 60) / everyMinutes }, (_, i) => new Date(Date.parse(day) + i * everyMinutes * 60_000))
    .filter((at) => isOpen(given, at.getTime()))
    .map((at) => at.toISOString().slice(11, 16))
const opensAt = (given: ScheduleWindow, iso: string) => isOpen(given, Date.parse(iso))

describe('a window', () => {
  it('includes its first minute and not its last', () => {
    const given = window('UTC', '09:00', '17:00')
    expect(opensAt(given, '2026-01-14T08:59:59.999Z')).toBe(false)
    expect(opensAt(given, '2026-01-14T09:00:00.000Z')).toBe(true)
    expect(opensAt(given, '2026-01-14T16:59:59.999Z')).toBe(true)
    expect(opensAt(given, '2026-01-14T17:00:00.000Z')).toBe(false)
  })

  it('across midnight belongs to the day on which it begins', () => {
    const given = window('UTC', '22:00', '06:00', ['fri'])
    expect(opensAt(given, '2026-01-16T05:00:00Z')).toBe(false)
    expect(opensAt(given, '2026-01-16T22:00:00Z')).toBe(true)
    expect(opensAt(given, '2026-01-17T05:59:00Z')).toBe(true)
    expect(opensAt(given, '2026-01-17T06:00:00Z')).toBe(false)
    expect(opensAt(given, '2026-01-17T23:00:00Z')).toBe(false)
    const sunday = window('UTC', '22:00', '06:00', ['sun'])
    expect(opensAt(sunday, '2026-01-19T05:59:00Z')).toBe(true)
  })

  it('that ends when it begins is a whole day', () => {
    expect(openAt(window('UTC', '00:00', '00:00', ['wed']), '2026-01-14')).toHaveLength(48)
    expect(openAt(window('UTC', '00:00', '00:00', ['wed']), '2026-01-15')).toHaveLength(0)
    const shifted = window('UTC', '09:00', '09:00', ['wed'])
    expect([openAt(shifted, '2026-01-14').at(0), openAt(shifted, '2026-01-15').at(-1)]).toEqual(['09:00', '08:30'])
  })

  it('goes by the clocks of its zone, quarters of an hour included', () => {
    expect(openAt(window('Asia/Kathmandu', '09:00', '10:00'), '2026-01-14', 15)).toEqual([
      '03:15',
      '03:30',
      '03:45',
      '04:00',
    ])
    expect(openAt(window('Pacific/Chatham', '00:00', '00:30'), '2026-07-15', 15)).toEqual(['11:15', '11:30'])
    expect(openAt(window('Pacific/Chatham', '00:00', '00:30'), '2026-01-14', 15)).toEqual(['10:15', '10:30'])
    // Already Thursday in Auckland.
    expect(openAt(window('Pacific/Auckland', '00:00', '01:00', ['thu']), '2026-01-14')).toEqual(['11:00', '11:30'])
  })
})

describe('where summer time begins', () => {
  it.each([
    ['Europe/Berlin', '2026-03-29', '02:00', '03:00'],
    ['America/New_York', '2026-03-08', '02:00', '03:00'],
  ])('in %s the hour that is skipped is open on no clock of that day', (zone, day, from, to) => {
    expect(openAt(window(zone, from, to), day)).toEqual([])
  })

  it('the hours around it move with the clocks', () => {
    expect(openAt(window('Europe/Berlin', '01:00', '04:00', ['sun']), '2026-03-29')).toEqual([
      '00:00',
      '00:30',
      '01:00',
      '01:30',
    ])
    expect(openAt(window('Europe/Berlin', '09:00', '10:00'), '2026-03-28')).toEqual(['08:00', '08:30'])
    expect(openAt(window('Europe/Berlin', '09:00', '10:00'), '2026-03-30')).toEqual(['07:00', '07:30'])
  })

  it('a window across midnight loses the hour and ends by the clock', () => {
    const night = window('America/New_York', '22:00', '06:00', ['sat'])
    expect(opensAt(night, '2026-03-08T03:00:00Z')).toBe(true)
    expect(opensAt(night, '2026-03-08T09:59:00Z')).toBe(true)
    expect(opensAt(night, '2026-03-08T10:00:00Z')).toBe(false)
  })
})

describe('where summer time ends', () => {
  it.each([
    ['Europe/Berlin', '2026-10-25', '02:00', '03:00', ['00:00', '00:30', '01:00', '01:30']],
    ['America/New_York', '2026-11-01', '01:00', '02:00', ['05:00', '05:30', '06:00', '06:30']],
  ])('in %s the hour that comes twice is open both times', (zone, day, from, to, expected) => {
    expect(openAt(window(zone, from, to), day)).toEqual(expected)
  })
})

describe('whatever the moment', () => {
  const anyZone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Chatham')
  const anyTime = fc.integer({ min: 0, max: 1_439 })
  const anyMs = fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 0) })

  it('a window and the rest of its day are open in turns', () => {
    fc.assert(
      fc.property(anyZone, anyTime, anyTime, anyMs, (zone, from, to, ms) => {
        if (from === to) return
        const given = { ...window(zone, '00:00', '00:00'), from, to }
        expect(isOpen(given, ms)).not.toBe(isOpen({ ...given, from: to, to: from }, ms))
      }),
      { numRuns: 500 },
    )
  })

  it('it is open or not for whole minutes, in any order of queries', () => {
    fc.assert(
      fc.property(
        anyZone,
        anyTime,
        anyTime,
        anyMs,
        fc.integer({ min: 0, max: 59_999 }),
        (zone, from, to, ms, later) => {
          const given = { ...window(zone, '00:00', '00:00'), from, to }
          const began = Math.floor(ms / 60_000) * 60_000
          const first = isOpen(given, began)
          isOpen(given, began + 86_400_000)
          expect(isOpen(given, began + later)).toBe(first)
        },
      ),
    )
  })
})

it('knows the names of time zones', () => {
  expect(['Europe/Berlin', 'UTC', 'Asia/Kathmandu', 'Mars/Olympus', ''].map(isZone)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})
