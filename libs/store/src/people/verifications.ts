import { createHash, randomBytes, randomInt, randomUUID, timingSafeEqual } from 'node:crypto'
import { Fault, type NanoUsd, type TenantId, type UserId } from '@turnpike/domain'
import { addJob } from '../connections/jobs.ts'
import { notifyConsole } from '../connections/listen.ts'
import { withPerson, type PrismaClient, type Transaction } from '../connections/prisma.ts'
import { Prisma, type EmailVerification } from '../generated/client.ts'

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

/** What a verification mail says: a code and a link, or that somebody has proved the address already. */
type VerificationMail =
  | { readonly kind: 'code'; readonly email: string; readonly code: string; readonly linkToken: string }
  | { readonly kind: 'known'; readonly email: string }

/**
 * Makes code and link, in place of earlier ones; only their digests are stored. Null when it is no longer pending, and when the owner of
 * the address got a mail about it within the last hour.
 */
export async function issueVerification(
  prisma: PrismaClient,
  verificationId: string,
  nowMs: number,
): Promise<VerificationMail | null> {
  const pending = await prisma.emailVerification.findUnique({ where: { id: verificationId }, include: { user: true } })
  if (!pending || pending.usedAt || pending.user.emailVerifiedAt) return null
  const { email } = pending.user
  const owner = await prisma.user.findFirst({ where: { email, emailVerifiedAt: { not: null } } })
  if (owner) {
    const sinceLast = { lt: pending.createdAt, gt: new Date(pending.createdAt.getTime() - HOUR_MS) }
    const notices = await prisma.emailVerification.count({
      where: { user: { email, emailVerifiedAt: null }, createdAt: sinceLast },
    })
    return notices > 0 ? null : { kind: 'known', email }
  }
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
  return { kind: 'code', email, code, linkToken }
}

/**
 * Verifies by the code of the newest mail, unless that was done. Throws Fault `request_invalid` naming the field when the code is
 * wrong, too old, or was guessed at too often, and when somebody else has proved the address meanwhile.
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
  await guess(prisma, pending, code)
  await complete(prisma, pending.id, userId, grant, nowMs)
}

/** Throws Fault `request_invalid` when the code is wrong, or was guessed at too often. */
async function guess(prisma: PrismaClient, pending: EmailVerification, code: string): Promise<void> {
  // Counted before it is compared, and at once, so that concurrent guesses are all counted.
  const { count } = await prisma.emailVerification.updateMany({
    where: { id: pending.id, attempts: { lt: ATTEMPTS_MAX } },
    data: { attempts: { increment: 1 } },
  })
  if (count === 0) throw refused('Too many wrong codes. Ask for a new one.')
  if (!timingSafeEqual(pending.codeDigest, codeDigest(pending.id, code))) {
    throw refused('This is not the code of our newest mail.')
  }
}

/** Who opens a link of a verification mail, and with what. */
interface LinkOpened {
  readonly token: string
  /** Of the session that opens it; null without one. */
  readonly userId: UserId | null
  /** The code of the same mail; null when it was not typed. */
  readonly code: string | null
}

/**
 * Verifies by the link in the session that signed up, elsewhere by link and code: a program that opens every link of a mail, and presses
 * what it finds there, proves nothing. Throws Fault `request_invalid` as `verifyByCode` does, and when the link is invalid or too old.
 */
export async function verifyByLink(
  prisma: PrismaClient,
  { token, userId, code }: LinkOpened,
  grant: NanoUsd,
  nowMs: number,
): Promise<'verified' | 'code_needed'> {
  const pending = await prisma.emailVerification.findUnique({
    where: { linkDigest: linkDigest(token) },
    include: { user: true },
  })
  if (!pending) throw new Fault('request_invalid', LINK_ENDED)
  if (pending.user.emailVerifiedAt) return 'verified'
  if (pending.usedAt || pending.expiresAt.getTime() <= nowMs) throw new Fault('request_invalid', LINK_ENDED)
  if (pending.userId !== userId) {
    if (code === null) return 'code_needed'
    await guess(prisma, pending, code)
  }
  await complete(prisma, pending.id, pending.userId as UserId, grant, nowMs)
  return 'verified'
}

const LINK_ENDED = 'This link was used, or is older than 15 minutes. Ask for a new mail in the console.'

async function complete(
  prisma: PrismaClient,
  id: string,
  userId: UserId,
  grant: NanoUsd,
  nowMs: number,
): Promise<void> {
  const proved = withPerson(prisma, userId, async (transaction) => {
    const at = new Date(nowMs)
    await transaction.emailVerification.update({ where: { id }, data: { usedAt: at } })
    await transaction.user.updateMany({ where: { id: userId, emailVerifiedAt: null }, data: { emailVerifiedAt: at } })
    const memberships = await transaction.membership.findMany({ where: { userId }, include: { organisation: true } })
    for (const { tenantId, role, organisation } of memberships) {
      if (role === 'owner') await giveGrant(transaction, tenantId as TenantId, organisation.funds, grant)
      await notifyConsole(transaction, { tenantId: tenantId as TenantId, name: 'verified', id: null })
    }
  })
  await proved.catch((error: unknown) => {
    // Two people proved one address at once, or somebody did since the mail was written.
    if (!(error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')) throw error
    throw refused('There is a verified account with this address already. Sign in to it instead.')
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
