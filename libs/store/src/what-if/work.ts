import { randomUUID } from 'node:crypto'
import type { TenantId, WhatIfReport } from '@turnpike/domain'
import type { Prisma } from '../generated/client.ts'
import type { Pool } from '../connections/pools.ts'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'
import { queueWhatIf, runOf, type WhatIfRun } from './runs.ts'

/** A run that this worker works on, until it reports an end or misses its heartbeats. */
export interface ClaimedWhatIf {
  readonly tenantId: TenantId
  readonly run: WhatIfRun
  readonly claim: string
}

/** A worker whose last heartbeat is older is gone; there is one every few seconds. */
export const SILENT_MS_MAX = 15_000
/** A run that was started so often and never ended may be what kills the workers. */
const CLAIMS_MAX = 3

/**
 * Claims a run, from its beginning. Null when it is over, another worker has it, or another run of the tenant is running, whose end
 * queues the next.
 */
export function claimWhatIf(
  prisma: PrismaClient,
  tenantId: TenantId,
  runId: string,
  nowMs: number,
): Promise<ClaimedWhatIf | null> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('turnpike.what_if'), hashtext(${tenantId}))`
    const seenSince = new Date(nowMs - SILENT_MS_MAX)
    const busy = await transaction.whatIfRun.count({
      where: { tenantId, state: 'running', beatAt: { gte: seenSince } },
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

/** The heartbeat, with the progress. False: the run was cancelled, or another worker has claimed it. */
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

/** Also queues the tenant's next. A cancelled run is not changed. */
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

/** Releases the run of a worker that stops: another claims it from the beginning. */
export function releaseWhatIf(prisma: PrismaClient, claimed: ClaimedWhatIf): Promise<void> {
  return withTenant(prisma, claimed.tenantId, null, async (transaction) => {
    await transaction.whatIfRun.updateMany({
      where: ownOf(claimed),
      data: { state: 'queued', claim: null, claims: { decrement: 1 }, beatAt: null, rowsDone: 0 },
    })
    await queueNext(transaction, claimed.tenantId)
  })
}

/** Queues runs that wait though none of their tenant runs: the worker died, or the job was lost. */
export async function resumeWhatIfs(pool: Pool, prisma: PrismaClient, nowMs: number): Promise<void> {
  const { rows } = await pool.query<{ tenant_id: TenantId; id: string }>(
    'SELECT tenant_id, id FROM waiting_what_ifs($1)',
    [new Date(nowMs - SILENT_MS_MAX)],
  )
  for (const { tenant_id, id } of rows) {
    await withTenant(prisma, tenant_id, null, (transaction) => queueWhatIf(transaction, tenant_id, id))
  }
}

/** A report is kept for this long. */
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
