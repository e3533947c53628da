import { expect, it } from 'vitest'
import { deadlineMsOf } from './deadline.ts'

const MOST_MS = 900_000

it.each([
  ['no time is given', {}, MOST_MS],
  ['milliseconds are given', { 'x-turnpike-timeout-ms': '500' }, 500],
  ['an SDK says after how many seconds it hangs up', { 'x-stainless-timeout': '600' }, 600_000],
  ['both are given: the shorter one', { 'x-turnpike-timeout-ms': '2000', 'x-stainless-timeout': '1.5' }, 1_500],
  ['more is asked for than we give', { 'x-turnpike-timeout-ms': '1e9', 'x-stainless-timeout': '3600' }, MOST_MS],
  ['it is no time', { 'x-turnpike-timeout-ms': 'soon', 'x-stainless-timeout': '' }, MOST_MS],
  ['it is zero or less', { 'x-turnpike-timeout-ms': '-5', 'x-stainless-timeout': '0' }, MOST_MS],
  ['it is twice there', { 'x-turnpike-timeout-ms': ['1', '2'] }, MOST_MS],
] as const)('a request’s time when %s', (_, headers, ms) => {
  expect(deadlineMsOf({ ...headers } as Parameters<typeof deadlineMsOf>[0], MOST_MS)).toBe(ms)
})
