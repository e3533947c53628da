import type { EndpointFigures, EndpointId, ProviderSlug } from '@turnpike/domain'
import { aCaller, aCatalogue, aModel, anEndpoint, aPrice, aProvider, aVersionedPolicy } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { listBytes } from './bytes.ts'
import { listingsFor, listingsOf, type Listing } from './listing.ts'
import { readModelQuery } from './query.ts'
import { select } from './select.ts'
import type { TargetDirectory } from '../../targets/target.ts'

const usd = (amount: number) => aPrice({ prompt: BigInt(amount) * 1_000_000_000n, completion: 0n })

const CATALOGUE = aCatalogue(
  [
    anEndpoint('acorn', 'sim/small', { price: usd(1) }),
    anEndpoint('groq', 'sim/small', { price: usd(5), supportedParameters: ['seed'] }),
    anEndpoint('openai', 'openai/gpt', { price: usd(3) }),
    anEndpoint('groq', 'meta/llama', { price: usd(2) }),
    anEndpoint('openai', 'openai/embed', { price: usd(4) }),
    anEndpoint('openai', 'openai/unpriced', { price: null }),
  ],
  {
    models: [
      aModel('sim/small', { contextLength: 8_000, created: 3 }),
      aModel('openai/gpt', { contextLength: 400_000, inputModalities: ['text', 'image'], created: 9 }),
      aModel('meta/llama', { distillable: true, categories: ['programming'] }),
      aModel('openai/embed', { outputModalities: ['embeddings'] }),
      aModel('openai/gone'),
    ],
    providers: [
      aProvider('acorn', { zeroRetention: true }),
      aProvider('groq', { simulated: false }),
      aProvider('openai', { simulated: false, retainsPrompts: true }),
    ],
  },
)

function reachOf(...reachable: string[]): TargetDirectory {
  return {
    catalogue: CATALOGUE,
    reachable: new Set(reachable as ProviderSlug[]),
    target: (id) => expect.unreachable(`${id} is called`),
  }
}

const slugs = (listings: readonly Listing[]) => listings.map(({ model }) => model.slug)
const REACH = reachOf('acorn', 'openai')

function found(
  query: Record<string, string>,
  figures: Record<string, Partial<EndpointFigures>> = {},
  directory = REACH,
) {
  const asked = readModelQuery(query, CATALOGUE)
  const figuresOf = (id: EndpointId) => {
    const known = figures[id]
    return known
      ? {
          uptime5m: null,
          uptime30m: null,
          uptime1d: null,
          latency30m: null,
          throughput30m: null,
          status: 0 as const,
          ...known,
        }
      : null
  }
  return slugs(select(listingsOf(directory), asked, CATALOGUE, figuresOf))
}

