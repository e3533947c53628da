import { appendFile, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool } from '../connections/pools.ts'
import { ASIDE_FILES } from './aside.ts'
import { lockFolder } from './lock.ts'
import { rowCost, rowDay, rowKey } from './record.ts'
import { sendBatch } from './send.ts'

/** What became of the rows of one outcome. */
export interface ReshippedRows {
  rows: number
  /** What they charge, nano-dollars. */
  nano: bigint
}

/** How the rows were received that had been refused, by outcome. Those that were shipped are no longer in the file; all others are. */
export interface Reshipped {
  /** In `usage_events` and charged, now or before: of a row that is there already nothing changes. */
  readonly shipped: ReshippedRows
  /** Shipped without features and decision, which PostgreSQL still refuses. They are among the shipped ones too. */
  readonly unexplained: ReshippedRows
  /** Refused again. */
  readonly refused: ReshippedRows
  /** Of a day before the oldest that the database has, so that nobody can say whether they were charged. */
  readonly expired: ReshippedRows
  /** Charged before and deleted since, says an alarm of the ledger. */
  readonly alarmed: ReshippedRows
  /** Lines that hold no row: torn by a crash. They are dropped, since their rows were set aside again. */
  readonly torn: number
}

/** Files that a run has taken; one that a run left behind when it was killed is taken by the next. */
const TAKEN = /^refused\.taken-\d+\.jsonl$/
/** Rows that are appended until the end are few; a file that grows without end is not read without end. */
const ROUNDS_MAX = 100

/**
 * Ships the rows of `refused.jsonl` again, one by one, and takes those out of it that PostgreSQL has then. A row is never charged twice:
 * it has one business key for good (`usage:refused:<request>.<attempt>:0-1`) and one row in `usage_events`. The gateway that owns the
 * folder may run meanwhile. Rejects when PostgreSQL is away, with every row still in a file, and when another run is under way.
 * @param pool logs in as a member of turnpike_gateway @param folder of a journal
 */
export async function reshipRefused(pool: Pool, folder: string): Promise<Reshipped> {
  const unlock = await lockFolder(folder, {
    name: 'reship.lock',
    message: 'Refused rows of this folder are being shipped by another process that is running.',
  })
  try {
    await take(folder)
    const counts = noneYet()
    const seen = new Set<string>()
    const oldest = await oldestDay(pool)
    for (const name of (await readdir(folder)).filter((one) => TAKEN.test(one)).toSorted()) {
      await reshipFile(pool, join(folder, name), join(folder, ASIDE_FILES.refused), { counts, seen, oldest })
    }
    return counts
  } finally {
    await unlock()
  }
}

/** Moves the file away, so that rows which the gateway sets aside meanwhile begin another. */
async function take(folder: string): Promise<void> {
  try {
    await rename(join(folder, ASIDE_FILES.refused), join(folder, `refused.taken-${Date.now()}.jsonl`))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

interface Run {
  readonly counts: { -readonly [Outcome in keyof Reshipped]: Reshipped[Outcome] }
  /** Rows of this run: a file that a run left behind may repeat them. */
  readonly seen: Set<string>
  readonly oldest: string | null
}

function noneYet(): Run['counts'] {
  const none = () => ({ rows: 0, nano: 0n })
  return { shipped: none(), unexplained: none(), refused: none(), expired: none(), alarmed: none(), torn: 0 }
}

/** What is left goes back before the file is removed: a run that is killed between the two leaves rows twice, and loses none. */
async function reshipFile(pool: Pool, taken: string, back: string, run: Run): Promise<void> {
  const left: string[] = []
  let readTo = 0
  // The gateway may have opened the file before it was moved: what it then wrote is found in another round.
  for (let round = 0; round < ROUNDS_MAX && (await stat(taken)).size > readTo; round++) {
    const bytes = await readFile(taken)
    const lines = bytes.subarray(readTo).toString().split('\n')
    readTo = bytes.length
    for (const line of lines) if (line !== '' && !(await reshipRow(pool, line, run))) left.push(line)
  }
  if (left.length > 0) await appendFile(back, `\n${left.join('\n')}\n`, { mode: 0o600, flush: true })
  await rm(taken)
}

/** @returns whether the row need not be kept */
async function reshipRow(pool: Pool, row: string, { counts, seen, oldest }: Run): Promise<boolean> {
  const facts = factsOf(row)
  if (facts === null) {
    counts.torn++
    return true
  }
  if (seen.has(facts.key)) return true
  seen.add(facts.key)
  const count = (outcome: Exclude<keyof Reshipped, 'torn'>) => {
    counts[outcome].rows++
    counts[outcome].nano += facts.nano
  }
  if (oldest !== null && facts.day < oldest) {
    count('expired')
    return false
  }
  let isShipped = false
  const segment = facts.key.replace(':', '.')
  const batch = { segment, from: 0, to: 1, rows: [row], ends: [1] }
  await sendBatch(pool, 'refused', batch, {
    arrived: () => {
      isShipped = true
      count('shipped')
    },
    unexplained: () => count('unexplained'),
    refused: async () => count('refused'),
    alarmed: async () => count('alarmed'),
  })
  return isShipped
}

/** Null for a torn line. */
function factsOf(row: string): { readonly key: string; readonly day: string; readonly nano: bigint } | null {
  try {
    return { key: rowKey(row), day: rowDay(row), nano: rowCost(row) }
  } catch {
    return null
  }
}

/**
 * The oldest day whose usage the database has, as `2026-12-01`; null: none was deleted, since there is none. Days are deleted oldest
 * first. Of one before it a row that had been charged under its first business key would not be found, and be charged again.
 */
async function oldestDay(pool: Pool): Promise<string | null> {
  const { rows } = await pool.query<{ day: string | null }>(
    `SELECT to_char(to_date(min(right(inhrelid::regclass::text, 8)), 'YYYYMMDD'), 'YYYY-MM-DD') AS day
     FROM pg_inherits WHERE inhparent = 'usage_events'::regclass`,
  )
  return rows[0]?.day ?? null
}
