import { Fault, usdString } from '@turnpike/domain'
import { ConfigError } from '@turnpike/server'
import { openPool, reshipRefused, whyUnreachable, type Reshipped, type ReshippedRows } from '@turnpike/store'

/** Printed for everything that is not understood. */
export const USAGE = `Usage: npm run operator -- usage <command>
  reship [--json]    ship the rows of refused.jsonl in JOURNAL_DIR again, and take those out of it that the database has then
`

const PATIENCE = { max: 1, statementTimeoutMs: 30_000, connectTimeoutMs: 5_000, applicationName: 'turnpike usage' }

/** @param words after `usage` @returns what to print. Throws Fault or ConfigError with a sentence for people */
export async function usageCommand(
  words: readonly string[],
  readSettings: () => { readonly DATABASE_URL: string; readonly JOURNAL_DIR: string },
): Promise<string> {
  const [command, ...flags] = words
  const asJson = flags.length === 1 && flags[0] === '--json'
  if (command !== 'reship' || (flags.length > 0 && !asJson)) throw new Fault('request_invalid', USAGE)
  const { DATABASE_URL, JOURNAL_DIR } = readSettings()
  const pool = openPool(DATABASE_URL, PATIENCE)
  try {
    const notReached = await whyUnreachable(pool)
    if (notReached) throw new ConfigError(`DATABASE_URL: PostgreSQL cannot be used there (${notReached.reason}).`)
    const reshipped = await reshipRefused(pool, JOURNAL_DIR)
    return asJson ? jsonOf(reshipped) : tableOf(reshipped)
  } finally {
    await pool.end()
  }
}

/** What each outcome means, in the order of the table. */
const MEANINGS = {
  shipped: 'in the database, charged once; no longer in refused.jsonl',
  unexplained: 'of these without features and decision, which the database still refuses',
  refused: 'refused again; still in refused.jsonl',
  expired: 'of a day that was deleted, so that nobody can say whether they were charged; still in refused.jsonl',
  alarmed: 'charged before and deleted since, says the ledger; still in refused.jsonl',
} as const satisfies Record<Exclude<keyof Reshipped, 'torn'>, string>

function outcomesOf(reshipped: Reshipped): [keyof typeof MEANINGS, ReshippedRows][] {
  return (Object.keys(MEANINGS) as (keyof typeof MEANINGS)[]).map((outcome) => [outcome, reshipped[outcome]])
}

function tableOf(reshipped: Reshipped): string {
  const rows = outcomesOf(reshipped).map(([outcome, { rows: count, nano }]) => [
    outcome,
    String(count),
    usdString(nano),
    MEANINGS[outcome],
  ])
  const table = [['outcome', 'rows', 'dollars', 'meaning'], ...rows]
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  const torn = reshipped.torn > 0 ? [`${reshipped.torn} torn lines held no row and are gone.`] : []
  return [...lines, ...torn, ''].join('\n')
}

/** One line; amounts are nano-dollars as text, since a JSON number does not hold all of them. */
function jsonOf(reshipped: Reshipped): string {
  const outcomes = outcomesOf(reshipped).map(([outcome, { rows, nano }]) => [outcome, { rows, nano_usd: String(nano) }])
  return `${JSON.stringify({ ...Object.fromEntries(outcomes), torn: reshipped.torn })}\n`
}
