import { expect, it } from 'vitest'
import { stateOf } from './state.ts'

const TEST = { result: 'refused', at: '2026-11-21T12:00:00.000Z', status: 401 } as const

it('tells that a key is off or has nowhere to go before what its last test found', () => {
  expect(stateOf({ disabled: true, moved: true, test: TEST })).toBe('off')
  expect(stateOf({ disabled: false, moved: true, test: TEST })).toBe('moved')
  expect(stateOf({ disabled: false, test: TEST })).toBe('refused')
  expect(stateOf({ disabled: false, test: null })).toBe('untested')
})
