import type { Own, TenantId } from '@turnpike/domain'
import { ownOf, type StoredOwn } from './rows.ts'
import { inTenant, type Pool } from '../connections/pools.ts'

/**
 * What an organisation brings along and has switched on, its secrets sealed: as the key check has it, for whoever has no key at hand.
 * As a member of turnpike_app.
 */
export async function readOwn(pool: Pool, tenantId: TenantId): Promise<Own> {
  const { rows } = await inTenant(pool, tenantId, (client) =>
    client.query<{ own: StoredOwn | null }>('SELECT byok_resources($1) AS own', [tenantId]),
  )
  return ownOf(rows[0]?.own ?? null) ?? { credentials: [], endpoints: [] }
}
