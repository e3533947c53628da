import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Endpoint, type EndpointId, type ModelSlug, parseUsd } from '@turnpike/domain'
import { testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import { readCatalogue, readCatalogueVersion } from './catalogue.ts'
import { writeCatalogue } from './catalogue-write.ts'
import { inTransaction, type Pool } from './pools.ts'
import { type CatalogueSeed, seedCatalogue } from './seed.ts'
import { listedEntries } from './seed-listed.ts'
import { simulatedFleet } from './seed-simulated.ts'

const SIMULATED: CatalogueSeed = { simulated: true, real: [] }

let database: TestDatabase
let owner: Pool
let gateway: Pool

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl)
  gateway = testPool(database.gatewayUrl)
})
afterAll(async () => {
  await Promise.all([owner.end(), gateway.end()])
  await database.drop()
})
beforeEach(() => seedCatalogue(database.ownerUrl, SIMULATED))

async function endpoint(id: string): Promise<Endpoint | undefined> {
  const catalogue = await readCatalogue(gateway)
  return [...catalogue.endpointsOf.values()].flat().find((candidate) => candidate.id === (id as EndpointId))
}

it('offers the simulated fleet, its prices told apart by provider', async () => {
  const catalogue = await readCatalogue(gateway)
  const of = (model: string) => catalogue.endpointsOf.get(model as ModelSlug) ?? []
  expect([...catalogue.models.keys()]).toEqual(['sim/embed-small', 'sim/owl-reasoner', 'sim/sage-70b', 'sim/swift-8b'])
  expect(of('sim/swift-8b').map(({ provider, price }) => [provider, price?.prompt])).toEqual([
    ['acorn', 50_000_000n],
    ['birch', 45_000_000n],
    ['cedar', 35_000_000n],
    ['dogwood', 25_000_000n],
    ['elm', 60_000_000n],
    ['fir', 100_000_000n],
  ])
  expect(of('sim/sage-70b')[0]?.price?.cacheRead).toBe(60_000_000n)
  expect([...catalogue.providers.values()].every((provider) => provider.simulated)).toBe(true)
  expect([...catalogue.models.values()].every((model) => model.name.endsWith('(simulated)'))).toBe(true)
})

it('changes nothing when it runs again, in any number of processes', async () => {
  const before = await readCatalogueVersion(gateway)
  const again = await Promise.all([1, 2, 3].map(() => seedCatalogue(database.ownerUrl, SIMULATED)))
  expect(again).toEqual([1, 2, 3].map(() => ({ version: before, changed: false, skipped: 0 })))
})

it('adds a version when a price changes and keeps the old one', async () => {
  const before = await endpoint('acorn/sim/swift-8b')
  const fleet = simulatedFleet()
  const [first] = fleet.endpoints
  if (!first?.price) throw new Error('the fleet has no price')
  const price = {
    version: 1,
    prompt: 9_007_199_254_740_993n,
    completion: 2n,
    cacheRead: 0n,
    request: 4n,
    tiers: [{ abovePromptTokens: 10, prompt: 9_007_199_254_740_995n, completion: 3n, cacheWrite: 1n }],
  }
  const dearer = { ...fleet, endpoints: [{ ...first, price }] }
  const write = () => inTransaction(owner, (client) => writeCatalogue(client, dearer))
  expect(await write()).toBe(1)
  expect(await write()).toBe(0)
  const version = (before?.price?.version ?? 0) + 1
  expect((await endpoint(first.id))?.price).toEqual({ ...price, version })
  const { rows } = await owner.query('SELECT version FROM endpoint_prices WHERE endpoint_id = $1 ORDER BY 1', [
    first.id,
  ])
  expect(rows).toHaveLength(version)
})

it('does not use a price before it begins', async () => {
  const before = await endpoint('fir/sim/swift-8b')
  await owner.query(`INSERT INTO endpoint_prices (endpoint_id, version, prompt, completion, effective_from, origin)
    VALUES ('fir/sim/swift-8b', 99, 1, 1, now() + interval '1 hour', 'seed: test')`)
  expect((await endpoint('fir/sim/swift-8b'))?.price).toEqual(before?.price)
})

it('keeps an endpoint without a price, so that routing can say why', async () => {
  await owner.query(`INSERT INTO endpoints (id, model_slug, provider_slug, upstream_model, context_length, origin)
    VALUES ('acorn/unpriced', 'sim/swift-8b', 'acorn', 'x', 1, 'operator')`)
  expect(await endpoint('acorn/unpriced')).toMatchObject({ price: null })
})

