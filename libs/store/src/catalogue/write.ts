import { columnsOf, differenceOf, type CatalogueChange, type Writer } from './difference.ts'
import {
  nameOf,
  readRows,
  rowsOf,
  TABLES,
  type CatalogueEntries,
  type CatalogueRows,
  type Row,
  type TableName,
} from './rows.ts'
import type { Queryable } from '../connections/pools.ts'

/** The outcome of a write to the catalogue. */
export interface Written {
  readonly version: number
  readonly written: number
  /** Names of changes that were held back because no operator confirmed them. The next import offers them again. */
  readonly held: readonly string[]
}

/** Takes the catalogue's lock until the transaction ends, so that writers take turns. Returns its version. */
export async function lockCatalogue(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM catalogue_version FOR UPDATE')
  return rows[0]?.version ?? 0
}

/** Makes the catalogue hold these parts, except for changes that are held back. Must run in a transaction. */
export async function writeCatalogue(
  client: Queryable,
  parts: readonly CatalogueEntries[],
  writer: Writer,
): Promise<Written> {
  await lockCatalogue(client)
  const wanted = rowsOf(parts)
  return writeChanges(client, wanted, differenceOf(await readRows(client), wanted, writer), new Set(), writer)
}

/**
 * Writes the changes that are not held back, or are confirmed by name, and raises the catalogue's version if there are any. A changed
 * price becomes a new version, effective now. A removed endpoint is disabled, never deleted: usage refers to it. Must run in a transaction
 * that holds the catalogue's lock and computed the changes under it.
 */
export async function writeChanges(
  client: Queryable,
  wanted: CatalogueRows,
  changes: readonly CatalogueChange[],
  confirmed: ReadonlySet<string>,
  writer: Writer,
): Promise<Written> {
  const free = changes.filter(({ held, name }) => held === null || confirmed.has(name))
  for (const table of ['models', 'providers', 'endpoints'] as const) {
    await upsert(client, table, chosen(table, wanted, free), writer)
  }
  await addPrices(client, chosen('prices', wanted, free))
  const removed = free.filter(({ kind }) => kind === 'removed').map(({ name }) => name)
  if (removed.length > 0) {
    await client.query('UPDATE endpoints SET enabled = false WHERE id = ANY ($1::text[])', [removed])
  }
  const { rows } = await client.query<{ version: number }>(
    'UPDATE catalogue_version SET version = version + $1::int RETURNING version',
    [free.length > 0 ? 1 : 0],
  )
  return {
    version: rows[0]?.version ?? 0,
    written: free.length,
    held: changes.filter((change) => !free.includes(change)).map(({ name }) => name),
  }
}

function chosen(table: TableName, wanted: CatalogueRows, changes: readonly CatalogueChange[]): Row[] {
  const names = new Set(changes.filter((change) => change.table === table).map(({ name }) => name))
  return wanted[table].filter((row) => names.has(nameOf(table, row)))
}

async function upsert(
  client: Queryable,
  table: Exclude<TableName, 'prices'>,
  rows: readonly Row[],
  writer: Writer,
): Promise<void> {
  if (rows.length === 0) return
  const { key, columns } = TABLES[table]
  const all = [key, ...columns, 'origin'].join(', ')
  const changing = [...columnsOf(table, writer), 'origin']
  await client.query(
    `INSERT INTO ${table} (${all}) SELECT ${all} FROM jsonb_populate_recordset(NULL::${table}, $1)
     ON CONFLICT (${key}) DO UPDATE SET ${changing.map((column) => `${column} = EXCLUDED.${column}`).join(', ')}`,
    [JSON.stringify(rows)],
  )
}

async function addPrices(client: Queryable, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  const amounts = TABLES.prices.columns.join(', ')
  await client.query(
    `INSERT INTO endpoint_prices (endpoint_id, version, ${amounts}, effective_from, origin)
     SELECT endpoint_id, COALESCE((SELECT max(p.version) FROM endpoint_prices p WHERE p.endpoint_id = wanted.endpoint_id), 0) + 1,
            ${amounts}, now(), origin
     FROM jsonb_populate_recordset(NULL::endpoint_prices, $1) AS wanted`,
    [JSON.stringify(rows)],
  )
}
