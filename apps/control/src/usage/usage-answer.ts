import type { UsageAnswer, UsageFigures, UsageTotals } from '@turnpike/contract'
import type { UsagePoint, UsageSums } from '@turnpike/store'

/** Name of the one series of ungrouped usage, and of the series of requests without an answer. */
const UNNAMED = 'all'

/** Points by bucket, oldest first. */
export function bucketsOf(points: readonly UsagePoint[]): UsageAnswer['buckets'] {
  const buckets = new Map<number, Record<string, UsageFigures>>()
  for (const point of points) {
    const series = buckets.get(point.startMs) ?? {}
    series[point.name || UNNAMED] = figuresOf(point)
    buckets.set(point.startMs, series)
  }
  return [...buckets].map(([startMs, series]) => ({ startAt: new Date(startMs).toISOString(), series }))
}

/** Every series, the most expensive first; ties by requests, then by name, so that colours stay. */
export function namesOf(points: readonly UsagePoint[]): string[] {
  const sums = new Map<string, { cost: bigint; requests: number }>()
  for (const { name, costNanoUsd, requests } of points) {
    const sum = sums.get(name || UNNAMED) ?? { cost: 0n, requests: 0 }
    sums.set(name || UNNAMED, { cost: sum.cost + costNanoUsd, requests: sum.requests + requests })
  }
  return [...sums]
    .toSorted(([nameA, a], [nameB, b]) => {
      if (a.cost !== b.cost) return a.cost > b.cost ? -1 : 1
      return b.requests - a.requests || (nameA < nameB ? -1 : 1)
    })
    .map(([name]) => name)
}

export function totalsOf(sums: UsageSums): UsageTotals {
  const { cacheReadTokens, reasoningTokens, firstTokenMsMean } = sums
  return { ...figuresOf(sums), cacheReadTokens, reasoningTokens, firstTokenMsMean }
}

function figuresOf(sums: UsageSums): UsageFigures {
  const { requests, succeeded, failed, interrupted, cancelled, rejected, promptTokens, completionTokens } = sums
  const outcomes = { succeeded, failed, interrupted, cancelled, rejected }
  return { requests, ...outcomes, promptTokens, completionTokens, costNano: String(sums.costNanoUsd) }
}
