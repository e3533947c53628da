import { percentile } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { median } from './figures.ts'

it('takes the middle of an odd number and the mean of the two middles of an even one', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 9, 2])).toBe(3)
})

it('names as p99 a value that was measured, whatever the order', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
  expect(percentile(hundred, 99)).toBe(99)
  expect(percentile(hundred, 50)).toBe(50)
  expect(percentile([7], 99)).toBe(7)
})
