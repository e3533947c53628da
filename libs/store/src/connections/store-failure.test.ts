import { expect, it } from 'vitest'
import { storeFailureOf } from './store-failure.ts'

it.each([
  new Error('Command timed out'),
  new Error("Socket timeout. Expecting data, but didn't receive any in 1000ms."),
  new Error('Query read timeout'),
  new Error('timeout exceeded when trying to connect'),
  Object.assign(new Error('connect'), { code: 'ETIMEDOUT' }),
  Object.assign(new Error('canceling statement'), { code: '57014' }),
  new Error('Postgres could not be asked', { cause: new Error('Query read timeout') }),
])('%s is slow', (error) => {
  expect(storeFailureOf(error)).toBe('slow')
})

it.each([
  Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
  new Error("Stream isn't writeable and enableOfflineQueue options is false"),
  new Error('sorry, too many clients already'),
  'no error at all',
])('%s is refused', (error) => {
  expect(storeFailureOf(error)).toBe('refused')
})
