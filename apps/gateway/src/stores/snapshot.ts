import { ConfigError, type Logger } from '@turnpike/server'
import {
  fingerprintsOf,
  keepSnapshot,
  openSnapshotKey,
  readSnapshot,
  type DatedCatalogue,
  type FoundSnapshot,
  type KeyCache,
  type KeySecrets,
  type PresetCache,
  type Snapshot,
} from '@turnpike/store'
import type { GatewayConfig } from '../config.ts'
import type { Metric } from '@turnpike/server'

/** Keys in a snapshot at most, those used last: some 15 MB, read and written in less than a second. */
const KEYS_MAX = 20_000

/** Presets in a snapshot at most, by their length. */
const PRESET_BYTES_MAX = 4 * 1024 * 1024

/** What a snapshot is taken from. */
interface SnapshotSources {
  readonly keys: Pick<KeyCache, 'snapshot'>
  readonly presets: Pick<PresetCache, 'snapshot'>
  readonly catalogue: () => DatedCatalogue | null
}

/** What an earlier life of this process left for a start without stores, and what this one leaves for the next. */
interface OpenSnapshot {
  /** The catalogue in it; null when there is none. */
  readonly catalogue: DatedCatalogue | null
  /** Gives the keys in it to a cache that knows none yet. */
  readonly restore: (keys: Pick<KeyCache, 'restore'>) => void
  /** The same with the presets in it. */
  readonly restorePresets: (presets: Pick<PresetCache, 'restore'>) => void
  /** Starts to write a snapshot every minute. */
  keep(known: SnapshotSources): void
  readonly metrics: readonly Metric[]
  /** Writes the last snapshot. */
  close(): Promise<void>
}

/**
 * Reads the snapshot of this process, where one is configured. One that is damaged, too old or of other secrets is said in the
 * log and left alone; the process starts without it. Throws ConfigError when the key that seals it is missing or no key.
 */
export async function openSnapshot(config: GatewayConfig, secrets: KeySecrets, log: Logger): Promise<OpenSnapshot> {
  const { SNAPSHOT_FILE: path, SNAPSHOT_KEY: keyText } = config
  if (path === undefined) return NO_SNAPSHOT
  const key = keyOf(keyText)
  const found = await readSnapshot(path, key, secrets, Date.now())
  const snapshot = loggedSnapshot(found, log)
  const fingerprints = fingerprintsOf(secrets)
  let keeper: ReturnType<typeof keepSnapshot> | null = null
  return {
    catalogue: snapshot?.catalogue ?? null,
    restore(keys) {
      if (!snapshot) return
      const restored = keys.restore(snapshot.keys)
      const ageSeconds = Math.round((Date.now() - snapshot.takenAtMs) / 1000)
      log.info({ ageSeconds, keys: snapshot.keys.copies.length, restored }, 'started from a snapshot')
    },
    restorePresets: (presets) => presets.restore(snapshot?.presets ?? [], Date.now()),
    keep({ keys, presets, catalogue }) {
      const take = () => {
        const takenAtMs = Date.now()
        const cached = { keys: keys.snapshot(KEYS_MAX), presets: presets.snapshot(PRESET_BYTES_MAX, takenAtMs) }
        return { fingerprints, takenAtMs, ...cached, catalogue: catalogue() }
      }
      keeper = keepSnapshot({
        path,
        key,
        take,
        onState(state, cause) {
          if (state === 'kept') log.info('the snapshot is written again')
          else log.warn({ error: cause }, 'the snapshot cannot be written')
        },
      })
    },
    metrics: [
      {
        name: 'turnpike_snapshot_age_seconds',
        help: 'Time since the snapshot on disk last said what this process knows; since the start when it never did.',
        read: () => (keeper?.ageMs() ?? 0) / 1000,
      },
      {
        name: 'turnpike_snapshot_refused_total',
        help: 'Snapshots found at the start that could not be used; the log says why.',
        read: () => (found.kind === 'refused' ? 1 : 0),
        grows: true,
      },
    ],
    close: async () => keeper?.close(),
  }
}

/** A process that keeps none. */
const NO_SNAPSHOT: OpenSnapshot = {
  catalogue: null,
  restore: () => undefined,
  restorePresets: () => undefined,
  keep: () => undefined,
  metrics: [],
  close: () => Promise.resolve(),
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

function loggedSnapshot(found: FoundSnapshot, log: Logger): Snapshot | null {
  if (found.kind === 'read') return found.snapshot
  if (found.kind === 'refused') log.warn({ why: found.why }, 'the snapshot is not used')
  return null
}
