import type { ManagedKey as ManagedKeyRow } from '@turnpike/contract'
import { usdString } from '@turnpike/domain'
import type { ManagedKey } from '@turnpike/store'

/** A key in OpenRouter's words. What we do not have is said as none: no limit. */
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
    usage: dollars(usage.credits.total),
    usage_daily: dollars(usage.credits.today),
    usage_weekly: dollars(usage.credits.week),
    usage_monthly: dollars(usage.credits.month),
    byok_usage: dollars(usage.own.total),
    byok_usage_daily: dollars(usage.own.today),
    byok_usage_weekly: dollars(usage.own.week),
    byok_usage_monthly: dollars(usage.own.month),
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
