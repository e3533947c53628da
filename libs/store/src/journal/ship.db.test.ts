import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newRequestId, type ModelSlug, type OwnId, type ProviderSlug, type RequestId } from '@turnpike/domain'
import { insertTenant, testDatabase, waitFor, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { rowText, usageRow, type UsageRecord } from './record.ts'
import { Journal, type JournalOptions } from './journal.ts'
import { inTransaction, openPool, type Pool } from '../connections/pools.ts'
import { findRequest, listRequests } from '../usage/requests.ts'
import { Shipper, type ShipperOptions } from './ship.ts'
import { aDecision, aUsageRecord } from './usage-record.fixture.ts'
import { keyUsage } from '../keys/managed-keys.ts'
import { usageSeries, usageTotals } from '../usage/views.ts'

let database: TestDatabase
let gateway: Pool
let owner: Pool
const endings: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  database = await testDatabase()
  const limits = { max: 4, statementTimeoutMs: 5_000, connectTimeoutMs: 2_000, applicationName: 'test' }
  gateway = openPool(database.gatewayUrl, limits)
  owner = openPool(database.ownerUrl, limits)
}, 60_000)

afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

afterAll(async () => {
  await Promise.all([gateway.end(), owner.end()])
  await database.drop()
})

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-ship-'))
  endings.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function aJournal(folder: string, changes: Partial<JournalOptions> = {}): Promise<Journal> {
  const journal = await Journal.open({ folder, segmentBytes: 4 << 20, ...changes })
  endings.push(() => journal.close())
  return journal
}

function aShipper(journal: Journal, changes: Partial<ShipperOptions> = {}): Shipper {
  const shipper = new Shipper({ journal, pool: gateway, node: 'test', random: () => 0, ...changes })
  endings.push(() => shipper.close())
  return shipper
}

async function aTenant(): Promise<TestTenant> {
  return insertTenant(database.ownerUrl, { funds: 'simulated', balanceNano: 1_000_000_000n })
}

function of(tenant: TestTenant, changes: Partial<UsageRecord> = {}): UsageRecord {
  const { tenantId, workspaceId, keyId } = tenant
  return aUsageRecord({ tenantId, workspaceId, keyId, ...changes })
}

async function record(journal: Journal, records: readonly UsageRecord[]): Promise<void> {
  for (const one of records) {
    journal.begin(one)
    await journal.end(one)
  }
}

async function balanceOf(tenant: TestTenant): Promise<bigint> {
  const rows = await asSystem<{ balance: bigint }>(
    `SELECT balance FROM ledger_accounts WHERE tenant_id = $1 AND kind = 'credits_simulated'`,
    [tenant.tenantId],
  )
  return rows[0]?.balance ?? 0n
}

async function asSystem<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
  const begin = 'BEGIN; SET LOCAL ROLE turnpike_system'
  return inTransaction(owner, async (client) => (await client.query<Row>(text, values)).rows, begin)
}

const everything = { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2027, 0, 1) }

