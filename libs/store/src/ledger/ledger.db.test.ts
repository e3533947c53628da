import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { insertTenant, testDatabase, testPool, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { inTransaction, type Pool } from '../connections/pools.ts'

let database: TestDatabase
let owner: Pool
let gateway: Pool
let app: Pool

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl)
  gateway = testPool(database.gatewayUrl)
  app = testPool(database.appUrl)
})
afterAll(async () => {
  await Promise.all([owner.end(), gateway.end(), app.end()])
  await database.drop()
})

const asSystem = 'BEGIN; SET LOCAL ROLE turnpike_system'

function row({ tenantId, workspaceId, keyId }: TestTenant, changes: object = {}): Record<string, unknown> {
  const day = '2026-11-21'
  return {
    day,
    request_id: `20261121-${randomBytes(10).toString('hex')}`,
    attempt: 1,
    funds: 'credit',
    tenant_id: tenantId,
    workspace_id: workspaceId,
    key_id: keyId,
    began_at: `${day}T10:07:00Z`,
    kind: 'chat',
    requested_model: 'm',
    counted_model: 'm',
    outcome: 'succeeded',
    model: 'm',
    provider: 'p',
    streamed: true,
    status: 200,
    cancelled: false,
    prompt_tokens: 10,
    completion_tokens: 20,
    cache_read_tokens: 3,
    cache_write_tokens: 0,
    reasoning_tokens: 4,
    cost_nano: '7',
    upstream_cost_nano: '5',
    first_token_ms: 30,
    total_ms: 50,
    attempts: 1,
    decision: {},
    ...changes,
  }
}

async function ship(batch: string, rows: readonly object[]): Promise<number> {
  const answer = await gateway.query<{ fresh: number }>('SELECT ship_usage($1, $2) AS fresh', [
    batch,
    JSON.stringify(rows),
  ])
  return answer.rows[0]?.fresh ?? -1
}

async function one<T extends object>(sql: string, values: unknown[] = []): Promise<T | undefined> {
  return (await owner.query<T>(sql, values)).rows[0]
}

/** Everything that a shipment may change, as one comparable value. */
function everything(): Promise<object | undefined> {
  return one(`SELECT (SELECT json_agg(u ORDER BY u.request_id) FROM usage_events u)::text AS rows,
    (SELECT json_agg(f ORDER BY f.request_id) FROM request_features f)::text AS features,
    (SELECT json_agg(r ORDER BY r.tenant_id, r.bucket) FROM usage_rollups r)::text AS rollups,
    (SELECT json_agg(p ORDER BY p.id) FROM ledger_postings p)::text AS postings,
    (SELECT json_agg(a ORDER BY a.id) FROM ledger_accounts a)::text AS accounts`)
}

it('refuses a transaction whose postings do not sum to zero', async () => {
  const { tenantId } = await insertTenant(database.ownerUrl)
  const entries = [
    { tenant_id: tenantId, kind: 'credits', amount: '100' },
    { tenant_id: null, kind: 'revenue', amount: '-99' },
  ]
  await expect(
    app.query('SELECT post_ledger($1, $2, $3)', ['uneven', 'test', JSON.stringify(entries)]),
  ).rejects.toThrow(/does not sum to zero/)
  expect(await one(`SELECT FROM ledger_transactions WHERE business_key = 'uneven'`)).toBeUndefined()
  expect(await one('SELECT FROM ledger_accounts WHERE tenant_id = $1', [tenantId])).toBeUndefined()
})

it('posts a business key once, however often and at once it is asked to', async () => {
  const { tenantId } = await insertTenant(database.ownerUrl)
  const entries = JSON.stringify([
    { tenant_id: tenantId, kind: 'credits', amount: '100' },
    { tenant_id: null, kind: 'stripe_clearing', amount: '-100' },
  ])
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      app.query<{ posted: boolean }>('SELECT post_ledger($1, $2, $3) AS posted', ['stripe:pi_1', 'top_up', entries]),
    ),
  )
  expect(answers.filter((answer) => answer.rows[0]?.posted)).toHaveLength(1)
  expect(await one(`SELECT balance FROM ledger_accounts WHERE tenant_id = $1`, [tenantId])).toEqual({ balance: 100n })
})

it.each(['ledger_postings', 'ledger_transactions', 'policy_versions', 'audit_entries', 'endpoint_prices'])(
  'never edits or deletes %s, not even for the owner',
  async (table) => {
    const { tenantId } = await insertTenant(database.ownerUrl, { balanceNano: 5n })
    await inTransaction(
      owner,
      async (client) => {
        await client.query(`INSERT INTO policies (id, tenant_id, name) VALUES ($1, $1, 'p')`, [tenantId])
        await client.query(
          `INSERT INTO policy_versions (tenant_id, policy_id, version, document) VALUES ($1, $1, 1, '{}')`,
          [tenantId],
        )
        await client.query(
          `INSERT INTO audit_entries (tenant_id, actor, action, entity, entity_id) VALUES ($1, 'a', 'b', 'c', 'd')`,
          [tenantId],
        )
      },
      asSystem,
    )
    const column =
      { ledger_postings: 'amount_nano', ledger_transactions: 'kind', audit_entries: 'actor' }[table] ?? 'version'
    await expect(owner.query(`UPDATE ${table} SET ${column} = ${column}`)).rejects.toThrow(/append-only/)
    await expect(owner.query(`DELETE FROM ${table}`)).rejects.toThrow(/append-only/)
  },
)

