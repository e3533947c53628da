import { randomUUID } from 'node:crypto'
import type { TenantId, WhatIfReport } from '@turnpike/domain'
import type { Prisma } from '../generated/client.ts'
import type { Pool } from '../connections/pools.ts'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'
import { queueWhatIf, runOf, type WhatIfRun } from './runs.ts'

/** A run that is this worker's to do, until it says otherwise or falls silent. */
export interface ClaimedWhatIf {
  readonly tenantId: TenantId
  readonly run: WhatIfRun
  readonly claim: string
}

/** A worker that was not heard of for this long is gone; its run is another's. It speaks at least every few seconds. */
export const SILENT_MS_MAX = 15_000
/** A run that was begun so often and never ended is not begun again: it may be what ends the workers. */
const CLAIMS_MAX = 3

/**
 * Takes a run up, from its beginning. Null when there is nothing to do: it is over, another worker has it, or another run of the
 * tenant is under way, whose end queues the next. @param nowMs Unix milliseconds
 */
export function claimWhatIf(
  prisma: PrismaClient,
  tenantId: TenantId,
  runId: string,
  nowMs: number,
): Promise<ClaimedWhatIf | null> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('turnpike.what_if'), hashtext(${tenantId}))`
    const heardSince = new Date(nowMs - SILENT_MS_MAX)
    const busy = await transaction.whatIfRun.count({
      where: { tenantId, state: 'running', beatAt: { gte: heardSince } },
    })
    const open = { id: runId, tenantId, state: { in: ['queued', 'running'] } }
    const found = busy > 0 ? null : await transaction.whatIfRun.findFirst({ where: open })
    if (!found) return null
    if (found.claims >= CLAIMS_MAX) {
      await end(
        transaction,
        { id: runId, tenantId },
        { state: 'failed', problem: 'It was begun three times and never ended.' },
        nowMs,
      )
      await queueNext(transaction, tenantId)
      return null
    }
    const claim = randomUUID()
    const row = await transaction.whatIfRun.update({
      where: { id: runId, tenantId },
      data: { state: 'running', claim, claims: { increment: 1 }, beatAt: new Date(nowMs), rowsDone: 0 },
    })
    return { tenantId, run: runOf(row), claim }
  })
}

/** Says how far it is, and that the worker lives. False: it was called off, or is another worker's by now. */
export function beatWhatIf(
  prisma: PrismaClient,
  claimed: ClaimedWhatIf,
  rowsDone: number,
  nowMs: number,
): Promise<boolean> {
  return withTenant(prisma, claimed.tenantId, null, async (transaction) => {
    const { count } = await transaction.whatIfRun.updateMany({
      where: ownOf(claimed),
      data: { rowsDone, beatAt: new Date(nowMs) },
    })
    return count === 1
  })
}

/** Ends a run with its report, or with what went wrong, and queues the tenant's next. Nothing is changed of one that was called off. */
export function endWhatIf(
  prisma: PrismaClient,
  claimed: ClaimedWhatIf,
  outcome: { readonly report: WhatIfReport; readonly rowsDone: number } | { readonly problem: string } | null,
  nowMs: number,
): Promise<void> {
  return withTenant(prisma, claimed.tenantId, null, async (transaction) => {
    if (outcome && 'report' in outcome) {
      const { report, rowsDone } = outcome
      await end(transaction, ownOf(claimed), { state: 'done', rowsDone, report: jsonOf(report) }, nowMs)
    } else if (outcome) {
      await end(transaction, ownOf(claimed), { state: 'failed', problem: outcome.problem }, nowMs)
    }
    await queueNext(transaction, claimed.tenantId)
  })
}

/** Gives a run back, for a worker that is told to stop: another takes it up from the beginning. */
export function releaseWhatIf(prisma: PrismaClient, claimed: ClaimedWhatIf): Promise<void> {
  return withTenant(prisma, claimed.tenantId, null, async (transaction) => {
    await transaction.whatIfRun.updateMany({
      where: ownOf(claimed),
      data: { state: 'queued', claim: null, claims: { decrement: 1 }, beatAt: null, rowsDone: 0 },
    })
    await queueNext(transaction, claimed.tenantId)
  })
}

/** Queues runs that wait though nobody works for their tenant: their worker fell silent, or their job was lost. */
export async function resumeWhatIfs(pool: Pool, prisma: PrismaClient, nowMs: number): Promise<void> {
  const { rows } = await pool.query<{ tenant_id: TenantId; id: string }>(
    'SELECT tenant_id, id FROM waiting_what_ifs($1)',
    [new Date(nowMs - SILENT_MS_MAX)],
  )
  for (const { tenant_id, id } of rows) {
    await withTenant(prisma, tenant_id, null, (transaction) => queueWhatIf(transaction, tenant_id, id))
  }
}

/** Reports are of their time; after this nobody looks at them. */
const KEPT_MS = 30 * 24 * 3_600_000

/** Deletes runs older than 30 days, of all tenants. */
export async function forgetWhatIfs(pool: Pool, nowMs: number): Promise<void> {
  await pool.query('SELECT forget_what_ifs($1)', [new Date(nowMs - KEPT_MS)])
}

function ownOf({ tenantId, run, claim }: ClaimedWhatIf) {
  return { id: run.id, tenantId, claim, state: 'running' }
}

async function end(
  { whatIfRun }: Transaction,
  where: Prisma.WhatIfRunWhereInput,
  data: Prisma.WhatIfRunUpdateManyMutationInput,
  nowMs: number,
): Promise<void> {
  await whatIfRun.updateMany({ where, data: { ...data, finishedAt: new Date(nowMs) } })
}

async function queueNext(transaction: Transaction, tenantId: TenantId): Promise<void> {
  const next = await transaction.whatIfRun.findFirst({
    where: { tenantId, state: 'queued' },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  })
  if (next) await queueWhatIf(transaction, tenantId, next.id)
}

/** Amounts become decimal strings, which JSON cannot round. */
function jsonOf(report: WhatIfReport): Prisma.InputJsonObject {
  const text = JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
  return JSON.parse(text) as Prisma.InputJsonObject
}
