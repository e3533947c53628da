import type { RequestRow } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { admits, filtersOf } from './filters.ts'

const row: RequestRow = {
  id: 'gen-1',
  beganAt: '2026-03-01T12:00:00.000Z',
  model: 'a/b',
  requestedModel: 'a/b',
  provider: 'p',
  ownId: null,
  keyId: 'k',
  keyName: 'K',
  status: 200,
  fault: null,
  streamed: true,
  cancelled: false,
  promptTokens: 1,
  completionTokens: 1,
  cacheReadTokens: 0,
  reasoningTokens: 0,
  costNano: '1',
  firstTokenMs: 1,
  totalMs: 2,
  attempts: 1,
}

it('reads only known filters from an address, and no empty ones', () => {
  expect(filtersOf(new URLSearchParams('model=a/b&provider=&q=x&tab=y'))).toEqual({ model: 'a/b' })
})

it('lets a live row into the list only when every filter fits', () => {
  expect(admits({}, row)).toBe(true)
  expect(admits({ model: 'a/b', provider: 'p', keyId: 'k', outcome: 'ok' }, row)).toBe(true)
  expect(admits({ model: 'a/c' }, row)).toBe(false)
  expect(admits({ provider: 'q' }, row)).toBe(false)
  expect(admits({ outcome: 'failed' }, row)).toBe(false)
  expect(admits({ outcome: 'failed' }, { ...row, status: 503, fault: 'no_healthy_provider' })).toBe(true)
})

it('treats the end of a period as outside of it', () => {
  expect(admits({ from: row.beganAt }, row)).toBe(true)
  expect(admits({ to: row.beganAt }, row)).toBe(false)
})
