import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { Fault, type UserId } from '@turnpike/domain'
import { addJob } from '../connections/jobs.ts'
import { withPerson, type PrismaClient, type Transaction } from '../connections/prisma.ts'
import { auditPerson } from './audit-person.ts'

/**
 * As long as the span of `MAILS_PER_HOUR_MAX`, so that whoever asks in the name of somebody else cannot use up their resets: the mails of
 * that hour are still good.
 */
const RESET_MS_MAX = 60 * 60_000
const MAILS_PER_HOUR_MAX = 5

/** Queues the mail. The same work whether or not anybody has the address. @param email in lower case */
export async function requestReset(prisma: PrismaClient, email: string): Promise<void> {
  await prisma.$transaction((transaction) =>
    addJob(transaction, 'send-password-reset', { resetId: randomUUID(), email }),
  )
}

/**
 * Makes the token of a reset, in place of an earlier one of the same id; only its digest is stored. Null when nobody has proved the
 * address, the reset was used, or five mails were sent within the hour.
 */
export function issueReset(prisma: PrismaClient, resetId: string, email: string, nowMs: number) {
  return prisma.$transaction(async (transaction) => {
    const user = await transaction.user.findFirst({ where: { email, emailVerifiedAt: { not: null } } })
    if (!user) return null
    // Two requests at once would each see the other's mail as not sent.
    await transaction.$executeRaw`SELECT 1 FROM users WHERE id = ${user.id}::uuid FOR UPDATE`
    const known = await transaction.passwordReset.findUnique({ where: { id: resetId } })
    const recent = await transaction.passwordReset.count({
      where: { userId: user.id, id: { not: resetId }, createdAt: { gt: new Date(nowMs - RESET_MS_MAX) } },
    })
    if (known?.usedAt || recent >= MAILS_PER_HOUR_MAX) return null
    const token = randomBytes(32).toString('base64url')
    const made = { tokenDigest: digestOf(token), expiresAt: new Date(nowMs + RESET_MS_MAX) }
    await transaction.passwordReset.upsert({
      where: { id: resetId },
      create: { id: resetId, userId: user.id, createdAt: new Date(nowMs), ...made },
      update: made,
    })
    return { email, token }
  })
}

/**
 * Sets a new password once, ends all sessions of the person and their other resets, and writes it into the audit log. Throws Fault
 * `request_invalid` for a token that was used, is too old, or never was.
 * @param hash called for a good token only: it is the expensive part
 */
export async function resetPassword(
  prisma: PrismaClient,
  token: string,
  hash: () => Promise<string>,
  nowMs: number,
): Promise<UserId> {
  const tokenDigest = digestOf(token)
  const open = { tokenDigest, usedAt: null, expiresAt: { gt: new Date(nowMs) } }
  const found = await prisma.passwordReset.findFirst({ where: open })
  if (!found) throw ended()
  const userId = found.userId as UserId
  const passwordHash = await hash()
  await withPerson(prisma, userId, async (transaction) => {
    const { count } = await transaction.passwordReset.updateMany({ where: open, data: { usedAt: new Date(nowMs) } })
    if (count === 0) throw ended()
    await setPassword(transaction, userId, passwordHash)
    const { count: endedSessions } = await transaction.session.deleteMany({ where: { userId } })
    await auditPerson(transaction, userId, 'password.reset', { endedSessions })
  })
  return userId
}

/** Sets a new password, ends the person's other sessions and open resets, and writes it into the audit log. */
export async function changePassword(
  prisma: PrismaClient,
  { userId, sessionId }: { readonly userId: UserId; readonly sessionId: string },
  passwordHash: string,
): Promise<void> {
  await withPerson(prisma, userId, async (transaction) => {
    await setPassword(transaction, userId, passwordHash)
    const { count } = await transaction.session.deleteMany({ where: { userId, id: { not: sessionId } } })
    await auditPerson(transaction, userId, 'password.change', { endedSessions: count })
  })
}

/** What the present password of a person is checked against. */
export async function passwordHashOf(prisma: PrismaClient, userId: UserId): Promise<string> {
  return (await prisma.user.findUniqueOrThrow({ where: { id: userId } })).passwordHash
}

/** Links that were mailed for the old password open nothing any more. */
async function setPassword(transaction: Transaction, userId: UserId, passwordHash: string): Promise<void> {
  await transaction.user.update({ where: { id: userId }, data: { passwordHash } })
  await transaction.passwordReset.deleteMany({ where: { userId, usedAt: null } })
}

function ended(): Fault {
  return new Fault('request_invalid', 'This link was used, or is older than an hour. Ask for a new one.')
}

function digestOf(token: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(token).digest())
}
