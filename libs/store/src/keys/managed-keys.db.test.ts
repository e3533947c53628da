import type { TenantId } from '@turnpike/domain'
import { insertTenant, testDatabase, testPool, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findManagedKey, hasWorkspace, keyUsage, listManagedKeys } from './managed-keys.ts'
import { inTransaction, type Pool } from '../connections/pools.ts'

/** A Wednesday. */
const NOW_MS = Date.parse('2026-11-18T12:00:00Z')
let database: TestDatabase
let app: Pool
let owner: Pool
let tenant: TestTenant
let other: TestTenant

beforeAll(async () => {
  database = await testDatabase()
  app = testPool(database.appUrl, 2)
  owner = testPool(database.ownerUrl, 1)
  tenant = await insertTenant(database.ownerUrl)
  other = await insertTenant(database.ownerUrl)
  await spend(tenant, '2026-11-18T00:00:00Z', 1n)
  await spend(tenant, '2026-11-17T23:45:00Z', 10n)
  await spend(tenant, '2026-11-16T00:00:00Z', 100n)
  await spend(tenant, '2026-11-15T23:45:00Z', 1_000n)
  await spend(tenant, '2026-11-17T12:00:00Z', 0n, 5n)
  await spend(tenant, '2026-10-31T23:45:00Z', 10_000n)
  await spend(other, '2026-11-18T00:00:00Z', 7n)
})
afterAll(async () => {
  await Promise.all([app.end(), owner.end()])
  await database.drop()
})

async function spend({ tenantId, keyId }: TestTenant, bucket: string, costNano: bigint, ownNano = 0n): Promise<void> {
  const insert = `INSERT INTO usage_rollups (tenant_id, bucket, key_id, model, provider, requests, failed, interrupted, cancelled,
    rejected, prompt_tokens, completion_tokens, cache_read_tokens, reasoning_tokens, cost_nano, first_token_ms_sum, first_token_count, own_cost_nano,
    last_began_at)
    VALUES ($1, $2, $3, 'm', 'p', 1, 0, 0, 0, 0, 1, 1, 0, 0, $4, 0, 0, $5, $2)`
  const work = (client: Pick<Pool, 'query'>) => client.query(insert, [tenantId, bucket, keyId, costNano, ownNano])
  await inTransaction(owner, work, 'BEGIN; SET LOCAL ROLE turnpike_system')
}

const ALL = { offset: 0, limit: 100, revokedToo: true, workspaceId: null }

it('counts spending by day, week and month of UTC, and as the key’s own page does', async () => {
  const key = await findManagedKey(app, tenant.tenantId, tenant.keyId, NOW_MS)
  expect(key?.usage).toEqual({
    credits: { today: 1n, week: 111n, month: 1_111n, total: 11_111n },
    own: { today: 0n, week: 5n, month: 5n, total: 5n },
  })
  expect(key?.usage).toEqual(await keyUsage(app, tenant.tenantId, tenant.keyId, NOW_MS))
  const { keys } = await listManagedKeys(app, tenant.tenantId, ALL, NOW_MS)
  expect(keys).toEqual([key])
})

it('knows keys and workspaces of one organisation only', async () => {
  expect(await findManagedKey(app, tenant.tenantId, other.keyId, NOW_MS)).toBeNull()
  expect(await listManagedKeys(app, tenant.tenantId, { ...ALL, workspaceId: other.workspaceId }, NOW_MS)).toEqual({
    keys: [],
    total: 0,
  })
  expect(await hasWorkspace(app, tenant.tenantId, tenant.workspaceId)).toBe(true)
  expect(await hasWorkspace(app, tenant.tenantId, other.workspaceId)).toBe(false)
  const nobody = '00000000-0000-4000-8000-000000000000' as TenantId
  expect((await listManagedKeys(app, nobody, ALL, NOW_MS)).total).toBe(0)
})
