import type { Caller, KeyKind, PolicyId, UserId, WorkspaceId } from '@turnpike/domain'
import type { Prisma } from '../generated/client.ts'
import type { KeyEvent } from '../key-path/cache.ts'

/** Tables that only `mutate` changes, by the name they have in the database. */
export const VERSIONED_TABLES = [
  'organisations',
  'workspaces',
  'memberships',
  'api_keys',
  'policies',
  'own_credentials',
  'own_endpoints',
] as const
type VersionedTable = (typeof VERSIONED_TABLES)[number]

/** One row that was written, until the mutation settles. */
export interface RowChange {
  readonly entity: VersionedTable
  readonly entityId: string
  readonly version: bigint
  readonly action: string
  readonly before: Prisma.InputJsonObject | null
  readonly after: Prisma.InputJsonObject
  /** Null: the key itself, whose version grew with its row. */
  readonly concerned: Prisma.ApiKeyWhereInput | null
  readonly key: KeyEvent | null
}

/** The next version of a row. */
export const NEXT = { version: { increment: 1 } } as const

/** Columns that a write gives, with the domain's types where they are narrower than the database's. */
export type Columns<Row, Name extends keyof Row> = {
  readonly [N in Name]: N extends keyof Narrower ? Narrower[N] | Extract<Row[N], null> : Row[N]
}

interface Narrower {
  workspaceId: WorkspaceId
  policyId: PolicyId
  userId: UserId
  createdBy: UserId
  kind: KeyKind
  funds: Caller['funds']
}

/** These columns of a row for the audit log: times as ISO 8601, 64-bit integers as decimal text. */
export function shownColumns<Row>(row: Row, names: readonly (keyof Row & string)[]): Prisma.InputJsonObject {
  const shown = names.map((name) => [name, inJson(row[name])])
  return Object.fromEntries(shown) as Prisma.InputJsonObject
}

function inJson(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'bigint' ? value.toString() : value
}

interface TableOptions<Row, New, Patch> {
  readonly entity: VersionedTable
  readonly idOf: (row: Row) => string
  /** What of a row the tenant may read in the audit log: never a digest. */
  readonly shown: (row: Row) => Prisma.InputJsonObject
  readonly concerned: (row: Row) => Prisma.ApiKeyWhereInput | null
  /** True: keys are concerned when a row is made, not only when it is attached to something. */
  readonly concernsAtOnce?: boolean
  readonly key?: (row: Row) => KeyEvent
  readonly find: (id: string) => Promise<Row | null>
  readonly create: (row: New) => Promise<Row>
  readonly update: (id: string, patch: Patch) => Promise<Row>
}

/** How one versioned table is written: each write raises its version, names its action and is recorded. */
export function table<Row extends { version: bigint }, New, Patch>(
  changes: RowChange[],
  options: TableOptions<Row, New, Patch>,
) {
  const note = (action: string, before: Row | null, row: Row) => {
    changes.push({
      entity: options.entity,
      entityId: options.idOf(row),
      version: row.version,
      action,
      before: before && options.shown(before),
      after: options.shown(row),
      concerned: before || options.concernsAtOnce ? options.concerned(row) : null,
      key: options.key?.(row) ?? null,
    })
    return row
  }
  return {
    /** No other mutation can change the row before this one ends; null when the tenant has none such. */
    find: options.find,
    async create(row: New, action: string): Promise<Row> {
      return note(action, null, await options.create(row))
    },
    /** Null when the tenant has no such row. */
    async update(id: string, patch: Patch, action: string): Promise<Row | null> {
      const before = await options.find(id)
      return before && note(action, before, await options.update(id, patch))
    },
  }
}
