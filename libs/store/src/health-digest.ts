/**
 * How often figures fell into each of fixed buckets, by the bucket's number. The bounds are the same everywhere, so that
 * digests of nodes and minutes are merged by adding, and a quantile of the sum is within five percent of the true one.
 */
export type Digest = Record<string, number>

/** Each bucket is a tenth wider than the one before: its middle is within 5 % of all that is in it. */
const GROWTH = Math.log(1.1)
/** 1.1^160 is above four million: an hour in milliseconds, or more tokens per second than there are. */
const BUCKET_MAX = 160

/** Counts one figure. Below 1 counts as 1; what is not finite is left out. */
export function addToDigest(digest: Digest, figure: number): void {
  if (!Number.isFinite(figure)) return
  const bucket = Math.min(Math.floor(Math.log(Math.max(figure, 1)) / GROWTH), BUCKET_MAX)
  digest[bucket] = (digest[bucket] ?? 0) + 1
}

/** Adds up digests of the same kind of figure. */
export function mergeDigests(digests: readonly Digest[]): Digest {
  const sum: Digest = {}
  for (const digest of digests) {
    for (const [bucket, count] of Object.entries(digest)) sum[bucket] = (sum[bucket] ?? 0) + count
  }
  return sum
}

/** The figure that this share of the counted ones does not exceed; null when nothing was counted. @param share 0 to 1 */
export function quantile(digest: Digest, share: number): number | null {
  const buckets = Object.entries(digest)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .toSorted((a, b) => a.bucket - b.bucket)
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  let left = share * total
  const found = buckets.find(({ count }) => (left -= count) <= 0) ?? buckets.at(-1)
  return found ? Math.exp((found.bucket + 0.5) * GROWTH) : null
}
