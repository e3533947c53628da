import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  addToDigest,
  countOf,
  meanOf,
  mergeDigests,
  percentilesOf,
  reachedBy,
  quantile,
  subtractDigest,
  type Digest,
} from './digest.ts'

const figures = fc.array(fc.double({ min: 1, max: 1_000_000, noNaN: true }), { minLength: 1, maxLength: 200 })

function digestOf(list: readonly number[]): Digest {
  const digest: Digest = {}
  for (const figure of list) addToDigest(digest, figure)
  return digest
}

it('a quantile is within five percent of the true one', () => {
  fc.assert(
    fc.property(figures, fc.constantFrom(0.5, 0.95, 0.99), (list, share) => {
      const exact = list.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * list.length) - 1)] ?? 0
      const reported = quantile(digestOf(list), share) ?? 0
      expect(Math.abs(reported - exact) / exact).toBeLessThan(0.0501)
    }),
  )
})

it('digests of parts, merged, are the digest of the whole', () => {
  fc.assert(
    fc.property(figures, figures, (a, b) => {
      expect(mergeDigests([digestOf(a), digestOf(b)])).toEqual(digestOf([...a, ...b]))
    }),
  )
})

it('nothing counted has no quantile, and what is no figure is not counted', () => {
  expect(quantile(digestOf([Number.NaN, Infinity]), 0.5)).toBeNull()
  expect(quantile(digestOf([0, -5]), 0.5)).toBeCloseTo(1.05, 1)
})

it('merging is associative and commutative, and what is taken out again counts no more', () => {
  fc.assert(
    fc.property(figures, figures, figures, (a, b, c) => {
      const [x, y, z] = [digestOf(a), digestOf(b), digestOf(c)] as const
      expect(mergeDigests([x, y])).toEqual(mergeDigests([y, x]))
      expect(mergeDigests([mergeDigests([x, y]), z])).toEqual(mergeDigests([x, mergeDigests([y, z])]))
      const sum = mergeDigests([x, y])
      subtractDigest(sum, y)
      expect(Object.entries(sum).filter(([, count]) => count > 0)).toEqual(Object.entries(x))
    }),
  )
})

it('the mean is within five percent of the true one', () => {
  fc.assert(
    fc.property(figures, (list) => {
      const exact = list.reduce((sum, figure) => sum + figure, 0) / list.length
      expect(Math.abs((meanOf(digestOf(list)) ?? 0) / exact - 1)).toBeLessThan(0.0501)
    }),
  )
  expect(meanOf({})).toBeNull()
})

it('percentiles are not made of fewer than twenty figures, and rise', () => {
  const list = Array.from({ length: 100 }, (_, i) => (i + 1) * 10)
  expect(percentilesOf(digestOf(list.slice(0, 19)))).toBeNull()
  const { p50, p75, p90, p99 } = percentilesOf(digestOf(list)) ?? { p50: 0, p75: 0, p90: 0, p99: 0 }
  for (const [reported, exact] of [
    [p50, 500],
    [p75, 750],
    [p90, 900],
    [p99, 990],
  ] as const)
    expect(Math.abs(reported / exact - 1)).toBeLessThan(0.06)
  expect(countOf(digestOf(list))).toBe(100)
})

it('says what so many of a hundred answers reach, which is less the more of them', () => {
  const list = Array.from({ length: 100 }, (_, i) => i + 1)
  const reached = reachedBy(digestOf(list))
  expect(reached?.p50).toBeCloseTo(50, -1)
  expect(reached?.p90).toBeCloseTo(10, 0)
  expect(reached?.p99).toBeLessThan(3)
  expect(reachedBy(digestOf(list.slice(0, 19)))).toBeNull()
})
