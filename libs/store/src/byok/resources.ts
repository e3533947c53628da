import { randomUUID } from 'node:crypto'
import type { OwnId, Placement, TenantId, UserId } from '@turnpike/domain'
import type { SecretColumns } from '../changes/mutate-byok.ts'
import { mutate, type Author, type Mutated, type Tables } from '../changes/mutate.ts'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'
import type { OwnCredential, OwnEndpoint } from '../generated/client.ts'
import { makersOf, refuseMore, refuseTooMuch } from './checks.ts'
import { forgetTest, lastTests, type OwnTest } from './test-results.ts'

/** What both a form and a summary say of either kind of BYOK resource. */
interface ResourceFields {
  /** 1 to 80 characters. */
  readonly name: string
  readonly placement: Placement
  /** 0 to 99; smaller is tried first. */
  readonly priority: number
}

export interface ResourceForm extends ResourceFields {
  readonly disabled?: boolean | undefined
}

/** What a summary of either kind shows. */
export interface ResourceSummary extends ResourceFields {
  readonly id: OwnId
  /** Grows with each new secret, and when one is taken away. */
  readonly secretVersion: number
  /** The e-mail address of a person or the name of a management key; null: a person or key that was deleted. */
  readonly createdBy: string | null
  readonly createdAt: Date
  /** Since when it is switched off. */
  readonly disabledAt: Date | null
  /** Of the present secret; null when it was never tested. */
  readonly lastTest: OwnTest | null
}

/** The columns that both kinds have. */
type ResourceRow = Pick<OwnCredential | OwnEndpoint, keyof OwnCredential & keyof OwnEndpoint>

/** What every new row has. */
interface Creation {
  readonly id: OwnId
  readonly secretVersion: number
  readonly createdBy: UserId | null
  readonly createdByKey: string | null
}

interface Table<Row, New, Patch> {
  find(id: string): Promise<Row | null>
  create(row: New, action: string): Promise<Row>
  update(id: string, patch: Patch, action: string): Promise<Row | null>
}

/** One kind of BYOK resource: how its rows are read, written and shown. */
export interface ResourceKind<Row, New, Patch, Shown, Stored> {
  /** In the names of audited actions. */
  readonly noun: 'credential' | 'endpoint'
  /** As a tenant reads it. */
  readonly plural: string
  readonly rowsOf: (transaction: Transaction) => {
    count(options: { where: InForce }): Promise<number>
    findMany(options: { where: InForce; orderBy: typeof ORDER }): Promise<Row[]>
    findUnique(options: { where: InForce & { id: string } }): Promise<Row | null>
  }
  readonly tableOf: (tables: Tables) => Table<Row, New, Patch>
  /** What only this kind shows. */
  readonly shown: (row: Row) => Shown
  /** A row as routing has it. */
  readonly stored: (row: Row) => Stored | null
}

interface InForce {
  tenantId: TenantId
  deletedAt: null
}

/** What an update writes: first what differs from the row, then a new secret under an action of its own. */
interface ResourceUpdate<Patch> {
  readonly fields: Patch
  /** Undefined: the secret stays. */
  readonly secret: (() => Promise<Patch>) | undefined
}

const ORDER = [
  { placement: 'desc' as const },
  { priority: 'asc' as const },
  { createdAt: 'asc' as const },
  { id: 'asc' as const },
]

type Summary<Shown> = Shown & ResourceSummary

/** How one kind is read. Null: the organisation has no such. Ids are UUIDs. */
export function readingOf<Row extends ResourceRow, Shown extends object, Stored>(
  kind: Pick<ResourceKind<Row, never, never, Shown, Stored>, 'rowsOf' | 'shown' | 'stored'>,
) {
  const { rowsOf, shown, stored } = kind
  const within = <T>(
    prisma: PrismaClient,
    tenantId: TenantId,
    id: string,
    work: (transaction: Transaction, row: Row) => T | Promise<T>,
  ) =>
    withTenant(prisma, tenantId, null, async (transaction) => {
      const row = await rowsOf(transaction).findUnique({ where: { id, tenantId, deletedAt: null } })
      return row && work(transaction, row)
    })
  return {
    /** All of an organisation's, fifty at most: by placement, priority and age. */
    list: (prisma: PrismaClient, tenantId: TenantId): Promise<readonly Summary<Shown>[]> =>
      withTenant(prisma, tenantId, null, async (transaction) => {
        const rows = await rowsOf(transaction).findMany({ where: { tenantId, deletedAt: null }, orderBy: ORDER })
        return summarise(transaction, tenantId, rows, shown)
      }),
    find: (prisma: PrismaClient, tenantId: TenantId, id: string): Promise<Summary<Shown> | null> =>
      within(prisma, tenantId, id, (transaction, row) => summaryOf(transaction, tenantId, row, shown)),
    /** With its sealed secret, whether it is switched on or off. */
    read: (prisma: PrismaClient, tenantId: TenantId, id: string): Promise<Stored | null> =>
      within(prisma, tenantId, id, (_transaction, row) => stored(row)),
  }
}

