/**
 * The smallest value that at least `p` percent of all do not exceed. NaN of none.
 * @param p 0 to 100: the median is 50 @throws RangeError for a share such as 0.99, which would quietly be the minimum
 */
export function percentile(values: readonly number[], p: number): number {
  if (!(p === 0 || (p >= 1 && p <= 100))) throw new RangeError(`A percentile is 0 or from 1 to 100, not ${p}.`)
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN
}
