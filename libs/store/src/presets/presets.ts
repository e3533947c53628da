import type { TenantId, UserId, WorkspaceId } from '@turnpike/domain'
import { inTenant, type Pool, type Queryable } from '../connections/pools.ts'

export const PRESETS_PAGE_MAX = 100
/** A workspace with more has a script that never archives. */
export const PRESETS_MAX = 200
/** A preset that is saved with every deployment reaches it after years. */
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
  /** What a request without a version gets. */
  readonly designatedVersion: number
  readonly designatedVersionId: string
  /** Null: made with a key that belongs to no person. */
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

/** A preset and its version in force. */
export interface PresetInForce {
  readonly preset: Preset
  readonly inForce: SavedPreset
}

/** A preset as requests use it: its status and the content of one version. */
export interface PresetInUse {
  readonly id: string
  readonly status: PresetStatus
  /** Number of its newest version. */
  readonly newest: number
  /** The requested version; null: the preset has none of that number. */
  readonly held: {
    readonly version: number
    /** Frozen, all through: many requests share it. */
    readonly config: Readonly<Record<string, unknown>>
    readonly systemPrompt: string | null
  } | null
}

/** What the store returns for one slug. */
export type PresetReading =
  | {
      readonly kind: 'found'
      readonly preset: PresetInUse
      readonly bytes: number
    }
  /** With the slugs of all presets of the workspace. */
  | { readonly kind: 'absent'; readonly slugs: readonly string[] }

interface Page {
  readonly offset: number
  /** At most `PRESETS_PAGE_MAX`. */
  readonly limit: number
}

/** A page of a workspace's presets of any status, by slug, and their total number. */
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
    const { rows } = await client.query<Preset>(`${SELECT_PRESETS} ORDER BY p.slug OFFSET $3 LIMIT $4`, [
      place.tenantId,
      place.workspaceId,
      offset,
      Math.min(limit, PRESETS_PAGE_MAX),
    ])
    return { presets: rows, total: Number(counted.rows[0]?.total ?? 0) }
  })
}

/** Null when the workspace has no such preset. */
export function findPreset(pool: Pool, place: PresetPlace, slug: string): Promise<PresetInForce | null> {
  return inTenant(pool, place.tenantId, (client) => presetWithin(client, place, slug))
}

/** The same within a transaction that goes on. */
export async function presetWithin(
  client: Queryable,
  { tenantId, workspaceId }: PresetPlace,
  slug: string,
): Promise<PresetInForce | null> {
  const { rows } = await client.query<Preset>(`${SELECT_PRESETS} AND p.slug = $3`, [tenantId, workspaceId, slug])
  const [preset] = rows
  if (!preset) return null
  const [inForce] = await versionsWithin(client, preset.id, 'AND version = $2', [preset.designatedVersion])
  if (!inForce) throw new Error(`preset ${preset.id} has no version in force`)
  return { preset, inForce }
}

/** A page of a preset's versions, oldest first; null when the workspace has no such preset. */
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

/** `saved` null: the preset lacks the version. Null when the workspace has no such preset. */
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

/** What an entry takes in memory besides its text. */
const ENTRY_BYTES = 500

/** Reads a preset with one of its versions, or the slugs that there are. @param version null: the one that is in force */
export function readPreset(
  pool: Pool,
  place: PresetPlace,
  slug: string,
  version: number | null,
): Promise<PresetReading> {
  return inTenant(pool, place.tenantId, async (client) => {
    const { rows } = await client.query<ReadingRow>(
      `SELECT p.id, p.status, v.version, v.config::text AS config, v.system_prompt AS "systemPrompt",
              (SELECT max(n.version) FROM preset_versions n WHERE n.preset_id = p.id) AS newest
       FROM presets p
       LEFT JOIN preset_versions v ON v.preset_id = p.id AND v.version = COALESCE($4, p.designated_version)
       WHERE p.tenant_id = $1 AND p.workspace_id = $2 AND p.slug = $3`,
      [place.tenantId, place.workspaceId, slug, version],
    )
    const [row] = rows
    if (!row) return { kind: 'absent', slugs: await slugsWithin(client, place) }
    const { id, status, newest, version: found, config, systemPrompt } = row
    const bytes = ENTRY_BYTES + (config?.length ?? 0) + (systemPrompt?.length ?? 0)
    if (found === null || config === null) return { kind: 'found', preset: { id, status, newest, held: null }, bytes }
    const held = { version: found, config: frozen(JSON.parse(config) as Record<string, unknown>), systemPrompt }
    return { kind: 'found', preset: { id, status, newest, held }, bytes }
  })
}

interface ReadingRow extends Omit<PresetInUse, 'held'> {
  readonly version: number | null
  readonly config: string | null
  readonly systemPrompt: string | null
}

/** Freezes a value and its members, recursively. Bodies are at most 64 levels deep, and so is a preset made of one. */
export function frozen<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) frozen(member as object)
  return Object.freeze(value)
}

/** In alphabetical order, from which the nearest to an unknown slug is suggested. */
export function presetSlugs(pool: Pool, place: PresetPlace): Promise<readonly string[]> {
  return inTenant(pool, place.tenantId, (client) => slugsWithin(client, place))
}

/** The same within a transaction that goes on. */
async function slugsWithin(client: Queryable, place: PresetPlace): Promise<readonly string[]> {
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
  const { rows } = await client.query<SavedPreset>(
    `SELECT id, preset_id AS "presetId", version, config, system_prompt AS "systemPrompt",
       COALESCE(author::text, author_key) AS "savedBy", created_at AS "createdAt"
     FROM preset_versions WHERE preset_id = $1 ${rest}`,
    [presetId, ...values],
  )
  return rows
}

const SELECT_PRESETS = `SELECT p.id, p.workspace_id AS "workspaceId", p.slug, p.name, p.description,
    p.designated_version AS "designatedVersion", v.id AS "designatedVersionId",
    p.created_by AS "createdBy", p.created_at AS "createdAt", p.updated_at AS "updatedAt",
    p.status, p.status_updated_at AS "statusUpdatedAt"
  FROM presets p JOIN preset_versions v ON v.preset_id = p.id AND v.version = p.designated_version
  WHERE p.tenant_id = $1 AND p.workspace_id = $2`
