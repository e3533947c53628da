import { expect, it } from 'vitest'
import { doubtsOf } from './usage-warnings.ts'
import { anAttempt } from './route.fixture.ts'

it('says every doubt of an attempt’s usage, always in the same order', () => {
  expect(doubtsOf({ ...anAttempt('x', 'answered'), doubts: ['prompt_high', 'shrunk'] })).toEqual([
    'shrunk',
    'prompt_high',
  ])
})

it('doubts nothing where nothing was doubted', () => {
  expect(doubtsOf(anAttempt('x', 'answered'))).toEqual([])
})
