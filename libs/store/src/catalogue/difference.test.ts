import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aModel, anEndpoint, aPrice, aProvider } from '@turnpike/testkit'
import { differenceOf } from './difference.ts'
import { rowsOf, type CatalogueRows } from './rows.ts'

/** A catalogue of one provider's endpoints, by model and prompt price. */
function aPart(prices: Readonly<Record<string, bigint>>, origin = 'import: test'): CatalogueRows {
  const slugs = Object.keys(prices)
  return rowsOf([
    {
      origin,
      models: slugs.map((slug) => aModel(slug)),
      providers: [aProvider('acorn')],
      endpoints: slugs.map((slug) => anEndpoint('acorn', slug, { price: aPrice({ prompt: prices[slug] ?? 0n }) })),
    },
  ])
}

const difference = (before: CatalogueRows, wanted: CatalogueRows, writer: 'seed' | 'import' = 'import') =>
  differenceOf(before, wanted, writer).map(({ kind, table, name, held }) => [kind, table, name, held])

describe('a difference', () => {
  it('is nothing between a catalogue and itself, whatever its origin is called', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a/b', 'a/c', 'd/e'), fc.bigInt({ min: 0n, max: 10n ** 15n })),
        (prices) => {
          expect(differenceOf(aPart(prices, 'import: one'), aPart(prices, 'import: two'), 'import')).toEqual([])
        },
      ),
    )
  })

  it('says what is new, what is gone, and both sides of a price that changed', () => {
    const before = aPart({ 'a/kept': 10n, 'a/gone': 10n })
    const wanted = aPart({ 'a/kept': 20n, 'a/new': 10n })
    expect(difference(before, wanted)).toEqual([
      ['added', 'models', 'a/new', null],
      ['added', 'endpoints', 'acorn/a/new', null],
      ['changed', 'prices', 'acorn/a/kept', null],
      ['added', 'prices', 'acorn/a/new', null],
      ['removed', 'endpoints', 'acorn/a/gone', null],
    ])
    const [change] = differenceOf(before, wanted, 'import').filter(({ kind }) => kind === 'changed')
    expect(change?.fields).toEqual({ prompt: { before: '10', after: '20' } })
  })

  it.each([
    [100n, 1_000n, null],
    [100n, 1_001n, 'prompt rose more than 10 times.'],
    [100n, 10n, null],
    [100n, 9n, 'prompt fell to less than a tenth.'],
    [100n, 0n, 'prompt fell to nothing.'],
    [0n, 1n, 'prompt rose from nothing.'],
  ])('holds a price back that moved too far: from %s to %s', (before, after, held) => {
    expect(difference(aPart({ 'a/b': before }), aPart({ 'a/b': after }))).toEqual([
      ['changed', 'prices', 'acorn/a/b', held],
    ])
  })

  it('looks into tiers too', () => {
    const tiered = (prompt: bigint) =>
      rowsOf([
        {
          origin: 'import: test',
          models: [],
          providers: [],
          endpoints: [
            anEndpoint('acorn', 'a/b', {
              price: aPrice({ tiers: [{ abovePromptTokens: 9, prompt, completion: 1n }] }),
            }),
          ],
        },
      ])
    const [change] = differenceOf(tiered(5n), tiered(0n), 'import')
    expect(change?.held).toBe('tiers (above 9 tokens, prompt) fell to nothing.')
  })

  it('leaves alone what belongs to somebody else', () => {
    const wanted = aPart({ 'a/b': 20n })
    expect(difference(aPart({ 'a/b': 10n, 'a/c': 1n }, 'operator'), wanted)).toEqual([])
    expect(difference(aPart({ 'a/b': 10n, 'a/c': 1n }, 'import: test'), wanted, 'seed')).toEqual([])
    expect(difference(aPart({ 'a/b': 10n }, 'seed: list'), wanted)).toEqual([['changed', 'prices', 'acorn/a/b', null]])
  })

  it('never moves a provider that is there to another address by import: credentials are sent to it', () => {
    const at = (baseUrl: string, slug = 'acorn') =>
      rowsOf([{ origin: 'import: test', models: [], providers: [aProvider(slug, { baseUrl })], endpoints: [] }])
    expect(difference(at('https://one.example'), at('https://other.example'))).toEqual([])
    expect(difference(at('https://one.example', 'birch'), at('https://other.example'))).toEqual([
      ['added', 'providers', 'acorn', null],
    ])
  })

  it('tells when a provider processes elsewhere than before', () => {
    const from = (...regions: string[]) =>
      rowsOf([{ origin: 'import: test', models: [], providers: [aProvider('acorn', { regions })], endpoints: [] }])
    expect(difference(from('de'), from('de'))).toEqual([])
    const [change] = differenceOf(from(), from('de'), 'import')
    expect(change).toMatchObject({ table: 'providers', fields: { regions: { before: [], after: ['de'] } }, held: null })
  })

  it('removes endpoints only of the providers that an import speaks of', () => {
    const before = aPart({ 'a/b': 10n })
    expect(
      difference(
        before,
        rowsOf([{ origin: 'import: test', models: [], providers: [aProvider('birch')], endpoints: [] }]),
      ),
    ).toEqual([['added', 'providers', 'birch', null]])
  })
})