describe('a finished request', () => {
  it('is in Postgres within a second, and is read back as it was', async () => {
    const tenant = await aTenant()
    const journal = await aJournal(await aFolder())
    const shipper = aShipper(journal)
    const one = of(tenant)
    await record(journal, [one])
    const found = await waitFor(() => findRequest(gateway, tenant.tenantId, one.requestId), { withinMs: 1_000 })
    const { funds: _funds, features: _features, tenantId: _tenant, attempts, firstTokenMs, totalMs, ...same } = one
    expect(found).toEqual({
      ...same,
      outcome: 'succeeded',
      attempts,
      attemptCount: attempts.length,
      firstTokenMs: Math.round(firstTokenMs ?? 0),
      totalMs: Math.round(totalMs),
    })
    await waitFor(() => journal.stats().waiting === 0, { withinMs: 1_000 })
    expect(shipper.stats()).toMatchObject({ shipped: 1, failures: 0, refused: 0, lagMs: 0 })
  })

  it('is charged once, however often it is shipped', async () => {
    const tenant = await aTenant()
    const folder = await aFolder()
    const journal = await aJournal(folder)
    const records = Array.from({ length: 20 }, () => of(tenant))
    await record(journal, records)
    const shipping: Pool = Object.assign(Object.create(gateway) as Pool, {
      query: async (...query: [string, unknown[]]) => {
        await gateway.query(...query)
        throw new Error('the answer was lost')
      },
    })
    const deaf = aShipper(journal, { pool: shipping })
    await waitFor(() => deaf.stats().failures > 1, { withinMs: 5_000 })
    await deaf.close()
    const shipper = aShipper(journal)
    expect(await shipper.flush({ deadlineMs: 5_000 })).toBe(true)
    const sum = records.reduce((total, one) => total + one.costNanoUsd, 0n)
    expect(await balanceOf(tenant)).toBe(1_000_000_000n - sum)
    const totals = await usageTotals(gateway, tenant.tenantId, everything)
    expect(totals).toMatchObject({ requests: 20, costNanoUsd: sum })
  })

  it('by a tenant’s own account costs it nothing with us, and says whose account and which preset it was', async () => {
    const tenant = await aTenant()
    const journal = await aJournal(await aFolder())
    const account = randomUUID() as string as OwnId
    const preset = { id: randomUUID(), version: 3 }
    const one = of(tenant, { owner: account, preset, costNanoUsd: 0n, upstreamCostNanoUsd: 15_250n })
    await record(journal, [one])
    expect(await aShipper(journal).flush({ deadlineMs: 5_000 })).toBe(true)
    const found = await findRequest(gateway, tenant.tenantId, one.requestId)
    expect(found).toMatchObject({ owner: account, preset, costNanoUsd: 0n, upstreamCostNanoUsd: 15_250n })
    expect(await balanceOf(tenant)).toBe(1_000_000_000n)
    expect(await usageTotals(gateway, tenant.tenantId, everything)).toMatchObject({ requests: 1, costNanoUsd: 0n })
  })

  it('of a gateway that knows of neither owner nor preset arrives without', async () => {
    const tenant = await aTenant()
    const one = of(tenant)
    const { owner_id: _owner, preset_id: _preset, preset_version: _version, ...row } = usageRow(one)
    await gateway.query('SELECT ship_usage($1, $2)', [`usage:old:${randomUUID()}`, `[${rowText(row)}]`])
    const found = await findRequest(gateway, tenant.tenantId, one.requestId)
    expect(found).toMatchObject({ owner: null, preset: null, costNanoUsd: one.costNanoUsd })
  })

  it('waits in the journal while Postgres is away, and arrives when it is back', async () => {
    const tenant = await aTenant()
    const journal = await aJournal(await aFolder())
    let away = true
    const states: string[] = []
    const flaky: Pool = Object.assign(Object.create(gateway) as Pool, {
      query: (...query: [string, unknown[]]) => (away ? Promise.reject(new Error('refused')) : gateway.query(...query)),
    })
    const shipper = aShipper(journal, { pool: flaky, onState: (state) => states.push(state) })
    const beganAtMs = Date.now() - 1_000
    await record(journal, [of(tenant, { beganAtMs }), of(tenant, { beganAtMs })])
    await waitFor(() => shipper.stats().failures >= 2, { withinMs: 5_000 })
    expect(journal.stats().waiting).toBe(2)
    expect(shipper.stats().lagMs).toBeGreaterThan(0)
    expect(await shipper.flush({ deadlineMs: 50 })).toBe(false)
    away = false
    expect(await shipper.flush({ deadlineMs: 5_000 })).toBe(true)
    expect(states).toEqual(['failing', 'well'])
    expect((await usageTotals(gateway, tenant.tenantId, everything)).requests).toBe(2)
  })

  it('survives the death of its process, and so does one that was under way, which costs nothing', async () => {
    const tenant = await aTenant()
    const folder = await aFolder()
    const first = await Journal.open({ folder, segmentBytes: 4 << 20 })
    const done = of(tenant)
    const hanging = of(tenant)
    first.begin(hanging)
    await record(first, [done])
    await first.close()
    const journal = await aJournal(folder)
    expect(await aShipper(journal).flush({ deadlineMs: 5_000 })).toBe(true)
    expect(await findRequest(gateway, tenant.tenantId, done.requestId)).toMatchObject({ costNanoUsd: done.costNanoUsd })
    expect(await findRequest(gateway, tenant.tenantId, hanging.requestId)).toMatchObject({
      status: 500,
      fault: 'internal',
      nativeFinish: 'interrupted',
      costNanoUsd: 0n,
      decision: null,
      attempts: [],
    })
    expect((await readdir(folder)).filter((name) => name.endsWith('.journal')).length).toBeLessThanOrEqual(2)
  })

  it('that Postgres will never take is set aside, and the others arrive', async () => {
    const tenant = await aTenant()
    const folder = await aFolder()
    const journal = await aJournal(folder)
    const refused: string[] = []
    const bad = of(tenant, { totalMs: 1e12 })
    const good = Array.from({ length: 7 }, () => of(tenant))
    await record(journal, [...good.slice(0, 3), bad, ...good.slice(3)])
    const shipper = aShipper(journal, { onRefused: (row) => refused.push(row) })
    expect(await shipper.flush({ deadlineMs: 5_000 })).toBe(true)
    expect((await usageTotals(gateway, tenant.tenantId, everything)).requests).toBe(7)
    expect(refused).toHaveLength(1)
    expect(await readFile(join(folder, 'refused.jsonl'), 'utf8')).toContain(bad.requestId)
  })
})

