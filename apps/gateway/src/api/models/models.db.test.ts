import { mkdtemp, rm } from 'node:fs/promises'
import { request, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
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
let gateway: { url: string; opsUrl: string; close: () => Promise<void> }
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
    OPS_PORT: '0',
    TRUSTED_PROXIES: '127.0.0.1',
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

/** As a client that decompresses nothing by itself. */
function raw(
  place: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request(`${gateway.url}${place}`, { headers }, (reply) => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) }),
      )
    })
      .on('error', reject)
      .end()
  })
}

const COMPRESSED = ['models', 'endpoints/zdr', 'providers', 'models/openai/gpt-5/endpoints']

it.each(COMPRESSED)('sends %s compressed to who takes that, and an entity tag for each form', async (place) => {
  const forms = { identity: (body: Buffer) => body, gzip: gunzipSync, br: brotliDecompressSync }
  // A query that was asked for once is not compressed.
  await raw(`/api/v1/${place}`)
  const bodies = new Set<string>()
  const tags = new Map<string, string>()
  for (const [encoding, decompress] of Object.entries(forms)) {
    const reply = await raw(`/api/v1/${place}`, { 'accept-encoding': encoding })
    expect([reply.status, reply.headers.vary]).toEqual([200, 'accept-encoding'])
    expect(reply.headers['content-encoding'] ?? 'identity').toBe(encoding)
    bodies.add(decompress(reply.body).toString())
    tags.set(encoding, reply.headers.etag ?? '')
  }
  expect([bodies.size, new Set(tags.values()).size]).toEqual([1, 3])
  for (const etag of tags.values()) expect(etag).toMatch(/^"[\w-]+"$/)
})

it('sends 304 for every form that the client has and takes, and the whole for one that it does not take', async () => {
  const tagOf = async (encoding: string) =>
    (await raw('/api/v1/models', { 'accept-encoding': encoding })).headers.etag ?? ''
  const [identity, gzip] = [await tagOf('identity'), await tagOf('gzip')]
  const ask = async (encoding: string, etag: string) => {
    const { status, body, headers } = await raw('/api/v1/models', {
      'accept-encoding': encoding,
      'if-none-match': etag,
    })
    return [status, body.length > 0, headers.etag, headers.vary]
  }
  expect(await ask('gzip', gzip)).toEqual([304, false, gzip, 'accept-encoding'])
  expect(await ask('gzip', `"another", W/${identity}`)).toEqual([304, false, identity, 'accept-encoding'])
  expect(await ask('identity', gzip)).toEqual([200, true, identity, 'accept-encoding'])
  expect(await ask('gzip', '"another"')).toEqual([200, true, gzip, 'accept-encoding'])
})

it('is a tenth as long when it is compressed', async () => {
  const whole = await raw('/api/v1/models')
  const short = await raw('/api/v1/models', { 'accept-encoding': 'gzip, br' })
  expect(short.body.length).toBeLessThan(whole.body.length / 10)
})

it('shows figures on the port of operations and nothing of them on the public one', async () => {
  for (const place of ['/metrics', '/readyz', '/api/v1/metrics', '/metrics/', '//metrics']) {
    expect((await raw(place)).status).toBe(404)
  }
  expect((await raw('/livez')).status).toBe(200)
  expect(await (await fetch(`${gateway.opsUrl}/metrics`)).text()).toContain('turnpike_requests_in_flight')
  expect((await fetch(`${gateway.opsUrl}/api/v1/models`)).status).toBe(404)
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

it('limits by address what needs no key, and neither who has one, nor browsers’ preflights, nor another network', async () => {
  const from = (address: string, place = '/api/v1/models/count', headers: Record<string, string> = {}) =>
    raw(place, { 'x-forwarded-for': address, ...headers })
  const statuses: number[] = []
  while (statuses.at(-1) !== 429 && statuses.length < 2_000) statuses.push((await from('2001:db8::1')).status)
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(200)
  const refused = await from('2001:db8::2')
  expect(refused.status).toBe(429)
  expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/)
  expect(JSON.parse(refused.body.toString())).toMatchObject({
    error: { code: 'rate_limited', metadata: { scope: 'address' } },
  })
  const authorization = `Bearer ${keys.operator}`
  expect((await from('2001:db8::1', '/api/v1/models/user', { authorization })).status).toBe(200)
  expect((await from('2001:db8::1', '/livez')).status).toBe(200)
  expect((await from('2001:db8:0:1::1')).status).toBe(200)
})
