import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeError } from '@turnpike/server'
import {
  beginSession,
  findCredentials,
  findSession,
  openPrisma,
  readBalance,
  requestReset,
  resetPassword,
  signUp,
  verifyByCode,
  verifyByLink,
  type Pool,
  type PrismaClient,
} from '@turnpike/store'
import { testDatabase, testPool, waitFor, type TestDatabase } from '@turnpike/testkit'
import { workerConfig } from '../src/config.ts'
import { buildWorker } from '../src/worker.ts'
import { startMailServer, type MailServer } from './mail-server.ts'

const GRANT = 5_000_000_000n
const SOMEWHERE = { userAgent: '', network: '' }

let database: TestDatabase
let owner: Pool
let prisma: PrismaClient
let mail: MailServer
let worker: Awaited<ReturnType<typeof buildWorker>>
let logged = ''

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl, 2)
  const options = { max: 4, statementTimeoutMs: 10_000, connectTimeoutMs: 5_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
  mail = await startMailServer()
  worker = await start()
})

afterAll(async () => {
  await worker.close()
  await mail.close()
  await prisma.$disconnect()
  await owner.end()
  await database.drop()
})

function start(): ReturnType<typeof buildWorker> {
  const config = workerConfig({
    OPS_PORT: '0',
    DATABASE_URL: database.appUrl,
    SMTP_URL: mail.url,
    MAIL_FROM: 'Turnpike <turnpike@example.test>',
    PUBLIC_URL: 'https://turnpike.example.test/',
  })
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString()
      done()
    },
  })
  return buildWorker(config, pino({ level: 'trace', serializers: { error: describeError } }, sink))
}

function newPerson() {
  const email = `${randomUUID()}@example.test`
  const account = { email, passwordHash: 'not a hash', organisation: null, funds: 'simulated' as const }
  return { email, signedUp: signUp(prisma, account, Date.now()) }
}

it('mails a code and a link after sign-up, and either verifies the address', async () => {
  const { email, signedUp } = newPerson()
  const userId = await signedUp
  const received = await mail.next(email)
  const code = /^ {4}(\d{6})$/m.exec(received.text ?? '')?.[1] ?? ''
  const token = /\/verify-link#([\w-]{43})$/m.exec(received.text ?? '')?.[1] ?? ''
  expect(received.from?.address).toBe('turnpike@example.test')
  expect(received.text).toContain(`https://turnpike.example.test/verify-link#${token}`)
  expect(received.html).toContain(`href="https://turnpike.example.test/verify-link#${token}"`)
  expect(received.html).toContain(`${code.slice(0, 3)} ${code.slice(3)}`)
  await verifyByCode(prisma, userId, code, GRANT, Date.now())
  expect(await verifyByLink(prisma, { token, userId: null, code: null }, GRANT, Date.now())).toBe('verified')
})

it('keeps codes and links out of the queue, the database and the log', async () => {
  const { email, signedUp } = newPerson()
  await signedUp
  const text = (await mail.next(email)).text ?? ''
  const code = /^ {4}(\d{6})$/m.exec(text)?.[1] ?? 'none'
  const token = /link#([\w-]{43})$/m.exec(text)?.[1] ?? 'none'
  const { rows } = await owner.query<{ jobs: string; verifications: string }>(
    `SELECT (SELECT COALESCE(json_agg(j), '[]')::text FROM graphile_worker._private_jobs j) AS jobs,
            (SELECT json_agg(v)::text FROM email_verifications v) AS verifications`,
  )
  for (const place of [rows[0]?.jobs ?? code, rows[0]?.verifications ?? code, logged]) {
    expect(place).not.toContain(code)
    expect(place).not.toContain(token)
  }
})

it('mails once, with the code that counts, after a mail server was away', async () => {
  mail.refuse(true)
  const before = mail.received()
  const { email, signedUp } = newPerson()
  const userId = await signedUp
  await waitFor(() => mail.received() > before, { withinMs: 10_000 })
  mail.refuse(false)
  // The queue waits for seconds before it tries again; a test need not.
  await waitFor(
    async () => {
      const { rowCount } = await owner.query(
        'UPDATE graphile_worker._private_jobs SET run_at = now() WHERE attempts > 0 AND locked_at IS NULL',
      )
      return rowCount === 1
    },
    { withinMs: 10_000 },
  )
  const received = await mail.next(email)
  const code = /^ {4}(\d{6})$/m.exec(received.text ?? '')?.[1] ?? ''
  await verifyByCode(prisma, userId, code, GRANT, Date.now())
  expect(mail.received()).toBe(before + 2)
})

