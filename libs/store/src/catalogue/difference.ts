import { isDeepStrictEqual } from 'node:util'
import { nameOf, TABLE_NAMES, TABLES, type CatalogueRows, type Row, type TableName } from './rows.ts'

/** One row that is not as it shall be. */
export interface CatalogueChange {
  readonly kind: 'added' | 'changed' | 'removed'
  readonly table: TableName
  /** The slug of a model or a provider, the id of an endpoint; a price is named after its endpoint. */
  readonly name: string
  /** What was and what shall be, by column. Amounts are nano-dollars as decimal strings. Empty for what is removed. */
  readonly fields: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>
  /** Why it waits for somebody to confirm it by name, as a sentence; null when it does not. */
  readonly held: string | null
}

/**
 * Who writes decides what may be overwritten. The seed owns what it wrote. An import owns that and what imports wrote; it never touches
 * where a provider is reached, since credentials are sent there. What an operator made their own has another origin and is nobody else's.
 */
export type Writer = 'seed' | 'import'

const OWN = { seed: /^seed: /, import: /^(?:seed|import): / } as const satisfies Record<Writer, RegExp>
/** Columns that an import leaves as they are. */
const ADDRESS = ['dialect', 'base_url', 'simulated']
/** Parts of the seed that are somebody's word in this installation, not somebody else's list. */
const SPOKEN = ['seed: simulated fleet', 'seed: configuration']

/** What has to change for the catalogue to hold what is wanted, sorted by table and name. Nothing when it holds it already. */
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
    const held = old && table === 'prices' && !SPOKEN.includes(String(row['origin'])) ? doubt(fields) : null
    return [{ kind: old ? 'changed' : 'added', table, name, fields, held }]
  })
  return changes.toSorted(byName)
}

/** Endpoints that are not wanted any more. An import says so only of the providers that it speaks of. */
function removed(before: CatalogueRows, wanted: CatalogueRows, writer: Writer): CatalogueChange[] {
  const kept = new Set(wanted.endpoints.map((row) => row['id']))
  const spokenOf = new Set(wanted.providers.map((row) => row['slug']))
  return before.endpoints
    .filter(
      (row) =>
        row['enabled'] === true &&
        !kept.has(row['id']) &&
        isOwn(row, writer) &&
        (writer === 'seed' || spokenOf.has(row['provider_slug'])),
    )
    .map((row): CatalogueChange => ({
      kind: 'removed',
      table: 'endpoints',
      name: nameOf('endpoints', row),
      fields: {},
      held: null,
    }))
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

/** A price that moves further than this is a slip of somebody's more often than news. */
const FACTOR_MAX = 10n

/** Why a change of price should be looked at twice; null when it should not. */
function doubt(fields: CatalogueChange['fields']): string | null {
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

/** Amounts as decimal strings. A rate that appears or disappears did not move: without it another one applies. */
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