/** What the router was given, with a number that its column does not hold. */
const UNFIT = { features: { ...aUsageRecord().features!, maxTokens: 2 ** 31 } }

describe('a row that Postgres refuses', () => {
  it.each<[string, Partial<UsageRecord>]>([
    ['a number that is too large for its column', UNFIT],
    ['a number that is none', { decision: { ...aDecision(), draw: NaN } }],
  ])('for its explanation, by %s, is billed to the nano-dollar without it', async (_, changes) => {
    const tenant = await aTenant()
    const journal = await aJournal(await aFolder())
    const [bad, good] = [of(tenant, { ...changes, costNanoUsd: 77n }), of(tenant)]
    await record(journal, [bad, good])
    const unexplained: string[] = []
    const shipper = aShipper(journal, { onUnexplained: (row) => unexplained.push(row) })
    expect(await shipper.flush({ deadlineMs: 5_000 })).toBe(true)
    expect(await findRequest(gateway, tenant.tenantId, bad.requestId)).toMatchObject({
      costNanoUsd: 77n,
      usage: bad.usage,
      decision: null,
      attempts: [],
    })
    expect(await findRequest(gateway, tenant.tenantId, good.requestId)).toMatchObject({ decision: good.decision })
    expect(await balanceOf(tenant)).toBe(1_000_000_000n - 77n - good.costNanoUsd)
    expect(unexplained).toEqual([expect.stringContaining(bad.requestId)])
    expect(shipper.stats()).toMatchObject({ shipped: 2, unexplained: 1, refused: 0, failures: 0 })
  })

  it('is never a bill for the sum of what a tenant’s own accounts cost, which the tenant declares', async () => {
    const tenant = await aTenant()
    const journal = await aJournal(await aFolder())
    const shipper = aShipper(journal)
    const own = { owner: randomUUID() as string as OwnId, costNanoUsd: 0n, upstreamCostNanoUsd: 9n * 10n ** 18n }
    const bills = [of(tenant), of(tenant)]
    for (const bill of bills) {
      await record(journal, [of(tenant, own), bill, of(tenant, own)])
      expect(await shipper.flush({ deadlineMs: 5_000 })).toBe(true)
    }
    expect(shipper.stats()).toMatchObject({ shipped: 6, unexplained: 0, refused: 0 })
    expect(await balanceOf(tenant)).toBe(1_000_000_000n - 2n * 15_250n)
  })

  it('is set aside once and counted with its amount, also when it is refused again after a restart', async () => {
    const tenant = await aTenant()
    const folder = await aFolder()
    const first = await aJournal(folder)
    // Its end is missing, so that the segment is kept and shipped again.
    first.begin(of(tenant))
    const bad = of(tenant, { totalMs: 1e12, costNanoUsd: 77n })
    await record(first, [bad, of(tenant)])
    const before = aShipper(first)
    expect(await before.flush({ deadlineMs: 5_000 })).toBe(true)
    expect(before.stats()).toMatchObject({ refused: 1, refusedNano: 77n, lost: 0 })
    await before.close()
    await first.close()
    const after = aShipper(await aJournal(folder))
    expect(await after.flush({ deadlineMs: 5_000 })).toBe(true)
    expect(after.stats()).toMatchObject({ refused: 0, alarmed: 0, refusedNano: 0n, alarmedNano: 0n })
    expect((await readFile(join(folder, 'refused.jsonl'), 'utf8')).split(bad.requestId)).toHaveLength(2)
  })

  it('stops nobody when it cannot even be set aside: the alarm is raised once, and the others arrive', async () => {
    const tenant = await aTenant()
    const journal = await aJournal(await aFolder(), { asideBytesMax: 0 })
    const bad = () => of(tenant, { totalMs: 1e12 })
    await record(journal, [of(tenant), bad(), of(tenant), bad(), of(tenant)])
    const lost: unknown[] = []
    const shipper = aShipper(journal, { onLost: (cause) => lost.push(cause) })
    expect(await shipper.flush({ deadlineMs: 5_000 })).toBe(true)
    expect((await usageTotals(gateway, tenant.tenantId, everything)).requests).toBe(3)
    expect(shipper.stats()).toMatchObject({ shipped: 3, refused: 2, lost: 2, lostNano: 30_500n, failures: 0 })
    expect(lost).toHaveLength(1)
  })
})