it('gives the grant once, however often an address is proved', async () => {
  const { email, signedUp } = newPerson()
  const userId = await signedUp
  const text = (await mail.next(email)).text ?? ''
  const token = /link#([\w-]{43})$/m.exec(text)?.[1] ?? ''
  await Promise.all([1, 2, 3, 4].map(() => verifyByLink(prisma, { token, userId, code: null }, GRANT, Date.now())))
  const session = await beginSession(prisma, userId, SOMEWHERE, Date.now())
  const signedIn = await findSession(prisma, session, Date.now())
  expect(signedIn).toMatchObject({ email, emailVerified: true })
  expect(await readBalance(prisma, signedIn!.tenantId, 'simulated')).toBe(GRANT)
})

it('tells the owner of an address, once an hour, that somebody signs up with it, and sends no code', async () => {
  const { email, signedUp } = newPerson()
  const userId = await signedUp
  await mail.next(email)
  await prisma.user.update({ where: { id: userId }, data: { emailVerifiedAt: new Date() } })
  await prisma.emailVerification.updateMany({
    where: { user: { email } },
    data: { createdAt: new Date(Date.now() - 7_200_000) },
  })
  const account = { email, passwordHash: 'of somebody else', organisation: null, funds: 'simulated' as const }
  await signUp(prisma, account, Date.now())
  const notice = await mail.next(email)
  expect(notice.subject).toBe('You have an account at Turnpike already')
  expect(notice.text).toContain('https://turnpike.example.test/forgot')
  expect(notice.text).not.toMatch(/\d{6}/)
})

it('mails a reset to whoever proved the address, and nothing to others', async () => {
  const { email, signedUp } = newPerson()
  const userId = await signedUp
  await mail.next(email)
  const before = mail.received()
  await requestReset(prisma, email)
  await requestReset(prisma, `${randomUUID()}@example.test`)
  await queueIsEmpty()
  expect(mail.received()).toBe(before)
  await prisma.user.update({ where: { id: userId }, data: { emailVerifiedAt: new Date() } })
  await requestReset(prisma, email)
  const text = (await mail.next(email)).text ?? ''
  const token = /^https:\/\/turnpike\.example\.test\/reset#([\w-]{43})$/m.exec(text)?.[1] ?? ''
  expect(await resetPassword(prisma, token, () => Promise.resolve('a new hash'), Date.now())).toBe(userId)
  const { rows } = await owner.query<{ text: string }>('SELECT json_agg(r)::text AS text FROM password_resets r')
  expect(rows[0]?.text).not.toContain(token)
})

async function queueIsEmpty(): Promise<void> {
  await waitFor(async () => (await owner.query('SELECT 1 FROM graphile_worker._private_jobs')).rowCount === 0, {
    withinMs: 10_000,
  })
}

it('makes the partitions of today and the next two days when it starts', async () => {
  const { rows } = await owner.query<{ parts: string }>(
    `SELECT count(*)::text AS parts FROM generate_series(0, 2) AS ahead
     WHERE to_regclass('usage_events_' || to_char((now() AT TIME ZONE 'UTC')::date + ahead, 'YYYYMMDD')) IS NOT NULL`,
  )
  expect(rows[0]?.parts).toBe('3')
})

it('deletes sessions that ended, and no others', async () => {
  const { signedUp } = newPerson()
  const userId = await signedUp
  const HOUR_MS = 3_600_000
  const idle = await beginSession(prisma, userId, SOMEWHERE, Date.now() - 13 * HOUR_MS)
  const open = await beginSession(prisma, userId, SOMEWHERE, Date.now() - 11 * HOUR_MS)
  await owner.query(`SELECT graphile_worker.add_job('expire-sessions', '{}')`)
  await waitFor(async () => (await sessionsOf(userId)) === 1, { withinMs: 10_000 })
  expect(await findSession(prisma, idle, Date.now())).toBeNull()
  expect(await findSession(prisma, open, Date.now())).not.toBeNull()
})

async function sessionsOf(userId: string): Promise<number> {
  const { rowCount } = await owner.query('SELECT 1 FROM sessions WHERE user_id = $1', [userId])
  return rowCount ?? 0
}

it('goes on by itself after every connection to the database broke', async () => {
  await owner.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name LIKE 'turnpike worker%' AND datname = current_database()`,
  )
  const { email, signedUp } = newPerson()
  await signedUp
  expect((await mail.next(email)).subject).toBe('Your code for Turnpike')
})

it('tells scrapers that it is ready, and how many attempts of jobs failed', async () => {
  expect((await fetch(`${worker.opsUrl}/readyz`)).status).toBe(200)
  expect(await (await fetch(`${worker.opsUrl}/metrics`)).text()).toMatch(/^turnpike_jobs_failed_total\{[^}]*\} \d+$/m)
})

it('finishes the running job when it stops, and leaves the next to another worker', async () => {
  await worker.close()
  const { email, signedUp } = newPerson()
  await signedUp
  expect(await findCredentials(prisma, email)).not.toBeNull()
  worker = await start()
  expect((await mail.next(email)).subject).toBe('Your code for Turnpike')
})
