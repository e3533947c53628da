import type { KeyObject } from 'node:crypto'
import { repeat, SYSTEM_CLOCK, type Clock } from '../cache/clock.ts'
import { writeSnapshot } from './snapshot.ts'
import type { Snapshot } from './lines.ts'

interface SnapshotKeeperOptions {
  readonly path: string
  readonly key: KeyObject
  /** What is known now. Called every minute, and once at the end. */
  readonly take: () => Snapshot
  /** Called when writing begins to fail, and when it works again. */
  readonly onState: (state: 'kept' | 'failing', cause?: unknown) => void
  readonly clock?: Clock
  readonly intervalMs?: number
}

interface SnapshotKeeper {
  /** Milliseconds since the file last agreed with memory; since the start when it never did. */
  ageMs(): number
  /** Writes what is known now and stops. Never rejects. */
  close(): Promise<void>
}

const INTERVAL_MS = 60_000
/** An idle process confirms after this that its catalogue is still the newest. */
const UNCHANGED_MS_MAX = 10 * 60_000

/** Writes a snapshot every minute in which something changed, one at a time. */
export function keepSnapshot(options: SnapshotKeeperOptions): SnapshotKeeper {
  const { path, key, take, onState, clock = SYSTEM_CLOCK, intervalMs = INTERVAL_MS } = options
  let inStepMs = clock.monotonicMs()
  let written = { mark: '', atMs: -Infinity }
  let failing = false
  const keep = async () => {
    const snapshot = take()
    // An empty snapshot does not replace the one of an earlier process, even an unreadable one.
    if (isBlank(snapshot)) return
    const mark = markOf(snapshot)
    const nowMs = clock.monotonicMs()
    try {
      if (mark !== written.mark || nowMs - written.atMs >= UNCHANGED_MS_MAX) {
        await writeSnapshot(path, key, snapshot)
        written = { mark, atMs: nowMs }
      }
      inStepMs = nowMs
      if (failing) onState('kept')
      failing = false
    } catch (cause) {
      if (!failing) onState('failing', cause)
      failing = true
    }
  }
  const end = repeat(clock, () => intervalMs, keep)
  return {
    ageMs: () => clock.monotonicMs() - inStepMs,
    close: () => end().then(keep),
  }
}

function isBlank({ keys, catalogue }: Snapshot): boolean {
  return catalogue === null && keys.copies.length + keys.tombstones.length + keys.denied.length === 0
}

/** Differs when something changed. Costs a walk through the copies. */
function markOf({ keys, presets, catalogue }: Snapshot): string {
  let newestMs = 0
  let versions = 0
  for (const { record } of keys.copies) {
    newestMs = Math.max(newestMs, record.verifiedAtMs)
    versions += record.version
  }
  for (const { readAtMs, newest } of presets) {
    newestMs = Math.max(newestMs, readAtMs)
    versions += newest
  }
  const { copies, tombstones, denied } = keys
  const counts = [copies.length, newestMs, versions, tombstones.length, tombstones[0], denied.length, denied[0]]
  return [...counts, presets.length, catalogue?.catalogue.version].join(' ')
}