describe('an integrity alarm of the ledger', () => {
  /** Of a day of its own, whose partition the test drops. */
  const ofLater = (tenant: TestTenant, changes: Partial<UsageRecord> = {}) => {
    const beganAtMs = Date.UTC(2026, 11, 5, 12)
    return of(tenant, { requestId: newRequestId(beganAtMs, randomBytes(20)), beganAtMs, ...changes })
  }

  it('keeps a replay whose rows were deleted from being charged again, in whatever batches it comes', async () => {
    const tenant = await aTenant()
    const folder = await aFolder()
    const first = await aJournal(folder)
    const before = aShipper(first)
    first.begin(of(tenant))
    const records = Array.from({ length: 6 }, () => ofLater(tenant))
    for (const some of [records.slice(0, 2), records.slice(2)]) {
      await record(first, some)
      expect(await before.flush({ deadlineMs: 5_000 })).toBe(true)
    }
    await before.close()
    const later = [of(tenant), ofLater(tenant)]
    await record(first, later)
    await first.close()
    await owner.query('DROP TABLE usage_events_20261205, request_features_20261205')
    const alarms: (readonly string[])[] = []
    const journal = await aJournal(folder)
    const after = aShipper(journal, { onAlarm: (rows) => alarms.push(rows) })
    expect(await after.flush({ deadlineMs: 5_000 })).toBe(true)
    expect(await balanceOf(tenant)).toBe(1_000_000_000n - 8n * 15_250n)
    for (const one of later) expect(await findRequest(gateway, tenant.tenantId, one.requestId)).not.toBeNull()
    expect(alarms).toEqual([records.map((one) => expect.stringContaining(one.requestId))])
    expect(after.stats()).toMatchObject({
      alarmed: 6,
      refused: 0,
      unexplained: 0,
      refusedNano: 0n,
      alarmedNano: 6n * 15_250n,
    })
    const aside = await readFile(join(folder, 'alarmed.jsonl'), 'utf8')
    for (const one of records) expect(aside).toContain(one.requestId)
  })

  it('is never met with other business keys: the rows are kept, and those behind them arrive', async () => {
    const tenant = await aTenant()
    const folder = await aFolder()
    const journal = await aJournal(folder)
    const records = [of(tenant), of(tenant), of(tenant, { costNanoUsd: 0n })]
    await record(journal, records)
    const batch = await waitFor(() => journal.read(500, 1 << 20), { withinMs: 5_000 })
    const key = `usage:test:${batch?.segment}:${batch?.from}-${batch?.to}`
    const entries = [{ tenant_id: null, kind: 'revenue_simulated', amount: '0' }]
    await asSystem(`SELECT post_ledger($1, 'usage', $2)`, [key, JSON.stringify(entries)])
    const shipper = aShipper(journal)
    expect(await shipper.flush({ deadlineMs: 5_000 })).toBe(true)
    const behind = of(tenant)
    await record(journal, [behind])
    expect(await shipper.flush({ deadlineMs: 5_000 })).toBe(true)
    expect(await balanceOf(tenant)).toBe(1_000_000_000n - behind.costNanoUsd)
    expect(shipper.stats()).toMatchObject({ alarmed: 2, shipped: 2, refused: 0, failures: 0 })
    const aside = await readFile(join(folder, 'alarmed.jsonl'), 'utf8')
    expect(records.map((one) => aside.includes(one.requestId))).toEqual([true, true, false])
  })
})

