import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { TenantId } from '@turnpike/domain'
import { createLogger } from '@turnpike/server'
import { inTransaction } from '@turnpike/store'
import { startFleet, waitFor, type Fleet } from '@turnpike/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openByokPublisher, OWN_MODEL, type ByokPublisher } from '../faults/own.fixture.ts'
import { answerWell, startProvider, type OwnProvider } from '../faults/upstream-provider.fixture.ts'
import { gatewayConfig } from '../src/config.ts'
import { listen } from '../src/gateway.module.ts'
import { buildGateway } from '../src/gateway.ts'

const ENDPOINT_SECRET = 'sk-of-the-box-0000-4471'
const CREDENTIAL_SECRET = 'sk-of-the-account-0000-5582'
const MESSAGES = [{ role: 'user', content: 'hello' }]
/** Keys are dealt out among tenants in turn. */
const [MINE, THEIRS, BROKE] = [0, 1, 2]

let box: OwnProvider
let fleet: Fleet
let own: ByokPublisher

beforeAll(async () => {
  box = await startProvider((asking) => answerWell(asking, 'from the box'))
  const { host } = new URL(box.origin)
  fleet = await startFleet({ gateways: 1, keys: 4, snapshot: true, environment: { EGRESS_ALLOW: host } })
  own = await openByokPublisher(fleet)
  await own.endpoint(tenantOf(MINE), { baseUrl: `${box.origin}/v1`, secret: ENDPOINT_SECRET })
  const isServed = async () => (await chat(gateway(), MINE)).status === 200
  await waitFor(isServed, { withinMs: 10_000, what: 'the first use of an endpoint' })
})
afterAll(async () => {
  await own?.close()
  await fleet?.drop()
  await box?.close()
})

function gateway(): string {
  const [one] = fleet.gateways
  if (!one) throw new Error('there is no gateway')
  return one.url
}

function tenantOf(key: number): TenantId {
  const tenantId = fleet.keys[key]?.tenantId
  if (!tenantId) throw new Error('the fleet has no such key')
  return tenantId
}

interface Answer {
  readonly model?: string
  readonly provider?: string
  readonly choices?: readonly { readonly message?: { readonly content: string } }[]
  readonly usage?: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: string; readonly message: string }
}

const headersOf = (key: number) => ({
  authorization: `Bearer ${fleet.keys[key]?.key}`,
  'content-type': 'application/json',
})

async function chat(api: string, key: number, body: Readonly<Record<string, unknown>> = {}) {
  const reply = await fetch(`${api}/chat/completions`, {
    method: 'POST',
    headers: headersOf(key),
    body: JSON.stringify({ model: OWN_MODEL, messages: MESSAGES, ...body }),
  })
  const text = await reply.text()
  const id = reply.headers.get('x-generation-id') ?? ''
  return { status: reply.status, id, text, json: text.startsWith('{') ? (JSON.parse(text) as Answer) : {} }
}

async function get(
  where: string,
  key: number,
): Promise<{ status: number; text: string; data: Record<string, unknown> }> {
  const reply = await fetch(`${gateway()}${where}`, { headers: headersOf(key) })
  const text = await reply.text()
  return { status: reply.status, text, data: (JSON.parse(text) as { data: Record<string, unknown> }).data }
}

/** Three tokens in and one out, at the declared price; the provider's own bill, and none of ours. */
const USAGE = {
  ...{ prompt_tokens: 3, completion_tokens: 1, cost: 0, is_byok: true },
  cost_details: { upstream_inference_cost: 0.000005 },
}

