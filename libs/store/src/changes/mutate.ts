import type { KeyId, PolicyId, TenantId, UserId, WorkspaceId } from '@turnpike/domain'
import type { ApiKey, Membership, Organisation, Policy, Workspace } from '../generated/client.ts'
import { Prisma } from '../generated/client.ts'
import type { KeyEvent } from '../key-path/cache.ts'
import { ownCredentials, ownEndpoints } from './mutate-byok.ts'
import { NEXT, shownColumns, table, type Columns, type RowChange } from './mutate-table.ts'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'

export { VERSIONED_TABLES } from './mutate-table.ts'

/** Who makes a change, and whose it is. */
export interface Author {
  readonly tenantId: TenantId
  /** Null: the product itself, or a management key. */
  readonly userId: UserId | null
  /** The management key that asked for it, if one did. */
  readonly keyId?: KeyId
}

/** With the keys whose callers are different now, for `publishKeyEvents` after the commit. */
export interface Mutated<T> {
  readonly value: T
  readonly events: readonly KeyEvent[]
}

/** A mutation with more is a report or a migration. */
const CHANGES_MAX = 100

/**
 * The only way to change tables that carry a version. In one transaction, one per tenant at a time: the changes, the next version of each
 * row and of every API key that it concerns, an audit entry and an event each. The counter of events is locked last and until the commit,
 * so that their numbers are in the order of the commits and no reader skips one.
 */
