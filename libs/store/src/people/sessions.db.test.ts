import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { UserId } from '@turnpike/domain'
import { testDatabase, type TestDatabase } from '@turnpike/testkit'
import { signUp } from './accounts.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'
import {
  beginSession,
  endSession,
  findSession,
  isSessionAlive,
  SESSION_AGE_MS_MAX,
  SESSION_IDLE_MS_MAX,
} from './sessions.ts'

let database: TestDatabase
let prisma: PrismaClient
let userId: UserId

const NOW = Date.UTC(2026, 10, 21, 12)
const MINUTE = 60_000
const SOMEWHERE = { userAgent: '', network: '' }

beforeAll(async () => {
  database = await testDatabase()
  const options = { max: 4, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
  const email = `${randomUUID()}@example.test`
  userId = await signUp(prisma, { email, passwordHash: 'x', organisation: 'Acme', funds: 'credit' }, NOW)
})

afterAll(async () => {
  await prisma.$disconnect()
  await database.drop()
})

it('knows who a token belongs to, and keeps only its digest', async () => {
  const token = await beginSession(prisma, userId, { userAgent: 'a browser', network: '' }, NOW)
  expect(await findSession(prisma, token, NOW)).toMatchObject({
    userId,
    emailVerified: false,
    organisation: { name: 'Acme', funds: 'credit' },
    workspace: { name: 'Default' },
    role: 'owner',
  })
  const rows = await prisma.$queryRaw<{ row: string }[]>`SELECT to_jsonb(s)::text AS row FROM sessions s`
  expect(rows.some(({ row }) => row.includes(token))).toBe(false)
})

it('ends a session that was not used for twelve hours, and goes on with one that was', async () => {
  const token = await beginSession(prisma, userId, SOMEWHERE, NOW)
  const later = NOW + SESSION_IDLE_MS_MAX - MINUTE
  expect(await findSession(prisma, token, later)).not.toBeNull()
  expect(await findSession(prisma, token, later + SESSION_IDLE_MS_MAX - MINUTE)).not.toBeNull()
  expect(await findSession(prisma, token, later + 2 * SESSION_IDLE_MS_MAX)).toBeNull()
})

it('does not keep a session alive by asking whether it lives', async () => {
  const token = await beginSession(prisma, userId, SOMEWHERE, NOW)
  expect(await isSessionAlive(prisma, token, NOW + SESSION_IDLE_MS_MAX - MINUTE)).toBe(true)
  expect(await isSessionAlive(prisma, token, NOW + SESSION_IDLE_MS_MAX)).toBe(false)
})

it('ends every session after two weeks, however busy', async () => {
  const token = await beginSession(prisma, userId, SOMEWHERE, NOW)
  for (let at = NOW; at < NOW + SESSION_AGE_MS_MAX; at += SESSION_IDLE_MS_MAX / 2) {
    expect(await findSession(prisma, token, at)).not.toBeNull()
  }
  expect(await findSession(prisma, token, NOW + SESSION_AGE_MS_MAX)).toBeNull()
})

it('ends a session once and leaves the others', async () => {
  const [one, other] = [
    await beginSession(prisma, userId, SOMEWHERE, NOW),
    await beginSession(prisma, userId, SOMEWHERE, NOW),
  ]
  await endSession(prisma, one)
  await endSession(prisma, one)
  expect(await findSession(prisma, one, NOW)).toBeNull()
  expect(await findSession(prisma, other, NOW)).not.toBeNull()
})

it.each(['', 'abc', 'A'.repeat(43), `${'A'.repeat(42)}\0`, "' OR 1=1--"])('knows nobody by %j', async (token) => {
  expect(await findSession(prisma, token, NOW)).toBeNull()
  await endSession(prisma, token)
})
