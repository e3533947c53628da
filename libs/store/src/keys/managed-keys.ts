import type { KeyId, KeyKind, NanoUsd, PolicyId, TenantId, UserId, WorkspaceId } from '@turnpike/domain'
import { inTenant, type Pool, type Queryable } from '../connections/pools.ts'

/** A key as the management API shows it. */
export interface ManagedKey {
  readonly id: KeyId
  readonly workspaceId: WorkspaceId
  /** Its own policy; those of its workspace and its organisation apply too. */
  readonly policyId: PolicyId | null
  readonly name: string
  readonly kind: KeyKind
  readonly lastFour: string
  /** The person who made it; null for keys made by a management key. */
  readonly createdBy: UserId | null
  readonly createdAt: Date
  /** Time of its last change or revocation; null without one. */
  readonly updatedAt: Date | null
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly usage: KeyUsage
}

/** What was spent: ever, and since midnight, Monday and the first of the month, in UTC. */
interface Spent {
  readonly total: NanoUsd
  readonly today: NanoUsd
  readonly week: NanoUsd
  readonly month: NanoUsd
}

/** What was spent with a key: credits, and what providers bill the tenant's own accounts, at the prices listed here. */
export interface KeyUsage {
  readonly credits: Spent
  readonly own: Spent
}

const NOTHING: Spent = { total: 0n, today: 0n, week: 0n, month: 0n }

/** Of a key with which nothing was asked. */
const UNUSED: KeyUsage = { credits: NOTHING, own: NOTHING }

interface ManagedKeyFilter {
  readonly offset: number
  /** At most `MANAGED_KEYS_PAGE_MAX`. */
  readonly limit: number
  readonly revokedToo: boolean
  /** Null: keys of all workspaces of the organisation. */
  readonly workspaceId: string | null
}

/** Their usage is summed in one query. */
const MANAGED_KEYS_PAGE_MAX = 100

/** A page of keys, newest first. @param nowMs Unix milliseconds; sets the current day, week and month */
export function listManagedKeys(
  pool: Pool,
  tenantId: TenantId,
  filter: ManagedKeyFilter,
  nowMs: number,
): Promise<{ readonly keys: readonly ManagedKey[]; readonly total: number }> {
  const { offset, limit, revokedToo, workspaceId } = filter
  const where = 'tenant_id = $1 AND ($2 OR revoked_at IS NULL) AND ($3::uuid IS NULL OR workspace_id = $3::uuid)'
  return inTenant(pool, tenantId, async (client) => {
    const wanted = [tenantId, revokedToo, workspaceId]
    const counted = await client.query<{ total: string }>(
      `SELECT count(*)::text AS total FROM api_keys WHERE ${where}`,
      wanted,
    )
    const { rows } = await client.query<KeyRow>(
      `SELECT ${COLUMNS} FROM api_keys WHERE ${where} ORDER BY created_at DESC, id OFFSET $4 LIMIT $5`,
      [...wanted, offset, Math.min(limit, MANAGED_KEYS_PAGE_MAX)],
    )
    return { keys: await complete(client, tenantId, rows, nowMs), total: Number(counted.rows[0]?.total ?? 0) }
  })
}

/** Null when the organisation has no such key. */
export function findManagedKey(pool: Pool, tenantId: TenantId, id: string, nowMs: number): Promise<ManagedKey | null> {
  return inTenant(pool, tenantId, async (client) => {
    const { rows } = await client.query<KeyRow>(`SELECT ${COLUMNS} FROM api_keys WHERE tenant_id = $1 AND id = $2`, [
      tenantId,
      id,
    ])
    return (await complete(client, tenantId, rows, nowMs))[0] ?? null
  })
}

/** A foreign key would accept another tenant's workspace too: it ignores row-level security. */
export function hasWorkspace(pool: Pool, tenantId: TenantId, id: string): Promise<boolean> {
  return inTenant(pool, tenantId, async (client) => {
    const { rows } = await client.query('SELECT 1 FROM workspaces WHERE tenant_id = $1 AND id = $2::uuid', [
      tenantId,
      id,
    ])
    return rows.length > 0
  })
}

const COLUMNS = `id, workspace_id AS "workspaceId", policy_id AS "policyId", name, kind,
  last_four AS "lastFour", created_by AS "createdBy", created_at AS "createdAt",
  expires_at AS "expiresAt", revoked_at AS "revokedAt"`

type KeyRow = Omit<ManagedKey, 'updatedAt' | 'usage'>

async function complete(
  client: Queryable,
  tenantId: TenantId,
  rows: readonly KeyRow[],
  nowMs: number,
): Promise<ManagedKey[]> {
  const ids = rows.map(({ id }) => id)
  const usageOf = await usageOfKeys(client, tenantId, ids, nowMs)
  const changes = await client.query<{ entity_id: string; at: Date }>(CHANGED, [tenantId, ids])
  const changedAt = new Map(changes.rows.map((row) => [row.entity_id, row.at]))
  return rows.map((row) => ({
    ...row,
    updatedAt: changedAt.get(row.id) ?? null,
    usage: usageOf.get(row.id) ?? UNUSED,
  }))
}

const CHANGED = `SELECT entity_id, max(at) AS at FROM audit_entries
  WHERE tenant_id = $1 AND entity = 'api_keys' AND entity_id = ANY($2::text[]) AND action <> 'key.create'
  GROUP BY entity_id`

/** @param nowMs Unix milliseconds; sets the current day, week and month */
export async function keyUsage(pool: Pool, tenantId: TenantId, keyId: KeyId, nowMs: number): Promise<KeyUsage> {
  const usage = await inTenant(pool, tenantId, (client) => usageOfKeys(client, tenantId, [keyId], nowMs))
  return usage.get(keyId) ?? UNUSED
}

/** In one query; without keys that were never used. */
async function usageOfKeys(
  client: Queryable,
  tenantId: TenantId,
  keyIds: readonly KeyId[],
  nowMs: number,
): Promise<ReadonlyMap<KeyId, KeyUsage>> {
  const { rows } = await client.query<{ key_id: KeyId; credits: Amounts; own: Amounts }>(
    `SELECT key_id, ${spent('cost_nano')} AS credits, ${spent('own_cost_nano')} AS own
     FROM usage_rollups WHERE tenant_id = $1 AND key_id = ANY($2::text[]) GROUP BY key_id`,
    [tenantId, keyIds, new Date(nowMs)],
  )
  return new Map(rows.map(({ key_id, credits, own }) => [key_id, { credits: spentOf(credits), own: spentOf(own) }]))
}

/** Amounts in the order of `Spent`. */
type Amounts = readonly [total: string, today: string, week: string, month: string]

/** Sums of a column at the time `$3`. */
function spent(column: 'cost_nano' | 'own_cost_nano'): string {
  const since = (unit: 'day' | 'week' | 'month') =>
    `COALESCE(sum(${column}) FILTER (WHERE bucket >= date_trunc('${unit}', $3::timestamptz, 'UTC')), 0)::text`
  return `ARRAY[sum(${column})::text, ${since('day')}, ${since('week')}, ${since('month')}]`
}

function spentOf([total, today, week, month]: Amounts): Spent {
  return { total: BigInt(total), today: BigInt(today), week: BigInt(week), month: BigInt(month) }
}