it('changes nothing when a batch is shipped again', async () => {
  const tenant = await insertTenant(database.ownerUrl, { funds: 'credit', balanceNano: 1_000n })
  const batch = [row(tenant), row(tenant, { status: 502, cost_nano: '0' }), row(tenant)]
  expect(await ship('usage:node:1:0-3', batch)).toBe(3)
  const before = await everything()
  expect(await ship('usage:node:1:0-3', batch)).toBe(0)
  // The same rows under another name, as after a crash between shipping and forgetting.
  expect(await ship('usage:node:1:1-4', batch)).toBe(0)
  expect(await everything()).toEqual(before)
})

it('ships a batch once when two processes ship it at the same time', async () => {
  const tenant = await insertTenant(database.ownerUrl, { funds: 'credit' })
  const batch = Array.from({ length: 50 }, () => row(tenant))
  const fresh = await Promise.all([1, 2, 3, 4].map(() => ship('usage:node:2:0-50', batch)))
  expect(fresh.toSorted((a, b) => b - a)).toEqual([50, 0, 0, 0])
})

it('refuses other rows under the name of a batch that was shipped, and keeps none of them', async () => {
  const tenant = await insertTenant(database.ownerUrl, { funds: 'credit' })
  await ship('usage:node:3:0-1', [row(tenant)])
  const before = await everything()
  await expect(ship('usage:node:3:0-1', [row(tenant)])).rejects.toThrow(/shipped before with other rows/)
  expect(await everything()).toEqual(before)
})

it('keeps rows, rollups, postings and balances equal to the nano-dollar', async () => {
  const tenants = await Promise.all(
    (['credit', 'simulated', 'operator'] as const).map(async (funds) => ({
      ...(await insertTenant(database.ownerUrl, { funds })),
      funds,
    })),
  )
  const rows = Array.from({ length: 300 }, (_, index) => {
    const tenant = tenants[index % 3]
    if (!tenant) throw new Error('no tenant')
    const beganAt = new Date(Date.UTC(2026, 10, 20, 23, 50) + index * 7_000).toISOString()
    const cost = 9_007_199_254_740_993n + BigInt(index)
    return row(tenant, {
      funds: tenant.funds,
      began_at: beganAt,
      day: beganAt.slice(0, 10),
      cost_nano: cost.toString(),
    })
  })
  for (let from = 0; from < rows.length; from += 60) {
    expect(await ship(`usage:node:4:${from}-${from + 60}`, rows.slice(from, from + 60))).toBe(60)
  }
  for (const { tenantId, funds } of tenants) {
    const sums = await one<Record<'rows' | 'rolled' | 'posted' | 'balance' | 'requests', string>>(
      `SELECT (SELECT sum(cost_nano) FROM usage_events WHERE tenant_id = $1) AS rows,
              (SELECT sum(cost_nano) FROM usage_rollups WHERE tenant_id = $1) AS rolled,
              (SELECT sum(requests) FROM usage_rollups WHERE tenant_id = $1) AS requests,
              (SELECT -COALESCE(sum(amount_nano), 0) FROM ledger_postings WHERE tenant_id = $1) AS posted,
              (SELECT -COALESCE(sum(balance), 0) FROM ledger_accounts WHERE tenant_id = $1) AS balance`,
      [tenantId],
    )
    const charged = funds === 'operator' ? '0' : sums?.rows
    expect(sums, funds).toEqual({
      rows: sums?.rows,
      rolled: sums?.rows,
      requests: '100',
      posted: charged,
      balance: charged,
    })
    expect(BigInt(sums?.rows ?? 0)).toBeGreaterThan(2n ** 59n)
  }
  expect(await one('SELECT sum(amount_nano)::text AS sum FROM ledger_postings')).toEqual({ sum: '0' })
})

it('charges simulated money to simulated accounts only', async () => {
  const tenant = await insertTenant(database.ownerUrl, { funds: 'simulated', balanceNano: 100n })
  await ship('usage:node:5:0-1', [row(tenant, { funds: 'simulated' })])
  const { rows } = await owner.query('SELECT kind, balance FROM ledger_accounts WHERE tenant_id = $1', [
    tenant.tenantId,
  ])
  expect(rows).toEqual([{ kind: 'credits_simulated', balance: 93n }])
})
