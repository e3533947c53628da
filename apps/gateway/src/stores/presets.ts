import { Fault } from '@turnpike/domain'
import {
  changePreset,
  findPreset,
  findPresetVersion,
  listPresets,
  listPresetVersions,
  openPool,
  PresetCache,
  presetSlugs,
  readPreset,
  savePreset,
  type Pool,
  type PresetAuthor,
  type PresetChange,
  type PresetContent,
} from '@turnpike/store'
import type { GatewayConfig } from '../config.ts'
import { PresetLimit } from './preset-limit.ts'
import type { Metric } from '@turnpike/server'

/** Two pools: no flood of names or of lists holds up requests, the catalogue or the shipping of usage. */
const POOL = { max: 2, statementTimeoutMs: 2_000, connectTimeoutMs: 1_000, applicationName: 'turnpike gateway presets' }

/**
 * Presets as a gateway uses and manages them. What cannot be asked is Fault `store_unavailable`, but for `cache`, which says so. Waits
 * for nothing: PostgreSQL may come later.
 */
export function openPresets(config: Pick<GatewayConfig, 'DATABASE_URL'>) {
  const used = openPool(config.DATABASE_URL, POOL)
  const pool = openPool(config.DATABASE_URL, POOL)
  const limit = new PresetLimit()
  const cache = new PresetCache({ read: (...asked) => readPreset(used, ...asked) })
  const asking =
    <Rest extends unknown[], T>(ask: (pool: Pool, ...rest: Rest) => Promise<T>) =>
    (...rest: Rest) =>
      answered(ask(pool, ...rest))
  /** Other gateways receive a change by their polls; this one applies it at once. */
  const writing = async <T extends { readonly preset: { readonly id: string } } | { readonly kind: string }>(
    { workspaceId }: PresetAuthor,
    change: () => Promise<T>,
  ): Promise<T> => {
    limit.take(workspaceId, performance.now())
    const changed = await answered(change())
    if ('preset' in changed) cache.apply([{ entity: 'presets', entityId: changed.preset.id }])
    return changed
  }
  return {
    cache,
    list: asking(listPresets),
    find: asking(findPreset),
    versions: asking(listPresetVersions),
    version: asking(findPresetVersion),
    slugs: asking(presetSlugs),
    save: (author: PresetAuthor, content: PresetContent) => writing(author, () => savePreset(pool, author, content)),
    change: (author: PresetAuthor, slug: string, change: PresetChange) =>
      writing(author, () => changePreset(pool, author, slug, change)),
    metrics: metricsOf(cache),
    close: async () => {
      await Promise.all([used.end(), pool.end()])
    },
  }
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('store_unavailable', 'Presets cannot be read or changed at this moment; please retry.', { cause })
  }
}

function metricsOf(cache: PresetCache): Metric[] {
  return [
    { name: 'turnpike_presets_held', help: 'Presets in memory.', read: () => cache.stats().entries },
    {
      name: 'turnpike_presets_held_bytes',
      help: 'What the presets in memory are long, as text.',
      read: () => cache.stats().bytes,
    },
    {
      name: 'turnpike_preset_readings_total',
      help: 'Presets that were asked for in PostgreSQL.',
      read: () => cache.stats().readings,
    },
    {
      name: 'turnpike_preset_failures_total',
      help: 'Presets that were asked for in PostgreSQL in vain.',
      read: () => cache.stats().failures,
    },
  ]
}
