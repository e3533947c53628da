import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Endpoint, EndpointId, ModelSlug, ProviderSlug } from '@turnpike/domain'
import { limitMs, testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import { readCatalogue, readCatalogueVersion } from './catalogue.ts'
import { writeCatalogue } from './write.ts'
import { inTransaction, type Pool } from '../connections/pools.ts'
import { type CatalogueSeed, seedCatalogue } from './seed.ts'
import { simulatedFleet } from './simulated-fleet.ts'

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

it('offers the simulated fleet, its prices different by provider', async () => {
  const catalogue = await readCatalogue(gateway)
  const of = (model: string) => catalogue.endpointsOf.get(model as ModelSlug) ?? []
  const simulated = [...catalogue.models.values()].filter(({ slug }) => slug.startsWith('sim/'))
  expect(simulated.map(({ slug }) => slug)).toEqual([
    'sim/embed-small',
    'sim/owl-reasoner',
    'sim/sage-70b',
    'sim/swift-8b',
  ])
  expect(of('sim/swift-8b').map(({ provider, price }) => [provider, price?.prompt])).toEqual([
    ['acorn', 50_000_000n],
    ['birch', 45_000_000n],
    ['cedar', 35_000_000n],
    ['dogwood', 25_000_000n],
    ['elm', 60_000_000n],
    ['fir', 100_000_000n],
  ])
  expect(of('sim/sage-70b')[0]?.price?.cacheRead).toBe(60_000_000n)
  const madeUp = [...catalogue.providers.values()].filter(({ baseUrl }) => baseUrl.startsWith('/'))
  expect(madeUp.map((provider) => provider.simulated)).toEqual([true, true, true, true, true, true])
  const regionsOf = (slug: string) => catalogue.providers.get(slug as ProviderSlug)?.regions
  expect(['birch', 'elm', 'mistral', 'groq'].map(regionsOf)).toEqual([['de'], ['sg'], ['eu'], []])
  expect(simulated.every((model) => model.name.endsWith('(simulated)') && model.distillable)).toBe(true)
})

it('has the simulator stand in for whom there is no account, anew at each start, and moves nobody', async () => {
  const withAccount: CatalogueSeed = { simulated: true, real: [{ slug: 'openai' }] }
  const played = async () => {
    const { providers } = await readCatalogue(gateway)
    return ['amazon-bedrock', 'openai'].map((slug) => {
      const provider = providers.get(slug as ProviderSlug)
      return [provider?.simulated, provider?.baseUrl, provider?.name]
    })
  }
  const expected = (bedrock: boolean, openai: boolean, name = 'OpenAI') => [
    [bedrock, '', 'Amazon Bedrock'],
    [openai, 'https://api.openai.com/v1', name],
  ]
  expect(await played()).toEqual(expected(true, true))
  expect(await seedCatalogue(database.ownerUrl, withAccount)).toMatchObject({ changed: true })
  expect(await played()).toEqual(expected(true, false))
  await seedCatalogue(database.ownerUrl, SIMULATED)
  expect(await played()).toEqual(expected(true, true))
  await seedCatalogue(database.ownerUrl, { simulated: false, real: [{ slug: 'openai' }] })
  expect(await played()).toEqual(expected(false, false))

  // Also where an import took the row over, of which the rest stays.
  await owner.query(`UPDATE providers SET origin = 'import: test', name = 'Theirs' WHERE slug = 'openai'`)
  try {
    const version = (await readCatalogueVersion(gateway)) + 1
    expect(await seedCatalogue(database.ownerUrl, { simulated: true, real: [] })).toMatchObject({ changed: true })
    expect(await played()).toEqual(expected(true, true, 'Theirs'))
    expect(await readCatalogueVersion(gateway)).toBeGreaterThanOrEqual(version)
    await seedCatalogue(database.ownerUrl, withAccount)
    expect(await played()).toEqual(expected(true, false, 'Theirs'))
    expect(await seedCatalogue(database.ownerUrl, withAccount)).toMatchObject({ changed: false })
  } finally {
    await owner.query(`UPDATE providers SET origin = 'seed: test' WHERE slug = 'openai'`)
  }
})

it('changes nothing when it runs again, in any number of processes', async () => {
  const before = await readCatalogueVersion(gateway)
  const again = await Promise.all([1, 2, 3].map(() => seedCatalogue(database.ownerUrl, SIMULATED)))
  expect(again).toEqual(
    [1, 2, 3].map(() => ({ version: before, changed: false, skipped: expect.any(Number), held: [] })),
  )
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
  const dearer = { ...fleet, providers: [], endpoints: [{ ...first, price }] }
  const write = () => inTransaction(owner, (client) => writeCatalogue(client, [dearer], 'import'))
  expect(await write()).toMatchObject({ written: 1 })
  expect(await write()).toMatchObject({ written: 0 })
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

it('lists real models at every provider that has them, whether or not there is an account', async () => {
  const catalogue = await readCatalogue(gateway)
  const endpoints = [...catalogue.endpointsOf.values()].flat()
  expect([catalogue.models.size > 350, endpoints.length > 700, catalogue.providers.size > 40]).toEqual([
    true,
    true,
    true,
  ])
  const sonnet = catalogue.endpointsOf.get('anthropic/claude-sonnet-4.5' as ModelSlug) ?? []
  expect(sonnet.map(({ provider, upstreamModel }) => [provider, upstreamModel])).toEqual([
    ['amazon-bedrock', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ['anthropic', 'claude-sonnet-4-5'],
    ['google-vertex', 'claude-sonnet-4-5'],
    ['openrouter', 'anthropic/claude-sonnet-4.5'],
  ])
  expect(sonnet[1]?.price).toMatchObject({
    prompt: 3_000_000_000n,
    completion: 15_000_000_000n,
    cacheRead: 300_000_000n,
    cacheWrite: 3_750_000_000n,
    tiers: [{ abovePromptTokens: 200_000, prompt: 6_000_000_000n, completion: 22_500_000_000n }],
  })
  const { rows } = await owner.query(`SELECT DISTINCT origin FROM endpoint_prices WHERE endpoint_id LIKE 'anthropic/%'`)
  expect(rows).toEqual([
    { origin: expect.stringMatching(/^seed: @pydantic\/genai-prices \d+\.\d+\.\d+, \d{4}-\d\d-\d\d$/) },
  ])
})

it('reaches a real provider where it is configured to be, and remembers its prices', async () => {
  const anthropic = async () => (await readCatalogue(gateway)).providers.get('anthropic' as ProviderSlug)
  const home = (await anthropic())?.baseUrl
  const proxied = { simulated: true, real: [{ slug: 'anthropic' as const, baseUrl: 'https://proxy.example/v1/' }] }
  expect(await seedCatalogue(database.ownerUrl, proxied)).toMatchObject({ changed: true })
  expect((await anthropic())?.baseUrl).toBe('https://proxy.example/v1')
  await seedCatalogue(database.ownerUrl, SIMULATED)
  expect((await anthropic())?.baseUrl).toBe(home)
  await seedCatalogue(database.ownerUrl, { simulated: false, real: [] })
  expect(await endpoint('elm/sim/swift-8b')).toBeUndefined()
  await seedCatalogue(database.ownerUrl, SIMULATED)
  expect((await endpoint('elm/sim/swift-8b'))?.price).toMatchObject({ version: 1 })
  expect((await endpoint('anthropic/anthropic/claude-sonnet-4.5'))?.price).toMatchObject({ version: 1 })
})

it('waits for somebody when the price of a list moved too far, and changes the rest', async () => {
  const id = 'groq/openai/gpt-oss-20b'
  await owner.query(
    `INSERT INTO endpoint_prices (endpoint_id, version, prompt, completion, effective_from, origin)
     SELECT endpoint_id, 2, prompt * 20, completion, now(), origin FROM endpoint_prices WHERE endpoint_id = $1`,
    [id],
  )
  await owner.query(`UPDATE models SET name = 'x' WHERE slug = 'openai/gpt-oss-20b'`)
  expect(await seedCatalogue(database.ownerUrl, SIMULATED)).toMatchObject({ changed: true, held: [id] })
  expect((await endpoint(id))?.price?.version).toBe(2)
  expect((await readCatalogue(gateway)).models.get('openai/gpt-oss-20b' as ModelSlug)?.name).not.toBe('x')
})

it('is read whole within 300 ms, so that a gateway starts at once', async () => {
  const took: number[] = []
  for (let i = 0; i < 5; i++) {
    const beganMs = performance.now()
    await readCatalogue(gateway)
    took.push(performance.now() - beganMs)
  }
  expect(Math.min(...took)).toBeLessThan(limitMs(300))
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
