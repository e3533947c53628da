import { expect, it } from 'vitest'
import { Tally } from './tally.ts'

it('a later report of usage replaces the earlier one, field by field', () => {
  const tally = new Tally()
  tally.add({ usage: { promptTokens: 1_000, completionTokens: 1 } })
  tally.add({ usage: { completionTokens: 40 } })
  expect(tally.usage()).toMatchObject({ promptTokens: 1_000, completionTokens: 40 })
  tally.add({ usage: { promptTokens: 900, completionTokens: 0 } })
  expect(tally.usage()).toMatchObject({ promptTokens: 900, completionTokens: 0 })
})

it('counts what arrived, and keeps the counts it was given, only until the provider reports', () => {
  const tally = new Tally({ promptTokens: 7 })
  for (const text of ['one', 'two', 'three']) tally.add({ text })
  expect(tally.usage()).toMatchObject({ promptTokens: 7, completionTokens: 3 })
  tally.add({ usage: { promptTokens: 9, completionTokens: 2 } })
  expect(tally.usage()).toMatchObject({ promptTokens: 9, completionTokens: 2 })
})
