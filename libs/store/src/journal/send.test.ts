import { DatabaseError } from 'pg'
import { describe, expect, it } from 'vitest'
import type { Pool } from '../connections/pools.ts'
import { rowKey, rowText, usageRow } from './record.ts'
import { sendBatch } from './send.ts'
import { aUsageRecord } from './usage-record.fixture.ts'

interface Sent {
  readonly key: string
  readonly rows: readonly { readonly request_id: string; readonly features: unknown; readonly at: number }[]
}

/** A batch of four rows, of a hundred bytes each in the segment. */
function aBatch() {
  const rows = Array.from({ length: 4 }, () => rowText(usageRow(aUsageRecord())))
  return { segment: 'segment', from: 1_000, to: 1_400, rows, ends: [1_100, 1_200, 1_300, 1_400] }
}

function anError(code: string, detail?: string): DatabaseError {
  return Object.assign(new DatabaseError('no', 2, 'error'), { code, ...(detail !== undefined && { detail }) })
}

/** A PostgreSQL that objects as it is said, and what became of the rows sent to it. */
function sending(objection: (sent: Sent) => Error | null) {
  const keys: string[] = []
  const fate = { arrived: 0, unexplained: [] as string[], refused: [] as string[], alarmed: [] as string[] }
  const query = async (_text: string, [key, records]: [string, string]) => {
    keys.push(key)
    const error = objection({ key, rows: JSON.parse(records) as Sent['rows'] })
    if (error) throw error
  }
  const send = (batch: ReturnType<typeof aBatch>) =>
    sendBatch({ query } as unknown as Pool, 'node', batch, {
      arrived: (rows) => void (fate.arrived += rows),
      unexplained: (row) => void fate.unexplained.push(row),
      refused: async (row) => void fate.refused.push(row),
      alarmed: async (rows) => void fate.alarmed.push(...rows),
    })
  return { keys, fate, send }
}

describe('an objection of PostgreSQL', () => {
  it.each(['22003', '22P05', '23502', '23514', '54000'])('to what is in a row (%s) concerns that row', async (code) => {
    const batch = aBatch()
    const bad = batch.rows[2] ?? ''
    const { fate, send } = sending(({ rows }) =>
      rows.some((row) => bad.includes(row.request_id)) ? anError(code) : null,
    )
    await send(batch)
    expect(fate).toEqual({ arrived: 3, unexplained: [], refused: [bad], alarmed: [] })
  })

  it('to features or decision leaves the bill', async () => {
    const batch = aBatch()
    const { fate, send } = sending(({ rows }) => (rows.some(({ features }) => features) ? anError('22003') : null))
    await send(batch)
    expect(fate).toEqual({ arrived: 4, unexplained: batch.rows, refused: [], alarmed: [] })
  })

  it('by an integrity alarm concerns the rows that it names, and is not tried under other business keys', async () => {
    const batch = aBatch()
    const named = batch.rows.slice(1, 3)
    const { fate, keys, send } = sending(({ rows }) =>
      rows.length > 2 ? anError('P0001', named.map(rowKey).join(' ')) : null,
    )
    await send(batch)
    expect(fate).toEqual({ arrived: 2, unexplained: [], refused: [], alarmed: named })
    expect(keys).toEqual(['usage:node:segment:1000-1400', 'usage:node:segment:1000-1400'])
  })

  it('by an integrity alarm that names no row concerns all of them', async () => {
    const batch = aBatch()
    const { fate, keys, send } = sending(() => anError('P0001'))
    await send(batch)
    expect(fate).toEqual({ arrived: 0, unexplained: [], refused: [], alarmed: batch.rows })
    expect(keys).toHaveLength(1)
  })

  it.each(['08006', '25006', '40001', '42883', '53100', '55P03', '57014', '57P01', '58030', 'XX000'])(
    'to anything else (%s) lets all rows wait',
    async (code) => {
      const error = anError(code)
      const { fate, send } = sending(() => error)
      await expect(send(aBatch())).rejects.toBe(error)
      expect(fate).toEqual({ arrived: 0, unexplained: [], refused: [], alarmed: [] })
    },
  )
})

it('rows have the business key of their bytes, however the batch was cut', async () => {
  const batch = aBatch()
  const keys = new Map<string, Set<string>>()
  for (const bad of [0, 1, 2, 3]) {
    const { send } = sending(({ key, rows }) => {
      const covered = rows.map(({ at }) => at).join()
      keys.set(covered, (keys.get(covered) ?? new Set()).add(key))
      return rows.some((row) => batch.rows[bad]?.includes(row.request_id)) ? anError('22003') : null
    })
    await send(batch)
  }
  expect([...keys.values()].every(({ size }) => size === 1)).toBe(true)
  expect(keys.get('1300,1400')).toEqual(new Set(['usage:node:segment:1200-1400']))
})
