import { expect, it } from 'vitest'
import { median, quantile } from './statistics.ts'

it('takes the middle of an odd number and the mean of the two middles of an even one', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 9, 2])).toBe(3)
})

it('names as p99 a value that was measured, whatever the order', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
  expect(quantile(hundred, 0.99)).toBe(99)
  expect(quantile(hundred, 0.5)).toBe(50)
  expect(quantile([7], 0.99)).toBe(7)
})
