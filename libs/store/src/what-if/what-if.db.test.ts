import { randomUUID } from 'node:crypto'
import {
  openReplay,
  type PolicyId,
  type ProviderSlug,
  type TargetId,
  type UserId,
  type WhatIfReport,
} from '@turnpike/domain'
import { insertTenant, testDatabase, testPool, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createOwnCredential } from '../byok/credentials.ts'
import { aNewCredential } from '../byok/byok.fixture.ts'
import { inTransaction, type Pool } from '../connections/pools.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'
import { newCredentialSecretsText, openKeyEncryptionKeys } from '../byok/secret-box.ts'
import { anAttempt } from '../journal/usage-record.fixture.ts'
import { aRecorded, NOON_MS, shipRecords } from './what-if.fixture.ts'
import { readDraft, readWhatIf } from './samples.ts'
import { cancelWhatIf, createWhatIf, findWhatIf, listWhatIfs, type WhatIfRun, type WhatIfRequest } from './runs.ts'
import {
  beatWhatIf,
  claimWhatIf,
  endWhatIf,
  forgetWhatIfs,
  releaseWhatIf,
  resumeWhatIfs,
  SILENT_MS_MAX,
} from './work.ts'

const HOUR_MS = 3_600_000

let database: TestDatabase
let owner: Pool
let gateway: Pool
let app: Pool
let prisma: PrismaClient
let tenant: TestTenant

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl, 2)
  gateway = testPool(database.gatewayUrl, 2)
  app = testPool(database.appUrl, 2)
  const options = { max: 4, statementTimeoutMs: 10_000, connectTimeoutMs: 5_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
  // Those of the seed begin with the test, long after the requests.
  await asSystem(
    `INSERT INTO endpoint_prices (endpoint_id, version, prompt, completion, effective_from, origin) VALUES
       ('acorn/sim/swift-8b', 90, 50000000, 200000000, $1, 'test'), ('birch/sim/swift-8b', 90, 60000000, 200000000, $1, 'test')`,
    [new Date(0)],
  )
})
afterAll(async () => {
  await prisma.$disconnect()
  await Promise.all([owner.end(), gateway.end(), app.end()])
  await database.drop()
})
beforeEach(async () => {
  tenant = await insertTenant(database.ownerUrl, { balanceNano: 1_000_000_000n })
})

function aWish(changes: Partial<WhatIfRequest> = {}): WhatIfRequest {
  const range = { from: new Date(NOON_MS), to: new Date(NOON_MS + HOUR_MS) }
  return { policyId: null, policyVersion: null, document: { objective: 'cost' }, keyId: null, ...range, ...changes }
}

function create(changes: Partial<WhatIfRequest> = {}): Promise<WhatIfRun> {
  return createWhatIf(prisma, { tenantId: tenant.tenantId, userId: null as UserId | null }, aWish(changes))
}

async function asSystem(sql: string, values: unknown[]): Promise<void> {
  await inTransaction(owner, (client) => client.query(sql, values), 'BEGIN; SET LOCAL ROLE turnpike_system')
}

async function jobsOf(runId: string): Promise<number> {
  const { rowCount } = await owner.query('SELECT FROM graphile_worker._private_jobs WHERE payload ->> $1 = $2', [
    'runId',
    runId,
  ])
  return rowCount ?? 0
}

/** Fills in a policy with these versions. */
async function aSavedPolicy(documents: readonly object[]): Promise<PolicyId> {
  const id = randomUUID() as PolicyId
  await asSystem('INSERT INTO policies (id, tenant_id, name) VALUES ($1, $2, $3)', [id, tenant.tenantId, 'one'])
  for (const [i, document] of documents.entries()) {
    await asSystem('INSERT INTO policy_versions (tenant_id, policy_id, version, document) VALUES ($1, $2, $3, $4)', [
      tenant.tenantId,
      id,
      i + 1,
      document,
    ])
  }
  return id
}

