import type { CandidateRow, PolicyPreview } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { aCandidate } from '../../requests/route.fixture.ts'
import { rankedOf } from './ranked.ts'

function aPreview(candidates: CandidateRow[], targets: string[], fallbacks: string[]): PolicyPreview {
  return {
    objective: 'cost',
    window: null,
    candidates,
    removed: [],
    targets,
    fallbacks,
    total: candidates.length,
    removedByStage: {},
    warnings: [],
  }
}

it('shows targets in their order, then those of other models, then who is never reached', () => {
  const candidates = ['late', 'second', 'other', 'first'].map((endpoint) => aCandidate(endpoint))
  const ranked = rankedOf(aPreview(candidates, ['first', 'second'], ['other']))
  expect(ranked.map(({ candidate, rank, kind }) => [candidate.endpoint, rank, kind])).toEqual([
    ['first', 1, 'target'],
    ['second', 2, 'target'],
    ['other', 3, 'fallback'],
    ['late', null, 'behind'],
  ])
})
