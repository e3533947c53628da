import type { KeyId, NanoUsd, TenantId } from '@turnpike/domain'
import { inTenant, type Pool, type Queryable } from '../connections/pools.ts'

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
export const UNUSED: KeyUsage = { credits: NOTHING, own: NOTHING }

/** @param nowMs Unix milliseconds: says which day, week and month it is */
export async function keyUsage(pool: Pool, tenantId: TenantId, keyId: KeyId, nowMs: number): Promise<KeyUsage> {
  const usage = await inTenant(pool, tenantId, (client) => usageOfKeys(client, tenantId, [keyId], nowMs))
  return usage.get(keyId) ?? UNUSED
}

/** The same of several keys of one tenant, in one query; without those that were never used. */
export async function usageOfKeys(
  client: Queryable,
  tenantId: TenantId,
  keyIds: readonly KeyId[],
  nowMs: number,
): Promise<ReadonlyMap<KeyId, KeyUsage>> {
  const { rows } = await client.query<Row>(
    `SELECT key_id, ${spent('cost_nano')} AS credits, ${spent('own_cost_nano')} AS own
     FROM usage_rollups WHERE tenant_id = $1 AND key_id = ANY($2::text[]) GROUP BY key_id`,
    [tenantId, keyIds, new Date(nowMs)],
  )
  return new Map(rows.map(({ key_id, credits, own }) => [key_id, { credits: spentOf(credits), own: spentOf(own) }]))
}

/** Amounts as text, in the order of `Spent`. */
type Amounts = readonly [total: string, today: string, week: string, month: string]

interface Row {
  readonly key_id: KeyId
  readonly credits: Amounts
  readonly own: Amounts
}

/** Sums of a column at the time `$3`. */
function spent(column: 'cost_nano' | 'own_cost_nano'): string {
  const since = (unit: 'day' | 'week' | 'month') =>
    `COALESCE(sum(${column}) FILTER (WHERE bucket >= date_trunc('${unit}', $3::timestamptz, 'UTC')), 0)::text`
  return `ARRAY[sum(${column})::text, ${since('day')}, ${since('week')}, ${since('month')}]`
}

function spentOf([total, today, week, month]: Amounts): Spent {
  return { total: BigInt(total), today: BigInt(today), week: BigInt(week), month: BigInt(month) }
}
