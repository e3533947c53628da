import { PrismaPg } from '@prisma/adapter-pg'
import type { TenantId, UserId } from '@turnpike/domain'
import { type Prisma, PrismaClient } from '../generated/client.ts'
import { connectionSettings, type PoolOptions } from './pools.ts'
import { isStoreUnavailable } from './store-unavailable.ts'

export type { PrismaClient } from '../generated/client.ts'
/** A client inside one transaction. */
export type Transaction = Prisma.TransactionClient

/** For screens and forms, never reports. */
const TRANSACTION_TIMEOUT_MS = 5_000

/** Warmed up, since its first query costs 0.3 s; cold without a database, and usable once that is back. */
export async function openPrisma(url: string, options: PoolOptions): Promise<PrismaClient> {
  const onIdleError = (error: Error): void => options.onIdleError?.(error)
  const adapter = new PrismaPg(connectionSettings(url, options), {
    onPoolError: onIdleError,
    onConnectionError: onIdleError,
  })
  const prisma = new PrismaClient({
    adapter,
    // The other formats print the source around the call, with this machine's folders.
    errorFormat: 'minimal',
    transactionOptions: { maxWait: options.connectTimeoutMs, timeout: TRANSACTION_TIMEOUT_MS },
  })
  try {
    await prisma.catalogueVersion.findFirst()
  } catch (error) {
    if (isStoreUnavailable(error)) return prisma
    await prisma.$disconnect()
    throw error
  }
  return prisma
}

/** Runs `work` in one transaction that sees and writes one tenant's rows, and the memberships of the person if given. */
export function withTenant<T>(
  prisma: PrismaClient,
  tenantId: TenantId,
  userId: UserId | null,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  return scoped(prisma, tenantId, userId, work)
}

/** The same for a person who has not chosen an organisation: sees their memberships and those organisations. */
export function withPerson<T>(
  prisma: PrismaClient,
  userId: UserId,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  return scoped(prisma, '', userId, work)
}

function scoped<T>(
  prisma: PrismaClient,
  tenant: string,
  user: string | null,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  return prisma.$transaction(async (transaction) => {
    // Local to the transaction: the next user of the connection has neither setting.
    await transaction.$queryRaw`SELECT set_config('app.tenant', ${tenant}, true), set_config('app.user', ${user ?? ''}, true)`
    return work(transaction)
  })
}