describe('an endpoint of a tenant’s own', () => {
  it('answers under the tenant’s name for it, with its own secret, at its declared price and no cost here', async () => {
    const before = box.asked.length
    const { status, json, id } = await chat(gateway(), MINE)
    expect(status).toBe(200)
    expect(json).toMatchObject({ model: OWN_MODEL, provider: 'The box', usage: USAGE })
    expect(json.choices?.[0]?.message?.content).toBe('from the box')
    expect(box.asked.slice(before).map(({ request }) => [request.url, request.headers.authorization])).toEqual([
      ['/v1/chat/completions', `Bearer ${ENDPOINT_SECRET}`],
    ])
    const { data } = await waitFor(
      async () => {
        const found = await get(`/generation?id=${id}`, MINE)
        return found.status === 200 ? found : null
      },
      { withinMs: 5_000, what: 'its record' },
    )
    expect(data).toMatchObject({
      ...{ is_byok: true, total_cost: 0, upstream_inference_cost: 0.000005, provider_name: '~box' },
      provider_responses: [{ is_byok: true, outcome: 'answered' }],
    })
    expect((await get('/key', MINE)).data).toMatchObject({ usage: 0 })
  })

  it('streams', async () => {
    const { status, text } = await chat(gateway(), MINE, { stream: true })
    expect(status).toBe(200)
    const events = text.split('\n\n').filter((event) => event.startsWith('data: '))
    expect(events.at(-1)).toBe('data: [DONE]')
    expect(text).toContain('"content":"from the box"')
    expect(JSON.parse(events.at(-2)?.slice(6) ?? '')).toMatchObject({ usage: USAGE })
  })

  it('is nothing to anybody else: another tenant gets 400, and no public list has it', async () => {
    const { status, json } = await chat(gateway(), THEIRS)
    expect([status, json.error?.code]).toEqual([400, 'model_unknown'])
    for (const key of [MINE, THEIRS]) {
      for (const where of ['/models', '/providers', '/models/sim/swift-8b/endpoints']) {
        expect((await get(where, key)).text.match(/~(?:tenant|box)/g)).toBeNull()
      }
    }
    expect((await get('/models/user', THEIRS)).text).not.toContain(OWN_MODEL)
    expect((await get('/models/user', MINE)).text).toContain(OWN_MODEL)
  })

  it('at a private address is refused where the operator allows none, and nothing is sent', async () => {
    const config = gatewayConfig({
      GATEWAY_PORT: '0',
      OPS_PORT: '0',
      DATABASE_URL: fleet.postgres.gatewayUrl,
      REDIS_URL: fleet.redis.url,
      KEY_SECRETS: fleet.keySecrets,
      CREDENTIAL_SECRETS: fleet.credentialSecrets,
      JOURNAL_DIR: await mkdtemp(path.join(fleet.home, 'journal-')),
      DRAIN_TIMEOUT_MS: '1000',
    })
    const log = createLogger({ name: 'gateway', level: 'fatal' })
    const strict = await listen(await buildGateway(config, log), log)
    try {
      const before = box.asked.length
      const refused = await waitFor(
        async () => {
          const answer = await chat(`${strict.url}/api/v1`, MINE)
          return answer.json.error?.code === 'store_unavailable' ? null : answer
        },
        { withinMs: 10_000, what: 'a ready gateway' },
      )
      expect([refused.status, refused.json.error?.code]).toEqual([502, 'upstream_unreachable'])
      expect(refused.json.error?.message).toContain('was not called')
      expect(box.asked.length).toBe(before)
    } finally {
      await strict.close()
    }
  })

  it('and a credential of the tenant’s go on while PostgreSQL and Redis are away, and after a start in that time', async () => {
    await own.credential(tenantOf(MINE), { provider: 'acorn', secret: CREDENTIAL_SECRET })
    const byCredential = () => chat(gateway(), MINE, { model: 'sim/swift-8b' })
    const isOwn = async () => (await byCredential()).json.usage?.['is_byok'] === true
    await waitFor(isOwn, { withinMs: 5_000, what: 'the use of a credential' })
    const proxies = fleet.gateways.flatMap(({ redis, postgres }) => [redis, postgres])
    const expectServed = async () => {
      for (const { status, json } of [await chat(gateway(), MINE), await byCredential()]) {
        expect([status, json.usage?.['is_byok']], json.error?.message).toEqual([200, true])
      }
      expect((await chat(gateway(), MINE, { stream: true })).text).toContain('data: [DONE]')
    }
    await Promise.all(proxies.map((proxy) => proxy.set({ kind: 'refuse' })))
    try {
      for (let i = 0; i < 5; i++) await expectServed()
      await fleet.gateways[0]?.stop()
      await fleet.gateways[0]?.start()
      await expectServed()
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.heal()))
    }
  })

  it('is not paid with credits: it is served without credits, when the operator’s endpoints are 402', async () => {
    const tenantId = tenantOf(BROKE)
    await emptyPurse(tenantId)
    await own.endpoint(tenantId, { baseUrl: `${box.origin}/v1` })
    const isServed = async () => (await chat(gateway(), BROKE)).status === 200
    await waitFor(isServed, { withinMs: 10_000, what: 'the first use of an endpoint' })
    expect(box.asked.at(-1)?.request.headers.authorization).toBeUndefined()
    const { status, json } = await chat(gateway(), BROKE, { model: 'sim/swift-8b' })
    expect([status, json.error?.code]).toEqual([402, 'credit_exhausted'])
  })
})