export async function mutate<T>(
  prisma: PrismaClient,
  author: Author,
  work: (tables: Tables, transaction: Transaction) => Promise<T>,
): Promise<Mutated<T>> {
  return withTenant(prisma, author.tenantId, author.userId, async (transaction) => {
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('turnpike.mutate'), hashtext(${author.tenantId}))`
    const changes: RowChange[] = []
    const value = await work(openTables(transaction, author.tenantId, changes), transaction)
    if (changes.length > CHANGES_MAX) throw new Error(`A mutation made ${changes.length} changes.`)
    const keys = await settle(transaction, author, changes)
    return { value, events: keys }
  })
}

/** How each versioned table is written. Every write names its action, which is what the audit log shows. */
export type Tables = ReturnType<typeof openTables>

function openTables(transaction: Transaction, tenantId: TenantId, changes: RowChange[]) {
  return {
    organisations: organisations(transaction, tenantId, changes),
    workspaces: workspaces(transaction, tenantId, changes),
    memberships: memberships(transaction, tenantId, changes),
    apiKeys: apiKeys(transaction, tenantId, changes),
    policies: policies(transaction, tenantId, changes),
    ownCredentials: ownCredentials(transaction, tenantId, changes),
    ownEndpoints: ownEndpoints(transaction, tenantId, changes),
  }
}

function organisations({ organisation }: Transaction, tenantId: TenantId, changes: RowChange[]) {
  type New = Columns<Organisation, 'name' | 'funds'>
  /** `staleMaxS`: 0 to 3,600. */
  type Patch = Partial<Columns<Organisation, 'name' | 'funds' | 'staleMaxS' | 'policyId'>>
  return table<Organisation, New, Patch>(changes, {
    entity: 'organisations',
    idOf: (row) => row.tenantId,
    shown: ({ name, funds, staleMaxS, policyId }) => ({ name, funds, staleMaxSeconds: staleMaxS, policyId }),
    concerned: () => ({ tenantId }),
    find: () => organisation.findUnique({ where: { tenantId } }),
    create: (row) => organisation.create({ data: { tenantId, ...row } }),
    update: (_id, patch) => organisation.update({ where: { tenantId }, data: { ...patch, ...NEXT } }),
  })
}

function workspaces({ workspace }: Transaction, tenantId: TenantId, changes: RowChange[]) {
  type New = Columns<Workspace, 'name' | 'slug'> & Patch & { readonly id: WorkspaceId }
  type Patch = Partial<Columns<Workspace, 'name' | 'slug' | 'policyId'>>
  return table<Workspace, New, Patch>(changes, {
    entity: 'workspaces',
    idOf: (row) => row.id,
    shown: ({ name, slug, policyId }) => ({ name, slug, policyId }),
    concerned: (row) => ({ tenantId, workspaceId: row.id }),
    find: (id) => workspace.findUnique({ where: { id, tenantId } }),
    create: (row) => workspace.create({ data: { tenantId, ...row } }),
    update: (id, patch) => workspace.update({ where: { id, tenantId }, data: { ...patch, ...NEXT } }),
  })
}

function memberships({ membership }: Transaction, tenantId: TenantId, changes: RowChange[]) {
  const where = (userId: string) => ({ tenantId_userId: { tenantId, userId } })
  return table<Membership, Columns<Membership, 'userId' | 'role'>, Columns<Membership, 'role'>>(changes, {
    entity: 'memberships',
    idOf: (row) => row.userId,
    shown: ({ role }) => ({ role }),
    concerned: () => null,
    find: (userId) => membership.findUnique({ where: where(userId) }),
    create: (row) => membership.create({ data: { tenantId, ...row } }),
    update: (userId, patch) => membership.update({ where: where(userId), data: { ...patch, ...NEXT } }),
  })
}

function apiKeys({ apiKey }: Transaction, tenantId: TenantId, changes: RowChange[]) {
  type Given = 'workspaceId' | 'name' | 'kind' | 'digest' | 'secretId' | 'lastFour' | 'createdBy' | 'expiresAt'
  type New = Columns<ApiKey, Given> & { readonly id: KeyId }
  return table<ApiKey, New, Partial<Columns<ApiKey, 'name' | 'policyId' | 'revokedAt'>>>(changes, {
    entity: 'api_keys',
    idOf: (row) => row.id,
    shown: (row) =>
      shownColumns(row, ['name', 'kind', 'lastFour', 'workspaceId', 'policyId', 'expiresAt', 'revokedAt']),
    concerned: () => null,
    key: eventOf,
    find: (id) => apiKey.findUnique({ where: { id, tenantId } }),
    create: (row) => apiKey.create({ data: { tenantId, ...row } }),
    update: (id, patch) => apiKey.update({ where: { id, tenantId }, data: { ...patch, ...NEXT } }),
  })
}

function policies({ policy }: Transaction, tenantId: TenantId, changes: RowChange[]) {
  type New = Columns<Policy, 'name'> & { readonly id: PolicyId }
  return table<Policy, New, Partial<Columns<Policy, 'name' | 'currentVersion' | 'archivedAt'>>>(changes, {
    entity: 'policies',
    idOf: (row) => row.id,
    shown: (row) => shownColumns(row, ['name', 'currentVersion', 'archivedAt']),
    concerned: ({ id }) => ({ tenantId, OR: layersWith(id) }),
    find: (id) => policy.findUnique({ where: { id, tenantId } }),
    create: (row) => policy.create({ data: { tenantId, ...row } }),
    update: (id, patch) => policy.update({ where: { id, tenantId }, data: { ...patch, ...NEXT } }),
  })
}

/** Keys with a policy of their own, their workspace's or their organisation's: all three apply. */
function layersWith(policyId: string): Prisma.ApiKeyWhereInput[] {
  return [{ policyId }, { workspace: { policyId } }, { workspace: { organisation: { policyId } } }]
}

/** Raises the versions of the keys concerned, then writes audit entries and numbered events. */
async function settle(transaction: Transaction, author: Author, changes: readonly RowChange[]): Promise<KeyEvent[]> {
  const settled: { change: RowChange; keys: KeyEvent[] }[] = []
  for (const change of changes) {
    const raised = change.concerned ? await raise(transaction, change.concerned) : []
    settled.push({ change, keys: change.key ? [change.key, ...raised] : raised })
  }
  if (settled.length === 0) return []
  await transaction.auditEntry.createMany({
    data: changes.map(({ action, entity, entityId, before, after }) => ({
      tenantId: author.tenantId,
      actor: author.userId ?? author.keyId ?? 'system',
      action,
      entity,
      entityId,
      after,
      before: before ?? Prisma.DbNull,
    })),
  })
  const { sequence } = await transaction.eventCounter.update({
    where: { id: true },
    data: { sequence: { increment: settled.length } },
  })
  const first = sequence - BigInt(settled.length) + 1n
  await transaction.keyEvent.createMany({
    data: settled.map(({ change: { entity, entityId, version }, keys }, index) => ({
      sequence: first + BigInt(index),
      tenantId: author.tenantId,
      entity,
      entityId,
      version,
      digests: keys.map(({ digest }) => Uint8Array.from(digest)),
    })),
  })
  return settled.flatMap(({ keys }) => keys)
}

async function raise(transaction: Transaction, where: Prisma.ApiKeyWhereInput): Promise<KeyEvent[]> {
  const rows = await transaction.apiKey.updateManyAndReturn({ where, data: { version: { increment: 1 } } })
  return rows.map(eventOf)
}

function eventOf(row: ApiKey): KeyEvent {
  return { digest: Buffer.from(row.digest), version: Number(row.version), revoked: row.revokedAt !== null }
}
