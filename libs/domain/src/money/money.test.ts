import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divideRounded, NANO_PER_USD, parseUsd, usdString } from './money.ts'

const amount = fc.bigInt({ min: 0n, max: 999_999_999_999n * NANO_PER_USD })

describe('dollars as text', () => {
  it('are exact: every amount survives being printed and read', () => {
    fc.assert(
      fc.property(amount, (nanos) => {
        expect(parseUsd(usdString(nanos))).toBe(nanos)
      }),
    )
  })

  it.each([
    [0n, '0'],
    [31n, '0.000000031'],
    [1_000_000_000n, '1'],
    [1_500_000_000n, '1.5'],
    [-250_000_000n, '-0.25'],
    [-1n, '-0.000000001'],
    [123_456_789_012_345_678_901n, '123456789012.345678901'],
  ])('print %s nano-dollars as %s', (nanos, text) => {
    expect(usdString(nanos)).toBe(text)
  })

  it.each(['', '.', '.5', '1.', '-1', '+1', '1e3', '0x10', ' 1', '1 ', '1,5', '1.0000000001', '1\n', 'NaN', '١'])(
    'refuse %j rather than guess',
    (text) => {
      expect(parseUsd(text)).toBeNull()
    },
  )

  it('refuse more digits than any balance has', () => {
    expect(parseUsd('9'.repeat(12))).toBe(999_999_999_999n * NANO_PER_USD)
    expect(parseUsd('9'.repeat(13))).toBeNull()
  })
})

describe('division', () => {
  it.each([
    [4n, 10n, 0n],
    [5n, 10n, 1n],
    [-5n, 10n, -1n],
    [-4n, 10n, 0n],
    [15n, 10n, 2n],
    [-15n, 10n, -2n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [7n, 1n, 7n],
  ])('of %s by %s is %s: a half goes away from zero', (dividend, divisor, quotient) => {
    expect(divideRounded(dividend, divisor)).toBe(quotient)
  })

  it('is never off by more than half a unit, and treats both signs alike', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 1n, max: 10n ** 12n }), (dividend, divisor) => {
        const quotient = divideRounded(dividend, divisor)
        const error = quotient * divisor - dividend
        expect((error < 0n ? -error : error) * 2n <= divisor).toBe(true)
        expect(divideRounded(-dividend, divisor)).toBe(-quotient)
      }),
    )
  })
})
