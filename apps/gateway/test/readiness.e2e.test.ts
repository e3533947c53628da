import { fork, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { checkKey, createKey, newSecretsText, openKeySecrets, openPrisma, revokeKey } from '@turnpike/store'
import {
  insertTenant,
  limitMs,
  startFaultProxy,
  testDatabase,
  testRedis,
  waitFor,
  type FaultProxy,
  type TestDatabase,
  type TestTenant,
} from '@turnpike/testkit'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

const [ONE, TWO, OTHER_TWO] = [1, 2, 2].map((id) => newSecretsText().replace(/^1/, String(id))) as [
  string,
  string,
  string,
]
const START_MS_MAX = 60_000
/** A look-up takes milliseconds; a machine that is busy with other tests takes its time. */
const ACCEPTED_MS_MAX = 5_000
/** A gateway in trouble asks every two seconds. */
const RECOVERED_MS_MAX = 8_000

let database: TestDatabase
let redisUrl: string
let prisma: Awaited<ReturnType<typeof openPrisma>>
let tenant: TestTenant
let home: string
let gateways: Gateway[] = []

beforeAll(async () => {
  database = await testDatabase()
  redisUrl = (await testRedis()).url
  home = await mkdtemp(path.join(tmpdir(), 'turnpike-ready-'))
  tenant = await insertTenant(database.ownerUrl, { key: { revokedAt: new Date() } })
  const options = { max: 2, statementTimeoutMs: 10_000, connectTimeoutMs: 5_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
})
afterEach(async () => {
  await Promise.all(gateways.map(stop))
  gateways = []
})
afterAll(async () => {
  await prisma.$disconnect()
  await database.drop()
  await rm(home, { recursive: true, force: true })
})

interface Gateway {
  readonly url: string
  readonly opsUrl: string
  readonly child: ChildProcess
  readonly log: () => string
}

/** Starts `dist/gateway/main.js` with these secrets, the first of which signs. */
async function gateway(keySecrets: readonly string[], urls: { databaseUrl?: string; redisUrl?: string } = {}) {
  const node = `node-${gateways.length + 1}`
  const child = fork(path.resolve('dist/gateway/main.js'), [], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    env: {
      GATEWAY_PORT: '0',
      OPS_PORT: '0',
      DATABASE_URL: urls.databaseUrl ?? database.gatewayUrl,
      REDIS_URL: urls.redisUrl ?? redisUrl,
      KEY_SECRETS: keySecrets.join(','),
      JOURNAL_DIR: path.join(home, `${node}-${keySecrets.length}-${Date.now()}`),
      NODE_NAME: node,
      DRAIN_TIMEOUT_MS: '100',
    },
  })
  let output = ''
  child.stdout?.on('data', (bytes: Buffer) => (output += bytes.toString()))
  child.stderr?.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const ready = new Promise<{ url: string; ops: string }>((resolve, reject) => {
    child.once('message', (message: { ready: { url: string; ops: string } }) => resolve(message.ready))
    child.once('exit', () => reject(new Error(output)))
  })
  const { url, ops } = await ready
  const started: Gateway = { url, opsUrl: ops, child, log: () => output }
  gateways.push(started)
  return started
}

async function stop({ child }: Gateway): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
}

async function readiness({ opsUrl }: Gateway): Promise<{ status: number; reasons: string[] }> {
  const reply = await fetch(`${opsUrl}/readyz`)
  return { status: reply.status, reasons: ((await reply.json()) as { reasons: string[] }).reasons }
}

const isReady = async (node: Gateway) => (await readiness(node)).status === 200

async function statusOf(node: Gateway, key: string): Promise<number> {
  const reply = await fetch(`${node.url}/api/v1/key`, { headers: { authorization: `Bearer ${key}` } })
  await reply.text()
  return reply.status
}

/** Waits until the node serves the key. Where a busy machine does not look it up in time, the node says so, and never that it is invalid. */
async function accepted(node: Gateway, key: string): Promise<void> {
  await waitFor(
    async () => {
      const status = await statusOf(node, key)
      expect([200, 503]).toContain(status)
      return status === 200
    },
    { withinMs: ACCEPTED_MS_MAX, what: 'the use of a key' },
  )
}

