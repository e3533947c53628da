import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { consistent, NO_USAGE, tokenCount } from './usage.ts'

it('keeps an explicit zero and an ordinary count', () => {
  expect(tokenCount(0)).toBe(0)
  expect(tokenCount(128_000)).toBe(128_000)
  expect(tokenCount(100_000_000)).toBe(100_000_000)
})

it.each([
  ['nothing', undefined],
  ['null', null],
  ['a negative count', -1],
  ['a fraction', 12.5],
  ['NaN', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['a numeral in quotes', '12'],
  ['a boolean', true],
  ['a count no model could reach', 100_000_001],
])('never bills %s', (_, reported) => {
  expect(tokenCount(reported)).toBeUndefined()
})

it('holds the parts inside their totals, and leaves sound figures alone', () => {
  const count = fc.nat({ max: 1_000 })
  const usage = fc.record({
    promptTokens: count,
    completionTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    reasoningTokens: count,
  })
  fc.assert(
    fc.property(usage, (reported) => {
      const held = consistent(reported)
      expect(held.cacheReadTokens + held.cacheWriteTokens).toBeLessThanOrEqual(held.promptTokens)
      expect(held.reasoningTokens).toBeLessThanOrEqual(held.completionTokens)
      expect([held.promptTokens, held.completionTokens]).toEqual([reported.promptTokens, reported.completionTokens])
      expect(consistent(held)).toEqual(held)
    }),
  )
  const sound = { ...NO_USAGE, promptTokens: 10, cacheReadTokens: 4, cacheWriteTokens: 6 }
  expect(consistent(sound)).toEqual(sound)
})
