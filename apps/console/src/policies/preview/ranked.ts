import type { CandidateRow, PolicyPreview } from '@turnpike/contract'

export interface Ranked {
  readonly candidate: CandidateRow
  /** 1 is tried first; null: not tried at all. */
  readonly rank: number | null
  /** `behind`: able to serve, but the tries are over before it. */
  readonly kind: 'target' | 'fallback' | 'behind'
}

/** Candidates in the order of attempts: targets, those of other models, then those never reached. */
export function rankedOf({ candidates, targets, fallbacks }: PolicyPreview): Ranked[] {
  const known = new Map(candidates.map((candidate) => [candidate.endpoint, candidate]))
  const tried = [...targets, ...fallbacks].flatMap((endpoint, index): Ranked[] => {
    const candidate = known.get(endpoint)
    const kind = index < targets.length ? 'target' : 'fallback'
    return candidate ? [{ candidate, rank: index + 1, kind }] : []
  })
  const isTried = new Set(tried.map(({ candidate }) => candidate.endpoint))
  const behind = candidates.filter(({ endpoint }) => !isTried.has(endpoint))
  return [...tried, ...behind.map((candidate) => ({ candidate, rank: null, kind: 'behind' as const }))]
}
