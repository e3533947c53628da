import { randomUUID } from 'node:crypto'
import { Fault, type NanoUsd, type TenantId, type UserId, type WorkspaceId } from '@turnpike/domain'
import { Prisma } from '../generated/client.ts'
import { mutate } from '../changes/mutate.ts'
import { withTenant, type PrismaClient } from '../connections/prisma.ts'
import { addVerification } from './verifications.ts'

/** A person who signs up, with the hash of the password that they chose. */
interface NewAccount {
  /** In lower case. */
  readonly email: string
  readonly passwordHash: string
  /** Name of the organisation; null: it is made from the address. */
  readonly organisation: string | null
  readonly funds: 'simulated' | 'credit'
}

/**
 * Makes a person, their organisation with its first workspace, their membership as owner, and queues the mail that proves
 * the address: all of it or nothing. Throws Fault `conflict` when the address is taken.
 */
export async function signUp(prisma: PrismaClient, account: NewAccount, nowMs: number): Promise<UserId> {
  const userId = randomUUID() as UserId
  const tenantId = randomUUID() as TenantId
  const { email, passwordHash, funds } = account
  try {
    await mutate(prisma, { tenantId, userId }, async (door, transaction) => {
      await transaction.user.create({ data: { id: userId, email, passwordHash } })
      await door.organisations.create({ name: account.organisation ?? nameAfter(email), funds }, 'organisation.create')
      await door.workspaces.create(
        { id: randomUUID() as WorkspaceId, name: 'Default', slug: 'default' },
        'workspace.create',
      )
      await door.memberships.create({ userId, role: 'owner' }, 'membership.create')
      await addVerification(transaction, userId, nowMs)
    })
  } catch (error) {
    if (isTaken(error)) {
      throw new Fault('conflict', 'There is an account with this address already. Sign in instead.', {
        fields: { email: 'There is an account with this address already.' },
      })
    }
    throw error
  }
  return userId
}

/** The data that a sign-in is checked against. */
interface Credentials {
  readonly userId: UserId
  readonly passwordHash: string
}

/** @param email in lower case @returns null when there is no such person */
export async function findCredentials(prisma: PrismaClient, email: string): Promise<Credentials | null> {
  const user = await prisma.user.findUnique({ where: { email } })
  return user && { userId: user.id as UserId, passwordHash: user.passwordHash }
}

/** Balance of an organisation; zero without postings, as for an organisation that is not charged. */
export async function readBalance(
  prisma: PrismaClient,
  tenantId: TenantId,
  funds: 'operator' | 'simulated' | 'credit',
): Promise<NanoUsd> {
  const account = await withTenant(prisma, tenantId, null, (transaction) =>
    transaction.ledgerAccount.findFirst({ where: { tenantId, kind: creditsOf(funds) } }),
  )
  return account?.balance ?? 0n
}

/** The ledger account that an organisation pays from. Simulated money has its own account, which buys simulated endpoints only. */
function creditsOf(funds: string): string {
  return funds === 'simulated' ? 'credits_simulated' : 'credits'
}

const NAME_LENGTH_MAX = 60

function nameAfter(email: string): string {
  return `Organisation of ${email.split('@')[0] ?? email}`.slice(0, NAME_LENGTH_MAX)
}

function isTaken(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
}
