import { Fault, type KeyId, type KeyKind, type PolicyId, type TenantId, type WorkspaceId } from '@turnpike/domain'
import type { ApiKey } from '../generated/client.ts'
import { mintKey, type KeySecrets } from '../key-path/seal.ts'
import { signingWith } from '../key-path/secret-check.ts'
import { notifyConsole } from '../connections/listen.ts'
import { mutate, type Author, type Mutated } from '../changes/mutate.ts'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'

/** The part of a key that may be shown after its creation. */
export interface KeySummary {
  readonly id: KeyId
  readonly name: string
  readonly kind: KeyKind
  readonly lastFour: string
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  /** When its newest request within 30 days began; null without one. */
  readonly lastUsedAt: Date | null
  /** Its own policy; those of its workspace and its organisation apply too. */
  readonly policy: { readonly id: PolicyId; readonly name: string } | null
}

export interface NewKey {
  readonly workspaceId: WorkspaceId
  readonly name: string
  readonly kind: KeyKind
  readonly expiresAt: Date | null
}

/** In force in one organisation; one with more has a script that never revokes. */
const KEYS_MAX = 1_000
const LAST_USE_MS_MAX = 30 * 24 * 3_600_000

/**
 * The only time that the key's text is available. Throws Fault `conflict` when the organisation has 1,000 keys in force,
 * `store_unavailable` when there is no secret that every process which checks keys holds.
 */
export function createKey(
  prisma: PrismaClient,
  secrets: KeySecrets,
  author: Author,
  { workspaceId, name, kind, expiresAt }: NewKey,
): Promise<Mutated<{ readonly key: string; readonly summary: KeySummary }>> {
  return mutate(prisma, author, async (tables, transaction) => {
    const inForce = await transaction.apiKey.count({ where: { tenantId: author.tenantId, revokedAt: null } })
    if (inForce >= KEYS_MAX) {
      throw new Fault('conflict', `There are ${KEYS_MAX} keys in force already. Revoke those that are not needed.`, {
        metadata: { limit: KEYS_MAX },
      })
    }
    const signing = await signingWith(transaction, secrets)
    const { key, id, digest, secretId, lastFour } = mintKey(signing, kind)
    const row = await tables.apiKeys.create(
      {
        id,
        workspaceId,
        name,
        kind,
        secretId,
        lastFour,
        expiresAt,
        digest: Uint8Array.from(digest),
        createdBy: author.userId,
      },
      'key.create',
    )
    await notifyConsole(transaction, { tenantId: author.tenantId, name: 'key', id })
    return { key, summary: summaryOf(row, null, null) }
  })
}

/** Null when the organisation has no such key. */
export function renameKey(prisma: PrismaClient, author: Author, id: string, name: string, nowMs: number) {
  return change(prisma, author, id, nowMs, (row) =>
    row.name === name ? null : { patch: { name }, action: 'key.rename' },
  )
}

/** Null when the organisation has no such key. One that is revoked already is not changed. */
export function revokeKey(prisma: PrismaClient, author: Author, id: string, nowMs: number) {
  return change(prisma, author, id, nowMs, (row) =>
    row.revokedAt ? null : { patch: { revokedAt: new Date(nowMs) }, action: 'key.revoke' },
  )
}

/** Null when the organisation has no such key. */
export function findKey(
  prisma: PrismaClient,
  tenantId: TenantId,
  id: string,
  nowMs: number,
): Promise<KeySummary | null> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const row = await transaction.apiKey.findUnique({ where: { id, tenantId } })
    return row ? ((await summarise(transaction, tenantId, [row], nowMs))[0] ?? null) : null
  })
}

interface KeyPage {
  readonly keys: readonly KeySummary[]
  /** Null on the last page. */
  readonly nextCursor: string | null
}

/** Newest first. @param options.cursor of the previous page; any other text gives an empty page */
export function listKeys(
  prisma: PrismaClient,
  tenantId: TenantId,
  options: { readonly limit: number; readonly cursor: string | null },
  nowMs: number,
): Promise<KeyPage> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const rows = await transaction.apiKey.findMany({
      where: { tenantId },
      orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      take: options.limit + 1,
      ...(options.cursor !== null && { cursor: { id: options.cursor }, skip: 1 }),
    })
    const page = rows.slice(0, options.limit)
    return {
      keys: await summarise(transaction, tenantId, page, nowMs),
      nextCursor: rows.length > options.limit ? (page.at(-1)?.id ?? null) : null,
    }
  })
}

/** Names by id. */
export async function keyNames(
  prisma: PrismaClient,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await withTenant(prisma, tenantId, null, (transaction) =>
    transaction.apiKey.findMany({ where: { tenantId, id: { in: [...ids] } }, select: { id: true, name: true } }),
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** @param decide returns the changes of the row; null for none */
async function change(
  prisma: PrismaClient,
  author: Author,
  id: string,
  nowMs: number,
  decide: (row: ApiKey) => { patch: { name?: string; revokedAt?: Date }; action: string } | null,
): Promise<Mutated<KeySummary | null>> {
  return mutate(prisma, author, async (tables, transaction) => {
    const before = await tables.apiKeys.find(id)
    if (!before) return null
    const wanted = decide(before)
    const row = wanted ? ((await tables.apiKeys.update(id, wanted.patch, wanted.action)) ?? before) : before
    if (wanted) await notifyConsole(transaction, { tenantId: author.tenantId, name: 'key', id })
    return (await summarise(transaction, author.tenantId, [row], nowMs))[0] ?? null
  })
}

async function summarise(
  transaction: Transaction,
  tenantId: TenantId,
  rows: readonly ApiKey[],
  nowMs: number,
): Promise<KeySummary[]> {
  const uses = await transaction.usageRollup.groupBy({
    by: ['keyId'],
    where: { tenantId, keyId: { in: rows.map(({ id }) => id) }, bucket: { gte: new Date(nowMs - LAST_USE_MS_MAX) } },
    _max: { lastBeganAt: true },
  })
  const lastUse = new Map(uses.map(({ keyId, _max }) => [keyId, _max.lastBeganAt]))
  const policies = await transaction.policy.findMany({
    where: { tenantId, archivedAt: null, id: { in: rows.flatMap(({ policyId }) => policyId ?? []) } },
    select: { id: true, name: true },
  })
  const names = new Map(policies.map(({ id, name }) => [id, name]))
  return rows.map((row) => {
    const name = names.get(row.policyId ?? '')
    const policy = name === undefined ? null : { id: row.policyId as PolicyId, name }
    return summaryOf(row, lastUse.get(row.id) ?? null, policy)
  })
}

function summaryOf(row: ApiKey, lastUsedAt: Date | null, policy: KeySummary['policy']): KeySummary {
  const { id, name, kind, lastFour, createdAt, expiresAt, revokedAt } = row
  return { id: id as KeyId, name, kind: kind as KeyKind, lastFour, createdAt, expiresAt, revokedAt, lastUsedAt, policy }
}
