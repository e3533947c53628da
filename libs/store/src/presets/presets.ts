import type { TenantId, UserId, WorkspaceId } from '@turnpike/domain'
import { inTenant, type Pool, type Queryable } from '../connections/pools.ts'

/** Most rows of one page. */
export const PRESETS_PAGE_MAX = 100
/** Most presets of a workspace; a workspace with more has a script that never archives. */
export const PRESETS_MAX = 200
/** Most versions of a preset: a preset that is saved with every deployment reaches it after years. */
export const PRESET_VERSIONS_MAX = 1_000

export const PRESET_STATUSES = ['active', 'disabled', 'archived'] as const
export type PresetStatus = (typeof PRESET_STATUSES)[number]

/** The workspace that presets belong to. */
export interface PresetPlace {
  readonly tenantId: TenantId
  readonly workspaceId: WorkspaceId
}

/** A named configuration of requests. */
export interface Preset {
  readonly id: string
  readonly workspaceId: WorkspaceId
  readonly slug: string
  readonly name: string
  readonly description: string | null
  readonly status: PresetStatus
  /** The version that a request without a version gets, and its id. */
  readonly designatedVersion: number
  readonly designatedVersionId: string
  /** Null when it was made with a key that belongs to no person. */
  readonly createdBy: UserId | null
  readonly createdAt: Date
  readonly updatedAt: Date
  /** Null while it has its first status. */
  readonly statusUpdatedAt: Date | null
}

/** One version of a preset's content. */
export interface SavedPreset {
  readonly id: string
  readonly presetId: string
  /** From 1. */
  readonly version: number
  /** Fields of a chat request. */
  readonly config: Readonly<Record<string, unknown>>
  readonly systemPrompt: string | null
  /** The person whose key saved it, or that key. */
  readonly savedBy: string | null
  readonly createdAt: Date
}

interface Page {
  readonly offset: number
  /** At most `PRESETS_PAGE_MAX`. */
  readonly limit: number
}

/** A page of a workspace's presets of any status, by slug, and the total number of presets. */
export function listPresets(
  pool: Pool,
  place: PresetPlace,
  { offset, limit }: Page,
): Promise<{ readonly presets: readonly Preset[]; readonly total: number }> {
  return inTenant(pool, place.tenantId, async (client) => {
    const counted = await client.query<{ total: bigint }>(
      'SELECT count(*) AS total FROM presets WHERE tenant_id = $1 AND workspace_id = $2',
      [place.tenantId, place.workspaceId],
    )
    const { rows } = await client.query<PresetRow>(`${SELECT_PRESETS} ORDER BY p.slug OFFSET $3 LIMIT $4`, [
      place.tenantId,
      place.workspaceId,
      offset,
      Math.min(limit, PRESETS_PAGE_MAX),
    ])
    return { presets: rows.map(presetOf), total: Number(counted.rows[0]?.total ?? 0) }
  })
}

/** A preset with the version in force; null when the workspace has no such preset. */
export function findPreset(
  pool: Pool,
  place: PresetPlace,
  slug: string,
): Promise<{ readonly preset: Preset; readonly inForce: SavedPreset } | null> {
  return inTenant(pool, place.tenantId, (client) => presetWithin(client, place, slug))
}

/** The same within a transaction that goes on. */
export async function presetWithin(
  client: Queryable,
  place: PresetPlace,
  slug: string,
): Promise<{ readonly preset: Preset; readonly inForce: SavedPreset } | null> {
  const { rows } = await client.query<PresetRow>(`${SELECT_PRESETS} AND p.slug = $3`, [
    place.tenantId,
    place.workspaceId,
    slug,
  ])
  const [row] = rows
  if (!row) return null
  const [inForce] = await versionsWithin(client, row.id, 'AND version = $2', [row.designated_version])
  if (!inForce) throw new Error(`preset ${row.id} has no version in force`)
  return { preset: presetOf(row), inForce }
}

