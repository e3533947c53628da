import { randomUUID } from 'node:crypto'
import type { KeyId, TenantId, WorkspaceId } from '@turnpike/domain'
import { inTransaction, mintKey, type KeySecrets, type Pool, type Queryable } from '@turnpike/store'
import { aKey, type TestKey } from '../tenants.ts'
import { canaryOf } from './canary.ts'

export interface FleetTenant {
  readonly tenantId: TenantId
  readonly workspaceId: WorkspaceId
}

/** A key of the fleet, in clear. Its name is its canary. */
export interface FleetKey extends TestKey, FleetTenant {
  readonly id: KeyId
  readonly key: string
}

const TENANTS_MAX = 4
/** A million simulated dollars each: no run spends it. */
const BALANCE_NANO = 1_000_000n * 1_000_000_000n

/** Makes tenants with simulated money, and live keys dealt out among them. */
export async function plantKeys(
  pool: Pool,
  secrets: KeySecrets,
  count: number,
): Promise<{ keys: FleetKey[]; tenants: FleetTenant[] }> {
  const tenants = Array.from({ length: Math.min(TENANTS_MAX, Math.max(1, count)) }, () => ({
    tenantId: randomUUID() as TenantId,
    workspaceId: randomUUID() as WorkspaceId,
  }))
  const keys = tenants.length > 0 ? Array.from({ length: count }, (_, index) => mint(secrets, tenants, index)) : []
  // The owner may act for the system, which row-level security lets see every tenant.
  await inTransaction(pool, (client) => insert(client, tenants, keys), 'BEGIN; SET LOCAL ROLE turnpike_system')
  return { keys, tenants }
}

function mint(secrets: KeySecrets, tenants: readonly FleetTenant[], index: number): FleetKey {
  const { key, id, digest, secretId } = mintKey(secrets, 'live')
  const tenant = tenants[index % tenants.length]
  if (!tenant) throw new Error('there is no tenant')
  return { ...aKey({ name: canaryOf(key), digest, secretId }), ...tenant, id, key }
}

async function insert(client: Queryable, tenants: readonly FleetTenant[], keys: readonly FleetKey[]): Promise<void> {
  for (const { tenantId, workspaceId } of tenants) {
    await client.query(`INSERT INTO organisations (tenant_id, name, funds) VALUES ($1, $2, 'simulated')`, [
      tenantId,
      `fleet ${tenantId.slice(0, 8)}`,
    ])
    await client.query(`INSERT INTO workspaces (id, tenant_id, name, slug) VALUES ($1, $2, 'Default', 'default')`, [
      workspaceId,
      tenantId,
    ])
    await client.query('SELECT post_ledger($1, $2, $3)', [
      `grant:${tenantId}`,
      'grant',
      JSON.stringify([
        { tenant_id: tenantId, kind: 'credits_simulated', amount: BALANCE_NANO.toString() },
        { tenant_id: null, kind: 'credits_simulated_granted', amount: (-BALANCE_NANO).toString() },
      ]),
    ])
  }
  await client.query(
    `INSERT INTO api_keys (id, tenant_id, workspace_id, name, kind, digest, secret_id, last_four)
     SELECT id, tenant, workspace, name, 'live', digest, secret_id, last_four
     FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::int[], $7::text[])
       AS t (id, tenant, workspace, name, digest, secret_id, last_four)`,
    [
      ...[keys.map(({ id }) => id), keys.map(({ tenantId }) => tenantId), keys.map(({ workspaceId }) => workspaceId)],
      ...[keys.map(({ name }) => name), keys.map(({ digest }) => digest), keys.map(({ secretId }) => secretId)],
      keys.map(({ key }) => key.slice(-4)),
    ],
  )
}
