import { expect, it } from 'vitest'
import { en } from '../../i18n/en/en.ts'
import type { Say } from '../../i18n/text.ts'
import { at } from '../../draft/draft.ts'
import { WRITTEN_FIELDS } from './vocabulary.ts'
import { labelOf, summaryOf, wordsOf } from './words.ts'

const say: Say = (key) => String(at(en, key.split('.')))

it('says a value as a reader would', () => {
  expect(wordsOf('objective', 'cost', say)).toBe('cost')
  expect(wordsOf('ignore', ['acorn', 'oak'], say)).toBe('acorn, oak')
  expect(wordsOf('zdr', true, say)).toBe('yes')
  expect(wordsOf('data_collection', 'deny', say)).toBe('no')
  expect(wordsOf('only', undefined, say)).toBe('not set')
  expect(wordsOf('failover', { on: ['rate_limit', 'empty'], attempts: 3 }, say)).toBe(
    'Retry on: rate limit, empty answer · Attempts: 3',
  )
})

it('says a hedge and whose capacity is used', () => {
  expect(wordsOf('hedge', {}, say)).toBe('yes')
  // As the database keeps it, which has an order of its own.
  expect(wordsOf('hedge', { own_cost: true, after_ms: 800 }, say)).toBe('Hedge after, ms: 800 · Own keys too: yes')
  expect(wordsOf('own_capacity', 'only', say)).toBe('own keys only')
})

it('says where data may go and what becomes of an answer that nobody waits for', () => {
  expect(wordsOf('regions', ['eu', 'ch'], say)).toBe('eu, ch')
  expect(wordsOf('disconnect', 'read_to_end', say)).toBe('read the answer to the end')
  expect(wordsOf('only', ['drain'], say)).toBe('drain')
})

it('says each window of a schedule', () => {
  const windows = [
    { days: ['mon', 'tue'], from: '22:00', to: '06:00', zone: 'UTC', objective: 'cost' },
    { days: ['sun'], from: '00:00', to: '00:00', zone: 'UTC' },
  ]
  expect(wordsOf('schedule', windows, say)).toBe(
    'Days: Mon, Tue · From: 22:00 · To: 06:00 · Time zone: UTC · Strategy: cost / Days: Sun · From: 00:00 · To: 00:00 · Time zone: UTC',
  )
})

it('leaves names as they are, also of a provider that is called like a word', () => {
  expect(wordsOf('order', ['cost', 'outage'], say)).toBe('cost, outage')
  expect(wordsOf('shares', { image: 2 }, say)).toBe('image: 2')
})

it('has a name of its own for every field of the form', () => {
  for (const field of WRITTEN_FIELDS) expect(labelOf(field, say), field).not.toBe(field)
  expect(labelOf('toString', say)).toBe('toString')
})

it('sums up only what a document says', () => {
  expect(summaryOf({ ignore: ['oak'] }, ['only', 'ignore'], say)).toBe('Deny list: oak')
  expect(summaryOf({}, ['only', 'ignore'], say)).toBeNull()
})