describe('a tenant', () => {
  it('pages through its requests, newest first, each once, and sees nobody else’s', async () => {
    const [mine, theirs] = [await aTenant(), await aTenant()]
    const journal = await aJournal(await aFolder())
    const shipper = aShipper(journal)
    // Some share a millisecond, as requests do.
    const records = Array.from({ length: 25 }, (_, i) => of(mine, { beganAtMs: Date.UTC(2026, 10, 21, 9) + (i >> 2) }))
    const foreign = of(theirs)
    await record(journal, [...records, foreign])
    await shipper.flush({ deadlineMs: 5_000 })
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await listRequests(gateway, mine.tenantId, { limit: 4, cursor })
      seen.push(...page.requests.map((one) => one.requestId))
      cursor = page.nextCursor
    } while (cursor)
    const expected = records.toSorted((a, b) => b.beganAtMs - a.beganAtMs || (a.requestId < b.requestId ? -1 : 1))
    expect(seen).toEqual(expected.map((one) => one.requestId))
    expect(await findRequest(gateway, mine.tenantId, foreign.requestId)).toBeNull()
    expect(await findRequest(gateway, mine.tenantId, '20269999-00000000000000000000' as RequestId)).toBeNull()
    expect((await listRequests(gateway, mine.tenantId, { limit: 1_000, cursor: 'rubbish' })).requests).toHaveLength(25)
  })

  it('narrows its requests by key, model, provider, outcome and time', async () => {
    const tenant = await aTenant()
    const journal = await aJournal(await aFolder())
    const shipper = aShipper(journal)
    const noon = Date.UTC(2026, 10, 21, 12)
    const unanswered = { model: null, provider: null, endpoint: null }
    const failed = of(tenant, { status: 502, fault: 'upstream_error', ...unanswered, beganAtMs: noon })
    const other = of(tenant, {
      model: 'sim/owl' as ModelSlug,
      provider: 'elm' as ProviderSlug,
      beganAtMs: noon + 1_000,
    })
    const plain = of(tenant, { beganAtMs: noon + 2_000 })
    await record(journal, [failed, other, plain])
    await shipper.flush({ deadlineMs: 5_000 })
    const ids = async (filter: object) => {
      const { requests } = await listRequests(gateway, tenant.tenantId, { limit: 100, filter })
      return requests.map((one) => one.requestId)
    }
    expect(await ids({ outcome: 'failed' })).toEqual([failed.requestId])
    expect(await ids({ outcome: 'succeeded' })).toEqual([plain.requestId, other.requestId])
    expect(await ids({ provider: 'elm' })).toEqual([other.requestId])
    expect(await ids({ provider: null })).toEqual([failed.requestId])
    expect(await ids({ model: 'sim/swift-8b' })).toEqual([plain.requestId, failed.requestId])
    expect(await ids({ keyId: 'ffffffffffffffff' })).toEqual([])
    expect(await ids({ fromMs: noon + 1_000, toMs: noon + 2_000 })).toEqual([other.requestId])
  })

  it('sees totals that equal the sum of its series and of its rows, in any zone', async () => {
    const tenant = await aTenant()
    const journal = await aJournal(await aFolder())
    const shipper = aShipper(journal)
    const start = Date.UTC(2026, 10, 21, 17, 50)
    const records = Array.from({ length: 12 }, (_, i) =>
      of(tenant, {
        beganAtMs: start + i * 10 * 60_000,
        ...(i % 4 === 0 && { fault: 'upstream_error', status: 503, provider: null, model: null, endpoint: null }),
      }),
    )
    await record(journal, records)
    await shipper.flush({ deadlineMs: 5_000 })
    const totals = await usageTotals(gateway, tenant.tenantId, everything)
    expect(totals).toMatchObject({
      requests: 12,
      ...{ succeeded: 9, failed: 3, interrupted: 0, cancelled: 0, rejected: 0 },
      promptTokens: 1_200,
      completionTokens: 600,
      cacheReadTokens: 120,
      reasoningTokens: 84,
      costNanoUsd: 12n * 15_250n,
      firstTokenMsMean: 61,
    })
    for (const bucketMinutes of [15, 60, 1440] as const) {
      for (const groupBy of ['none', 'model', 'provider', 'key'] as const) {
        for (const zone of ['UTC', 'Asia/Kathmandu', 'America/New_York']) {
          const series = await usageSeries(gateway, tenant.tenantId, { ...everything, bucketMinutes, groupBy, zone })
          expect(series.reduce((sum, point) => sum + point.requests, 0)).toBe(12)
          expect(series.reduce((sum, point) => sum + point.costNanoUsd, 0n)).toBe(totals.costNanoUsd)
        }
      }
    }
    const days = await usageSeries(gateway, tenant.tenantId, {
      ...everything,
      bucketMinutes: 1440,
      groupBy: 'none',
      zone: 'Asia/Kathmandu',
    })
    expect(days.map((day) => new Date(day.startMs).toISOString())).toEqual([
      '2026-11-20T18:15:00.000Z',
      '2026-11-21T18:15:00.000Z',
    ])
    const names = await usageSeries(gateway, tenant.tenantId, {
      ...everything,
      bucketMinutes: 1440,
      groupBy: 'provider',
    })
    expect(names.map((point) => [point.name, point.requests])).toEqual([
      ['', 3],
      ['birch', 9],
    ])
  })

  it('sees what a key spent today, this week, this month and ever', async () => {
    const tenant = await aTenant()
    const journal = await aJournal(await aFolder())
    const shipper = aShipper(journal)
    // A Saturday; Monday was the 16th.
    const nowMs = Date.UTC(2026, 10, 21, 12)
    const spent = (day: number, costNanoUsd: bigint, month = 10) =>
      of(tenant, { beganAtMs: Date.UTC(2026, month, day, 1), costNanoUsd })
    await record(journal, [spent(21, 1n), spent(16, 10n), spent(15, 100n), spent(31, 1_000n, 9)])
    await record(journal, [of({ ...tenant, keyId: 'ffffffffffffffff' as TestTenant['keyId'] }, { costNanoUsd: 7n })])
    await shipper.flush({ deadlineMs: 5_000 })
    const nothing = { total: 0n, today: 0n, week: 0n, month: 0n }
    const credits = { total: 1_111n, today: 1n, week: 11n, month: 111n }
    expect(await keyUsage(gateway, tenant.tenantId, tenant.keyId, nowMs)).toEqual({ credits, own: nothing })
    const stranger = await keyUsage(gateway, randomUUID() as TestTenant['tenantId'], tenant.keyId, nowMs)
    expect(stranger).toEqual({ credits: nothing, own: nothing })
  })

  it('keeps what tenants’ own accounts cost apart from what credits paid', async () => {
    const tenant = await aTenant()
    const journal = await aJournal(await aFolder())
    const shipper = aShipper(journal)
    const nowMs = Date.UTC(2026, 10, 21, 12)
    const beganAtMs = nowMs - 3_600_000
    const own = { owner: randomUUID() as OwnId, costNanoUsd: 0n, upstreamCostNanoUsd: 30n }
    await record(journal, [
      of(tenant, { beganAtMs, ...own }),
      of(tenant, { beganAtMs, ...own }),
      of(tenant, { beganAtMs, costNanoUsd: 7n, upstreamCostNanoUsd: 5n }),
    ])
    await shipper.flush({ deadlineMs: 5_000 })
    expect(await keyUsage(gateway, tenant.tenantId, tenant.keyId, nowMs)).toMatchObject({
      credits: { total: 7n, today: 7n },
      own: { total: 60n, today: 60n },
    })
  })
})
