import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  NANO_PER_USD,
  newRequestId,
  ownTarget,
  TOKENS_MAX,
  type OwnId,
  type Price,
  type RouteRequest,
} from '@turnpike/domain'
import { findRequest, inTransaction, Journal, Shipper, type Pool, type UsageRecord } from '@turnpike/store'
import {
  aCaller,
  anEndpoint,
  aPrice,
  insertTenant,
  testDatabase,
  testPool,
  type TestDatabase,
  type TestTenant,
} from '@turnpike/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { completionBody, completionRequestOf } from './api/chat/completion.schema.ts'
import {
  embeddingBody,
  embeddingRequestOf,
  featuresOf as embeddingFeatures,
} from './api/embeddings/embeddings.schema.ts'
import { chatRequestOf } from './api/inference/chat-request.ts'
import { chatBody } from './api/inference/chat.schema.ts'
import { modelsOf, preferencesOf, type RoutingBody } from './api/inference/routing.schema.ts'
import { NOTHING } from './call/answer.ts'
import { attemptOf } from './call/attempt.ts'
import { aCall, aRoutingContext, routeCall } from './call/call.fixture.ts'
import type { Call } from './call/call.ts'
import { Meter } from './call/meter.ts'
import { Tally } from './call/tally.ts'
import { aTarget } from './connect/failover.fixture.ts'
import { extremesOf } from './extremes.fixture.ts'
import { HealthTracker } from './health/tracker.ts'
import { parse } from './http/parse.ts'
import { featuresOf } from './route/features.ts'

let database: TestDatabase
let gateway: Pool
let owner: Pool
let folder: string
let journal: Journal
let tenant: TestTenant

beforeAll(async () => {
  database = await testDatabase()
  gateway = testPool(database.gatewayUrl)
  owner = testPool(database.ownerUrl)
})
afterAll(async () => {
  await Promise.all([gateway.end(), owner.end()])
  await database.drop()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'turnpike-bounds-'))
  journal = await Journal.open({ folder, segmentBytes: 4 << 20 })
  tenant = await insertTenant(database.ownerUrl, { funds: 'simulated' })
})
afterEach(async () => {
  await journal.close()
  await rm(folder, { recursive: true })
})

type Recorded = Pick<Call, 'kind' | 'endUser' | 'requestedModel' | 'routeRequest'>

const MODEL = { model: 'sim/swift-8b' }

function requestOf(body: RoutingBody, features: Omit<RouteRequest, 'models' | 'preferences'>): RouteRequest {
  return { models: modelsOf(body), ...features, preferences: preferencesOf(body) }
}

function recorded(kind: Call['kind'], endUser: string | undefined, routeRequest: RouteRequest): Recorded {
  return { kind, endUser: endUser ?? null, requestedModel: routeRequest.models[0] ?? '', routeRequest }
}

/** Each body that is recorded: its schema, and what of it reaches the record. */
const BODIES: readonly [string, z.ZodObject, (written: unknown) => Recorded][] = [
  [
    'chat',
    chatBody,
    (written) => {
      const body = parse(chatBody, written)
      const chat = chatRequestOf(body)
      return recorded('chat', chat.user, requestOf(body, featuresOf(chat)))
    },
  ],
  [
    'completion',
    completionBody,
    (written) => {
      const body = parse(completionBody, written)
      const chat = completionRequestOf(body)
      return recorded('completion', chat.user, requestOf(body, featuresOf(chat)))
    },
  ],
  [
    'embeddings',
    embeddingBody,
    (written) => {
      const body = parse(embeddingBody, written)
      const embedding = embeddingRequestOf(body)
      return recorded('embedding', embedding.user, requestOf(body, embeddingFeatures(embedding)))
    },
  ],
]

/** Fields whose bounds are no part of the schema's shape, since they have two forms. */
const PROVIDER_EXTREMES = [
  { max_price: { prompt: '999999999999.999999999', request: 0 } },
  { preferred_max_latency: { p50: 0, p99: 900 } },
  { preferred_min_throughput: 1_000_000 },
]

