import type { Preset, SavedPreset } from '@turnpike/store'

/** A preset in OpenRouter's words. */
export function presetBody(preset: Preset) {
  return {
    id: preset.id,
    slug: preset.slug,
    name: preset.name,
    description: preset.description,
    status: preset.status,
    creator_user_id: preset.createdBy,
    workspace_id: preset.workspaceId,
    designated_version_id: preset.designatedVersionId,
    created_at: preset.createdAt.toISOString(),
    updated_at: preset.updatedAt.toISOString(),
    status_updated_at: preset.statusUpdatedAt?.toISOString() ?? null,
  }
}

/** With what the version in force holds. */
export function presetWithVersion({ preset, inForce }: { readonly preset: Preset; readonly inForce: SavedPreset }) {
  return { ...presetBody(preset), designated_version: versionBody(inForce) }
}

/** One version. It is never edited, so that it was updated when it was made. */
export function versionBody(saved: SavedPreset) {
  return {
    id: saved.id,
    preset_id: saved.presetId,
    creator_id: saved.savedBy,
    version: saved.version,
    system_prompt: saved.systemPrompt,
    config: saved.config,
    created_at: saved.createdAt.toISOString(),
    updated_at: saved.createdAt.toISOString(),
  }
}