describe('a run', () => {
  it('begins as a job, with the requests counted', async () => {
    await shipRecords(gateway, [aRecorded(tenant), aRecorded(tenant, { beganAtMs: NOON_MS - 1 })])
    const run = await create()
    expect(run).toMatchObject({ state: 'queued', rowsTotal: 1, rowsDone: 0, document: { objective: 'cost' } })
    expect(await jobsOf(run.id)).toBe(1)
  })

  it('takes the document of a saved version', async () => {
    const policyId = await aSavedPolicy([{ objective: 'latency' }, { objective: 'uptime' }])
    const wish = { ...aWish({ policyId, policyVersion: 1 }), document: null }
    const run = await createWhatIf(prisma, { tenantId: tenant.tenantId, userId: null }, wish)
    expect(run).toMatchObject({ policyId, policyVersion: 1, document: { objective: 'latency' } })
  })

  it.each([
    ['version', { policyId: randomUUID() as PolicyId, policyVersion: 1 }],
    ['keyId', { keyId: '0000000000000000' as WhatIfRequest['keyId'] }],
  ])('is refused with the field %s for what does not exist', async (field, changes) => {
    const wish = { ...aWish(changes), document: field === 'version' ? null : {} }
    await expect(createWhatIf(prisma, { tenantId: tenant.tenantId, userId: null }, wish)).rejects.toMatchObject({
      code: 'request_invalid',
      facts: { param: field },
    })
  })

  it('is refused with the count when there are more than five million requests', async () => {
    await asSystem(
      `INSERT INTO usage_rollups SELECT $1, $2, 'k', 'm', 'p', 5000001, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, $2`,
      [tenant.tenantId, new Date(NOON_MS)],
    )
    await expect(create()).rejects.toThrow('5,000,001 requests')
  })

  it('is refused when five wait', async () => {
    for (let i = 0; i < 5; i++) await create()
    await expect(create()).rejects.toMatchObject({ code: 'conflict' })
  })

  it('is invisible to another tenant, in lists, by its id and for calling it off', async () => {
    const run = await create()
    const { tenantId } = await insertTenant(database.ownerUrl)
    expect(await findWhatIf(prisma, tenantId, run.id)).toBeNull()
    expect(await cancelWhatIf(prisma, tenantId, run.id)).toBeNull()
    expect((await listWhatIfs(prisma, tenantId, { limit: 10, cursor: null })).runs).toEqual([])
    expect(await findWhatIf(prisma, tenant.tenantId, run.id)).toMatchObject({ state: 'queued' })
  })

  it('is listed newest first, page by page', async () => {
    const ids = [(await create()).id, (await create()).id, (await create()).id]
    const first = await listWhatIfs(prisma, tenant.tenantId, { limit: 2, cursor: null })
    const second = await listWhatIfs(prisma, tenant.tenantId, { limit: 2, cursor: first.nextCursor })
    expect([...first.runs, ...second.runs].map(({ id }) => id)).toEqual(ids.toReversed())
    expect(second.nextCursor).toBeNull()
  })
})

describe('the work on a run', () => {
  const NOW_MS = Date.now()

  it('is one worker’s, and one run’s of a tenant at a time', async () => {
    const [one, two] = [await create(), await create()]
    const claimed = await claimWhatIf(prisma, tenant.tenantId, one.id, NOW_MS)
    expect(claimed?.run.id).toBe(one.id)
    for (const { id } of [one, two]) expect(await claimWhatIf(prisma, tenant.tenantId, id, NOW_MS)).toBeNull()
    await owner.query('DELETE FROM graphile_worker._private_jobs')
    if (claimed)
      await endWhatIf(prisma, claimed, { report: { requests: 1n } as unknown as WhatIfReport, rowsDone: 1 }, NOW_MS)
    expect(await jobsOf(two.id)).toBe(1)
    expect(await findWhatIf(prisma, tenant.tenantId, one.id)).toMatchObject({
      state: 'done',
      report: { requests: '1' },
    })
  })

  it('ends at the next beat when the run was called off', async () => {
    const { id } = await create()
    const claimed = await claimWhatIf(prisma, tenant.tenantId, id, NOW_MS)
    if (!claimed) throw new Error('nothing to claim')
    expect(await beatWhatIf(prisma, claimed, 7, NOW_MS)).toBe(true)
    expect(await findWhatIf(prisma, tenant.tenantId, id)).toMatchObject({ state: 'running', rowsDone: 7 })
    expect(await cancelWhatIf(prisma, tenant.tenantId, id)).toMatchObject({ state: 'cancelled' })
    expect(await beatWhatIf(prisma, claimed, 8, NOW_MS)).toBe(false)
    await endWhatIf(prisma, claimed, { problem: 'too late' }, NOW_MS)
    expect(await cancelWhatIf(prisma, tenant.tenantId, id)).toMatchObject({ state: 'cancelled', problem: null })
  })

  it('is another’s when the worker fell silent, three times at most', async () => {
    const { id } = await create()
    await owner.query('DELETE FROM graphile_worker._private_jobs')
    const first = await claimWhatIf(prisma, tenant.tenantId, id, NOW_MS)
    await resumeWhatIfs(app, prisma, NOW_MS + SILENT_MS_MAX)
    expect(await jobsOf(id)).toBe(0)
    for (let turn = 1; turn < 3; turn++) {
      const laterMs = NOW_MS + turn * (SILENT_MS_MAX + 1)
      await resumeWhatIfs(app, prisma, laterMs)
      await resumeWhatIfs(app, prisma, laterMs)
      expect(await jobsOf(id)).toBe(1)
      expect((await claimWhatIf(prisma, tenant.tenantId, id, laterMs))?.run.rowsDone).toBe(0)
      if (first) expect(await beatWhatIf(prisma, first, 1, laterMs)).toBe(false)
    }
    expect(await claimWhatIf(prisma, tenant.tenantId, id, NOW_MS + 9 * SILENT_MS_MAX)).toBeNull()
    expect(await findWhatIf(prisma, tenant.tenantId, id)).toMatchObject({ state: 'failed' })
  })

  it('is given back by a worker that stops, without counting against the run', async () => {
    const { id } = await create()
    for (let turn = 0; turn < 5; turn++) {
      const claimed = await claimWhatIf(prisma, tenant.tenantId, id, NOW_MS)
      if (!claimed) throw new Error('nothing to claim')
      await releaseWhatIf(prisma, claimed)
    }
    expect(await findWhatIf(prisma, tenant.tenantId, id)).toMatchObject({ state: 'queued' })
  })

  it('is forgotten after thirty days', async () => {
    const { id } = await create()
    await forgetWhatIfs(app, Date.now() + 29 * 24 * HOUR_MS)
    expect(await findWhatIf(prisma, tenant.tenantId, id)).not.toBeNull()
    await forgetWhatIfs(app, Date.now() + 31 * 24 * HOUR_MS)
    expect(await findWhatIf(prisma, tenant.tenantId, id)).toBeNull()
  })
})

