import type { OwnId, TenantId } from '@turnpike/domain'
import { withTenant, type PrismaClient, type Transaction } from '../connections/prisma.ts'

/** What a test call found, as `TEST_RESULTS` of the console API has it. */
export type OwnTestResult = 'ok' | 'refused' | 'unreachable' | 'limited' | 'unknown'

/** The last test call of a stored secret. */
export interface OwnTest {
  readonly testedAt: Date
  readonly result: OwnTestResult
  /** HTTP status of the provider; null: there was no answer. */
  readonly status: number | null
}

interface FoundByTest {
  readonly result: OwnTestResult
  readonly status: number | null
  /** Of the secret that was tested: the result says nothing of a later one. */
  readonly secretVersion: number
  /** Unix milliseconds. */
  readonly atMs: number
}

/** Keeps what a test call found, unless what was tested was deleted meanwhile. Raises no version and reaches no gateway. */
export function noteOwnTest(prisma: PrismaClient, tenantId: TenantId, id: string, found: FoundByTest): Promise<void> {
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const where = { id, tenantId, deletedAt: null }
    const isThere =
      (await transaction.ownCredential.count({ where })) + (await transaction.ownEndpoint.count({ where })) > 0
    if (!isThere) return
    const { result, status, secretVersion, atMs } = found
    const row = { result, status, secretVersion, testedAt: new Date(atMs) }
    await transaction.ownTest.upsert({
      where: { ownId: id, tenantId },
      create: { ownId: id, tenantId, ...row },
      update: row,
    })
  })
}

/** The last tests of present secrets, by the id of what was tested. */
export async function lastTests(
  transaction: Transaction,
  tenantId: TenantId,
  rows: readonly { readonly id: string; readonly secretVersion: number }[],
): Promise<ReadonlyMap<OwnId, OwnTest>> {
  const tests = await transaction.ownTest.findMany({ where: { tenantId, ownId: { in: rows.map(({ id }) => id) } } })
  const versionOf = new Map(rows.map(({ id, secretVersion }) => [id, secretVersion]))
  return new Map(
    tests
      .filter(({ ownId, secretVersion }) => versionOf.get(ownId) === secretVersion)
      .map(({ ownId, testedAt, result, status }) => [
        ownId as OwnId,
        { testedAt, result: result as OwnTestResult, status },
      ]),
  )
}

/** What was deleted needs no test. */
export async function forgetTest(transaction: Transaction, tenantId: TenantId, id: string): Promise<void> {
  await transaction.ownTest.deleteMany({ where: { tenantId, ownId: id } })
}
