import type { WhatIfFigures } from '@turnpike/contract'
import { describe, expect, it } from 'vitest'
import { changeIn, changeOf, figureOf, MEASURES } from './change.ts'
import { readDraft } from './draft.ts'
import { selectionOf, rangeOf, runBodyOf } from './selection.ts'

const FIGURES: WhatIfFigures = {
  ...{
    requests: 9,
    succeeded: 6,
    failed: 1,
    interrupted: 0,
    cancelled: 0,
    rejected: 2,
    failovers: 3,
    costNano: '4000000000',
  },
  firstTokenMs: { p50: 100, p90: 200, p99: 300 },
  tokensPerSecond: { p10: 10, p50: 50 },
}

describe('a change', () => {
  it('knows which way is better for each figure', () => {
    expect(changeOf(100, 50, 'cost')).toEqual({ part: -0.5, difference: -50, verdict: 'better' })
    expect(changeOf(100, 150, 'firstToken50')).toMatchObject({ part: 0.5, verdict: 'worse' })
    expect(changeOf(100, 150, 'throughput50')).toMatchObject({ part: 0.5, verdict: 'better' })
    expect(changeOf(3, 4, 'failed')).toMatchObject({ difference: 1, verdict: 'worse' })
  })

  it('has no share of nothing', () => {
    expect(changeOf(0, 4, 'failed')).toEqual({ part: null, difference: 4, verdict: 'worse' })
    expect(changeOf(0, 0, 'failed')).toEqual({ part: 0, difference: 0, verdict: 'same' })
  })

  it('is none within the width of what the percentiles are known by, but money is exact', () => {
    expect(changeOf(100, 104, 'firstToken90')?.verdict).toBe('same')
    expect(changeOf(100, 104, 'cost')?.verdict).toBe('worse')
  })

  it('is no saving when less is paid because less is answered', () => {
    const totals = (rejected: number) => {
      const predicted = { ...FIGURES, rejected, succeeded: 8 - rejected, costNano: '1' }
      return { happened: FIGURES, predicted }
    }
    expect(changeIn(totals(2), 'cost')?.verdict).toBe('better')
    expect(changeIn(totals(3), 'cost')?.verdict).toBe('fewer')
  })

  it('is unknown when one side was not measured', () => {
    expect(changeOf(null, 1, 'firstToken50')).toBeNull()
    expect(changeOf(1, null, 'firstToken50')).toBeNull()
  })

  it('finds every figure of a report', () => {
    const found = MEASURES.map((measure) => figureOf(FIGURES, measure))
    expect(found).toEqual([4e9, 100, 200, 300, 50, 10, 1, 0, 0, 2, 3])
  })
})

describe('a kept draft', () => {
  it('is read with the policy that it is of, or as a document alone', () => {
    expect(readDraft('{"document":{"objective":"cost"},"policyId":"p","name":"n"}')).toEqual({
      ...{ document: { objective: 'cost' }, policyId: 'p', name: 'n' },
    })
    expect(readDraft('{"objective":"cost"}')).toEqual({ document: { objective: 'cost' } })
  })

  it.each(['null', '[]', '"x"', '1'])('is none in %s', (text) => expect(readDraft(text)).toBeNull())
})

describe('what is asked for', () => {
  const NOW_MS = Date.UTC(2026, 10, 21, 12)

  it('is in the address: a draft, a version, or nothing yet', () => {
    const choice = (text: string) => selectionOf(new URLSearchParams(text))
    expect(choice('draft=1')).toEqual({ kind: 'draft' })
    expect(choice('policy=p&version=3')).toEqual({ kind: 'policy', id: 'p', version: 3 })
    expect(choice('policy=p&version=x')).toEqual({ kind: 'policy', id: 'p', version: null })
    expect(choice('')).toEqual({ kind: 'none' })
  })

  it('is the last day, or the last week', () => {
    expect(rangeOf(new URLSearchParams('range=7d'))).toBe('7d')
    expect(rangeOf(new URLSearchParams('range=9y'))).toBe('24h')
  })

  it('becomes a body that ends now', () => {
    const draft = { document: { objective: 'cost' as const }, policyId: 'p' }
    expect(runBodyOf({ kind: 'draft' }, draft, '24h', 'k', NOW_MS)).toEqual({
      ...{ document: { objective: 'cost' }, policyId: 'p', keyId: 'k' },
      ...{ from: '2026-11-20T12:00:00.000Z', to: '2026-11-21T12:00:00.000Z' },
    })
    expect(runBodyOf({ kind: 'policy', id: 'p', version: 3 }, null, '7d', '', NOW_MS)).toEqual({
      ...{ policyId: 'p', version: 3, from: '2026-11-14T12:00:00.000Z', to: '2026-11-21T12:00:00.000Z' },
    })
    expect(runBodyOf({ kind: 'policy', id: 'p', version: null }, null, '7d', '', NOW_MS)).toBeNull()
    expect(runBodyOf({ kind: 'draft' }, null, '7d', '', NOW_MS)).toBeNull()
  })
})
