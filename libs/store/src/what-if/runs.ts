import { randomUUID } from 'node:crypto'
import {
  Fault,
  type KeyId,
  type PolicyDocument,
  type PolicyId,
  type TenantId,
  type WhatIfReport,
} from '@turnpike/domain'
import type { Prisma, WhatIfRun as Row } from '../generated/client.ts'
import { addJob } from '../connections/jobs.ts'
import type { Author } from '../changes/mutate.ts'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'

const WHAT_IF_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const
type WhatIfState = (typeof WHAT_IF_STATES)[number]

/** A value as JSON holds it: amounts are decimal strings of nano-dollars. */
export type AsJson<T> = T extends bigint
  ? string
  : T extends string
    ? T
    : T extends readonly (infer Item)[]
      ? readonly AsJson<Item>[]
      : T extends object
        ? { readonly [Name in keyof T]: AsJson<T[Name]> }
        : T

export interface WhatIfRequest {
  /** Of a policy that was saved, or a draft of one. */
  readonly policyId: PolicyId | null
  /** Null: the document was never saved. */
  readonly policyVersion: number | null
  readonly document: PolicyDocument
  /** Null: requests of all keys. */
  readonly keyId: KeyId | null
  readonly from: Date
  /** Not included. */
  readonly to: Date
}

/** A policy tried out on recorded requests, and how far that is. */
export interface WhatIfRun extends WhatIfRequest {
  readonly id: string
  readonly state: WhatIfState
  /** About: counted by quarters of an hour. */
  readonly rowsTotal: number
  readonly rowsDone: number
  readonly problem: string | null
  readonly createdAt: Date
  readonly finishedAt: Date | null
}

export interface WhatIfDetail extends WhatIfRun {
  readonly report: AsJson<WhatIfReport> | null
}

/** Recorded requests that one run looks at, at most: a few minutes of one processor. */
const WHAT_IF_ROWS_MAX = 5_000_000
/** More come from a script that ignores its answers. */
const OPEN_MAX = 5
/** What the sums of usage are kept by. */
const QUARTER_MS = 15 * 60_000

/**
 * Queues a run. Throws Fault `request_invalid` naming the field for an unknown policy version or key and for a range with more than
 * WHAT_IF_ROWS_MAX requests, `conflict` when five wait already.
 * @param request without a document it takes that of the policy's version
 */
