import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { UserId } from '@turnpike/domain'
import { testDatabase, type TestDatabase } from '@turnpike/testkit'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'
import { findCredentials, signUp } from './accounts.ts'
import { changePassword, issueReset, resetPassword } from './resets.ts'
import { beginSession, endSessionOf, findSession, listSessions, SESSION_IDLE_MS_MAX } from './sessions.ts'
import { issueVerification, resendVerification, verifyByCode, verifyByLink } from './verifications.ts'

let database: TestDatabase
let prisma: PrismaClient

const NOW = Date.UTC(2026, 10, 21, 12)
const MINUTE_MS = 60_000
const SOMEWHERE = { userAgent: '', network: '' }

beforeAll(async () => {
  database = await testDatabase()
  const options = { max: 8, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
})

afterAll(async () => {
  await prisma.$disconnect()
  await database.drop()
})

const newEmail = () => `${randomUUID()}@example.test`

function account(email: string, passwordHash = 'old'): Promise<UserId> {
  return signUp(prisma, { email, passwordHash, organisation: null, funds: 'credit' }, NOW)
}

async function verified(email: string): Promise<UserId> {
  const userId = await account(email)
  await prisma.user.update({ where: { id: userId }, data: { emailVerifiedAt: new Date(NOW) } })
  return userId
}

/** What the worker mails for the newest verification of a person. */
async function mailFor(userId: UserId) {
  const { id } = await prisma.emailVerification.findFirstOrThrow({ where: { userId }, orderBy: { createdAt: 'desc' } })
  return issueVerification(prisma, id, NOW)
}

async function codeFor(userId: UserId): Promise<string> {
  const mail = await mailFor(userId)
  return mail?.kind === 'code' ? mail.code : 'none'
}

async function tokenFor(email: string, nowMs = NOW): Promise<string> {
  return (await issueReset(prisma, randomUUID(), email, nowMs))?.token ?? 'none'
}

const hashed = (text: string) => () => Promise.resolve(text)

it('gives an address to one of four people who prove it at the same moment', async () => {
  const email = newEmail()
  const people = await Promise.all([1, 2, 3, 4].map(() => account(email)))
  const codes = await Promise.all(people.map(codeFor))
  const proofs = await Promise.allSettled(people.map((userId, i) => verifyByCode(prisma, userId, codes[i]!, 0n, NOW)))
  expect(proofs.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const proof of proofs) {
    if (proof.status === 'rejected') expect(proof.reason).toMatchObject({ code: 'request_invalid' })
  }
  expect(await prisma.user.count({ where: { email, emailVerifiedAt: { not: null } } })).toBe(1)
})

it('signs in whoever proved an address, however many signed up with it since', async () => {
  const email = newEmail()
  const owner = await verified(email)
  await account(email, 'of somebody else')
  expect(await findCredentials(prisma, email)).toEqual({ userId: owner, passwordHash: 'old' })
})

it('makes no code for an address that somebody has proved, and tells its owner once an hour', async () => {
  const email = newEmail()
  await verified(email)
  await prisma.emailVerification.deleteMany({ where: { user: { email } } })
  const first = await account(email)
  expect(await mailFor(first)).toEqual({ kind: 'known', email })
  await resendVerification(prisma, first, NOW + MINUTE_MS)
  expect(await mailFor(first)).toBeNull()
})

it('takes five guesses at a code by the link too', async () => {
  const userId = await account(newEmail())
  const mail = await mailFor(userId)
  if (mail?.kind !== 'code') throw new Error('no code was made')
  const wrong = mail.code === '000000' ? '000001' : '000000'
  const open = (code: string | null) => verifyByLink(prisma, { token: mail.linkToken, userId: null, code }, 0n, NOW)
  expect(await open(null)).toBe('code_needed')
  for (let i = 0; i < 5; i++) await expect(open(wrong)).rejects.toMatchObject({ code: 'request_invalid' })
  await expect(open(mail.code)).rejects.toMatchObject({ message: 'Too many wrong codes. Ask for a new one.' })
})

it('resets a password once, of eight who use the link at the same moment', async () => {
  const email = newEmail()
  const userId = await verified(email)
  const token = await tokenFor(email)
  const uses = await Promise.allSettled(
    Array.from({ length: 8 }, (_, i) => resetPassword(prisma, token, hashed(`new ${i}`), NOW)),
  )
  const won = uses.findIndex(({ status }) => status === 'fulfilled')
  expect(uses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await findCredentials(prisma, email)).toEqual({ userId, passwordHash: `new ${won}` })
})

it('mails five resets an hour to one address, all of them good for that hour', async () => {
  const email = newEmail()
  await verified(email)
  const tokens: string[] = []
  for (let i = 0; i < 6; i++) tokens.push(await tokenFor(email, NOW + i * MINUTE_MS))
  expect(tokens.map((token) => token === 'none')).toEqual([false, false, false, false, false, true])
  await resetPassword(prisma, tokens[0]!, hashed('new'), NOW + 59 * MINUTE_MS)
})

it('makes no reset for an address that nobody has proved', async () => {
  const email = newEmail()
  await account(email)
  expect([await tokenFor(email), await tokenFor(newEmail())]).toEqual(['none', 'none'])
})

it('ends open resets when the password is changed', async () => {
  const email = newEmail()
  const userId = await verified(email)
  const token = await tokenFor(email)
  await changePassword(prisma, { userId, sessionId: randomUUID() }, 'new')
  await expect(resetPassword(prisma, token, hashed('newer'), NOW)).rejects.toMatchObject({ code: 'request_invalid' })
})

it('ends no session of somebody else, and lists none', async () => {
  const [ada, bob] = [await verified(newEmail()), await verified(newEmail())]
  const token = await beginSession(prisma, ada, SOMEWHERE, NOW)
  const [session] = await listSessions(prisma, ada, NOW)
  expect(await listSessions(prisma, bob, NOW)).toEqual([])
  expect(await endSessionOf(prisma, bob, session!.id)).toBe(false)
  expect(await findSession(prisma, token, NOW)).toMatchObject({ sessionId: session!.id })
  expect(await listSessions(prisma, ada, NOW + SESSION_IDLE_MS_MAX)).toEqual([])
})
