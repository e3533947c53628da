import type { KeyId, PolicyDocument, PolicyId, TenantId, WorkspaceId } from '@turnpike/domain'
import type { Policy, PolicyVersion } from '../generated/client.ts'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'

/** A policy of a tenant with the version in force. */
export interface PolicySummary {
  readonly id: PolicyId
  readonly name: string
  /** Number of the version in force, from 1. */
  readonly version: number
  readonly document: PolicyDocument
  readonly createdAt: Date
  readonly changedAt: Date
  /** Revoked keys are left out: no policy applies to them. */
  readonly attached: {
    readonly organisation: boolean
    readonly workspaces: readonly { readonly id: WorkspaceId; readonly name: string }[]
    readonly keys: readonly { readonly id: KeyId; readonly name: string }[]
  }
}

export interface SavedVersion {
  readonly version: number
  readonly document: PolicyDocument
  /** E-mail address of a person or name of a management key; null: the system, or one that was deleted. */
  readonly author: string | null
  readonly createdAt: Date
}

/** A policy that is not archived; null when the tenant has no such policy. @param id a UUID */
export function findPolicy(prisma: PrismaClient, tenantId: TenantId, id: string): Promise<PolicySummary | null> {
  return withTenant(prisma, tenantId, null, (transaction) => policyWithin(transaction, tenantId, id))
}

/** The same within the caller's transaction. */
export async function policyWithin(
  transaction: Transaction,
  tenantId: TenantId,
  id: string,
): Promise<PolicySummary | null> {
  const row = await transaction.policy.findUnique({ where: { id, tenantId, archivedAt: null } })
  return row ? ((await summarise(transaction, [row]))[0] ?? null) : null
}

/**
 * A page of the policies that are not archived, newest first, after the policy `cursor` (a UUID) or from an offset. A cursor that
 * names no policy of the tenant gives an empty page. `total` counts all; `nextCursor` is null on the last page.
 */
export function listPolicies(
  prisma: PrismaClient,
  tenantId: TenantId,
  { limit, cursor, offset = 0 }: { readonly limit: number; readonly cursor: string | null; readonly offset?: number },
) {
  const where = { tenantId, archivedAt: null }
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const total = await transaction.policy.count({ where })
    const rows = await transaction.policy.findMany({
      where,
      orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      take: limit + 1,
      ...(cursor === null ? { skip: offset } : { cursor: { id: cursor }, skip: 1 }),
    })
    const page = rows.slice(0, limit)
    return {
      total,
      policies: await summarise(transaction, page),
      nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
    }
  })
}

/** A page of a policy's versions, newest first: those below `before`, or from an offset; null without such a policy. */
export function listPolicyVersions(
  prisma: PrismaClient,
  tenantId: TenantId,
  policyId: string,
  { limit, before, offset = 0 }: { readonly limit: number; readonly before: number | null; readonly offset?: number },
) {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const policy = await transaction.policy.findUnique({ where: { id: policyId, tenantId, archivedAt: null } })
    if (!policy) return null
    const rows = await transaction.policyVersion.findMany({
      where: { tenantId, policyId, ...(before !== null && { version: { lt: before } }) },
      orderBy: { version: 'desc' },
      take: limit + 1,
      skip: offset,
    })
    const page = rows.slice(0, limit)
    return {
      versions: await signed(transaction, page),
      total: await transaction.policyVersion.count({ where: { tenantId, policyId } }),
      nextCursor: rows.length > limit ? String(page.at(-1)?.version ?? '') : null,
    }
  })
}

export interface PolicyLayer {
  readonly id: PolicyId
  readonly version: number
  readonly document: PolicyDocument
}

/** The policies that apply to everything in a workspace, the widest first. */
export function policyLayers(
  prisma: PrismaClient,
  tenantId: TenantId,
  workspaceId: WorkspaceId,
): Promise<readonly PolicyLayer[]> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const organisation = await transaction.organisation.findUnique({ where: { tenantId } })
    const workspace = await transaction.workspace.findUnique({ where: { id: workspaceId, tenantId } })
    const layers: PolicyLayer[] = []
    for (const id of [organisation?.policyId, workspace?.policyId]) {
      const policy = id ? await policyWithin(transaction, tenantId, id) : null
      if (policy) layers.push({ id: policy.id, version: policy.version, document: policy.document })
    }
    return layers
  })
}

/** In sequence: a transaction's connection answers one query at a time. */
async function summarise(transaction: Transaction, rows: readonly Policy[]): Promise<PolicySummary[]> {
  const [first] = rows
  if (!first) return []
  const { tenantId } = first
  const versions = await versionsInForce(transaction, rows)
  const attached = { tenantId, policyId: { in: rows.map(({ id }) => id) } }
  const organisation = await transaction.organisation.findFirst({ where: attached })
  const workspaces = await transaction.workspace.findMany({ where: attached, orderBy: { createdAt: 'asc' } })
  const keys = await transaction.apiKey.findMany({
    where: { ...attached, revokedAt: null },
    select: { id: true, name: true, policyId: true },
    orderBy: { createdAt: 'desc' },
  })
  return rows.flatMap((row) => {
    const version = versions.get(row.id)
    if (!version) return []
    const isHere = ({ policyId }: { policyId: string | null }) => policyId === row.id
    return {
      id: row.id as PolicyId,
      name: row.name,
      version: version.version,
      document: documentOf(version),
      createdAt: row.createdAt,
      changedAt: version.createdAt,
      attached: {
        organisation: organisation?.policyId === row.id,
        workspaces: workspaces.filter(isHere).map(({ id, name }) => ({ id: id as WorkspaceId, name })),
        keys: keys.filter(isHere).map(({ id, name }) => ({ id: id as KeyId, name })),
      },
    }
  })
}

/** A policy's version in force. */
export function versionInForce(transaction: Transaction, { id, currentVersion }: Policy) {
  const policyId_version = { policyId: id, version: currentVersion }
  return transaction.policyVersion.findUnique({ where: { policyId_version } })
}

/** The versions in force of several policies, by policy. */
export async function versionsInForce(
  transaction: Transaction,
  rows: readonly Policy[],
): Promise<ReadonlyMap<string, PolicyVersion>> {
  const OR = rows.map(({ tenantId, id, currentVersion }) => ({ tenantId, policyId: id, version: currentVersion }))
  const versions = await transaction.policyVersion.findMany({ where: { OR } })
  return new Map(versions.map((version) => [version.policyId, version]))
}

/** The document of a version; it was validated before it was stored. */
export function documentOf({ document }: PolicyVersion): PolicyDocument {
  return document as PolicyDocument
}

/** Versions with the names of their authors. */
export async function signed(transaction: Transaction, rows: readonly PolicyVersion[]): Promise<SavedVersion[]> {
  const ids = (column: 'author' | 'authorKey') => rows.flatMap((row) => row[column] ?? [])
  const where = { id: { in: ids('author') } }
  const people = await transaction.user.findMany({ where, select: { id: true, email: true } })
  const whereKey = { id: { in: ids('authorKey') } }
  const keys = await transaction.apiKey.findMany({ where: whereKey, select: { id: true, name: true } })
  const names = new Map(
    [...people.map(({ id, email }) => ({ id, name: email })), ...keys].map((one) => [one.id, one.name]),
  )
  return rows.map((row) => ({
    version: row.version,
    document: documentOf(row),
    author: names.get(row.author ?? row.authorKey ?? '') ?? null,
    createdAt: row.createdAt,
  }))
}
