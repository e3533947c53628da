import { createHash, randomBytes, randomInt, randomUUID, timingSafeEqual } from 'node:crypto'
import { Fault, type NanoUsd, type TenantId, type UserId } from '@turnpike/domain'
import { addJob } from '../connections/jobs.ts'
import { notifyConsole } from '../connections/listen.ts'
import { withPerson, type PrismaClient, type Transaction } from '../connections/prisma.ts'

/** Validity of a code or link from the time of the mail. */
const VERIFICATION_MS_MAX = 15 * 60_000
/** Most guesses at one code, of a million codes. */
const ATTEMPTS_MAX = 5
const RESEND_EVERY_MS = 30_000
const HOUR_MS = 3_600_000
/** The address may not be the sender's own. It limits guesses to 25 of a million codes an hour. */
const MAILS_PER_HOUR_MAX = 5

/**
 * Stores a pending verification and queues its mail. The job that sends the mail makes code and link, so that neither the queue nor its
 * log holds them.
 */
export async function addVerification(transaction: Transaction, userId: UserId, nowMs: number): Promise<void> {
  const id = randomUUID()
  await transaction.emailVerification.create({
    data: {
      id,
      userId,
      codeDigest: Uint8Array.from(randomBytes(32)),
      linkDigest: Uint8Array.from(randomBytes(32)),
      createdAt: new Date(nowMs),
      expiresAt: new Date(nowMs + VERIFICATION_MS_MAX),
    },
  })
  await addJob(transaction, 'send-verification', { verificationId: id })
}

/** Throws Fault `rate_limited` when the last mail is younger than 30 s or five were sent within an hour. */
export async function resendVerification(prisma: PrismaClient, userId: UserId, nowMs: number): Promise<void> {
  await prisma.$transaction(async (transaction) => {
    // Two requests at once would each see the other's mail as not sent.
    await transaction.$executeRaw`SELECT 1 FROM users WHERE id = ${userId}::uuid FOR UPDATE`
    const recent = await transaction.emailVerification.findMany({
      where: { userId, createdAt: { gt: new Date(nowMs - HOUR_MS) } },
      orderBy: { createdAt: 'desc' },
      take: MAILS_PER_HOUR_MAX,
    })
    const last = recent[0]?.createdAt.getTime() ?? 0
    const oldest = recent.length >= MAILS_PER_HOUR_MAX ? (recent.at(-1)?.createdAt.getTime() ?? 0) : 0
    const retryAfterMs = Math.max(last + RESEND_EVERY_MS, oldest ? oldest + HOUR_MS : 0) - nowMs
    if (retryAfterMs > 0) {
      throw new Fault('rate_limited', 'A mail is on its way already. Look into the spam folder, or try again later.', {
        retryAfterMs,
      })
    }
    await addVerification(transaction, userId, nowMs)
  })
}

/** Makes code and link, in place of earlier ones; only their digests are stored. Null when it is no longer pending. */
export async function issueVerification(prisma: PrismaClient, verificationId: string, nowMs: number) {
  const pending = await prisma.emailVerification.findUnique({ where: { id: verificationId }, include: { user: true } })
  if (!pending || pending.usedAt || pending.user.emailVerifiedAt) return null
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const linkToken = randomBytes(32).toString('base64url')
  await prisma.emailVerification.update({
    where: { id: verificationId },
    data: {
      codeDigest: codeDigest(verificationId, code),
      linkDigest: linkDigest(linkToken),
      expiresAt: new Date(nowMs + VERIFICATION_MS_MAX),
    },
  })
  return { email: pending.user.email, code, linkToken }
}

/**
 * Verifies by the code of the newest mail, unless that was done. Throws Fault `request_invalid` naming the field when the code is
 * wrong, too old, or was guessed at too often.
 * @param grant what a new organisation starts with, nano-dollars
 */
export async function verifyByCode(
  prisma: PrismaClient,
  userId: UserId,
  code: string,
  grant: NanoUsd,
  nowMs: number,
): Promise<void> {
  const user = await prisma.user.findUniqueOrThrow({ where: { id: userId } })
  if (user.emailVerifiedAt) return
  const pending = await prisma.emailVerification.findFirst({
    where: { userId, usedAt: null },
    orderBy: { createdAt: 'desc' },
  })
  if (!pending || pending.expiresAt.getTime() <= nowMs) throw refused('This code has expired. Ask for a new one.')
  // Counted before it is compared, and at once, so that concurrent guesses are all counted.
  const { count } = await prisma.emailVerification.updateMany({
    where: { id: pending.id, attempts: { lt: ATTEMPTS_MAX } },
    data: { attempts: { increment: 1 } },
  })
  if (count === 0) throw refused('Too many wrong codes. Ask for a new one.')
  if (!timingSafeEqual(pending.codeDigest, codeDigest(pending.id, code))) {
    throw refused('This is not the code of our newest mail.')
  }
  await complete(prisma, pending.id, userId, grant, nowMs)
}

/** @returns false when the link is invalid or too old */
export async function verifyByLink(
  prisma: PrismaClient,
  linkToken: string,
  grant: NanoUsd,
  nowMs: number,
): Promise<boolean> {
  const pending = await prisma.emailVerification.findUnique({
    where: { linkDigest: linkDigest(linkToken) },
    include: { user: true },
  })
  if (!pending) return false
  if (pending.user.emailVerifiedAt) return true
  if (pending.usedAt || pending.expiresAt.getTime() <= nowMs) return false
  await complete(prisma, pending.id, pending.userId as UserId, grant, nowMs)
  return true
}

async function complete(
  prisma: PrismaClient,
  id: string,
  userId: UserId,
  grant: NanoUsd,
  nowMs: number,
): Promise<void> {
  await withPerson(prisma, userId, async (transaction) => {
    const at = new Date(nowMs)
    await transaction.emailVerification.update({ where: { id }, data: { usedAt: at } })
    await transaction.user.updateMany({ where: { id: userId, emailVerifiedAt: null }, data: { emailVerifiedAt: at } })
    const memberships = await transaction.membership.findMany({ where: { userId }, include: { organisation: true } })
    for (const { tenantId, role, organisation } of memberships) {
      if (role === 'owner') await giveGrant(transaction, tenantId as TenantId, organisation.funds, grant)
      await notifyConsole(transaction, { tenantId: tenantId as TenantId, name: 'verified', id: null })
    }
  })
}

/** The business key limits it to once per organisation, however often its owners verify. */
async function giveGrant(transaction: Transaction, tenantId: TenantId, funds: string, grant: NanoUsd): Promise<void> {
  if (grant <= 0n || funds === 'operator') return
  const suffix = funds === 'simulated' ? '_simulated' : ''
  const entries = [
    { tenant_id: tenantId, kind: `promo${suffix}`, amount: String(-grant) },
    { tenant_id: tenantId, kind: `credits${suffix}`, amount: String(grant) },
  ]
  await transaction.$executeRaw`SELECT post_ledger(${`grant:${tenantId}`}, 'grant', ${JSON.stringify(entries)}::jsonb)`
}

function refused(problem: string): Fault {
  return new Fault('request_invalid', problem, { fields: { code: problem } })
}

/** The id is the salt: equal codes of two people have different digests. */
function codeDigest(verificationId: string, code: string): Uint8Array<ArrayBuffer> {
  return sha256(`${verificationId}:${code}`)
}

function linkDigest(linkToken: string): Uint8Array<ArrayBuffer> {
  return sha256(linkToken)
}

function sha256(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(text).digest())
}
