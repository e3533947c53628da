import { randomBytes } from 'node:crypto'
import { newRequestId } from '@turnpike/domain'
import { createLogger, type Logger } from '@turnpike/server'
import {
  cancelWhatIf,
  claimWhatIf,
  createWhatIf,
  findWhatIf,
  openPrisma,
  type Pool,
  type PrismaClient,
  type WhatIfDetail,
} from '@turnpike/store'
import { insertTenant, testDatabase, testPool, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runWhatIf } from './run-what-if.ts'

const NOON_MS = Date.UTC(2026, 9, 5, 12)
const HOUR_MS = 3_600_000
/** A batch of rows is a thousand. */
const ROWS = 2_500

let database: TestDatabase
let app: Pool
let gateway: Pool
let prisma: PrismaClient
let tenant: TestTenant
const log: Logger = createLogger({ name: 'test', level: 'silent' })

beforeAll(async () => {
  database = await testDatabase()
  app = testPool(database.appUrl, 2)
  gateway = testPool(database.gatewayUrl, 1)
  const options = { max: 4, statementTimeoutMs: 10_000, connectTimeoutMs: 5_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
  tenant = await insertTenant(database.ownerUrl, { balanceNano: 1_000_000_000n })
  await ship(tenant, ROWS)
})
afterAll(async () => {
  await prisma.$disconnect()
  await Promise.all([app.end(), gateway.end()])
  await database.drop()
})
async function aRun(): Promise<string> {
  const range = { from: new Date(NOON_MS), to: new Date(NOON_MS + HOUR_MS) }
  const wish = { policyId: null, policyVersion: null, document: { ignore: ['acorn'] }, keyId: null, ...range }
  return (await createWhatIf(prisma, { tenantId: tenant.tenantId, userId: null }, wish)).id
}

/** A worker whose clock advances a second at each reading, so that it reports progress after every batch. */
function work(runId: string, changes: { readonly pool?: Pool; readonly stopping?: AbortSignal } = {}): Promise<void> {
  let nowMs = Date.now()
  const dependencies = {
    prisma,
    pool: app,
    log,
    now: () => (nowMs += 1_000),
    stopping: new AbortController().signal,
    ...changes,
  }
  return runWhatIf(dependencies, { tenantId: tenant.tenantId, runId })
}

async function found(id: string): Promise<WhatIfDetail> {
  const run = await findWhatIf(prisma, tenant.tenantId, id)
  if (!run) throw new Error('the run is gone')
  return run
}

/** Does something once, when a transaction is about to begin: the eighth one reads the third batch. */
function poolThat(act: () => Promise<unknown>): Pool {
  let transactions = 0
  const connect = async () => {
    if (++transactions === 8) await act()
    return app.connect()
  }
  // Queries outside of transactions take their connections with a callback, from the pool itself.
  return Object.assign(Object.create(app) as Pool, { connect, query: app.query.bind(app) })
}

it('replays every request of the range and leaves the report', async () => {
  const id = await aRun()
  const seen: number[] = []
  await work(id, { pool: poolThat(async () => seen.push((await found(id)).rowsDone)) })
  const run = await found(id)
  expect(seen[0]).toBeGreaterThan(0)
  expect(seen[0]).toBeLessThan(ROWS)
  expect(run).toMatchObject({ state: 'done', rowsDone: ROWS, rowsTotal: ROWS, problem: null })
  expect(run.report).toMatchObject({ requests: ROWS, unrecorded: 0 })
  // 101 tokens in and 37 out, then at 12,450 nano-dollars each.
  expect(run.report?.totals.happened.costNano).toBe(String(12_450 * ROWS))
})

it('stops between two batches when it is cancelled', async () => {
  const id = await aRun()
  await work(id, { pool: poolThat(() => cancelWhatIf(prisma, tenant.tenantId, id)) })
  const run = await found(id)
  expect(run).toMatchObject({ state: 'cancelled', report: null })
  expect(run.rowsDone).toBeLessThan(ROWS)
})

it('runs again from the beginning after its worker was killed', async () => {
  const id = await aRun()
  await claimWhatIf(prisma, tenant.tenantId, id, Date.now() - 60_000)
  await work(id)
  expect(await found(id)).toMatchObject({ state: 'done', rowsDone: ROWS })
})

it('releases a run when the worker stops, for another to finish it', async () => {
  const id = await aRun()
  const stopping = new AbortController()
  await work(id, { pool: poolThat(async () => stopping.abort()), stopping: stopping.signal })
  expect(await found(id)).toMatchObject({ state: 'queued', rowsDone: 0 })
  await work(id)
  expect(await found(id)).toMatchObject({ state: 'done', rowsDone: ROWS })
})

it('fails a run that breaks, shows that to the tenant, and queues the next', async () => {
  const [id, next] = [await aRun(), await aRun()]
  await work(id, { pool: poolThat(() => Promise.reject(new Error('a secret of the operator'))) })
  const run = await found(id)
  expect(run.state).toBe('failed')
  expect(run.problem).toMatch(/on our side/)
  await work(next)
  expect((await found(next)).state).toBe('done')
})

it('leaves a run to others when the database is away', async () => {
  const id = await aRun()
  const away = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  await expect(work(id, { pool: poolThat(() => Promise.reject(away)) })).rejects.toBe(away)
  expect((await found(id)).state).toBe('running')
})

/** Ships requests of one hour that acorn answered, as a gateway does. */
async function ship({ tenantId, workspaceId, keyId }: TestTenant, count: number): Promise<void> {
  const endpoint = 'acorn/sim/swift-8b'
  const rows = Array.from({ length: count }, (_, i) => {
    const beganAtMs = NOON_MS + Math.floor((i / count) * HOUR_MS)
    return {
      ...{ day: '2026-10-05', request_id: newRequestId(beganAtMs, randomBytes(20)), attempt: 1, tenant_id: tenantId },
      ...{ workspace_id: workspaceId, key_id: keyId, funds: 'simulated', began_at: new Date(beganAtMs).toISOString() },
      ...{
        kind: 'chat',
        requested_model: 'sim/swift-8b',
        counted_model: 'sim/swift-8b',
        model: 'sim/swift-8b',
        provider: 'acorn',
      },
      ...{
        endpoint_id: endpoint,
        streamed: true,
        status: 200,
        fault: null,
        outcome: 'succeeded',
        finish_reason: 'stop',
        cancelled: false,
      },
      ...{ prompt_tokens: 101, completion_tokens: 37, cache_read_tokens: 0, cache_write_tokens: 0 },
      ...{ reasoning_tokens: 0, cost_nano: '12450', upstream_cost_nano: '12450', price_version: 1 },
      ...{ first_token_ms: 120, total_ms: 350, attempts: 1 },
      decision: {
        ...{ v: 1, o: 'balanced', p: null, c: 1, d: 0.25, t: [endpoint], r: [] },
        k: [[endpoint, 'sim/swift-8b', 'acorn', 1, '12450', 200, 80, 0.01, 0, 1]],
        a: [[endpoint, 'acorn', 'sim/swift-8b', 2, 120, 350, 'answered', 200, null]],
      },
      features: {
        models: ['sim/swift-8b'],
        prompt_tokens: 100,
        max_tokens: null,
        parameters: [],
        preferences: {},
        draw: 0.25,
      },
    }
  })
  await gateway.query('SELECT ship_usage($1, $2)', [`usage:${tenantId}:1`, JSON.stringify(rows)])
}
