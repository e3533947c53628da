import { expect, it } from 'vitest'
import { percentile } from './statistics.ts'

it('is the smallest value that so many percent do not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentile(hundred, 99)).toBe(99)
  expect(percentile(hundred, 50)).toBe(50)
  expect(percentile(hundred, 99.9)).toBe(100)
  expect(percentile(hundred, 0)).toBe(1)
  expect(percentile([7], 50)).toBe(7)
  expect(percentile([], 50)).toBeNaN()
})

it('refuses a share, which would quietly be the minimum', () => {
  expect(() => percentile([1, 2], 0.99)).toThrow(RangeError)
})
