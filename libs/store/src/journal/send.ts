import { DatabaseError } from 'pg'
import type { Pool } from '../connections/pools.ts'
import type { JournalBatch } from './batch.ts'
import { rowKey, unexplainedRow } from './record.ts'

/** What becomes of the rows of a batch. */
export interface Outcomes {
  readonly arrived: (rows: number) => void
  /** A row arrived without features and decision: PostgreSQL refused it with them. */
  readonly unexplained: (row: string, cause: DatabaseError) => void
  /** PostgreSQL will never take this row, whatever is left out of it. */
  readonly refused: (row: string, cause: DatabaseError) => Promise<void>
  /** PostgreSQL says that these rows would be charged twice, or that the ledger is not whole: nothing of them was written. */
  readonly alarmed: (rows: readonly string[], cause: DatabaseError) => Promise<void>
}

interface PlacedRow {
  readonly text: string
  /** Byte offsets in the segment. */
  readonly from: number
  readonly to: number
}

interface Sending extends Outcomes {
  readonly pool: Pool
  /** `usage:node:segment` */
  readonly place: string
}

/**
 * Sends the rows of a batch in order, each once. Rejects when PostgreSQL is away, and then the batch may be sent again.
 * @param node names this process in business keys
 */
export async function sendBatch(pool: Pool, node: string, batch: JournalBatch, outcomes: Outcomes): Promise<void> {
  const { segment, ends } = batch
  const rows = batch.rows.map((text, index): PlacedRow => {
    return { text, from: ends[index - 1] ?? batch.from, to: ends[index] ?? batch.to }
  })
  await sendRows({ ...outcomes, pool, place: `usage:${node}:${segment}` }, rows)
}

/** Refused rows are cut in halves until the row in question stands alone; alarmed ones never, since they are named. */
async function sendRows(sending: Sending, rows: readonly PlacedRow[]): Promise<void> {
  const objection = await objectionTo(sending, rows)
  if (!objection) return sending.arrived(rows.length)
  if (isAlarm(objection)) return sendOthers(sending, rows, objection)
  const [row] = rows
  if (rows.length > 1) {
    const middle = rows.length >> 1
    await sendRows(sending, rows.slice(0, middle))
    await sendRows(sending, rows.slice(middle))
  } else if (row) {
    await sendUnexplained(sending, row, objection)
  }
}

/** The bill does not depend on its explanation. */
async function sendUnexplained(sending: Sending, row: PlacedRow, cause: DatabaseError): Promise<void> {
  const text = unexplainedRow(row.text)
  const objection = text === row.text ? cause : await objectionTo(sending, [{ ...row, text }])
  if (!objection) {
    sending.arrived(1)
    return sending.unexplained(row.text, cause)
  }
  if (isAlarm(objection)) return sending.alarmed([row.text], objection)
  return sending.refused(row.text, objection)
}

/** An alarm that names none of the rows is about all of them. */
async function sendOthers(sending: Sending, rows: readonly PlacedRow[], alarm: DatabaseError): Promise<void> {
  const named = new Set(alarm.detail?.split(' '))
  const others = rows.filter(({ text }) => !named.has(rowKey(text)))
  if (others.length === rows.length) return sending.alarmed(textsOf(rows), alarm)
  await sending.alarmed(textsOf(rows.filter((row) => !others.includes(row))), alarm)
  if (others.length > 0) await sendRows(sending, others)
}

function textsOf(rows: readonly PlacedRow[]): string[] {
  return rows.map(({ text }) => text)
}

/** What PostgreSQL has against these rows, which no repetition changes; null: it has them. Rejects for anything else. */
async function objectionTo({ pool, place }: Sending, rows: readonly PlacedRow[]): Promise<DatabaseError | null> {
  // The same bytes have the same business key, however a batch was cut.
  const key = `${place}:${rows[0]?.from ?? 0}-${rows.at(-1)?.to ?? 0}`
  const records = rows.map(({ text, to }) => `${text.slice(0, -1)},"at":${to}}`)
  try {
    await pool.query('SELECT ship_usage($1, $2)', [key, `[${records.join(',')}]`])
    return null
  } catch (cause) {
    if (cause instanceof DatabaseError && (isContent(cause) || isAlarm(cause))) return cause
    throw cause
  }
}

/** By class of SQLSTATE: the data are wrong (22), break a constraint (23), or are more than a limit of PostgreSQL (54). */
function isContent({ code }: DatabaseError): boolean {
  return /^(?:22|23|54)/.test(code ?? '')
}

/** Raised by functions of ours (class P0): an integrity alarm. */
function isAlarm({ code }: DatabaseError): boolean {
  return code?.startsWith('P0') === true
}
