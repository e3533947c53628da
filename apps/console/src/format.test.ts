import { describe, expect, it } from 'vitest'
import { ago, duration, money, moneyExact, moment, momentShort, momentUtc, share, sumNano } from './format.ts'

describe('money', () => {
  it.each([
    ['0', '$0'],
    ['1', '$0.000000001'],
    ['42000', '$0.000042'],
    ['31415', '$0.0000314'],
    ['31455', '$0.0000315'],
    ['250000000', '$0.25'],
    ['999999999', '$1.00'],
    ['1000000000', '$1.00'],
    ['1204500000000', '$1,204.50'],
    ['-42000', '-$0.000042'],
    ['9007199254740993000000000', '$9,007,199,254,740,993.00'],
  ])('prints %s nano-dollars as %s', (nano, text) => {
    expect(money(nano, 'en')).toBe(text)
  })

  it('never rounds a real amount to nothing', () => {
    for (let nano = 1n; nano < 10n ** 12n; nano *= 7n) expect(money(nano.toString(), 'en')).toMatch(/[1-9]/)
  })

  it('follows the language of the reader', () => {
    expect(money('42000', 'de')).toBe('0,000042\u00a0$')
  })

  it('shows the exact amount down to the last nano-dollar', () => {
    expect(moneyExact('1234567891', 'en')).toBe('$1.234567891')
    expect(moneyExact('150000000', 'en')).toBe('$0.15')
  })

  it('adds beyond what a float can hold', () => {
    expect(sumNano(['9007199254740993', '2'])).toBe('9007199254740995')
    expect(sumNano([])).toBe('0')
  })
})

describe('time', () => {
  it('prints short waits in milliseconds and long ones in seconds', () => {
    expect(duration(411.6, 'en')).toBe('412 ms')
    expect(duration(1240, 'en')).toBe('1.24 s')
    expect(duration(62_400, 'en')).toBe('1 min 2 s')
  })

  it('shows the zone of the reader and keeps UTC for hovering', () => {
    expect(moment('2026-03-01T23:30:00.000Z', 'en-GB', 'Europe/Berlin')).toContain('2 Mar 2026')
    expect(momentUtc('2026-03-01T23:30:00.000Z')).toBe('2026-03-01 23:30:00 UTC')
  })

  it('leaves out the day when it is today where the reader is', () => {
    const now = Date.parse('2026-03-02T05:00:00Z')
    expect(momentShort('2026-03-01T23:30:05.000Z', now, 'en-GB', 'Europe/Berlin')).toBe('00:30:05')
    expect(momentShort('2026-03-01T20:30:05.000Z', now, 'en-GB', 'Europe/Berlin')).toBe('1 Mar, 21:30')
  })

  it('says how long ago', () => {
    const now = Date.parse('2026-03-01T12:00:00Z')
    expect(ago('2026-03-01T11:57:10Z', now, 'en')).toBe('2 minutes ago')
    expect(ago('2026-03-01T12:00:09Z', now, 'en')).toBe('now')
  })
})

it('prints a share with one decimal', () => {
  expect(share(0.034, 'en')).toBe('3.4%')
})