/** Has the request answered, with the longest counts, and recorded. */
async function serve(changes: Partial<Call>, price: Price = aPrice(), own?: OwnId): Promise<UsageRecord> {
  const endpoint = anEndpoint('acorn', MODEL.model, { price })
  const id = newRequestId(Date.UTC(2026, 10, 21, 12), randomBytes(20))
  const { tenantId, workspaceId, keyId } = tenant
  const caller = aCaller({ tenantId, workspaceId, keyId, funds: 'simulated' })
  const { progress } = routeCall(aCall([MODEL.model], { id, streamed: true }, caller), aRoutingContext([endpoint]))
  const call = { ...progress.call, ...changes }
  Object.assign(progress, { call, resolved: { ...progress.resolved, routeRequest: call.routeRequest } })
  let ended: UsageRecord | undefined
  const log = {
    begin: (begun: Parameters<Journal['begin']>[0]) => journal.begin(begun),
    end: (record: UsageRecord) => journal.end((ended = record)),
  }
  const target = { ...aTarget(endpoint.id), ...(own && { id: ownTarget(endpoint.id, own) }), endpoint }
  const meter = new Meter(progress, log, new HealthTracker(), () => 1_010)
  progress.record(attemptOf(target, call, 0, 10, null))
  const tally = new Tally()
  meter.answered({ target, head: [], rest: NOTHING, sentBytes: 4_000 }, tally)
  tally.add({
    text: 'one',
    usage: { promptTokens: TOKENS_MAX, completionTokens: TOKENS_MAX },
    finish: { reason: 'stop', native: 'stop' },
  })
  await meter.settle()
  if (!ended) throw new Error('a call that is settled was not recorded')
  return ended
}

/** Ships what was recorded. Rejects unless PostgreSQL takes each row as it is. */
async function ship(records: readonly UsageRecord[]): Promise<void> {
  const shipper = new Shipper({ journal, pool: gateway, node: 'test', random: () => 0 })
  expect(await shipper.flush({ deadlineMs: 20_000 })).toBe(true)
  await shipper.close()
  expect(shipper.stats()).toMatchObject({
    shipped: records.length,
    unexplained: 0,
    refused: 0,
    alarmed: 0,
    failures: 0,
  })
  for (const { requestId, costNanoUsd, upstreamCostNanoUsd } of records) {
    const found = await findRequest(gateway, tenant.tenantId, requestId)
    expect(found, requestId).toMatchObject({ costNanoUsd, upstreamCostNanoUsd })
  }
}

/** The bound of tokens that what-if reads, by request. */
async function maxTokensKept(): Promise<Map<string, number | null>> {
  const begin = 'BEGIN; SET LOCAL ROLE turnpike_system'
  const text = 'SELECT request_id, max_tokens FROM request_features WHERE tenant_id = $1'
  const { rows } = await inTransaction(
    owner,
    (client) => client.query<{ request_id: string; max_tokens: number | null }>(text, [tenant.tenantId]),
    begin,
  )
  return new Map(rows.map((row) => [row.request_id, row.max_tokens]))
}

describe.each(BODIES)('a %s body', (_, schema, recordedOf) => {
  const extremes = extremesOf(schema)

  it('has a lowest and a highest value for each of its numbers', () => {
    const numbers = extremes.flatMap(({ field, value }) => leavesOf(value).map((leaf) => ({ field, leaf })))
    expect(numbers.filter(({ leaf }) => Math.abs(leaf) > Number.MAX_SAFE_INTEGER)).toEqual([])
    expect(extremes.map(({ field }) => field)).toEqual(expect.arrayContaining(['model', 'user', 'session_id']))
  })

  it('leaves a row that arrives with its amount, whatever the schema accepts', async () => {
    const bodies = [
      ...extremes.map(({ value }) => ({ ...MODEL, ...(value as object) })),
      ...PROVIDER_EXTREMES.map((provider) => ({ ...MODEL, ...(extremes[0]?.value as object), provider })),
    ]
    const records: UsageRecord[] = []
    for (const body of bodies) records.push(await serve(recordedOf(body)))
    await ship(records)
    const kept = await maxTokensKept()
    for (const { requestId, features } of records) expect(kept.get(requestId)).toBe(features?.maxTokens)
  })
})

it('an own endpoint at its dearest leaves rows that arrive with what they cost, and so do their sums', async () => {
  const dearest = 10_000n * NANO_PER_USD
  const price = aPrice({ prompt: dearest, completion: dearest, cacheRead: dearest, request: dearest })
  const own = '00000000-0000-4000-8000-000000000001' as string as OwnId
  const records = [await serve({}, price, own), await serve({}, price, own), await serve({})]
  await ship(records)
  expect(records.map(({ costNanoUsd }) => costNanoUsd > 0n)).toEqual([false, false, true])
})

function leavesOf(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : []
}
