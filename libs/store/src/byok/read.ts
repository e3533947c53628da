import type { Own, TenantId } from '@turnpike/domain'
import { ownOf, type StoredOwn } from './rows.ts'
import { inTenant, type Pool } from '../connections/pools.ts'

/**
 * The BYOK resources that an organisation has switched on, their secrets sealed: as the key check has them, for callers without a key.
 * As a member of turnpike_app.
 */
export async function readOwn(pool: Pool, tenantId: TenantId): Promise<Own> {
  const { rows } = await inTenant(pool, tenantId, (client) =>
    client.query<{ own: StoredOwn | null }>('SELECT byok_resources($1) AS own', [tenantId]),
  )
  return ownOf(rows[0]?.own ?? null) ?? { credentials: [], endpoints: [] }
}