it('lets real providers join and leave, and remembers them', async () => {
  const joined = await seedCatalogue(database.ownerUrl, { simulated: true, real: [{ slug: 'anthropic' }] })
  const catalogue = await readCatalogue(gateway)
  expect(joined).toMatchObject({ changed: true, version: catalogue.version })
  const [claude] = catalogue.endpointsOf.get('anthropic/claude-sonnet-4-5' as ModelSlug) ?? []
  expect(claude?.price).toMatchObject({
    prompt: 3_000_000_000n,
    completion: 15_000_000_000n,
    cacheRead: 300_000_000n,
    cacheWrite: 3_750_000_000n,
    tiers: [{ abovePromptTokens: 200_000, prompt: 6_000_000_000n, completion: 22_500_000_000n }],
  })
  await seedCatalogue(database.ownerUrl, SIMULATED)
  expect(await endpoint('anthropic/anthropic/claude-sonnet-4-5')).toBeUndefined()
  await seedCatalogue(database.ownerUrl, { simulated: false, real: [{ slug: 'anthropic' }] })
  expect((await endpoint('anthropic/anthropic/claude-sonnet-4-5'))?.price?.version).toBe(claude?.price?.version)
  expect(await endpoint('acorn/sim/swift-8b')).toBeUndefined()
})

it('leaves alone what an operator made their own', async () => {
  await owner.query(`UPDATE endpoints SET origin = 'operator', enabled = false WHERE id = 'elm/sim/owl-reasoner'`)
  await owner.query(`INSERT INTO endpoint_prices (endpoint_id, version, prompt, completion, effective_from, origin)
    VALUES ('birch/sim/owl-reasoner', 2, 77, 78, now(), 'operator')`)
  expect(await seedCatalogue(database.ownerUrl, SIMULATED)).toMatchObject({ changed: false })
  expect(await endpoint('elm/sim/owl-reasoner')).toBeUndefined()
  expect((await endpoint('birch/sim/owl-reasoner'))?.price).toMatchObject({ version: 2, prompt: 77n })
})

it('serves the models of a compatible server at an explicit price of zero', async () => {
  await seedCatalogue(database.ownerUrl, {
    simulated: false,
    real: [
      { slug: 'compatible', baseUrl: 'http://127.0.0.1:8000/v1/', models: [{ name: 'qwen/q3', contextLength: 4_096 }] },
    ],
  })
  const catalogue = await readCatalogue(gateway)
  expect([...catalogue.providers.values()].find(({ slug }) => (slug as string) === 'compatible')).toMatchObject({
    baseUrl: 'http://127.0.0.1:8000/v1',
    simulated: false,
  })
  expect(await endpoint('compatible/compatible/qwen/q3')).toMatchObject({
    upstreamModel: 'qwen/q3',
    contextLength: 4_096,
    price: { prompt: 0n, completion: 0n },
  })
})

it.each(['openai', 'anthropic', 'google'] as const)(
  'converts the prices of %s without losing a nano-dollar',
  (slug) => {
    const { entries, skipped } = listedEntries({ slug, baseUrl: 'https://proxy.example/' })
    expect(entries.endpoints.length).toBeGreaterThan(10)
    expect(skipped).toBeGreaterThan(0)
    expect(entries.providers[0]?.baseUrl).toBe('https://proxy.example')
    for (const { id, price } of entries.endpoints) {
      expect(price?.prompt, id).toBeGreaterThan(0n)
      for (const tier of price?.tiers ?? []) expect(tier.prompt, id).toBeGreaterThan(price?.prompt ?? 0n)
    }
  },
)

it('follows dated prices from their day on', () => {
  const prices = ['2025-06-09', '2025-06-11'].map((day) => {
    const { entries } = listedEntries({ slug: 'openai' }, new Date(day))
    return entries.endpoints.find((candidate) => candidate.upstreamModel === 'o3')?.price?.prompt
  })
  expect(prices).toEqual([parseUsd('10'), parseUsd('2')])
})

it('names the price list that is installed as the origin', async () => {
  const folder = path.resolve(import.meta.dirname, '../../../node_modules/@pydantic/genai-prices/package.json')
  const { name, version } = JSON.parse(await readFile(folder, 'utf8')) as { name: string; version: string }
  expect(listedEntries({ slug: 'openai' }).entries.origin).toBe(`seed: ${name} ${version}`)
})
