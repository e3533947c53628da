import type { Pool } from '../connections/pools.ts'

/**
 * How long it is known how far a segment was taken. A segment may return with its volume, or with a backup of it that somebody restores:
 * backups of a year, and a month until one is looked for. Until then a replay charges nothing, also when its rows were deleted.
 */
const KEPT_MS = 400 * 24 * 3_600_000

/** Deletes what is known of segments whose last batch was taken more than 400 days ago. @param nowMs Unix milliseconds */
export async function forgetShippedSegments(pool: Pool, nowMs: number): Promise<void> {
  await pool.query('SELECT forget_shipped_segments($1)', [new Date(nowMs - KEPT_MS)])
}
