import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { addToDigest, mergeDigests, quantile, type Digest } from './health-digest.ts'

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
      const told = quantile(digestOf(list), share) ?? 0
      expect(Math.abs(told - exact) / exact).toBeLessThan(0.0501)
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
