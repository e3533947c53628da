import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLogger } from '@turnpike/server'
import { mintKey, newSecretsText, openKeySecrets, operatorKey } from '@turnpike/store'
import { insertTenant, testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { gatewayConfig } from '../../config.ts'
import { listen } from '../../gateway.module.ts'
import { buildGateway } from '../../gateway.ts'

const SECRETS = newSecretsText()

let database: TestDatabase
let home: string
let gateway: { url: string; close: () => Promise<void> }
/** The operator's key, and one of somebody with play money. */
let keys: { operator: string; player: string; management: string }

beforeAll(async () => {
  database = await testDatabase()
  // Nobody stands in here: what is listed and not served is shown too.
  const owner = testPool(database.ownerUrl)
  await owner.query(`UPDATE providers SET simulated = false WHERE NOT starts_with(base_url, '/')`)
  await owner.end()
  home = await mkdtemp(path.join(tmpdir(), 'turnpike-models-'))
  const operator = await operatorKey(database.appUrl, SECRETS, null)
  const signing = openKeySecrets(SECRETS)
  const [player, management] = [mintKey(signing, 'live'), mintKey(signing, 'mgmt')]
  await insertTenant(database.ownerUrl, { funds: 'simulated', key: player })
  await insertTenant(database.ownerUrl, { funds: 'simulated', key: { ...management, kind: 'mgmt' } })
  keys = { operator, player: player.key, management: management.key }
  const config = gatewayConfig({
    GATEWAY_PORT: '0',
    DATABASE_URL: database.gatewayUrl,
    KEY_SECRETS: SECRETS,
    JOURNAL_DIR: path.join(home, 'journal'),
    SIMULATOR_URL: 'http://127.0.0.1:9',
    OPENAI_API_KEY: 'nobody sends it anywhere',
    HEALTH_PROBES: 'off',
    DRAIN_TIMEOUT_MS: '100',
  })
  const log = createLogger({ name: 'gateway', level: 'fatal' })
  gateway = await listen(await buildGateway(config, log), log)
})
afterAll(async () => {
  await gateway.close()
  await database.drop()
  await rm(home, { recursive: true, force: true })
})

interface Body {
  readonly id: string
  readonly served: boolean
  readonly tag: string
  readonly status: number
  readonly pricing: Record<string, unknown>
  readonly slug: string
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly data: Body[] & { endpoints: Body[]; count: number; id: string }
  readonly error: { readonly message: string; readonly param: string | null }
  readonly id: string
  readonly links: { readonly next: string | null }
  readonly total_count: number
}

async function get(place: string, key?: string): Promise<Answer> {
  const reply = await fetch(`${gateway.url}/api/v1/${place}`, {
    headers: key ? { authorization: `Bearer ${key}` } : {},
  })
  const text = await reply.text()
  return { ...(JSON.parse(text || '{}') as Answer), status: reply.status, headers: reply.headers }
}

it('lists several hundred models to anybody, served or not, those of the simulator first', async () => {
  const { data, total_count } = await get('models')
  expect(data.length).toBe(total_count)
  expect(data.length).toBeGreaterThan(350)
  expect(data.slice(0, 3).map(({ id }) => id)).toEqual(['sim/owl-reasoner', 'sim/sage-70b', 'sim/swift-8b'])
  expect(data.find(({ id }) => id === 'openai/gpt-5')?.served).toBe(true)
  expect(data.find(({ id }) => id === 'anthropic/claude-sonnet-4.5')?.served).toBe(false)
  expect((await get('models/count')).data.count).toBe(data.length)
  expect((await get('embeddings/models')).data.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['sim/embed-small', 'openai/text-embedding-3-small', 'voyageai/voyage-3.5']),
  )
})

it('sends the list once to who keeps it: the second time 304, until the catalogue changes', async () => {
  const url = `${gateway.url}/api/v1/models?sort=pricing-low-to-high`
  const first = await fetch(url)
  const etag = first.headers.get('etag') ?? ''
  await first.arrayBuffer()
  const second = await fetch(url, { headers: { 'if-none-match': `W/${etag}` } })
  expect([second.status, await second.text(), second.headers.get('etag')]).toEqual([304, '', etag])
  const other = await fetch(`${gateway.url}/api/v1/models`, { headers: { 'if-none-match': etag } })
  expect(other.status).toBe(200)
})

