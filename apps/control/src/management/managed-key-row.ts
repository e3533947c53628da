import type { ManagedKey as ManagedKeyRow } from '@turnpike/contract'
import { usdString } from '@turnpike/domain'
import type { ManagedKey } from '@turnpike/store'

/** A key in OpenRouter's words. What we do not have is said as none: no limit, no usage of the organisation's own provider keys. */
export function managedKeyRow(key: ManagedKey): ManagedKeyRow {
  const { id, name, kind, lastFour, usage } = key
  return {
    hash: id,
    name,
    label: `tp_${kind}_…${lastFour}`,
    kind,
    disabled: key.revokedAt !== null,
    limit: null,
    limit_remaining: null,
    limit_reset: null,
    include_byok_in_limit: false,
    usage: dollars(usage.total),
    usage_daily: dollars(usage.today),
    usage_weekly: dollars(usage.week),
    usage_monthly: dollars(usage.month),
    byok_usage: 0,
    byok_usage_daily: 0,
    byok_usage_weekly: 0,
    byok_usage_monthly: 0,
    created_at: key.createdAt.toISOString(),
    updated_at: key.updatedAt?.toISOString() ?? null,
    expires_at: key.expiresAt?.toISOString() ?? null,
    creator_user_id: key.createdBy,
    workspace_id: key.workspaceId,
    policy_id: key.policyId,
  }
}

function dollars(nanoUsd: bigint): number {
  return Number(usdString(nanoUsd))
}
