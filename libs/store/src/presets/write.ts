import { Fault, type KeyId } from '@turnpike/domain'
import { inTenant, type Pool } from '../connections/pools.ts'
import {
  PRESET_VERSIONS_MAX,
  PRESETS_MAX,
  presetWithin,
  type PresetInForce,
  type PresetPlace,
  type PresetStatus,
} from './presets.ts'

/** The key that saves a preset in its own workspace. */
export interface PresetAuthor extends PresetPlace {
  readonly keyId: KeyId
}

/** The content of a preset's new version. */
export interface PresetContent {
  readonly slug: string
  /** Fields of a chat request that were validated. */
  readonly config: Readonly<Record<string, unknown>>
  readonly systemPrompt: string | null
}

/**
 * Makes a preset, or a new version that is in force once this resolves; the same content makes none. The change is in the audit log and
 * among the polled events. Throws Fault `conflict` for an archived preset and at the limits, `key_invalid` when the key is not in force.
 */
export function savePreset(
  pool: Pool,
  author: PresetAuthor,
  { slug, config, systemPrompt }: PresetContent,
): Promise<PresetInForce> {
  return inTenant(pool, author.tenantId, async (client) => {
    const { rows } = await client.query<{ outcome: SaveOutcome | null }>(
      'SELECT save_preset($1, $2, $3::json, $4, $5, $6) AS outcome',
      [author.keyId, slug, JSON.stringify(config), systemPrompt, PRESETS_MAX, PRESET_VERSIONS_MAX],
    )
    const outcome = rows[0]?.outcome
    if (!outcome) throw new Fault('key_invalid', 'This key is not in force any more.')
    const obstacle = OBSTACLES[outcome]?.(slug)
    if (obstacle) throw new Fault('conflict', obstacle)
    const saved = await presetWithin(client, author, slug)
    if (!saved) throw new Error(`the preset ${slug} was saved and is not there`)
    return saved
  })
}

type SaveOutcome = 'created' | 'versioned' | 'same' | 'archived' | 'presets_full' | 'versions_full'

const OBSTACLES: { readonly [Outcome in SaveOutcome]: ((slug: string) => string) | null } = {
  created: null,
  versioned: null,
  same: null,
  archived: (slug) =>
    `The preset ${slug} is archived. Give it the status active or disabled first, or choose another slug.`,
  presets_full: () =>
    `This workspace has ${PRESETS_MAX} presets already. Save a new version of one that is not needed any more.`,
  versions_full: (slug) =>
    `The preset ${slug} has ${PRESET_VERSIONS_MAX} versions already. Save it under another slug.`,
}

/** The members to change; absent members stay. */
export interface PresetChange {
  readonly name?: string
  /** Null: none. */
  readonly description?: string | null
  readonly status?: PresetStatus
  /** The version to put in force. */
  readonly designatedVersion?: number
}

/** Changes a preset's name, description, status, or version in force; `savePreset` changes its content. */
export function changePreset(
  pool: Pool,
  author: PresetAuthor,
  slug: string,
  { designatedVersion, ...change }: PresetChange,
): Promise<({ readonly kind: 'changed' } & PresetInForce) | { readonly kind: 'unknown' | 'version_unknown' }> {
  return inTenant(pool, author.tenantId, async (client) => {
    const wanted = JSON.stringify({ ...change, designated_version: designatedVersion })
    const { rows } = await client.query<{ outcome: 'changed' | 'same' | 'version_unknown' | null }>(
      'SELECT change_preset($1, $2, $3::jsonb) AS outcome',
      [author.keyId, slug, wanted],
    )
    const outcome = rows[0]?.outcome ?? null
    if (outcome === 'version_unknown') return { kind: outcome }
    const now = outcome && (await presetWithin(client, author, slug))
    return now ? { kind: 'changed', ...now } : { kind: 'unknown' }
  })
}
