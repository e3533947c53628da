import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { TenantId, UserId, WorkspaceId } from '@turnpike/domain'
import { withPerson, type PrismaClient } from '../connections/prisma.ts'
import { auditPerson } from './audit-person.ts'

/** Who is signed in, and for which organisation they act. */
export interface SignedIn {
  readonly userId: UserId
  readonly email: string
  readonly emailVerified: boolean
  readonly tenantId: TenantId
  readonly organisation: { readonly name: string; readonly funds: 'operator' | 'simulated' | 'credit' }
  readonly workspace: { readonly id: WorkspaceId; readonly name: string }
  /** `owner`, `admin`, `developer` or `viewer`. */
  readonly role: string
  readonly sessionId: string
}

/** Where a session begins. */
interface SessionOrigin {
  /** Of the browser; longer text is cut to 200 characters. */
  readonly userAgent: string
  /** An IPv4 address, or the first half of an IPv6 address. */
  readonly network: string
}

export const SESSION_IDLE_MS_MAX = 12 * 3_600_000
export const SESSION_AGE_MS_MAX = 14 * 24 * 3_600_000
/** A session's last use is stored once a minute, not with each request. */
const SEEN_EVERY_MS = 60_000
const TOKEN_BYTES = 32
const TOKEN = /^[0-9A-Za-z_-]{43}$/
const USER_AGENT_LENGTH_MAX = 200
/** An IPv6 address has 45 characters at most. */
const NETWORK_LENGTH_MAX = 45

/** Begins a session. @returns the token for the cookie: 32 random bytes, base64url; only their SHA-256 is kept */
export async function beginSession(
  prisma: PrismaClient,
  userId: UserId,
  { userAgent, network }: SessionOrigin,
  nowMs: number,
): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  await prisma.session.create({
    data: {
      tokenDigest: digestOf(token),
      id: randomUUID(),
      userId,
      createdAt: new Date(nowMs),
      lastSeenAt: new Date(nowMs),
      expiresAt: new Date(nowMs + SESSION_AGE_MS_MAX),
      userAgent: userAgent.slice(0, USER_AGENT_LENGTH_MAX),
      network: network.slice(0, NETWORK_LENGTH_MAX),
    },
  })
  return token
}

/** Null for no token, an ended session, or a person without an organisation. */
export async function findSession(prisma: PrismaClient, token: string, nowMs: number): Promise<SignedIn | null> {
  if (!TOKEN.test(token)) return null
  const tokenDigest = digestOf(token)
  const session = await prisma.session.findUnique({ where: { tokenDigest }, include: { user: true } })
  if (!session || !isOn(session, nowMs)) return null
  if (session.lastSeenAt.getTime() <= nowMs - SEEN_EVERY_MS) {
    // Another request may end the session meanwhile; the update then finds no row.
    await prisma.session.updateMany({ where: { tokenDigest }, data: { lastSeenAt: new Date(nowMs) } })
  }
  const place = await placeOf(prisma, session.userId as UserId)
  const { id, email, emailVerifiedAt } = session.user
  const emailVerified = emailVerifiedAt !== null
  return place && { userId: id as UserId, email, emailVerified, sessionId: session.id, ...place }
}

/** Does not count as use: an open page alone does not keep a session alive. */
export async function isSessionAlive(prisma: PrismaClient, token: string, nowMs: number): Promise<boolean> {
  const session = await prisma.session.findUnique({ where: { tokenDigest: digestOf(token) } })
  return session !== null && isOn(session, nowMs)
}

/** A session as its owner sees it. */
interface SessionSummary extends SessionOrigin {
  readonly id: string
  readonly createdAt: Date
  /** Up to a minute before its last request. */
  readonly lastSeenAt: Date
}

/** More than a person has devices; the others are ended all the same. */
const LISTED_MAX = 100

/** Sessions of a person that have not ended, the one used last first; 100 at most. */
export function listSessions(prisma: PrismaClient, userId: UserId, nowMs: number): Promise<SessionSummary[]> {
  return prisma.session.findMany({
    where: {
      userId,
      expiresAt: { gt: new Date(nowMs) },
      lastSeenAt: { gt: new Date(nowMs - SESSION_IDLE_MS_MAX) },
    },
    orderBy: { lastSeenAt: 'desc' },
    take: LISTED_MAX,
    select: { id: true, createdAt: true, lastSeenAt: true, userAgent: true, network: true },
  })
}

/** Ends one session of a person and writes it into the audit log. @returns false when they have no such session */
export function endSessionOf(prisma: PrismaClient, userId: UserId, sessionId: string): Promise<boolean> {
  return withPerson(prisma, userId, async (transaction) => {
    const { count } = await transaction.session.deleteMany({ where: { id: sessionId, userId } })
    if (count > 0) await auditPerson(transaction, userId, 'session.end', { sessionId })
    return count > 0
  })
}

/** Ends all sessions of a person and writes it into the audit log. @returns how many */
export function endAllSessions(prisma: PrismaClient, userId: UserId): Promise<number> {
  return withPerson(prisma, userId, async (transaction) => {
    const { count } = await transaction.session.deleteMany({ where: { userId } })
    await auditPerson(transaction, userId, 'session.end_all', { ended: count })
    return count
  })
}

/** Ends a session; no effect on one that has ended. */
export async function endSession(prisma: PrismaClient, token: string): Promise<void> {
  if (TOKEN.test(token)) await prisma.session.deleteMany({ where: { tokenDigest: digestOf(token) } })
}

/** Deletes sessions that have ended. @returns how many */
export async function deleteEndedSessions(prisma: PrismaClient, nowMs: number): Promise<number> {
  const { count } = await prisma.session.deleteMany({
    where: {
      OR: [{ expiresAt: { lte: new Date(nowMs) } }, { lastSeenAt: { lte: new Date(nowMs - SESSION_IDLE_MS_MAX) } }],
    },
  })
  return count
}

function isOn(session: { expiresAt: Date; lastSeenAt: Date }, nowMs: number): boolean {
  return session.expiresAt.getTime() > nowMs && session.lastSeenAt.getTime() > nowMs - SESSION_IDLE_MS_MAX
}

/** Where a person works: the organisation they joined first, and its first workspace. */
function placeOf(prisma: PrismaClient, userId: UserId) {
  return withPerson(prisma, userId, async (transaction) => {
    const membership = await transaction.membership.findFirst({
      where: { userId },
      orderBy: { createdAt: 'asc' },
      include: { organisation: true },
    })
    if (!membership) return null
    const { tenantId, role, organisation } = membership
    await transaction.$executeRaw`SELECT set_config('app.tenant', ${tenantId}, true)`
    const workspace = await transaction.workspace.findFirst({ where: { tenantId }, orderBy: { createdAt: 'asc' } })
    if (!workspace) throw new Error(`organisation ${tenantId} has no workspace`)
    return {
      tenantId: tenantId as TenantId,
      role,
      organisation: { name: organisation.name, funds: organisation.funds as SignedIn['organisation']['funds'] },
      workspace: { id: workspace.id as WorkspaceId, name: workspace.name },
    }
  })
}

function digestOf(token: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(token).digest())
}