async function make(...keySecrets: string[]): Promise<{ key: string; id: string }> {
  const author = { tenantId: tenant.tenantId, userId: null }
  const wanted = { workspaceId: tenant.workspaceId, name: 'a key', kind: 'live', expiresAt: null } as const
  const { value } = await createKey(prisma, openKeySecrets(keySecrets.join(',')), author, wanted)
  return { key: value.key, id: value.summary.id }
}

function isSignedBy(keySecrets: string, key: string): boolean {
  return checkKey(openKeySecrets(keySecrets), key).kind === 'genuine'
}

it('rotates the key secret with no moment at which a node refuses a key, and retires the old one when its last key is revoked', async () => {
  let [a, b] = [await gateway([ONE]), await gateway([ONE])]
  const first = await make(ONE)
  const work = async (...keys: string[]) => {
    for (const key of keys) for (const node of [a, b]) await accepted(node, key)
  }
  await work(first.key)

  await stop(a)
  a = await gateway([ONE, TWO])
  const second = await make(TWO, ONE)
  expect(isSignedBy(ONE, second.key)).toBe(true)
  await work(first.key, second.key)

  await stop(b)
  b = await gateway([ONE, TWO])
  const third = await make(TWO, ONE)
  expect(isSignedBy(TWO, third.key)).toBe(true)
  await work(first.key, second.key, third.key)

  await stop(a)
  a = await gateway([TWO])
  expect(await readiness(a)).toEqual({
    status: 503,
    reasons: ['secret_missing: Key secret 1 is missing here, and 2 keys in force need it.'],
  })
  expect(await statusOf(a, first.key)).toBe(503)
  await accepted(a, third.key)
  for (const { id } of [first, second]) {
    await revokeKey(prisma, { tenantId: tenant.tenantId, userId: null }, id, Date.now())
  }
  await waitFor(() => isReady(a), { withinMs: RECOVERED_MS_MAX })
  await work(third.key)

  // Somebody else's second secret: its keys cannot be judged here, which is no proof against them.
  const wrong = await gateway([OTHER_TWO])
  expect(await readiness(wrong)).toEqual({
    status: 503,
    reasons: ['secret_differs: Key secret 2 of this process is not the one that the database knows by that id.'],
  })
  for (let time = 1; time <= 3; time++) expect(await statusOf(wrong, third.key)).toBe(503)
  expect(wrong.log().match(/a key was signed with a secret that this process does not hold/g)).toHaveLength(1)
  for (const secret of OTHER_TWO.split(':').slice(1)) expect(wrong.log()).not.toContain(secret)
})

it('stays ready without Redis and without Postgres, is not ready without both within ten seconds, and again with one', async () => {
  const [toPostgres, toRedis] = await Promise.all([proxyTo(database.gatewayUrl, 5432), proxyTo(redisUrl, 6379)])
  try {
    const node = await gateway([TWO], { databaseUrl: toPostgres.url, redisUrl: toRedis.url })
    await waitFor(() => isReady(node), { withinMs: START_MS_MAX })
    await toRedis.proxy.set({ kind: 'blackHole' })
    await waitFor(async () => (await livesOn(node)).redis === false, { withinMs: 10_000 })
    expect(await isReady(node)).toBe(true)
    await toPostgres.proxy.set({ kind: 'blackHole' })
    const cutMs = performance.now()
    await waitFor(async () => !(await isReady(node)), { withinMs: 15_000 })
    expect(performance.now() - cutMs).toBeLessThan(limitMs(10_000))
    expect((await readiness(node)).reasons).toEqual([expect.stringMatching(/^channels_silent: /)])
    await toRedis.proxy.heal()
    await waitFor(() => isReady(node), { withinMs: 10_000 })
    expect(await livesOn(node)).toMatchObject({ redis: true, postgres: false })
    await toPostgres.proxy.heal()
  } finally {
    await Promise.all([toPostgres.proxy.close(), toRedis.proxy.close()])
  }
})

async function livesOn({ opsUrl }: Gateway): Promise<Record<string, unknown>> {
  const body = (await (await fetch(`${opsUrl}/readyz`)).json()) as { livesOn: Record<string, unknown> }
  return body.livesOn
}

async function proxyTo(target: string, standardPort: number): Promise<{ proxy: FaultProxy; url: string }> {
  const url = new URL(target)
  const proxy = await startFaultProxy({ host: url.hostname, port: Number(url.port || standardPort) })
  url.hostname = '127.0.0.1'
  url.port = String(proxy.port)
  return { proxy, url: url.toString() }
}
