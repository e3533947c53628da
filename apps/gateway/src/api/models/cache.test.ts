import { aCatalogue } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import type { TargetDirectory } from '../../targets/target.ts'
import { encodingsOf, jsonBytes } from './bytes.ts'
import { CatalogueCache } from './cache.ts'

const directory = (): TargetDirectory => ({
  catalogue: aCatalogue([]),
  reachable: new Set(),
  target: () => expect.unreachable('nothing is sent'),
})

/** A cache with a clock that the test moves, and how often something was made. */
function cached(keptMax?: number) {
  const state = { ms: 0, made: 0 }
  const cache = new CatalogueCache(() => state.ms, keptMax)
  const of = (key: string, over: { isFixed?: boolean; liveForMs?: number } = {}) => ({
    key,
    ...over,
    make: () => jsonBytes({ made: ++state.made }),
  })
  return { state, cache, of }
}

describe('an answer made of the catalogue', () => {
  it('is made once for everybody, and again when the catalogue changes', () => {
    const { state, cache, of } = cached()
    const first = directory()
    for (let i = 0; i < 100; i++) cache.get(first, of('list', { isFixed: true }))
    expect(state.made).toBe(1)
    cache.get(directory(), of('list', { isFixed: true }))
    expect(state.made).toBe(2)
  })

  it('with live figures is made at most once a second', () => {
    const { state, cache, of } = cached()
    const one = directory()
    for (let i = 0; i < 100; i++) {
      cache.get(one, of('endpoints', { liveForMs: 1_000 }))
      state.ms += 100
    }
    expect(state.made).toBe(10)
  })

  it('keeps so many whatever callers ask for, and never forgets the whole lists for them', () => {
    const { state, cache, of } = cached(8)
    const one = directory()
    cache.get(one, of('list', { isFixed: true }))
    for (let i = 0; i < 1_000; i++) cache.get(one, of(`?q=${i}`))
    expect(cache.size).toBe(9)
    expect(state.made).toBe(1_001)
    cache.get(one, of('list', { isFixed: true }))
    expect(state.made).toBe(1_001)
  })

  it('is worth compressing when it is asked for again, and a query that a caller made up is not', () => {
    const { cache, of } = cached()
    const one = directory()
    expect(cache.get(one, of('list', { isFixed: true })).isAskedAgain).toBe(true)
    expect(cache.get(one, of('?q=a')).isAskedAgain).toBe(false)
    expect(cache.get(one, of('?q=a')).isAskedAgain).toBe(true)
  })

  it('is not kept when it cannot be made', () => {
    const { cache, of } = cached()
    const one = directory()
    const failing = {
      key: 'x',
      make: () => {
        throw new Error('no such model')
      },
    }
    expect(() => cache.get(one, failing)).toThrow('no such model')
    expect(cache.size).toBe(0)
    expect(cache.get(one, of('x')).isAskedAgain).toBe(false)
  })
})

it.each([
  [undefined, []],
  ['', []],
  ['gzip', ['gzip']],
  ['gzip, deflate, br', ['br', 'gzip']],
  ['GZIP;q=0.5, BR;q=0', ['gzip']],
  ['*', ['br', 'gzip']],
  ['*;q=0', []],
  ['br;q=0, *;q=1', ['gzip']],
  ['deflate, zstd', []],
  ['gzip;q=nonsense', []],
  [`${'x,'.repeat(10_000)}gzip`, []],
])('for Accept-Encoding %.40s takes %j and the answer as it is', (header, encodings) => {
  expect(encodingsOf(header)).toEqual([...encodings, 'identity'])
})
