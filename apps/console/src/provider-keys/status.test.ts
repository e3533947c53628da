import { expect, it } from 'vitest'
import { statusOf } from './status.ts'

const TEST = { result: 'refused', at: '2026-11-21T12:00:00.000Z', status: 401 } as const

it('tells that a key is off, has nowhere to go or is not used before what its last test found', () => {
  expect(statusOf({ disabled: true, moved: true, test: TEST })).toBe('off')
  expect(statusOf({ disabled: false, moved: true, test: TEST })).toBe('moved')
  expect(statusOf({ disabled: false, test: TEST })).toBe('refused')
  expect(statusOf({ disabled: false, awaitsTest: true, test: TEST })).toBe('inactive')
  expect(statusOf({ disabled: false, test: null })).toBe('untested')
})