export function createWhatIf(
  prisma: PrismaClient,
  { tenantId, userId }: Author,
  request: Omit<WhatIfRequest, 'document'> & { readonly document: PolicyDocument | null },
): Promise<WhatIfRun> {
  return withTenant(prisma, tenantId, userId, async (transaction) => {
    // One at a time per tenant, so that the limit holds.
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('turnpike.what_if'), hashtext(${tenantId}))`
    const document = request.document ?? (await savedDocument(transaction, tenantId, request))
    await refuseUnknownKey(transaction, tenantId, request.keyId)
    const rowsTotal = await countRows(transaction, tenantId, request)
    const open = await transaction.whatIfRun.count({ where: { tenantId, state: { in: ['queued', 'running'] } } })
    if (open >= OPEN_MAX) {
      throw new Fault('conflict', `${OPEN_MAX} what-ifs wait or run already. Wait for one of them, or cancel one.`)
    }
    const { policyId, policyVersion, keyId, from: fromAt, to: toAt } = request
    const row = await transaction.whatIfRun.create({
      data: {
        ...{ id: randomUUID(), tenantId, createdBy: userId, policyId, policyVersion, keyId, fromAt, toAt, rowsTotal },
        document: document as Prisma.InputJsonObject,
      },
    })
    await queueWhatIf(transaction, tenantId, row.id)
    return runOf(row)
  })
}

/** Adds the job of a run. One job per run waits at a time. */
export function queueWhatIf(transaction: Transaction, tenantId: TenantId, runId: string): Promise<void> {
  return addJob(transaction, 'run-what-if', { tenantId, runId }, `what-if ${runId}`)
}

async function savedDocument(
  transaction: Transaction,
  tenantId: TenantId,
  { policyId, policyVersion }: Pick<WhatIfRequest, 'policyId' | 'policyVersion'>,
): Promise<PolicyDocument> {
  const found =
    policyId !== null &&
    policyVersion !== null &&
    (await transaction.policyVersion.findUnique({
      where: { tenantId, policyId_version: { policyId, version: policyVersion } },
    }))
  if (found) return found.document as PolicyDocument
  throw invalid('version', 'There is no such version of a policy.')
}

async function refuseUnknownKey(transaction: Transaction, tenantId: TenantId, id: KeyId | null): Promise<void> {
  if (id !== null && !(await transaction.apiKey.findUnique({ where: { id, tenantId } }))) {
    throw invalid('keyId', 'There is no such key.')
  }
}

async function countRows(
  transaction: Transaction,
  tenantId: TenantId,
  { from, to, keyId }: Pick<WhatIfRequest, 'from' | 'to' | 'keyId'>,
) {
  const first = new Date(Math.floor(from.getTime() / QUARTER_MS) * QUARTER_MS)
  const { _sum } = await transaction.usageRollup.aggregate({
    _sum: { requests: true },
    where: { tenantId, bucket: { gte: first, lt: to }, ...(keyId !== null && { keyId }) },
  })
  const rows = Number(_sum.requests ?? 0n)
  if (rows <= WHAT_IF_ROWS_MAX) return rows
  const [found, most] = [rows, WHAT_IF_ROWS_MAX].map((count) => count.toLocaleString('en'))
  throw invalid(
    'from',
    `There are ${found} requests in this range; a what-if takes ${most} at most. Choose a shorter range, or one key.`,
  )
}

function invalid(field: string, message: string): Fault {
  return new Fault('request_invalid', message, { param: field, fields: { [field]: message } })
}

/** A run with its report; null when the tenant has no such. @param id a UUID */
export function findWhatIf(prisma: PrismaClient, tenantId: TenantId, id: string): Promise<WhatIfDetail | null> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const row = await transaction.whatIfRun.findUnique({ where: { id, tenantId } })
    return row && { ...runOf(row), report: row.report as WhatIfDetail['report'] }
  })
}

/** A page, newest first. @param options.cursor id of the last one of the page before, a UUID */
export function listWhatIfs(
  prisma: PrismaClient,
  tenantId: TenantId,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | null },
): Promise<{ readonly runs: readonly WhatIfRun[]; readonly nextCursor: string | null }> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const rows = await transaction.whatIfRun.findMany({
      where: { tenantId },
      omit: { report: true },
      orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      take: limit + 1,
      ...(cursor !== null && { cursor: { id: cursor }, skip: 1 }),
    })
    const page = rows.slice(0, limit)
    return { runs: page.map(runOf), nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null }
  })
}

/** Its worker stops within a second. A run that is over stays as it is. Null without such a run. @param id a UUID */
export function cancelWhatIf(prisma: PrismaClient, tenantId: TenantId, id: string): Promise<WhatIfRun | null> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    await transaction.whatIfRun.updateMany({
      where: { id, tenantId, state: { in: ['queued', 'running'] } },
      data: { state: 'cancelled', finishedAt: new Date() },
    })
    const row = await transaction.whatIfRun.findUnique({ where: { id, tenantId }, omit: { report: true } })
    return row && runOf(row)
  })
}

export function runOf(row: Omit<Row, 'report'>): WhatIfRun {
  const { id, policyVersion, rowsTotal, rowsDone, problem, createdAt, finishedAt } = row
  return {
    ...{ id, policyVersion, rowsTotal, rowsDone, problem, createdAt, finishedAt },
    state: row.state as WhatIfState,
    policyId: row.policyId as PolicyId | null,
    document: row.document as PolicyDocument,
    keyId: row.keyId as KeyId | null,
    from: row.fromAt,
    to: row.toAt,
  }
}
