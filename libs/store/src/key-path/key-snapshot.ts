import type { KeyRecord } from './records.ts'

/** What a process knows of keys, to give to the next one: callers and denials, no secrets. */
export interface KeySnapshot {
  /** By hexadecimal digest, the one used last first. */
  readonly copies: readonly { readonly digest: string; readonly record: KeyRecord }[]
  readonly tombstones: readonly string[]
  readonly denied: readonly string[]
  /** Decimal; null when it never received a change. */
  readonly sequence: string | null
}

/** Changes that are received once more: of keys that are not in the snapshot, Redis may hold an older version. */
const CHANGES_AGAIN = 1_000n

/** The number after which the next process reads changes; null when none was received yet. */
export function resumeAt({ sequence }: KeySnapshot): bigint | null {
  if (sequence === null) return null
  const last = BigInt(sequence)
  return last > CHANGES_AGAIN ? last - CHANGES_AGAIN : 0n
}
