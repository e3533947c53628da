import { appendFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { insertTenant, testDatabase, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { inTransaction, openPool, type Pool } from '../connections/pools.ts'
import { findRequest } from '../usage/requests.ts'
import { Journal } from './journal.ts'
import { rowText, usageRow, type UsageRecord } from './record.ts'
import { reshipRefused } from './reship.ts'
import { Shipper } from './ship.ts'
import { forgetShippedSegments } from './shipped-segments.ts'
import { aUsageRecord } from './usage-record.fixture.ts'

let database: TestDatabase
let gateway: Pool
let owner: Pool
let tenant: TestTenant
let folder: string
const endings: (() => Promise<unknown>)[] = []

const CREDIT = 1_000_000_000n
const NONE = { rows: 0, nano: 0n }

beforeAll(async () => {
  database = await testDatabase()
  const limits = { max: 4, statementTimeoutMs: 5_000, connectTimeoutMs: 2_000, applicationName: 'test' }
  gateway = openPool(database.gatewayUrl, limits)
  owner = openPool(database.ownerUrl, limits)
  // The day of `aUsageRecord`.
  await owner.query(`SELECT ensure_partitions('2026-11-21')`)
}, 60_000)
beforeEach(async () => {
  tenant = await insertTenant(database.ownerUrl, { funds: 'simulated', balanceNano: CREDIT })
  folder = await mkdtemp(join(tmpdir(), 'turnpike-reship-'))
  endings.push(() => rm(folder, { recursive: true, force: true }))
})
afterEach(async () => {
  await mend()
  for (const end of endings.splice(0).toReversed()) await end()
})
afterAll(async () => {
  await Promise.all([gateway.end(), owner.end()])
  await database.drop()
})

/** From now on PostgreSQL takes no row of a status of 418. */
const breakIt = () => owner.query('ALTER TABLE usage_events ADD CONSTRAINT broken CHECK (status <> 418) NOT VALID')
const mend = () => owner.query('ALTER TABLE usage_events DROP CONSTRAINT IF EXISTS broken')

function of(changes: Partial<UsageRecord> = {}): UsageRecord {
  const { tenantId, workspaceId, keyId } = tenant
  return aUsageRecord({ tenantId, workspaceId, keyId, ...changes })
}
const bad = (costNanoUsd: bigint) => of({ status: 418, costNanoUsd })

/** Ships records as a gateway does, until nothing waits. @param open with a request under way, its segment is kept */
async function ship(records: readonly UsageRecord[], { open = false } = {}) {
  const journal = await Journal.open({ folder, segmentBytes: 4 << 20 })
  if (open) journal.begin(of())
  for (const one of records) {
    journal.begin(one)
    await journal.end(one)
  }
  const shipper = new Shipper({ journal, pool: gateway, node: 'test', random: () => 0 })
  expect(await shipper.flush({ deadlineMs: 5_000 })).toBe(true)
  const stats = shipper.stats()
  await shipper.close()
  await journal.close()
  return stats
}

async function transactions(): Promise<{ count: number; spent: bigint }> {
  const begin = 'BEGIN; SET LOCAL ROLE turnpike_system'
  const { rows } = await inTransaction(
    owner,
    (client) =>
      client.query<{ count: number; spent: bigint }>(
        `SELECT count(DISTINCT business_key)::int AS count, (-sum(amount_nano))::bigint AS spent
         FROM ledger_postings WHERE tenant_id = $1 AND business_key LIKE 'usage:%'`,
        [tenant.tenantId],
      ),
    begin,
  )
  return { count: rows[0]?.count ?? 0, spent: rows[0]?.spent ?? 0n }
}

const left = async () =>
  (await readFile(join(folder, 'refused.jsonl'), 'utf8').catch(() => '')).split('\n').filter(Boolean)

it('a refused row is charged by exactly one transaction once the database is mended, and a second run changes nothing', async () => {
  await breakIt()
  const row = bad(77n)
  expect(await ship([row])).toMatchObject({ refused: 1, refusedNano: 77n })
  expect(await reshipRefused(gateway, folder)).toMatchObject({ shipped: NONE, refused: { rows: 1, nano: 77n } })
  expect([(await left()).length, (await transactions()).count]).toEqual([1, 0])
  await mend()
  expect(await reshipRefused(gateway, folder)).toMatchObject({ shipped: { rows: 1, nano: 77n }, refused: NONE })
  expect([await left(), await transactions()]).toEqual([[], { count: 1, spent: 77n }])
  expect(await findRequest(gateway, tenant.tenantId, row.requestId)).toMatchObject({ costNanoUsd: 77n, status: 418 })
  expect(await reshipRefused(gateway, folder)).toMatchObject({ shipped: NONE, refused: NONE, torn: 0 })
  expect(await transactions()).toEqual({ count: 1, spent: 77n })
  expect((await readdir(folder)).filter((name) => name.startsWith('refused') || name.endsWith('.lock'))).toEqual([])
})

it('rows that a run which was killed left behind are charged once, also with a copy of the file put back', async () => {
  await breakIt()
  await ship([bad(1n), bad(10n), bad(100n)])
  await mend()
  const copy = await readFile(join(folder, 'refused.jsonl'))
  await rename(join(folder, 'refused.jsonl'), join(folder, 'refused.taken-1.jsonl'))
  await writeFile(join(folder, 'refused.jsonl'), copy.subarray(0, copy.length - 40))
  expect(await reshipRefused(gateway, folder)).toMatchObject({ shipped: { rows: 3, nano: 111n }, torn: 1 })
  await writeFile(join(folder, 'refused.jsonl'), copy)
  expect(await reshipRefused(gateway, folder)).toMatchObject({ shipped: { rows: 3, nano: 111n } })
  expect([await left(), await transactions()]).toEqual([[], { count: 3, spent: 111n }])
})

it('a journal that is replayed before or after charges nothing a second time, and raises no alarm', async () => {
  await breakIt()
  await ship([bad(77n), of({ costNanoUsd: 5n })], { open: true })
  await mend()
  // Replayed when PostgreSQL would take it: it waits for the operator.
  expect(await ship([])).toMatchObject({ alarmed: 0, refused: 0 })
  expect(await reshipRefused(gateway, folder)).toMatchObject({ shipped: { rows: 1, nano: 77n } })
  expect(await ship([])).toMatchObject({ alarmed: 0, refused: 0 })
  expect(await transactions()).toEqual({ count: 2, spent: 82n })
})

it('a row that the gateway sets aside meanwhile is not lost', async () => {
  await breakIt()
  await ship([bad(1n)])
  await mend()
  const late = rowText(usageRow(bad(10n)))
  const slow = {
    query: async (text: string, values: unknown[] = []) => {
      // Into the file that it had opened before the run moved it, at the last moment.
      const [taken] = (await readdir(folder)).filter((name) => name.startsWith('refused.taken'))
      if (text.includes('ship_usage') && !(values[1] as string).includes('"cost_nano":"10"')) {
        await appendFile(join(folder, taken ?? ''), `${late}\n`)
      }
      return gateway.query(text, values)
    },
  } as unknown as Pool
  expect(await reshipRefused(slow, folder)).toMatchObject({ shipped: { rows: 2, nano: 11n } })
  expect(await transactions()).toEqual({ count: 2, spent: 11n })
})

it('a row of a day that the database has no longer stays in the file: nobody can say whether it was charged', async () => {
  const beganAtMs = Date.UTC(2026, 9, 1, 12)
  const old = of({ requestId: `01${'0'.repeat(24)}` as UsageRecord['requestId'], beganAtMs })
  await appendFile(join(folder, 'refused.jsonl'), `${rowText({ ...usageRow(old), day: '2026-10-01' })}\n`)
  expect(await reshipRefused(gateway, folder)).toMatchObject({ shipped: NONE, expired: { rows: 1 } })
  expect([(await left()).length, (await transactions()).count]).toEqual([1, 0])
})

it('every row is still in a file when PostgreSQL is away, and the next run ships it', async () => {
  await breakIt()
  await ship([bad(1n), bad(10n)])
  await mend()
  const away = { query: () => Promise.reject(new Error('connect ECONNREFUSED')) } as unknown as Pool
  await expect(reshipRefused(away, folder)).rejects.toThrow('ECONNREFUSED')
  expect(await reshipRefused(gateway, folder)).toMatchObject({ shipped: { rows: 2, nano: 11n } })
})

it('rows that an alarm of the ledger set aside are never shipped again', async () => {
  const row = of({ costNanoUsd: 7n })
  await appendFile(join(folder, 'alarmed.jsonl'), `${rowText(usageRow(row))}\n`)
  expect(await reshipRefused(gateway, folder)).toMatchObject({ shipped: NONE })
  expect(await transactions()).toEqual({ count: 0, spent: 0n })
})

it('how far a segment was taken is known for 400 days after its last batch, so that a replay until then charges nothing', async () => {
  const app = openPool(database.appUrl, {
    max: 1,
    statementTimeoutMs: 5_000,
    connectTimeoutMs: 2_000,
    applicationName: 'test',
  })
  endings.push(() => app.end())
  await ship([of({ costNanoUsd: 5n })], { open: true })
  const segments = async () => (await owner.query('SELECT FROM shipped_segments')).rowCount ?? 0
  const before = await segments()
  expect(before).toBeGreaterThan(0)
  const day = 24 * 3_600_000
  await forgetShippedSegments(app, Date.now() + 399 * day)
  expect(await segments()).toBe(before)
  await forgetShippedSegments(app, Date.now() + 401 * day)
  expect(await segments()).toBe(0)
})
