import type { AttemptRow, CandidateRow, DecisionRecord } from '@turnpike/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aCandidate, anAttempt } from './route.fixture.ts'
import { whyNot } from './why.ts'

function aDecision(candidates: CandidateRow[], rest: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    objective: 'cost',
    policies: [],
    sticky: false,
    readToEnd: false,
    catalogueVersion: 1,
    draw: 0,
    candidates,
    removed: [],
    targets: candidates.map(({ endpoint }) => endpoint),
    fallbacks: [],
    ...rest,
  }
}

function reasons(decision: DecisionRecord, attempts: AttemptRow[]) {
  const request = { attemptList: attempts }
  return Object.fromEntries(whyNot(request, decision).others.map(({ endpoint, reason }) => [endpoint, reason]))
}

const answeredBy = (endpoint: string) => [anAttempt(endpoint, 'answered')]

describe('an endpoint that did not answer', () => {
  it('was excluded at a stage', () => {
    const decision = aDecision([aCandidate('x')], { removed: [{ endpoint: 'y', stage: 'deny' }] })
    expect(reasons(decision, answeredBy('x'))).toEqual({ y: { kind: 'removed', stage: 'deny' } })
  })

  it('failed as the attempt that it was', () => {
    const decision = aDecision([aCandidate('x'), aCandidate('y')])
    const attempts = [anAttempt('x', 'failed'), ...answeredBy('y')]
    expect(reasons(decision, attempts)).toEqual({ x: { kind: 'failed', number: 1, fault: 'upstream_unreachable' } })
  })

  it('was dearer, slower to begin or slower to write than the one that did', () => {
    const [used, other] = [
      aCandidate('x'),
      aCandidate('y', { expectedNano: '300', firstTokenMs: 900, tokensPerSecond: 20, failureRate: 0.3 }),
    ]
    const by = (objective: DecisionRecord['objective']) =>
      reasons(aDecision([used, other], { objective }), answeredBy('x'))['y']
    expect(by('cost')).toEqual({ kind: 'cost', own: 300, its: 100 })
    expect(by('latency')).toEqual({ kind: 'latency', own: 900, its: 100 })
    expect(by('throughput')).toEqual({ kind: 'throughput', own: 20, its: 100 })
    expect(by('uptime')).toEqual({ kind: 'uptime', own: 0.3, its: 0 })
    expect(by('pinned')).toEqual({ kind: 'order' })
  })

  it('was about as good, and it was not its turn', () => {
    const decision = aDecision([aCandidate('x'), aCandidate('y', { expectedNano: '105' })])
    expect(reasons(decision, answeredBy('x'))).toEqual({ y: { kind: 'tie' } })
  })

  it('was not selected', () => {
    const decision = aDecision([aCandidate('x', { weight: 3 }), aCandidate('y', { weight: 1 })], {
      objective: 'balanced',
    })
    expect(reasons(decision, answeredBy('x'))).toEqual({ y: { kind: 'chance', own: 0.25, its: 0.75 } })
  })

  it('stood behind because it was down, slow, or not where the cache was warm', () => {
    const by = (figures: Partial<CandidateRow>, rest: Partial<DecisionRecord> = {}) =>
      reasons(aDecision([aCandidate('x'), aCandidate('y', figures)], rest), answeredBy('x'))['y']
    expect(by({ down: true })).toEqual({ kind: 'down' })
    expect(by({ slow: true })).toEqual({ kind: 'slow' })
    expect(by({ expectedNano: '1' }, { sticky: true })).toEqual({ kind: 'warm' })
  })

  it('was cancelled because its hedge was faster', () => {
    const decision = aDecision([aCandidate('x'), aCandidate('y')])
    const attempts = [anAttempt('y', 'lost'), ...answeredBy('x')]
    expect(reasons(decision, attempts)['y']).toMatchObject({ kind: 'lost', number: 1 })
  })

  it('stood apart by its account, whatever its figures', () => {
    const by = (used: string, other: string) =>
      reasons(aDecision([aCandidate(used), aCandidate(other, { expectedNano: '1' })]), answeredBy(used))[other]
    expect(by('x#1', 'x')).toEqual({ kind: 'ownFirst' })
    expect(by('x', 'x#1')).toEqual({ kind: 'ownLater' })
    expect(by('x#1', 'x#2')).toEqual({ kind: 'ownOrder' })
  })

  it('is of a fallback model', () => {
    const decision = aDecision([aCandidate('x'), aCandidate('y', { model: 'c/d' })], {
      targets: ['x'],
      fallbacks: ['y'],
    })
    expect(reasons(decision, answeredBy('x'))).toEqual({ y: { kind: 'fallback', model: 'c/d' } })
  })

  it('was beyond the attempt limit', () => {
    const decision = aDecision([aCandidate('x'), aCandidate('y')], { targets: ['x'] })
    expect(reasons(decision, answeredBy('x'))).toEqual({ y: { kind: 'beyond' } })
  })

  it('was not reached when no endpoint answered', () => {
    const decision = aDecision([aCandidate('x'), aCandidate('y')])
    expect(reasons(decision, [anAttempt('x', 'cut')])['y']).toEqual({ kind: 'unreached' })
  })

  it('was better, but the try after a failure went to other machines', () => {
    const decision = aDecision([aCandidate('x'), aCandidate('z', { expectedNano: '500' }), aCandidate('y')])
    expect(reasons(decision, [anAttempt('x', 'failed'), ...answeredBy('z')])['y']).toEqual({ kind: 'domain' })
  })
})

it('gives every endpoint but the one that answered exactly one reason', () => {
  const endpoints = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(endpoints, fc.nat(8), fc.nat(8), fc.boolean(), (names, cut, tried, isAnswered) => {
      const candidates = names.slice(0, cut).map((name) => aCandidate(name))
      const removed = names.slice(cut).map((endpoint) => ({ endpoint, stage: 'deny' as const }))
      const attempts = candidates
        .slice(0, tried)
        .map(({ endpoint }, i, all) => anAttempt(endpoint, isAnswered && i === all.length - 1 ? 'answered' : 'failed'))
      const request = { attemptList: attempts }
      const { used, others } = whyNot(request, aDecision(candidates, { removed }))
      const explained = [...others.map(({ endpoint }) => endpoint), ...(used ? [used.endpoint] : [])]
      expect(explained.toSorted()).toEqual(names.toSorted())
    }),
  )
})
