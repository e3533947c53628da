import { randomUUID } from 'node:crypto'
import type { NanoUsd, TenantId, UserId, WorkspaceId } from '@turnpike/domain'
import { mutate } from '../changes/mutate.ts'
import { withTenant, type PrismaClient } from '../connections/prisma.ts'
import { addVerification } from './verifications.ts'

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
 * the address: all of it or nothing. An address that somebody else has proved makes no difference here: the mail says so, and this
 * account can never prove it.
 */
export async function signUp(prisma: PrismaClient, account: NewAccount, nowMs: number): Promise<UserId> {
  const userId = randomUUID() as UserId
  const tenantId = randomUUID() as TenantId
  const { email, passwordHash, funds } = account
  await mutate(prisma, { tenantId, userId }, async (door, transaction) => {
    await transaction.user.create({ data: { id: userId, email, passwordHash } })
    await door.organisations.create({ name: account.organisation ?? nameAfter(email), funds }, 'organisation.create')
    const workspace = { id: randomUUID() as WorkspaceId, name: 'Default', slug: 'default' }
    await door.workspaces.create(workspace, 'workspace.create')
    await door.memberships.create({ userId, role: 'owner' }, 'membership.create')
    await addVerification(transaction, userId, nowMs)
  })
  return userId
}

/**
 * What a sign-in is checked against: the person who proved the address, else who signed up with it last. Null when there is no such
 * person. @param email in lower case
 */
export async function findCredentials(prisma: PrismaClient, email: string) {
  const user =
    (await prisma.user.findFirst({ where: { email, emailVerifiedAt: { not: null } } })) ??
    (await prisma.user.findFirst({ where: { email }, orderBy: { createdAt: 'desc' } }))
  return user && { userId: user.id as UserId, passwordHash: user.passwordHash }
}

/** Balance of an organisation; zero without postings, as for an organisation that is not charged. */
export async function readBalance(
  prisma: PrismaClient,
  tenantId: TenantId,
  funds: 'operator' | 'simulated' | 'credit',
): Promise<NanoUsd> {
  const kind = funds === 'simulated' ? 'credits_simulated' : 'credits'
  const account = await withTenant(prisma, tenantId, null, (transaction) =>
    transaction.ledgerAccount.findFirst({ where: { tenantId, kind } }),
  )
  return account?.balance ?? 0n
}

const NAME_LENGTH_MAX = 60

function nameAfter(email: string): string {
  return `Organisation of ${email.split('@')[0] ?? email}`.slice(0, NAME_LENGTH_MAX)
}