it('no secret of a tenant is in clear in a log, a metric, Redis, the database, the journal or the snapshot', async () => {
  const [one] = fleet.gateways
  const places = {
    log: one?.log() ?? '',
    metrics: await (await fetch(`${one?.opsUrl}/metrics`)).text(),
    redis: await allOfRedis(),
    database: await allOfDatabase(),
    disk: await allOfDisk(path.join(fleet.home, 'gateway-1')),
  }
  expect(Object.entries(places).filter(([, text]) => text === '')).toEqual([])
  expect(places.database).toContain('"box"')
  const clear = Object.entries(places).filter(([, text]) =>
    [ENDPOINT_SECRET, CREDENTIAL_SECRET].some((secret) => text.includes(secret)),
  )
  expect(clear.map(([place]) => place)).toEqual([])
})

async function allOfRedis(): Promise<string> {
  const { client } = fleet.redis
  const values: unknown[] = []
  for (const key of await client.keys('*')) {
    const kind = await client.type(key)
    values.push(key, kind === 'string' ? await client.get(key) : kind === 'hash' ? await client.hgetall(key) : kind)
  }
  return values.length === 0 ? '' : JSON.stringify(values)
}

async function allOfDatabase(): Promise<string> {
  const { rows } = await inTransaction(
    fleet.postgres.pool,
    (client) =>
      client.query<{ all: string }>(`SELECT coalesce(jsonb_agg(r)::text, '') AS all FROM (
        SELECT to_jsonb(c) AS r FROM own_credentials c UNION ALL SELECT to_jsonb(e) FROM own_endpoints e
        UNION ALL SELECT to_jsonb(a) FROM audit_entries a UNION ALL SELECT to_jsonb(u) FROM usage_events u) AS rows`),
    AS_SYSTEM,
  )
  return rows[0]?.all ?? ''
}

async function allOfDisk(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  // A segment that was shipped meanwhile is gone.
  const textOf = (file: string) =>
    readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
  return (await Promise.all(files.map(textOf))).join('\n')
}

/** Takes back what the fleet gave. */
async function emptyPurse(tenantId: TenantId): Promise<void> {
  const { pool } = fleet.postgres
  const { rows } = await inTransaction(
    pool,
    (client) =>
      client.query<{ balance: string }>(
        `SELECT balance FROM ledger_accounts WHERE tenant_id = $1 AND kind = 'credits_simulated'`,
        [tenantId],
      ),
    AS_SYSTEM,
  )
  const amount = BigInt(rows[0]?.balance ?? 0)
  const postings = [
    { tenant_id: tenantId, kind: 'credits_simulated', amount: (-amount).toString() },
    { tenant_id: null, kind: 'credits_simulated_granted', amount: amount.toString() },
  ]
  const posting = [`ungrant:${tenantId}`, 'grant', JSON.stringify(postings)]
  await inTransaction(pool, (client) => client.query('SELECT post_ledger($1, $2, $3)', posting), AS_SYSTEM)
}

const AS_SYSTEM = 'BEGIN; SET LOCAL ROLE turnpike_system'
