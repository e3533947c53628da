import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import type { TenantId, UserId } from '@turnpike/domain'
import { describeError } from '@turnpike/server'
import {
  beginSession,
  findSession,
  issueVerification,
  mutate,
  newSecretsText,
  signUp as storeSignUp,
} from '@turnpike/store'
import { testDatabase, testRedis, type TestDatabase } from '@turnpike/testkit'
import { controlConfig, type ControlConfig } from '../src/config.ts'
import { listenOn, type Route } from '../src/control.module.ts'
import { buildControl, type Control } from '../src/control.ts'
import { DEVICE_COOKIE, SESSION_COOKIE } from '../src/session/cookie.ts'

/** A control process on sockets of its own, with stores of its own. */
export interface RunningControl {
  readonly url: string
  readonly opsUrl: string
  readonly control: Control
  readonly config: ControlConfig
  readonly database: TestDatabase
  readonly routes: readonly Route[]
  /** Everything that was logged so far. */
  readonly logged: () => string
  readonly close: () => Promise<void>
}

/** Starts one. @param changes of its environment @param wayTo the database, through a proxy */
export async function startControl(
  changes: Readonly<Record<string, string>> = {},
  wayTo: (databaseUrl: string) => Promise<string> = (url) => Promise.resolve(url),
): Promise<RunningControl> {
  const database = await testDatabase()
  const redis = await testRedis()
  const config = controlConfig({
    CONTROL_PORT: '0',
    OPS_PORT: '0',
    DATABASE_URL: await wayTo(database.appUrl),
    REDIS_URL: redis.url,
    KEY_SECRETS: newSecretsText(),
    API_BASE_URL: 'http://127.0.0.1:8787/api/v1',
    SIGNUP_FUNDS: 'simulated',
    SIGNUP_GRANT: '5',
    PRODUCT: 'standalone',
    PASSWORD_COST: '4',
    ...changes,
  })
  let text = ''
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  const log = pino({ level: 'trace', serializers: { error: describeError } }, sink)
  const control = await buildControl(config, log)
  const { url, opsUrl, routes, close } = await listenOn(control, log)
  return {
    url,
    opsUrl,
    control,
    config,
    database,
    routes,
    logged: () => text,
    async close() {
      await close()
      await database.drop()
    },
  }
}

/** A browser of one person: keeps the cookie, sends what our pages send. */
export class Visitor {
  /** Of the session. */
  cookie = ''
  /** By which the device is known. */
  device = ''

  constructor(private readonly url: string) {}

  /** @param headers replace or (undefined) remove what the console's pages send */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string | undefined> = {},
  ): Promise<Answer> {
    const changing = method !== 'GET' && method !== 'HEAD'
    const all: Record<string, string | undefined> = {
      cookie: [this.cookie, this.device].filter(Boolean).join('; ') || undefined,
      ...(changing && { 'content-type': 'application/json', origin: this.url, 'x-turnpike-console': '1' }),
      ...headers,
    }
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: Object.fromEntries(
        Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      ...(changing && { body: typeof body === 'string' ? body : JSON.stringify(body ?? {}) }),
      redirect: 'manual',
    })
    for (const set of response.headers.getSetCookie()) {
      const cookie = set.split(';')[0] ?? ''
      if (cookie.startsWith(`${DEVICE_COOKIE}=`)) this.device = cookie
      else this.cookie = cookie
    }
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: parsed(text) }
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', `/console/v1${path}`)
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.send('POST', `/console/v1${path}`, body)
  }

  patch(path: string, body?: unknown): Promise<Answer> {
    return this.send('PATCH', `/console/v1${path}`, body)
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The JSON of the answer; an empty object when it has none. */
  readonly body: Record<string, unknown>
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

export const PASSWORD = 'correct horse battery'

/** Signs up a new person. */
export async function signUp(
  url: string,
  email = `${randomUUID()}@example.test`,
): Promise<{ visitor: Visitor; email: string }> {
  const visitor = new Visitor(url)
  const answer = await visitor.post('/sign-up', { email, password: PASSWORD })
  if (answer.status !== 201) throw new Error(`sign-up was answered with ${answer.status}: ${answer.text}`)
  return { visitor, email }
}

/** Code and link of the newest mail to an address, as the worker makes them. */
export async function issue({ control: { prisma } }: RunningControl, email: string) {
  const pending = await prisma.emailVerification.findFirstOrThrow({
    where: { user: { email }, usedAt: null },
    orderBy: { createdAt: 'desc' },
  })
  const issued = await issueVerification(prisma, pending.id, Date.now())
  if (issued?.kind !== 'code') throw new Error('nothing to issue')
  return issued
}

/** A person with an organisation of their own, verified and signed in, without the cost of a password. */
export async function verifiedPerson(running: RunningControl): Promise<Person> {
  const email = `${randomUUID()}@example.test`
  const account = { email, passwordHash: 'nobody knows it', organisation: null, funds: 'simulated' as const }
  const userId = await storeSignUp(running.control.prisma, account, Date.now())
  await running.control.prisma.user.update({ where: { id: userId }, data: { emailVerifiedAt: new Date() } })
  return signedIn(running, userId, email)
}

/** Another member of somebody's organisation. */
export async function colleagueOf(running: RunningControl, person: Person, role: string): Promise<Person> {
  const email = `${randomUUID()}@example.test`
  const { id } = await running.control.prisma.user.create({
    data: { id: randomUUID(), email, passwordHash: 'nobody knows it', emailVerifiedAt: new Date() },
  })
  const author = { tenantId: person.tenantId, userId: null }
  await mutate(running.control.prisma, author, (door) =>
    door.memberships.create({ userId: id as UserId, role }, 'membership.create'),
  )
  return signedIn(running, id as UserId, email)
}

export interface Person {
  readonly visitor: Visitor
  readonly email: string
  readonly userId: UserId
  readonly tenantId: TenantId
}

async function signedIn(running: RunningControl, userId: UserId, email: string): Promise<Person> {
  const { prisma } = running.control
  const token = await beginSession(prisma, userId, { userAgent: 'a test', network: '' }, Date.now())
  const found = await findSession(prisma, token, Date.now())
  if (!found) throw new Error('the session of a test was not found')
  const visitor = new Visitor(running.url)
  visitor.cookie = `${SESSION_COOKIE}=${token}`
  return { visitor, email, userId, tenantId: found.tenantId }
}
