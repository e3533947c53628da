import type { AttemptRow, CandidateRow } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { chancesOf, fateOf, stageTextKey } from './route.ts'

function aCandidate(endpoint: string, weight: number | null, down = false): CandidateRow {
  return {
    endpoint,
    model: 'a/b',
    provider: 'p',
    priceVersion: 1,
    expectedNano: '1',
    firstTokenMs: 1,
    tokensPerSecond: 1,
    failureRate: 0,
    down,
    weight,
  }
}

function anAttempt(endpoint: string, outcome: AttemptRow['outcome']): AttemptRow {
  return {
    endpoint,
    provider: 'p',
    model: 'a/b',
    startMs: 0,
    firstTokenMs: null,
    endMs: 1,
    outcome,
    status: null,
    fault: null,
  }
}

it('turns weights into chances that add up to one', () => {
  expect([...chancesOf([aCandidate('x', 3), aCandidate('y', 1)]).values()]).toEqual([0.75, 0.25])
})

it('gives what is down a chance only where everything is', () => {
  expect([...chancesOf([aCandidate('x', 3), aCandidate('y', 1, true)])]).toEqual([['x', 1]])
  expect(chancesOf([aCandidate('x', 3, true), aCandidate('y', 1, true)]).get('y')).toBe(0.25)
})

it('claims no chances where nothing was drawn', () => {
  expect(chancesOf([aCandidate('x', null)]).size).toBe(0)
})

it('tells who answered from who was tried and who was not needed', () => {
  const attempts = [anAttempt('x', 'failed'), anAttempt('y', 'answered')]
  expect(fateOf(aCandidate('x', null), attempts)).toBe('tried')
  expect(fateOf(aCandidate('y', null), attempts)).toBe('used')
  expect(fateOf(aCandidate('z', null), attempts)).toBe('notNeeded')
})

it('explains a filter that it does not know as such', () => {
  expect(stageTextKey('deny')).toBe('request.stage_deny')
  expect(stageTextKey('toString')).toBe('request.stage_unknown')
})
