import { expect, it } from 'vitest'
import { aCandidate, anAttempt } from './route.fixture.ts'
import { chancesOf, outcomeOf, stageTextKey } from './route.ts'

it('turns weights into chances that add up to one', () => {
  const candidates = [aCandidate('x', { weight: 3 }), aCandidate('y', { weight: 1 })]
  expect([...chancesOf(candidates).values()]).toEqual([0.75, 0.25])
})

it('gives what is down a chance only where everything is', () => {
  expect([...chancesOf([aCandidate('x', { weight: 3 }), aCandidate('y', { weight: 1, down: true })])]).toEqual([
    ['x', 1],
  ])
  const bothDown = [aCandidate('x', { weight: 3, down: true }), aCandidate('y', { weight: 1, down: true })]
  expect(chancesOf(bothDown).get('y')).toBe(0.25)
})

it('gives what is slower than preferred a chance only where nothing keeps to it', () => {
  const slow = aCandidate('y', { weight: 1, slow: true })
  expect([...chancesOf([aCandidate('x', { weight: 3 }), slow])]).toEqual([['x', 1]])
  expect(chancesOf([aCandidate('x', { weight: 3, down: true }), slow]).get('y')).toBe(1)
})

it('counts the chances of each model by themselves', () => {
  const other = aCandidate('z', { weight: 5, model: 'c/d' })
  expect(chancesOf([aCandidate('x', { weight: 3 }), other]).get('x')).toBe(1)
})

it('claims no chances where nothing was drawn', () => {
  expect(chancesOf([aCandidate('x')]).size).toBe(0)
})

it('reports how the attempts at a candidate ended, with the status that its provider responded', () => {
  const attempts = [{ ...anAttempt('x', 'failed'), status: 429 }, anAttempt('y', 'failed'), anAttempt('y', 'answered')]
  expect(outcomeOf(aCandidate('x'), attempts)).toMatchObject({ outcome: 'failed', status: 429 })
  expect(outcomeOf(aCandidate('y'), attempts)).toMatchObject({ outcome: 'answered' })
  expect(outcomeOf(aCandidate('z'), attempts)).toEqual({ outcome: 'notNeeded', status: null })
  expect(outcomeOf(aCandidate('x'), [anAttempt('x', 'lost')])).toMatchObject({ outcome: 'lost' })
})

it('explains a filter that it does not know as such', () => {
  expect(stageTextKey('deny')).toBe('request.stage_deny')
  expect(stageTextKey('toString')).toBe('request.stage_unknown')
})
