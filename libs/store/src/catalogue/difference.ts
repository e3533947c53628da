import { isDeepStrictEqual } from 'node:util'
import { nameOf, TABLE_NAMES, TABLES, type CatalogueRows, type Row, type TableName } from './rows.ts'

/** One row that differs from what is wanted. */
export interface CatalogueChange {
  readonly kind: 'added' | 'changed' | 'removed'
  readonly table: TableName
  /** The slug of a model or a provider, the id of an endpoint; a price is named after its endpoint. */
  readonly name: string
  /** Both values by column, amounts as decimal strings of nano-dollars. Empty for a removed row. */
  readonly fields: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>
  /** Why it is held back until an operator confirms it by name, as a sentence; null: it is not. */
  readonly held: string | null
}

/**
 * The writer decides which rows may be overwritten, by their origin. The seed overwrites rows of the seed. An import overwrites rows of the
 * seed and of imports; it never changes a provider's address, since credentials are sent there. Neither overwrites a row of an operator's.
 */
export type Writer = 'seed' | 'import'

const OWN = { seed: /^seed: /, import: /^(?:seed|import): / } as const satisfies Record<Writer, RegExp>
/** Columns that an import never changes. */
const ADDRESS = ['dialect', 'base_url', 'simulated']
/** Origins of prices that this installation sets itself: no change of them is held back. */
const SET_HERE = ['seed: simulated fleet', 'seed: configuration']

/** The changes that make the catalogue hold what is wanted, sorted by table and name. */
export function differenceOf(before: CatalogueRows, wanted: CatalogueRows, writer: Writer): CatalogueChange[] {
  return [
    ...TABLE_NAMES.flatMap((table) => changesOf(table, before, wanted, writer)),
    ...removed(before, wanted, writer),
  ]
}

/** The columns of a table that a writer may change in a row that exists. */
export function columnsOf(table: TableName, writer: Writer): readonly string[] {
  const { columns } = TABLES[table]
  return writer === 'import' ? columns.filter((column) => !ADDRESS.includes(column)) : columns
}

function changesOf(table: TableName, before: CatalogueRows, wanted: CatalogueRows, writer: Writer): CatalogueChange[] {
  const known = new Map(before[table].map((row) => [nameOf(table, row), row]))
  const changes = wanted[table].flatMap((row): CatalogueChange[] => {
    const name = nameOf(table, row)
    const old = known.get(name)
    if (old && !isOwn(old, writer)) return []
    const fields = fieldsOf(old, row, old ? columnsOf(table, writer) : TABLES[table].columns)
    if (Object.keys(fields).length === 0) return []
    const held = old && table === 'prices' && !SET_HERE.includes(String(row['origin'])) ? holdReason(fields) : null
    return [{ kind: old ? 'changed' : 'added', table, name, fields, held }]
  })
  return changes.toSorted(byName)
}

/** Endpoints that are no longer wanted. An import removes endpoints only of the providers that it lists. */
function removed(before: CatalogueRows, wanted: CatalogueRows, writer: Writer): CatalogueChange[] {
  const kept = new Set(wanted.endpoints.map((row) => row['id']))
  const listed = new Set(wanted.providers.map((row) => row['slug']))
  const removal = { kind: 'removed', table: 'endpoints', fields: {}, held: null } as const
  const isListed = (row: Row) => writer === 'seed' || listed.has(row['provider_slug'])
  return before.endpoints
    .filter((row) => row['enabled'] === true && !kept.has(row['id']) && isOwn(row, writer) && isListed(row))
    .map((row) => ({ ...removal, name: nameOf('endpoints', row) }))
    .toSorted(byName)
}

function isOwn(row: Row, writer: Writer): boolean {
  return OWN[writer].test(String(row['origin']))
}

function fieldsOf(before: Row | undefined, after: Row, columns: readonly string[]): CatalogueChange['fields'] {
  const differing = columns.filter((column) => !isDeepStrictEqual(before?.[column], after[column]))
  return Object.fromEntries(
    differing.map((column) => [column, { before: before?.[column] ?? null, after: after[column] ?? null }]),
  )
}

/** A price that changes by a larger factor is a mistake in the list more often than a new price. */
const FACTOR_MAX = 10n

/** Why a change of price is held back; null when it is not. */
function holdReason(fields: CatalogueChange['fields']): string | null {
  for (const [column, { before, after }] of Object.entries(fields)) {
    const moved = column === 'tiers' ? movedTiers(before, after) : movedFar(before, after)
    if (moved !== null) return `${column} ${moved}`
  }
  return null
}

function movedTiers(before: unknown, after: unknown): string | null {
  const [old, now] = [tiersOf(before), tiersOf(after)]
  for (const [i, tier] of now.entries()) {
    for (const [rate, amount] of Object.entries(tier)) {
      const moved = rate === 'abovePromptTokens' ? null : movedFar(old[i]?.[rate], amount)
      if (moved !== null) return `(above ${String(tier['abovePromptTokens'])} tokens, ${rate}) ${moved}`
    }
  }
  return null
}

function tiersOf(value: unknown): readonly Row[] {
  return Array.isArray(value) ? (value as readonly Row[]) : []
}

/** Amounts are decimal strings. A rate that is added or removed is no large change: without it another rate applies. */
function movedFar(before: unknown, after: unknown): string | null {
  if (typeof before !== 'string' || typeof after !== 'string' || before === after) return null
  const [old, now] = [BigInt(before), BigInt(after)]
  if (now === 0n) return 'fell to nothing.'
  if (old === 0n) return 'rose from nothing.'
  if (now > old * FACTOR_MAX) return `rose more than ${FACTOR_MAX} times.`
  return now * FACTOR_MAX < old ? `fell to less than a tenth.` : null
}

function byName(a: CatalogueChange, b: CatalogueChange): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
