import type { AttemptRow, CandidateRow } from '@turnpike/contract'

/** A candidate of which a test says only what it is about. */
export function aCandidate(endpoint: string, figures: Partial<CandidateRow> = {}): CandidateRow {
  return {
    endpoint,
    model: 'a/b',
    provider: 'p',
    priceVersion: 1,
    expectedNano: '100',
    firstTokenMs: 100,
    tokensPerSecond: 100,
    failureRate: 0,
    down: false,
    slow: false,
    spread: false,
    assumed: [],
    weight: null,
    ...figures,
  }
}

export function anAttempt(endpoint: string, outcome: AttemptRow['outcome']): AttemptRow {
  return {
    endpoint,
    provider: 'p',
    model: 'a/b',
    startMs: 0,
    firstTokenMs: null,
    endMs: 1,
    outcome,
    status: null,
    fault: outcome === 'answered' ? null : 'upstream_unreachable',
  }
}
