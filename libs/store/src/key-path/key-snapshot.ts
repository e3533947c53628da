import type { KeyRecord } from './records.ts'

/** What a process knows of keys, to give to the next one: callers and denials, no secrets. */
export interface KeySnapshot {
  /** By hexadecimal digest, the one used last first. */
  readonly copies: readonly { readonly digest: string; readonly record: KeyRecord }[]
  readonly tombstones: readonly string[]
  readonly denied: readonly string[]
  /** Decimal; null when it never heard of a change. */
  readonly sequence: string | null
}

/** Changes that were heard and are heard again: of keys that it does not hold, Redis may hold what was before. */
const CHANGES_AGAIN = 1_000n

/** The number after which whoever takes this over goes on listening; null when nothing was heard yet. */
export function resumeAt({ sequence }: KeySnapshot): bigint | null {
  if (sequence === null) return null
  const heard = BigInt(sequence)
  return heard > CHANGES_AGAIN ? heard - CHANGES_AGAIN : 0n
}
