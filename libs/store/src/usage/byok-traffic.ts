import { ownerOf, type KeyId, type ModelSlug, type OwnId, type TenantId } from '@turnpike/domain'
import { queryInTenant, type Pool } from '../connections/pools.ts'
import { openDecision } from '../journal/decision.ts'

const A_DAY_MS = 86_400_000
/** Newest requests that are looked through: some tens of milliseconds, however busy the organisation is. */
const REQUESTS_MAX = 5_000

/** Requests in a row that a provider refused a credential of the tenant's own for, up to now. */
export interface RefusedUse {
  readonly credential: OwnId
  /** Of the first of them, Unix milliseconds. */
  readonly sinceMs: number
  readonly lastMs: number
  readonly requests: number
}

/** One request as far as it says something of own credentials. */
interface Use {
  readonly beganAtMs: number
  /** Whose account answered; null: the operator's, or none. */
  readonly owner: OwnId | null
  readonly status: number
  readonly fault: string | null
  readonly decision: unknown
}

/**
 * The credentials that were refused by the last request that used them, from the newest 5,000 requests of the last day. A request that
 * skipped a credential in its cooldown, and that credits paid for, is not counted.
 */
export async function refusedUses(pool: Pool, tenantId: TenantId, nowMs: number): Promise<RefusedUse[]> {
  const rows = await queryInTenant<Use>(pool, tenantId, USES, [tenantId, new Date(nowMs - A_DAY_MS), REQUESTS_MAX])
  return refusedOf(rows)
}

const USES = `SELECT (extract(epoch FROM began_at) * 1000)::float8 AS "beganAtMs", owner_id AS owner, status, fault,
    CASE WHEN refused THEN decision END AS decision
  FROM (SELECT *, decision::text LIKE '%"own_credential_refused"%' OR fault = 'own_credential_refused' AS refused
        FROM (SELECT began_at, request_id, owner_id, status, fault, decision FROM usage_events
              WHERE tenant_id = $1 AND began_at >= $2 AND day >= ($2 AT TIME ZONE 'UTC')::date
              ORDER BY began_at DESC, request_id LIMIT $3) newest) uses
  WHERE refused OR owner_id IS NOT NULL ORDER BY began_at DESC, request_id`

/** @param uses newest first */
function refusedOf(uses: readonly Use[]): RefusedUse[] {
  const refused = new Map<OwnId, RefusedUse>()
  const works = new Set<OwnId>()
  for (const { beganAtMs, owner, status, fault, decision } of uses) {
    for (const credential of decision === null ? [] : refusedIn(decision, fault)) {
      if (works.has(credential)) continue
      const known = refused.get(credential) ?? { credential, lastMs: beganAtMs, requests: 0 }
      refused.set(credential, { ...known, sinceMs: beganAtMs, requests: known.requests + 1 })
    }
    if (owner !== null && status < 400) works.add(owner)
  }
  return [...refused.values()]
}

/** Without an attempt every target of the route was in its cooldown after a refusal. */
function refusedIn(stored: unknown, fault: string | null): ReadonlySet<OwnId> {
  const { attempts, decision } = openDecision(stored)
  const attempted = attempts.filter((attempt) => attempt.fault === 'own_credential_refused')
  const targets =
    attempted.length > 0
      ? attempted.map(({ endpoint }) => endpoint)
      : fault === 'own_credential_refused'
        ? (decision?.targets ?? [])
        : []
  return new Set(targets.flatMap((target) => ownerOf(target) ?? []))
}

/** Of which requests a credential would have had its turn. */
interface TrafficFilter {
  readonly models: readonly ModelSlug[]
  /** Null: with any key. */
  readonly keys: readonly KeyId[] | null
  /** Only those that failed: where a credential is a fallback. */
  readonly failedOnly: boolean
}

/** Requests of the last day by model, the most first; requests that no model answered count under the requested one. */
export async function requestsByModel(
  pool: Pool,
  tenantId: TenantId,
  { models, keys, failedOnly }: TrafficFilter,
  nowMs: number,
): Promise<{ readonly model: string; readonly requests: number }[]> {
  return queryInTenant(
    pool,
    tenantId,
    `SELECT COALESCE(model, requested_model) AS model, count(*)::float8 AS requests FROM usage_events
     WHERE tenant_id = $1 AND began_at >= $2 AND day >= ($2 AT TIME ZONE 'UTC')::date
       AND COALESCE(model, requested_model) = ANY ($3::text[]) AND ($4::text[] IS NULL OR key_id = ANY ($4))
       AND (NOT $5::boolean OR status >= 400)
     GROUP BY 1 ORDER BY 2 DESC, 1`,
    [tenantId, new Date(nowMs - A_DAY_MS), models, keys, failedOnly],
  )
}