it('begins to answer with the whole list within 5 ms', async () => {
  const url = `${gateway.url}/api/v1/models`
  const took: number[] = []
  for (let i = 0; i < 20; i++) {
    const beganMs = performance.now()
    const reply = await fetch(url)
    took.push(performance.now() - beganMs)
    await reply.arrayBuffer()
  }
  expect(Math.min(...took)).toBeLessThan(5)
})

it('filters, searches, pages, and refuses by name what it does not understand', async () => {
  const cheap = await get('models?max_price=0.1&supported_parameters=tools&limit=2')
  expect([cheap.data.length, cheap.links.next]).toEqual([2, expect.stringContaining('limit=2&offset=2')])
  expect((await get('models?q=claude%20sonnet&context=900000')).data.map(({ id }) => id)).toContain(
    'anthropic/claude-sonnet-5',
  )
  const refused = await get('models?sort=pricing-low-to-hihg')
  expect([refused.status, refused.error.param]).toEqual([400, 'sort'])
  expect(refused.error.message).toContain('Did you mean pricing-low-to-high')
  const feed = await fetch(`${gateway.url}/api/v1/models?use_rss=true`)
  expect(feed.headers.get('content-type')).toContain('application/rss+xml')
})

it('tells a caller what it can use: play money buys simulated endpoints, the operator’s key ours too', async () => {
  expect((await get('models/user', keys.player)).data.map(({ id }) => id)).toEqual([
    'sim/owl-reasoner',
    'sim/sage-70b',
    'sim/swift-8b',
  ])
  const operators = (await get('models/user', keys.operator)).data.map(({ id }) => id)
  expect(operators).toEqual(expect.arrayContaining(['sim/swift-8b', 'openai/gpt-5']))
  expect(operators).not.toContain('anthropic/claude-sonnet-4.5')
  expect((await get('models/user')).status).toBe(401)
  expect((await get('models/user', keys.management)).status).toBe(403)
  expect((await get('models/user', keys.player)).headers.get('cache-control')).toContain('private')
})

it('names a model in every spelling of its address', async () => {
  for (const place of ['models/openai/gpt-5', 'models/openai%2Fgpt-5']) {
    expect(await get(place)).toMatchObject({ id: 'openai/gpt-5', status: 200 })
  }
  expect((await get('model/openai/gpt-5')).data.id).toBe('openai/gpt-5')
  const unknown = await get('models/openai/gpt5')
  expect([unknown.status, unknown.error.message]).toEqual([404, expect.stringContaining('Did you mean openai/gpt-5')])
})

it('shows every endpoint of a model, those without an account as not served', async () => {
  const { data } = await get('models/openai/gpt-5/endpoints')
  expect(data.endpoints.map(({ tag, served, status }) => [tag, served, status])).toEqual([
    ['openai', true, 0],
    ['openrouter', false, -10],
  ])
  expect(data.endpoints[0]).toMatchObject({ uptime_last_5m: null, latency_last_30m: null })
  expect((await get('models/openai/gpt-5/endpoints', keys.player)).status).toBe(200)
  expect((await get('models/openai/gpt-5/endpoints', 'tp_live_nonsense')).status).toBe(401)
  expect((await get('models/openai/gpt-5:free/endpoints')).data.endpoints).toEqual([])
  expect((await get('models/openai/gpt-5:nitro/endpoints')).data.endpoints).toHaveLength(2)
})

it('lists the providers, served ones first, and the endpoints that keep nothing', async () => {
  const { data } = await get('providers')
  expect(data.length).toBeGreaterThan(40)
  expect(data.slice(0, 7).every(({ served }) => served)).toBe(true)
  expect(data.find(({ slug }) => slug === 'amazon-bedrock')?.served).toBe(false)
  const kept = (await get('endpoints/zdr')).data
  expect(new Set(kept.map(({ tag }) => tag))).toEqual(new Set(['acorn', 'birch', 'cedar', 'dogwood', 'elm', 'fir']))
})