describe('the recorded requests of a run', () => {
  async function idsOf(run: WhatIfRun): Promise<string[]> {
    const ids: string[] = []
    for await (const { samples } of readWhatIf(app, tenant.tenantId, run))
      ids.push(...samples.map((sample) => sample.requestId))
    return ids
  }

  it('are those of the range and the key, each once, over hours and batches', async () => {
    const inside = Array.from({ length: 2_100 }, (_, i) => aRecorded(tenant, { beganAtMs: NOON_MS + i * 5_000 }))
    const outside = [NOON_MS - 1, NOON_MS + 3 * HOUR_MS].map((beganAtMs) => aRecorded(tenant, { beganAtMs }))
    const stranger = await insertTenant(database.ownerUrl)
    await shipRecords(gateway, [...inside, ...outside, aRecorded(stranger)])
    // Many at one and the same moment, so that a batch ends among equals.
    await shipRecords(
      gateway,
      Array.from({ length: 1_005 }, () => aRecorded(tenant, { beganAtMs: NOON_MS + HOUR_MS })),
    )
    const run = await create({ to: new Date(NOON_MS + 3 * HOUR_MS) })
    const ids = await idsOf(run)
    expect(ids).toHaveLength(3_105)
    expect(new Set(ids).size).toBe(3_105)
    expect(ids).toEqual(expect.arrayContaining(inside.slice(0, 50).map(({ requestId }) => requestId)))
    expect(await idsOf({ ...run, keyId: 'somebodyelse0000' as WhatIfRun['keyId'] })).toEqual([])
  })

  it('come with the policies that applied, in their versions, and differ from what was never routed', async () => {
    const policyId = await aSavedPolicy([{ objective: 'latency' }, { ignore: ['birch'] }])
    await shipRecords(gateway, [
      aRecorded(tenant, { policies: [{ id: policyId, version: 2 }] }),
      aRecorded(tenant, { changes: { decision: null, features: null, attempts: [] } }),
      aRecorded(tenant, { changes: { attempts: [], fault: 'credit_exhausted', endpoint: null } }),
    ])
    for await (const { samples, unrecorded } of readWhatIf(app, tenant.tenantId, await create())) {
      expect(unrecorded).toBe(2)
      expect(samples).toMatchObject([
        { caller: { kind: 'live', funds: 'simulated', policies: [{ version: 2, policy: { ignore: ['birch'] } }] } },
      ])
      expect(samples[0]).toMatchObject({ costNano: 15_000n, outcome: 'succeeded', tokensPerSecond: 50, draw: 0.25 })
      expect(samples[0]?.route.preferences.max_price?.prompt).toBe(5_000_000_000n)
    }
  })

  it('are routed with the prices of their time and the health of their minute', async () => {
    await asSystem(
      `INSERT INTO endpoint_prices (endpoint_id, version, prompt, completion, effective_from, origin) VALUES
         ('birch/sim/swift-8b', 100, 1000000000, 2000000000, $1, 'test'),
         ('birch/sim/swift-8b', 101, 3000000000, 5000000000, $2, 'test')`,
      [new Date(NOON_MS - HOUR_MS), new Date(NOON_MS + 60_000)],
    )
    await gateway.query(
      `INSERT INTO health_minutes VALUES ($1, 'birch/sim/swift-8b', 'a', 9, 0, '{}', '{"60": 9}', '{"40": 9}'),
         ($1, 'birch/sim/swift-8b', 'b', 1, 1, '{"upstream_error": 1}', '{}', '{}')`,
      [new Date(NOON_MS)],
    )
    await shipRecords(gateway, [aRecorded(tenant), aRecorded(tenant, { beganAtMs: NOON_MS + 60_000 })])
    const run = await create({ document: { ignore: ['acorn'], only: ['birch'] } })
    const replay = openReplay(await readDraft(app, tenant.tenantId, run))
    for await (const { context, samples } of readWhatIf(app, tenant.tenantId, run)) {
      replay.take(context, samples)
      expect(context.at(NOON_MS).shown('birch/sim/swift-8b' as never).failing).toEqual({
        rate: 0.1,
        kinds: [['outage', 1]],
      })
    }
    // 100 tokens in and 50 out: at $1 and $2 per million, then at $3 and $5.
    const costs = replay.report().sample.map(({ predictedNano }) => predictedNano)
    expect(costs).toEqual([550_000n, 200_000n])
    expect(replay.report().totals.predicted.firstTokenMs?.p50).toBeCloseTo(1.1 ** 60.5)
  })

  it('are routed to what the tenant has of its own today, by the minutes of its own accounts alone', async () => {
    const keks = openKeyEncryptionKeys(newCredentialSecretsText())
    const author = { tenantId: tenant.tenantId, userId: null }
    const fallback = aNewCredential({ placement: 'fallback' })
    const { value: key } = await createOwnCredential(prisma, keks, author, fallback)
    const stranger = await insertTenant(database.ownerUrl)
    const theirs = { tenantId: stranger.tenantId, userId: null }
    const { value: other } = await createOwnCredential(prisma, keks, theirs, aNewCredential())
    const [own, strange] = [key, other].map(({ id }) => `acorn/sim/swift-8b#${id}` as TargetId)
    await gateway.query(
      `INSERT INTO health_minutes VALUES ($1, $2, 'a', 9, 0, '{}', '{"70": 9}', '{"40": 9}'),
         ($1, $3, 'a', 9, 9, '{"upstream_error": 9}', '{}', '{}')`,
      [new Date(NOON_MS), own, strange],
    )
    const attempts = [anAttempt({ endpoint: own as TargetId, provider: 'acorn' as ProviderSlug })]
    await shipRecords(gateway, [
      aRecorded(tenant),
      aRecorded(tenant, { changes: { owner: key.id, attempts, costNanoUsd: 0n } }),
    ])
    const run = await create({ document: { own_capacity: 'only' } })
    const replay = openReplay(await readDraft(app, tenant.tenantId, run))
    for await (const { context, samples } of readWhatIf(app, tenant.tenantId, run)) {
      replay.take(context, samples)
      expect(new Set(samples.map(({ endpoint }) => endpoint))).toEqual(new Set(['acorn/sim/swift-8b', own]))
      expect(context.at(NOON_MS).shown(own as TargetId).failing).toEqual({ rate: 0, kinds: [] })
      expect(context.at(NOON_MS).shown(strange as TargetId).failing).toBeNull()
    }
    const report = replay.report()
    expect(report.changedRoutes).toMatchObject([
      { from: 'acorn/sim/swift-8b', to: own, requests: 1, predictedNano: 0n },
    ])
    expect(report.limits).toContain('own')
  })

  it('stay where they were under the policies that applied', async () => {
    const policyId = await aSavedPolicy([{ ignore: ['birch'] }])
    const records = Array.from({ length: 30 }, (_, i) =>
      aRecorded(tenant, { beganAtMs: NOON_MS + i * 60_000, policies: [{ id: policyId, version: 1 }] }),
    )
    await shipRecords(gateway, records)
    const run = await create({ policyId, policyVersion: 1, document: { ignore: ['birch'] } })
    const replay = openReplay(await readDraft(app, tenant.tenantId, run))
    for await (const { context, samples } of readWhatIf(app, tenant.tenantId, run)) replay.take(context, samples)
    const report = replay.report()
    expect(report).toMatchObject({
      requests: 30,
      moved: 0,
      totals: { predicted: { costNano: 450_000n } },
    })
    expect(report.totals.predicted).toEqual(report.totals.happened)
    expect(report.reproduced).toBe(report.checked)
  })
})
