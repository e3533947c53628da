import { afterAll, beforeAll, expect, it } from 'vitest'
import { testDatabase, testPool, type TestDatabase } from './database.ts'
import { generateUsage, type UsageOptions } from './usage.ts'

const OPTIONS: UsageOptions = {
  rows: 3_001,
  days: 3,
  tenants: 4,
  keys: 5,
  models: 7,
  seed: 1,
  lastDay: '2026-03-01',
  firstTenantShare: 0.5,
}

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

async function one(sql: string, values: unknown[] = []): Promise<unknown> {
  const pool = testPool(database.ownerUrl, 1)
  try {
    return (await pool.query<Record<string, unknown>>(sql, values)).rows[0]
  } finally {
    await pool.end()
  }
}

const SUMS = `SELECT
  (SELECT count(*) FROM usage_events) AS rows, (SELECT sum(requests) FROM usage_rollups) AS requests,
  (SELECT sum(cost_nano) FROM usage_events) = (SELECT sum(cost_nano) FROM usage_rollups) AS rolled,
  (SELECT sum(cost_nano) FROM usage_events) = (SELECT -sum(amount_nano) FROM ledger_postings WHERE tenant_id IS NOT NULL) AS posted,
  (SELECT sum(failed) FROM usage_rollups) = (SELECT count(*) FROM usage_events WHERE outcome = 'failed') AS failed`

it('makes the rows that were asked for, with rollups and postings that agree with them', async () => {
  const made = await generateUsage(database.ownerUrl, OPTIONS)
  expect(made).toMatchObject({ rows: 3_001, tenantIds: { length: 4 } })
  expect(await one(SUMS)).toEqual({ rows: 3_001n, requests: '3001', rolled: true, posted: true, failed: true })
  expect(
    await one(`SELECT count(DISTINCT day) AS days, max(day) AS last, count(DISTINCT tenant_id) AS tenants,
      count(DISTINCT key_id) AS keys, count(DISTINCT model) AS models,
      bool_and((began_at AT TIME ZONE 'UTC')::date = day) AS "inDay" FROM usage_events`),
  ).toEqual({ days: 3n, last: '2026-03-01', tenants: 4n, keys: 20n, models: 7n, inDay: true })
  const first = (await one('SELECT count(*) AS rows FROM usage_events WHERE tenant_id = $1', [made.tenantIds[0]])) as {
    rows: bigint
  }
  expect(Number(first.rows)).toBeGreaterThan(1_300)
  expect(Number(first.rows)).toBeLessThan(1_700)
})

it('names keys that exist', async () => {
  expect(await one('SELECT FROM usage_events u WHERE NOT EXISTS (SELECT FROM api_keys k WHERE k.id = u.key_id)')).toBe(
    undefined,
  )
})

it('makes the same rows from the same seed', async () => {
  const digest = `SELECT md5(string_agg(u::text, '|' ORDER BY day, request_id)) AS digest FROM usage_events u`
  const other = await testDatabase()
  await generateUsage(other.ownerUrl, OPTIONS)
  const pool = testPool(other.ownerUrl, 1)
  expect((await pool.query(digest)).rows[0]).toEqual(await one(digest))
  await pool.end()
  await other.drop()
})
