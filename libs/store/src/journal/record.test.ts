import { readFile } from 'node:fs/promises'
import type { Decision } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { openDecision } from './decision.ts'
import { begunRow, endEntry, END_BYTES_MAX, interruptedRow, rowText, usageRow } from './record.ts'
import { aDecision, aUsageRecord } from './usage-record.fixture.ts'

/** Columns that the database fills itself. */
const OWN_COLUMNS = ['ledger_key']
/** What a row holds for `ship_usage` besides the columns. */
const EXTRA = ['funds', 'features']

/** Columns of a table, and those that must have a value, read from the migrations. */
async function columnsOf(table: string): Promise<{ all: string[]; required: string[] }> {
  const file = new URL('../../../../prisma/migrations/20261201000000_tables/migration.sql', import.meta.url)
  const definition =
    new RegExp(`CREATE TABLE ${table} \\(([^;]*?)PRIMARY KEY`).exec(await readFile(file, 'utf8'))?.[1] ?? ''
  const columns = [...definition.matchAll(/(\w+) ([^,\n]+),/g)]
  return {
    all: columns.map(([, name = '']) => name),
    required: columns.filter(([, , type = '']) => type.endsWith('NOT NULL')).map(([, name = '']) => name),
  }
}

it('a finished request fills every column of usage, and no other', async () => {
  const { all } = await columnsOf('usage_events')
  expect(Object.keys(usageRow(aUsageRecord())).toSorted()).toEqual(
    [...all.filter((name) => !OWN_COLUMNS.includes(name)), ...EXTRA].toSorted(),
  )
})

it('features fill every column of theirs that the row has not', async () => {
  const { all } = await columnsOf('request_features')
  const row = usageRow(aUsageRecord())
  expect([...Object.keys(row), ...Object.keys(row.features as object)]).toEqual(expect.arrayContaining(all))
})

it('an interrupted request has every column that is required, costs nothing and is our fault', async () => {
  const { required } = await columnsOf('usage_events')
  const row = interruptedRow(begunRow(aUsageRecord()))
  expect(Object.keys(row)).toEqual(expect.arrayContaining(required))
  expect(row).toMatchObject({ cost_nano: '0', upstream_cost_nano: '0', fault: 'internal', status: 500 })
})

it('the day is the one in the request id, not the one on the clock', () => {
  const record = aUsageRecord({ beganAtMs: Date.UTC(2026, 0, 2) })
  expect(usageRow(record).day).toBe('2026-11-21')
})

it('a decision is read back as it was made', () => {
  const record = aUsageRecord()
  const stored: unknown = JSON.parse(rowText(usageRow(record)))
  const { decision, attempts } = openDecision((stored as { decision: unknown }).decision)
  expect(decision).toEqual(record.decision)
  expect(attempts).toEqual(record.attempts)
})

it('a request without a decision keeps its attempts', () => {
  const record = aUsageRecord({ decision: null, features: null })
  const { decision, attempts } = openDecision(usageRow(record).decision)
  expect(decision).toBeNull()
  expect(attempts).toEqual(record.attempts)
})

it('what PostgreSQL cannot keep is replaced before it gets there', () => {
  const text = rowText(usageRow(aUsageRecord({ endUser: 'a\0b\ud800c', requestedModel: '\\u0000 is fine' })))
  expect(JSON.parse(text)).toMatchObject({ end_user: 'a\ufffdb\ufffdc', requested_model: '\\u0000 is fine' })
  expect(text).not.toMatch(/(^|[^\\])(\\\\)*\\u(0000|d8)/)
})

it('amounts keep every digit', () => {
  const row = usageRow(aUsageRecord({ costNanoUsd: 9_007_199_254_740_993n }))
  expect(row.cost_nano).toBe('9007199254740993')
})

it('a row that is too long for its reserved space loses its explanation and nothing else', () => {
  const candidates = Array.from({ length: 500 }, () => aDecision().candidates).flat()
  const decision: Decision = { ...aDecision(), candidates }
  const record = aUsageRecord({ decision, endUser: '\0'.repeat(10_000), nativeFinish: '"'.repeat(10_000) })
  const entry = endEntry(record, () => {})
  expect(entry.bytes).toBeLessThanOrEqual(END_BYTES_MAX)
  expect(JSON.parse(entry.line.slice(entry.line.indexOf('{')))).toMatchObject({
    end: { cost_nano: record.costNanoUsd.toString(), decision: { v: 1, a: [] }, features: null },
  })
})
