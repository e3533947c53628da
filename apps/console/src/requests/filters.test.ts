import type { RequestRow } from '@turnpike/contract'
import { describe, expect, it } from 'vitest'
import type { Say } from '../i18n/text.ts'
import { admits, filterWords, filtersOf, type Filters } from './filters.ts'

const row: RequestRow = {
  id: 'gen-1',
  beganAt: '2026-03-01T12:00:00.000Z',
  model: 'a/b',
  requestedModel: 'a/b',
  countedModel: 'a/b',
  provider: 'p',
  ownId: null,
  keyId: 'k',
  keyName: 'K',
  status: 200,
  fault: null,
  streamed: true,
  outcome: 'succeeded',
  diagnosis: null,
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
  expect(admits({ model: 'a/b', provider: 'p', keyId: 'k', outcome: 'succeeded' }, row)).toBe(true)
  expect(admits({ model: 'a/c' }, row)).toBe(false)
  expect(admits({ provider: 'q' }, row)).toBe(false)
  expect(admits({ outcome: 'failed' }, row)).toBe(false)
  expect(admits({ outcome: 'failed' }, { ...row, outcome: 'failed' })).toBe(true)
  expect(admits({ provider: '-' }, row)).toBe(false)
  expect(admits({ provider: '-' }, { ...row, provider: null })).toBe(true)
})

it('treats the end of a period as outside of it', () => {
  expect(admits({ from: row.beganAt }, row)).toBe(true)
  expect(admits({ to: row.beganAt }, row)).toBe(false)
})

describe('the filters in a sentence', () => {
  const say: Say = (key) => key
  const words = (filters: Filters) => filterWords(filters, say, 'en-GB', 'Europe/Berlin')

  it('show times as the reader writes them', () => {
    const times = { from: '2026-03-01T23:30:00.000Z', to: '2026-03-02T23:30:00.000Z' }
    expect(words(times)).toBe('2 Mar 2026, 00:30:00 – 3 Mar 2026, 00:30:00')
    expect(words({ from: times.from })).toBe('2 Mar 2026, 00:30:00 – …')
    expect(words({ model: 'a/b', provider: 'p', ...times })).not.toMatch(/\d{4}-\d{2}-\d{2}/)
  })

  it('name a key and an outcome by what they are, not by their codes', () => {
    expect(words({ keyId: 'a0f1', outcome: 'failed' })).toBe('common.key, requests.outcome_failed')
    expect(words({ model: 'a/b', outcome: 'succeeded' })).toBe('a/b, requests.outcome_succeeded')
    expect(words({ provider: '-', outcome: 'ok' })).toBe('requests.noProvider, ok')
  })

  it('show a time of a mistyped address as it is, and do not fail', () => {
    expect(words({ to: 'yesterday' })).toBe('… – yesterday')
  })
})
