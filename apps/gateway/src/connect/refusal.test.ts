import { expect, it } from 'vitest'
import { hintOf } from './refusal.ts'

const WALL_MS = Date.parse('2026-11-21T12:00:00Z')
const hint = (headers: Record<string, string>) => hintOf({ header: (name) => headers[name] }, WALL_MS)

it.each([
  ['seconds', { 'retry-after': '7' }, 7_000],
  ['parts of a second', { 'retry-after': '0.5' }, 500],
  ['a date', { 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' }, 30_000],
  ['milliseconds, before seconds', { 'retry-after-ms': '250', 'retry-after': '7' }, 250],
  ['more than five minutes', { 'retry-after': '86400' }, 300_000],
  ['a date in a year', { 'retry-after': 'Sun, 21 Nov 2027 12:00:00 GMT' }, 300_000],
  ['a date that is over', { 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, undefined],
  ['nothing', {}, undefined],
  ['zero', { 'retry-after': '0' }, undefined],
  ['less than zero', { 'retry-after': '-5' }, undefined],
  ['words', { 'retry-after': 'soon', 'retry-after-ms': 'later' }, undefined],
  ['a list', { 'retry-after': '3, 5' }, undefined],
] as const)('reads a hint of %s', (_, headers, ms) => {
  expect(hint(headers)).toBe(ms)
})
