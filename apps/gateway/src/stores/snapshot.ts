import { ConfigError, type Logger } from '@turnpike/server'
import {
  fingerprintsOf,
  keepSnapshot,
  openSnapshotKey,
  readSnapshot,
  type DatedCatalogue,
  type KeyCache,
  type KeySecrets,
  type PresetCache,
} from '@turnpike/store'
import type { GatewayConfig } from '../config.ts'
import type { Metric } from '@turnpike/server'

/** Keys in a snapshot at most, those used last: some 15 MB, read and written in less than a second. */
const KEYS_MAX = 20_000
/** Presets in a snapshot at most, by their length. */
const PRESET_BYTES_MAX = 4 * 1024 * 1024

/**
 * Reads the snapshot of this process, where one is configured, and keeps one for its next start. One that is damaged, too old or of
 * other secrets is logged and left alone. Throws ConfigError when the key that seals it is missing or no key.
 */
export async function openSnapshot(config: GatewayConfig, secrets: KeySecrets, log: Logger) {
  const { SNAPSHOT_FILE: path, SNAPSHOT_KEY: keyText } = config
  const file = path === undefined ? null : { path, key: keyOf(keyText) }
  const found = file && (await readSnapshot(file.path, file.key, secrets, Date.now()))
  if (found?.kind === 'refused') log.warn({ why: found.why }, 'the snapshot is not used')
  const snapshot = found?.kind === 'read' ? found.snapshot : null
  const fingerprints = fingerprintsOf(secrets)
  let keeper: ReturnType<typeof keepSnapshot> | null = null
  const metrics: Metric[] = [
    {
      name: 'turnpike_snapshot_age_seconds',
      help: 'Time since the snapshot on disk last said what this process knows; since the start when it never did.',
      read: () => (keeper?.ageMs() ?? 0) / 1000,
    },
    {
      name: 'turnpike_snapshot_refused_total',
      help: 'Snapshots found at the start that could not be used; the log says why.',
      read: () => (found?.kind === 'refused' ? 1 : 0),
    },
  ]
  return {
    /** The catalogue in it; null when there is none. */
    catalogue: snapshot?.catalogue ?? null,
    /** Gives the keys in it to a cache that knows none yet. */
    restore: (keys: Pick<KeyCache, 'restore'>) => {
      if (!snapshot) return
      const restored = keys.restore(snapshot.keys)
      const ageSeconds = Math.round((Date.now() - snapshot.takenAtMs) / 1000)
      log.info({ ageSeconds, keys: snapshot.keys.copies.length, restored }, 'started from a snapshot')
    },
    restorePresets: (presets: Pick<PresetCache, 'restore'>) => presets.restore(snapshot?.presets ?? [], Date.now()),
    /** Starts to write a snapshot every minute. */
    keep(
      keys: Pick<KeyCache, 'snapshot'>,
      presets: Pick<PresetCache, 'snapshot'>,
      catalogue: () => DatedCatalogue | null,
    ) {
      if (!file) return
      const take = () => {
        const takenAtMs = Date.now()
        const cached = { keys: keys.snapshot(KEYS_MAX), presets: presets.snapshot(PRESET_BYTES_MAX, takenAtMs) }
        return { fingerprints, takenAtMs, ...cached, catalogue: catalogue() }
      }
      keeper = keepSnapshot({
        ...file,
        take,
        onState(state, cause) {
          if (state === 'kept') log.info('the snapshot is written again')
          else log.warn({ error: cause }, 'the snapshot cannot be written')
        },
      })
    },
    metrics: file ? metrics : [],
    /** Writes the last snapshot. */
    close: async () => keeper?.close(),
  }
}

function keyOf(text: string | undefined) {
  if (text === undefined) {
    throw new ConfigError(
      'SNAPSHOT_FILE is set and SNAPSHOT_KEY is not. Give it 64 random hexadecimal digits, or unset SNAPSHOT_FILE.',
    )
  }
  try {
    return openSnapshotKey(text)
  } catch (error) {
    throw new ConfigError(`SNAPSHOT_KEY: ${error instanceof Error ? error.message : 'is no key'}`)
  }
}