/** How one kind is written. Null: the organisation has no such. Ids are UUIDs. */
export function writingOf<
  Row extends ResourceRow,
  New,
  Patch extends Partial<SecretColumns> & { readonly deletedAt?: Date | null },
  Shown extends object,
>({ noun, plural, rowsOf, tableOf, shown }: Omit<ResourceKind<Row, New, Patch, Shown, unknown>, 'stored'>) {
  const write = (
    prisma: PrismaClient,
    author: Author,
    id: string,
    work: (table: Table<Row, New, Patch>, transaction: Transaction, row: Row) => Promise<void>,
  ): Promise<Mutated<Summary<Shown> | null>> =>
    mutate(prisma, author, async (tables, transaction) => {
      const table = tableOf(tables)
      const row = await table.find(id)
      if (!row) return null
      await work(table, transaction, row)
      return summaryOf(transaction, author.tenantId, (await table.find(id)) ?? row, shown)
    })
  return {
    /** Throws Fault `conflict` when there are 50 already. @param rowOf the whole row; may refuse by a Fault */
    create: (
      prisma: PrismaClient,
      author: Author,
      rowOf: (transaction: Transaction, creation: Creation) => Promise<New>,
    ): Promise<Mutated<Summary<Shown>>> =>
      mutate(prisma, author, async (tables, transaction) => {
        const { tenantId, userId, keyId } = author
        refuseMore(await rowsOf(transaction).count({ where: { tenantId, deletedAt: null } }), plural)
        const id = randomUUID() as string as OwnId
        const creation = { id, secretVersion: 1, createdBy: userId, createdByKey: keyId ?? null }
        const row = await tableOf(tables).create(await rowOf(transaction, creation), `${noun}.create`)
        await refuseTooMuch(transaction, tenantId)
        return summaryOf(transaction, tenantId, row, shown)
      }),
    /** @param updateOf what to write; may refuse by a Fault */
    update: (
      prisma: PrismaClient,
      author: Author,
      id: string,
      updateOf: (transaction: Transaction, row: Row) => Promise<ResourceUpdate<Patch>>,
    ) =>
      write(prisma, author, id, async (table, transaction, row) => {
        const { fields, secret } = await updateOf(transaction, row)
        if (Object.keys(fields).length > 0) await table.update(id, fields, `${noun}.update`)
        await refuseTooMuch(transaction, author.tenantId)
        if (secret) await table.update(id, await secret(), `${noun}.secret`)
      }),
    /** Deletes it and destroys its secret. The row stays for what is on record. */
    remove: (prisma: PrismaClient, author: Author, id: string, nowMs: number) =>
      write(prisma, author, id, async (table, transaction) => {
        const gone = { kek: null, wrapped: null, sealed: null, deletedAt: new Date(nowMs) }
        await table.update(id, gone as Patch, `${noun}.delete`)
        await forgetTest(transaction, author.tenantId, id)
      }),
  }
}

/** Since when a resource is switched off, after a patch. */
export function disabledAtOf(row: Pick<ResourceRow, 'disabledAt'> | null, disabled: boolean | undefined): Date | null {
  const before = row?.disabledAt ?? null
  if (disabled === undefined) return before
  return disabled ? (before ?? new Date()) : null
}

async function summaryOf<Row extends ResourceRow, Shown extends object>(
  transaction: Transaction,
  tenantId: TenantId,
  row: Row,
  shown: (row: Row) => Shown,
): Promise<Summary<Shown>> {
  const [summary] = await summarise(transaction, tenantId, [row], shown)
  if (!summary) throw new Error(`${row.id} was not summarised`)
  return summary
}

async function summarise<Row extends ResourceRow, Shown extends object>(
  transaction: Transaction,
  tenantId: TenantId,
  rows: readonly Row[],
  shown: (row: Row) => Shown,
): Promise<Summary<Shown>[]> {
  const tests = await lastTests(transaction, tenantId, rows)
  const makerOf = await makersOf(transaction, tenantId, rows)
  return rows.map((row) => ({
    ...shown(row),
    id: row.id as OwnId,
    name: row.name,
    placement: row.placement as Placement,
    priority: row.priority,
    secretVersion: row.secretVersion,
    createdBy: makerOf(row),
    createdAt: row.createdAt,
    disabledAt: row.disabledAt,
    lastTest: tests.get(row.id as OwnId) ?? null,
  }))
}
