import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nearest } from './nearest.ts'

const PROVIDERS = ['acorn', 'birch', 'cedar', 'maple', 'willow']

it.each([
  ['acron', ['acorn']],
  ['Cedar', ['cedar']],
  ['willows', ['willow']],
  ['p95', []],
])('suggests for %s the providers %j', (word, expected) => {
  expect(nearest(word, PROVIDERS)).toEqual(expected)
})

it('suggests the nearest first, equally near ones by the alphabet, and three at most', () => {
  expect(nearest('p95', ['p99', 'p50', 'p90', 'p75'])).toEqual(['p75', 'p90', 'p99'])
  expect(nearest('p95', ['p99', 'p50', 'p90', 'p75'], 1)).toEqual(['p75'])
})

it('finds a known word by itself, and in other letters', () => {
  const word = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' })
  fc.assert(
    fc.property(word, fc.array(word), (wanted, others) => {
      expect(nearest(wanted.toUpperCase(), [...others, wanted]).map((found) => found.toLowerCase())).toContain(
        wanted.toLowerCase(),
      )
    }),
  )
})

it('gives nothing for a text, however long the list', () => {
  expect(nearest('x'.repeat(100_000), ['x'.repeat(100_000), 'x'])).toEqual([])
})
