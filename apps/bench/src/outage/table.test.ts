import type { RequestRecord } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { floodTable, phaseTable, summaryOf, unseenTable } from './table.ts'
import type { Telling } from './telling.ts'

function records(phase: string, status: number, count: number, tookMs: number): RequestRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `key ${index}`,
    startedMs: index * 100,
    endedMs: index * 100 + tookMs,
    phase,
    attempts: [{ target: 'a', atMs: index * 100, ms: tookMs, status, type: null }],
    ok: status === 200,
  }))
}

const none = { lookups: 0, keys: 0 }

function aTelling(status: number, tookMs: number): Telling {
  return {
    requests: {
      inUse: [...records('warm', 200, 40, 10), ...records('1: dropped', status, 40, tookMs)],
      unseen: records('1: dropped', status, 10, tookMs),
      forged: records('2: empty, flood', 401, 5, 3),
    },
    asked: new Map([
      ['warm', { inUse: { lookups: 1, keys: 2 }, unseen: none, others: none, peak: 1 }],
      [
        '1: dropped',
        {
          inUse: { lookups: 1_190, keys: 2_000 },
          unseen: { lookups: 10, keys: 12 },
          others: { lookups: 7, keys: 7 },
          peak: 20,
        },
      ],
    ]),
  }
}

const naive = aTelling(401, 1_000)
const ours = aTelling(200, 10)

/** The cells of the line that begins with this. */
function line(table: string, name: string): string[] {
  const found = table.split('\n').find((text) => text.startsWith(`| ${name} `)) ?? ''
  return found
    .split('|')
    .map((cell) => cell.trim())
    .slice(1, -1)
}

it('puts what callers saw and what the database did side by side, naive first', () => {
  expect(line(phaseTable(naive, ours), '1: dropped')).toEqual([
    ...['1: dropped', '40 / 40', '40 / 0', '40 / 0', '1,000 / 10.0', '1,000 / 10.0', 'not / 0'],
    ...['1,190 / 1,190', '2,000 / 2,000', '20 / 20'],
  ])
  expect(line(phaseTable(naive, ours), 'all').slice(1, 4)).toEqual(['80 / 80', '40 / 0', '40 / 0'])
})

it('reports unseen keys apart, and compares them with the keys in use', () => {
  expect(line(unseenTable(naive, ours), '1: dropped').slice(1)).toEqual([
    ...['10 / 10', '10 / 0', '10 / 0', '1,000 / 10.0', '1,000 / 10.0', 'not / not', '10 / 10', '12 / 12'],
  ])
})

it('says what became of forged keys', () => {
  expect(line(floodTable(naive, ours), 'ours')).toEqual(['ours', '5', '5', '3.0', '7'])
})

it('sums one group of keys up for machines', () => {
  expect(summaryOf(naive, 'inUse')).toEqual({ requests: 80, failed: 40, wrong401: 40, p99Ms: 1_000, lookups: 1_191 })
  expect(summaryOf(ours, 'unseen')).toEqual({ requests: 10, failed: 0, wrong401: 0, p99Ms: 10, lookups: 10 })
})

it('is a table of Markdown: every line has the same width and as many cells as the head', () => {
  const lines = phaseTable(naive, ours).trimEnd().split('\n')
  expect(new Set(lines.map((text) => text.length)).size).toBe(1)
  expect(new Set(lines.map((text) => text.split('|').length)).size).toBe(1)
})
