import { expect, it } from 'vitest'
import { usageWarningsOf } from './usage-warnings.ts'
import { anAttempt } from './route.fixture.ts'

it('says every warning of an attempt’s usage, always in the same order', () => {
  expect(usageWarningsOf({ ...anAttempt('x', 'answered'), usageWarnings: ['prompt_high', 'shrunk'] })).toEqual([
    'shrunk',
    'prompt_high',
  ])
})

it('says nothing of usage without a warning', () => {
  expect(usageWarningsOf(anAttempt('x', 'answered'))).toEqual([])
})