describe('the list of models', () => {
  it('has everything that somebody offers: simulated models first, then what is served, then the rest', () => {
    const all = listingsOf(REACH)
    expect(all.map(({ model, served }) => [model.slug, served])).toEqual([
      ['sim/small', true],
      ['openai/gpt', true],
      ['openai/embed', true],
      ['meta/llama', false],
      ['openai/unpriced', false],
    ])
    expect(listingsOf(REACH)).toBe(all)
  })

  it('lists simulated real providers after invented ones, and only for models that no real provider serves', () => {
    const maker = aProvider('maker', { baseUrl: 'https://maker.example/v1' })
    const catalogue = aCatalogue(
      [
        anEndpoint('maker', 'm/alone', { price: usd(9) }),
        anEndpoint('maker', 'm/both', { price: usd(1) }),
        anEndpoint('real', 'm/both', { price: usd(5) }),
        anEndpoint('acorn', 'sim/small'),
      ],
      { providers: [maker, aProvider('real', { simulated: false })] },
    )
    const listed = listingsOf({ ...REACH, catalogue, reachable: new Set(catalogue.providers.keys()) })
    expect(listed.map(({ model, cheapest, served }) => [model.slug, cheapest?.provider, served])).toEqual([
      ['sim/small', 'acorn', true],
      ['m/alone', 'maker', true],
      ['m/both', 'real', true],
    ])
  })

  it('shows the price that would be paid: of the cheapest endpoint that is served, else of the cheapest there is', () => {
    const promptOf = (directory: TargetDirectory, slug: string) =>
      listingsOf(directory).find(({ model }) => model.slug === slug)?.cheapest?.price?.prompt
    expect(promptOf(REACH, 'sim/small')).toBe(1_000_000_000n)
    expect(promptOf(reachOf('groq'), 'sim/small')).toBe(5_000_000_000n)
    expect(promptOf(reachOf(), 'sim/small')).toBe(1_000_000_000n)
  })

  it.each<[Record<string, string>, string[]]>([
    [{}, ['sim/small', 'openai/gpt', 'meta/llama', 'openai/unpriced']],
    [{ output_modalities: 'embeddings' }, ['openai/embed']],
    [{ output_modalities: 'all', model_authors: 'openai' }, ['openai/gpt', 'openai/embed', 'openai/unpriced']],
    [{ input_modalities: 'image,text' }, ['openai/gpt']],
    [{ context: '100000' }, ['openai/gpt']],
    [{ max_price: '2' }, ['sim/small', 'meta/llama']],
    [{ min_price: '2', max_price: '3' }, ['openai/gpt', 'meta/llama']],
    [{ max_output_price: '0', providers: 'openai' }, ['openai/gpt']],
    [{ distillable: 'true' }, ['meta/llama']],
    [{ zdr: 'true' }, ['sim/small']],
    [{ category: 'programming' }, ['meta/llama']],
    [{ category: 'legal' }, []],
    [{ supported_parameters: 'seed' }, []],
    [{ supported_parameters: 'tools', q: 'SMALL' }, ['sim/small']],
    [{ q: 'openai gpt' }, ['openai/gpt']],
    [{ sort: 'pricing-low-to-high' }, ['sim/small', 'meta/llama', 'openai/gpt', 'openai/unpriced']],
    [{ sort: 'pricing-high-to-low' }, ['openai/gpt', 'meta/llama', 'sim/small', 'openai/unpriced']],
    [{ sort: 'context-high-to-low' }, ['openai/gpt', 'meta/llama', 'openai/unpriced', 'sim/small']],
    [{ sort: 'newest' }, ['openai/gpt', 'sim/small', 'meta/llama', 'openai/unpriced']],
  ])('for %j is %j', (query, expected) => {
    expect(found(query)).toEqual(expected)
  })

  it('sorts by live figures, what nobody has asked yet last', () => {
    const p = (p50: number) => ({ p50, p75: p50, p90: p50, p99: p50 })
    const figures = {
      'acorn/sim/small': { latency30m: p(900), throughput30m: p(90) },
      'openai/openai/gpt': { latency30m: p(300), throughput30m: p(30) },
    }
    expect(found({ sort: 'latency-low-to-high' }, figures).slice(0, 2)).toEqual(['openai/gpt', 'sim/small'])
    expect(found({ sort: 'throughput-high-to-low' }, figures).slice(0, 2)).toEqual(['sim/small', 'openai/gpt'])
  })

  it('comes in pages that add up to the whole, each with the address of the next', () => {
    const place = (query: Record<string, string>) => ({ path: '/api/v1/models', query })
    const pageOf = (query: Record<string, string>) => {
      const asked = readModelQuery(query, CATALOGUE)
      const { body } = listBytes(
        select(listingsOf(REACH), asked, CATALOGUE, () => null),
        asked,
        place(query),
      )
      return JSON.parse(body.toString()) as {
        data: { id: string }[]
        total_count: number
        links: { next: string | null }
      }
    }
    const first = pageOf({ limit: '3', sort: 'newest', tracking: 'x' })
    expect(first).toMatchObject({ total_count: 4, has_more: true, first_id: 'openai/gpt' })
    expect(first.links.next).toBe('/api/v1/models?limit=3&sort=newest&offset=3')
    const second = pageOf(Object.fromEntries(new URLSearchParams(first.links.next?.split('?')[1])))
    expect(second.links.next).toBeNull()
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(found({ sort: 'newest' }))
  })

  it('is a feed for readers of RSS, whatever signs a name has', () => {
    const catalogue = aCatalogue([anEndpoint()], {
      models: [aModel('sim/swift-8b', { name: 'A & <B>\u0000', created: 1_700_000_000 })],
    })
    const directory = { ...REACH, catalogue }
    const asked = readModelQuery({ use_rss: 'true' }, catalogue)
    const { type, body } = listBytes(listingsOf(directory), asked, { path: '/api/v1/models', query: {} })
    expect(type).toContain('application/rss+xml')
    expect(body.toString()).toContain('<title>A &amp; &lt;B&gt;</title>')
    expect(body.toString()).toContain('<pubDate>Tue, 14 Nov 2023 22:13:20 GMT</pubDate>')
  })
})

describe('the list of a caller', () => {
  const mine = (caller: Parameters<typeof listingsFor>[0], directory = reachOf('acorn', 'groq', 'openai')) =>
    listingsFor(caller, directory, 0).map(({ model, endpoints }) => [
      model.slug,
      endpoints.map(({ provider }) => provider),
    ])

  it('has only what our accounts and its funds reach', () => {
    expect(mine(aCaller(), reachOf('acorn'))).toEqual([['sim/small', ['acorn']]])
    expect(mine(aCaller({ funds: 'simulated' }))).toEqual([['sim/small', ['acorn']]])
    expect(mine(aCaller({ kind: 'test' }))).toEqual([['sim/small', ['acorn']]])
  })

  it('has only what its policies leave, with the price of what is left', () => {
    const of = (policy: Parameters<typeof aVersionedPolicy>[0]) =>
      mine(aCaller({ policies: [aVersionedPolicy(policy)] }))
    expect(of({ ignore: ['openai', 'acorn'] })).toEqual([
      ['sim/small', ['groq']],
      ['meta/llama', ['groq']],
    ])
    expect(of({ data_collection: 'deny' }).flat()).not.toContain('openai/gpt')
    const [small] = listingsFor(
      aCaller({ policies: [aVersionedPolicy({ ignore: ['acorn'] })] }),
      reachOf('acorn', 'groq'),
      0,
    )
    expect(small?.cheapest?.provider).toBe('groq')
    expect(JSON.parse(small?.json ?? '{}')).toMatchObject({ pricing: { prompt: '0.000005' } })
  })
})
