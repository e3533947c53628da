import { inTenant, type Pool } from '../connections/pools.ts'
import { slugsWithin, type PresetPlace, type PresetStatus } from './presets.ts'
import { frozen, type PresetReading } from './cache.ts'

/** Reads a preset with one of its versions, or the slugs that there are. */
export function readPreset(
  pool: Pool,
  place: PresetPlace,
  slug: string,
  version: number | null,
): Promise<PresetReading> {
  return inTenant(pool, place.tenantId, async (client) => {
    const { rows } = await client.query<ReadingRow>(
      `SELECT p.id, p.status, v.version, v.config::text AS config, v.system_prompt,
              (SELECT max(n.version) FROM preset_versions n WHERE n.preset_id = p.id) AS newest
       FROM presets p
       LEFT JOIN preset_versions v ON v.preset_id = p.id AND v.version = COALESCE($4, p.designated_version)
       WHERE p.tenant_id = $1 AND p.workspace_id = $2 AND p.slug = $3`,
      [place.tenantId, place.workspaceId, slug, version],
    )
    const [row] = rows
    return row ? readingOf(row) : { kind: 'absent', slugs: await slugsWithin(client, place) }
  })
}

interface ReadingRow {
  id: string
  status: PresetStatus
  newest: number
  version: number | null
  config: string | null
  system_prompt: string | null
}

/** What an entry takes besides its text. */
const ENTRY_BYTES = 500

function readingOf(row: ReadingRow): PresetReading {
  const { id, status, newest, version, config, system_prompt: systemPrompt } = row
  const held =
    version === null || config === null
      ? null
      : { version, config: frozen(JSON.parse(config) as Record<string, unknown>), systemPrompt }
  const bytes = ENTRY_BYTES + (config?.length ?? 0) + (systemPrompt?.length ?? 0)
  return { kind: 'found', preset: { id, status, newest, held }, bytes }
}