/** A page of a preset's versions, oldest first, and their total number; null when the workspace has no such preset. */
export function listPresetVersions(
  pool: Pool,
  place: PresetPlace,
  slug: string,
  { offset, limit }: Page,
): Promise<{ readonly versions: readonly SavedPreset[]; readonly total: number } | null> {
  return inTenant(pool, place.tenantId, async (client) => {
    const known = await identify(client, place, slug)
    if (!known) return null
    const page = [offset, Math.min(limit, PRESETS_PAGE_MAX)]
    const versions = await versionsWithin(client, known.id, 'ORDER BY version OFFSET $2 LIMIT $3', page)
    return { versions, total: known.newest }
  })
}

/** One version of a preset, or the number of versions when the preset lacks it; null when the workspace has no such preset. */
export function findPresetVersion(
  pool: Pool,
  place: PresetPlace,
  slug: string,
  version: number,
): Promise<{ readonly saved: SavedPreset | null; readonly newest: number } | null> {
  return inTenant(pool, place.tenantId, async (client) => {
    const known = await identify(client, place, slug)
    if (!known) return null
    const [saved = null] = await versionsWithin(client, known.id, 'AND version = $2', [version])
    return { saved, newest: known.newest }
  })
}

/** All slugs of a workspace's presets in alphabetical order, from which the nearest to an unknown slug is suggested. */
export function presetSlugs(pool: Pool, place: PresetPlace): Promise<readonly string[]> {
  return inTenant(pool, place.tenantId, (client) => slugsWithin(client, place))
}

/** The same within a transaction that goes on. */
export async function slugsWithin(client: Queryable, place: PresetPlace): Promise<readonly string[]> {
  const { rows } = await client.query<{ slug: string }>(
    'SELECT slug FROM presets WHERE tenant_id = $1 AND workspace_id = $2 ORDER BY slug LIMIT $3',
    [place.tenantId, place.workspaceId, PRESETS_MAX],
  )
  return rows.map(({ slug }) => slug)
}

/** Versions are numbered without gaps and never deleted, so the newest number is the number of versions. */
async function identify(
  client: Queryable,
  place: PresetPlace,
  slug: string,
): Promise<{ readonly id: string; readonly newest: number } | null> {
  const { rows } = await client.query<{ id: string; newest: number }>(
    `SELECT id, (SELECT max(v.version) FROM preset_versions v WHERE v.preset_id = presets.id) AS newest
     FROM presets WHERE tenant_id = $1 AND workspace_id = $2 AND slug = $3`,
    [place.tenantId, place.workspaceId, slug],
  )
  return rows[0] ?? null
}

async function versionsWithin(
  client: Queryable,
  presetId: string,
  rest: string,
  values: readonly unknown[],
): Promise<SavedPreset[]> {
  const { rows } = await client.query<VersionRow>(
    `SELECT id, preset_id, version, config, system_prompt, COALESCE(author::text, author_key) AS saved_by, created_at
     FROM preset_versions WHERE preset_id = $1 ${rest}`,
    [presetId, ...values],
  )
  return rows.map((row) => ({
    id: row.id,
    presetId: row.preset_id,
    version: row.version,
    config: row.config,
    systemPrompt: row.system_prompt,
    savedBy: row.saved_by,
    createdAt: row.created_at,
  }))
}

interface PresetRow {
  id: string
  workspace_id: WorkspaceId
  slug: string
  name: string
  description: string | null
  status: PresetStatus
  designated_version: number
  designated_version_id: string
  created_by: UserId | null
  created_at: Date
  updated_at: Date
  status_updated_at: Date | null
}

interface VersionRow {
  id: string
  preset_id: string
  version: number
  config: Record<string, unknown>
  system_prompt: string | null
  saved_by: string | null
  created_at: Date
}

const SELECT_PRESETS = `SELECT p.*, v.id AS designated_version_id FROM presets p
  JOIN preset_versions v ON v.preset_id = p.id AND v.version = p.designated_version
  WHERE p.tenant_id = $1 AND p.workspace_id = $2`

function presetOf(row: PresetRow): Preset {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    slug: row.slug,
    name: row.name,
    description: row.description,
    status: row.status,
    designatedVersion: row.designated_version,
    designatedVersionId: row.designated_version_id,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    statusUpdatedAt: row.status_updated_at,
  }
}
