import type { ManagedByokKey } from '@turnpike/contract'
import type { WorkspaceId } from '@turnpike/domain'
import type { OwnCredentialSummary } from '@turnpike/store'

/** A provider key in OpenRouter's words. @param workspaceId of the calling key: a provider key applies in every workspace */
export function managedByokRow(summary: OwnCredentialSummary, workspaceId: WorkspaceId): ManagedByokKey {
  const { id, name, lastFour, provider, disabledAt, placement, priority, models, keys, createdAt } = summary
  return {
    id,
    name,
    provider,
    label: `...${lastFour}`,
    disabled: disabledAt !== null,
    is_fallback: placement === 'fallback',
    sort_order: priority,
    allowed_models: models && [...models],
    allowed_api_key_hashes: keys && [...keys],
    allowed_user_ids: null,
    is_required: false,
    is_byok_only: false,
    workspace_id: workspaceId,
    created_at: createdAt.toISOString(),
  }
}
