import { randomBytes, randomUUID } from 'node:crypto'
import type { Caller, KeyId, TenantId, WorkspaceId } from '@turnpike/domain'
import { inTransaction, type Queryable } from '@turnpike/store'
import { testPool } from './database.ts'

/** An organisation with one workspace and one key, as rows. */
export interface TestTenant {
  readonly tenantId: TenantId
  readonly workspaceId: WorkspaceId
  readonly keyId: KeyId
  readonly digest: Buffer
}

interface TenantOptions {
  readonly name?: string
  readonly funds?: Caller['funds']
  /** Credit, nano-dollars. */
  readonly balanceNano?: bigint
  /** Rows of the key; the digest is random unless given. */
  readonly key?: Partial<TestKey>
}

export interface TestKey {
  readonly id: string
  readonly name: string
  readonly kind: 'live' | 'test' | 'mgmt'
  readonly digest: Buffer
  readonly secretId: number
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
}

/** A key's row without a tenant, for tests that insert it themselves. Nobody holds the key that it is the digest of. */
export function aKey(changes: Partial<TestKey> = {}): TestKey {
  return {
    id: randomBytes(8).toString('hex'),
    name: 'default',
    kind: 'live',
    digest: randomBytes(32),
    secretId: 1,
    expiresAt: null,
    revokedAt: null,
    ...changes,
  }
}

/** Inserts a tenant with money, a workspace and a key. */
export async function insertTenant(ownerUrl: string, options: TenantOptions = {}): Promise<TestTenant> {
  const pool = testPool(ownerUrl, 1)
  try {
    // The owner may act for the system, which row-level security lets see every tenant.
    return await inTransaction(pool, (client) => insert(client, options), 'BEGIN; SET LOCAL ROLE turnpike_system')
  } finally {
    await pool.end()
  }
}

async function insert(client: Queryable, options: TenantOptions): Promise<TestTenant> {
  const tenantId = randomUUID() as TenantId
  const workspaceId = randomUUID() as WorkspaceId
  const key = aKey(options.key)
  const funds = options.funds ?? 'simulated'
  const name = options.name ?? `tenant ${tenantId.slice(0, 8)}`
  await client.query('INSERT INTO organisations (tenant_id, name, funds) VALUES ($1, $2, $3)', [tenantId, name, funds])
  await client.query('INSERT INTO workspaces (id, tenant_id, name, slug) VALUES ($1, $2, $3, $4)', [
    workspaceId,
    tenantId,
    'Default',
    'default',
  ])
  await client.query(
    `INSERT INTO api_keys (id, tenant_id, workspace_id, name, kind, digest, secret_id, last_four, expires_at, revoked_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'abcd', $8, $9)`,
    [...[key.id, tenantId, workspaceId, key.name, key.kind, key.digest, key.secretId, key.expiresAt, key.revokedAt]],
  )
  const balance = options.balanceNano ?? 0n
  if (balance !== 0n) {
    const kind = funds === 'simulated' ? 'credits_simulated' : 'credits'
    await client.query('SELECT post_ledger($1, $2, $3)', [
      `grant:${tenantId}`,
      'grant',
      JSON.stringify([
        { tenant_id: tenantId, kind, amount: balance.toString() },
        { tenant_id: null, kind: `${kind}_granted`, amount: (-balance).toString() },
      ]),
    ])
  }
  return { tenantId, workspaceId, keyId: key.id as KeyId, digest: key.digest }
}
