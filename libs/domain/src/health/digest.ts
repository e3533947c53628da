import type { Percentile } from '../policy/policy.ts'

/** Counts by bucket. Buckets are fixed, so that digests merge by adding; quantiles are within five percent. */
export type Digest = Record<string, number>

/** Each bucket is a tenth wider than the one before: its middle is within 5 % of all that is in it. */
const GROWTH = Math.log(1.1)
/** 1.1^160 is above four million: an hour in milliseconds, or more tokens per second than there are. */
export const BUCKET_MAX = 160

/** Counts one figure. Below 1 counts as 1; what is not finite is left out. */
export function addToDigest(digest: Digest, figure: number): void {
  if (!Number.isFinite(figure)) return
  const bucket = Math.min(Math.floor(Math.log(Math.max(figure, 1)) / GROWTH), BUCKET_MAX)
  digest[bucket] = (digest[bucket] ?? 0) + 1
}

/** Adds up digests of the same kind of figure. */
export function mergeDigests(digests: readonly Digest[]): Digest {
  const sum: Digest = {}
  for (const digest of digests) addDigest(sum, digest)
  return sum
}

/** Adds one digest into another, in place. */
export function addDigest(sum: Digest, digest: Digest): void {
  for (const bucket in digest) sum[bucket] = (sum[bucket] ?? 0) + (digest[bucket] ?? 0)
}

/** Takes out, in place, what was added before. */
export function subtractDigest(sum: Digest, digest: Digest): void {
  for (const bucket in digest) {
    // Left at zero, not deleted: an object that lost a key is many times slower ever after.
    sum[bucket] = Math.max(0, (sum[bucket] ?? 0) - (digest[bucket] ?? 0))
  }
}

/** How many figures were counted. */
export function countOf(digest: Digest): number {
  let count = 0
  for (const bucket in digest) count += digest[bucket] ?? 0
  return count
}

/** The mean of what was counted, within five percent; null when nothing was. */
export function meanOf(digest: Digest): number | null {
  let sum = 0
  let count = 0
  for (const bucket in digest) {
    const times = digest[bucket] ?? 0
    sum += times * middleOf(Number(bucket))
    count += times
  }
  return count > 0 ? sum / count : null
}

/** The figure that this share of the counted ones does not exceed; null when nothing was counted. @param share 0 to 1 */
export function quantile(digest: Digest, share: number): number | null {
  return quantiles(digest, [share])[0] ?? null
}

/** With fewer figures than this, percentiles are chance. */
const PERCENTILE_SAMPLES_MIN = 20

/** The percentiles that preferences and pages name; null while fewer than `PERCENTILE_SAMPLES_MIN` figures were counted. */
export function percentilesOf(digest: Digest): Record<Percentile, number> | null {
  return percentiles(quantiles(digest, [0.5, 0.75, 0.9, 0.99], PERCENTILE_SAMPLES_MIN))
}

/** The same for figures of which more is better: `p90` is what ninety in a hundred reach at least. */
export function reachedBy(digest: Digest): Record<Percentile, number> | null {
  return percentiles(quantiles(digest, [0.01, 0.1, 0.25, 0.5], PERCENTILE_SAMPLES_MIN).toReversed())
}

function percentiles([p50, p75, p90, p99]: readonly number[]): Record<Percentile, number> | null {
  if (p50 === undefined || p75 === undefined || p90 === undefined || p99 === undefined) return null
  return { p50, p75, p90, p99 }
}

/** One walk for all shares, which ascend. None when fewer than so many figures were counted. */
function quantiles(digest: Digest, shares: readonly number[], samplesMin = 1): number[] {
  const total = countOf(digest)
  const found: number[] = []
  if (total < samplesMin) return found
  let passed = 0
  // Keys that are whole numbers are walked through in ascending order, whenever they were added.
  for (const bucket in digest) {
    passed += digest[bucket] ?? 0
    for (let share = shares[found.length]; share !== undefined && passed >= share * total;) {
      found.push(middleOf(Number(bucket)))
      share = shares[found.length]
    }
    if (found.length === shares.length) break
  }
  return found
}

function middleOf(bucket: number): number {
  return Math.exp((bucket + 0.5) * GROWTH)
}
