import { fork, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { inTransaction, mintKey } from '@turnpike/store'
import { aKey, limitMs, sharedProduct, signUp, startFleet, steadyPort, waitFor, type Fleet } from '@turnpike/testkit'
import { afterEach, expect, it } from 'vitest'

/** Undone after each test, the last first. */
const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (let end = endings.pop(); end; end = endings.pop()) await end()
})

interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** Asks the management API, or any other, under the base URL. */
async function ask(api: string, key: string, method: string, where: string, body?: unknown): Promise<Reply> {
  const reply = await fetch(api + where, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-sim-instant': '1' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: reply.status, body: (await reply.json()) as Reply['body'] }
}

/** The status of an answer to a prompt. */
async function chat(api: string, key: string): Promise<number> {
  const prompt = { model: 'sim/swift-8b', messages: [{ role: 'user', content: 'hello' }] }
  return (await ask(api, key, 'POST', '/chat/completions', prompt)).status
}

it('makes, uses, lists, names and revokes a key by program, at the base URL of the API', async () => {
  const product = await sharedProduct()
  endings.push(() => product.drop())
  const { api } = product
  const visitor = await signUp(product, 'manager@example.test')
  const manager = String((await visitor.ask('POST', '/keys', { name: 'manager', kind: 'mgmt' })).body['key'])
  expect(await chat(api, manager)).toBe(403)

  const made = await ask(api, manager, 'POST', '/keys', { name: 'ci' })
  const { hash } = made.body['data'] as { hash: string }
  const key = String(made.body['key'])
  expect([made.status, await chat(api, key)]).toEqual([201, 200])
  const spent = async () => ((await ask(api, manager, 'GET', `/keys/${hash}`)).body['data'] as { usage: number }).usage
  await waitFor(async () => (await spent()) > 0, { withinMs: 10_000, what: 'the usage of the key' })

  const listed = (await ask(api, manager, 'GET', '/keys?limit=1')).body
  expect([listed['total_count'], (listed['data'] as { hash: string }[])[0]?.hash]).toEqual([2, hash])
  const named = await ask(api, manager, 'PATCH', `/keys/${hash}`, { name: 'cd' })
  expect(named.body['data']).toMatchObject({ name: 'cd', disabled: false })
  expect((await ask(api, key, 'GET', '/keys')).status).toBe(403)
  expect((await ask(api, product.key, 'DELETE', `/keys/${hash}`)).status).toBe(403)
  expect(await chat(api, key)).toBe(200)

  expect(await ask(api, manager, 'DELETE', `/keys/${hash}`)).toEqual({ status: 200, body: { deleted: true } })
  await waitFor(async () => (await chat(api, key)) === 401, { withinMs: 1_000, what: 'the revoked key to be refused' })
})

/** A built control process on the fleet's stores. */
async function startControl(fleet: Fleet, port: number, folder: string): Promise<ChildProcess> {
  const child = fork(path.resolve('dist/control/main.js'), [], {
    env: {
      CONTROL_PORT: String(port),
      OPS_PORT: '0',
      DATABASE_URL: fleet.postgres.appUrl,
      REDIS_URL: fleet.redis.url,
      KEY_SECRETS: fleet.keySecrets,
      REVOCATION_FILE: path.join(folder, 'pending'),
      API_BASE_URL: `${fleet.gateways[0]?.url}`,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let output = ''
  child.stderr?.on('data', (bytes: Buffer) => (output += bytes.toString()))
  endings.push(() => kill(child))
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', () => reject(new Error(output)))
  })
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

/** A management key of the first tenant, and the key of that tenant which is to be revoked. */
async function plant(fleet: Fleet): Promise<{ manager: string; victim: { id: string; key: string } }> {
  const [victim] = fleet.keys
  if (!victim) throw new Error('the fleet has no key')
  const { key, digest, secretId } = mintKey(fleet.secrets, 'mgmt')
  const row = aKey({ kind: 'mgmt', digest, secretId, name: 'manager' })
  const { tenantId, workspaceId } = victim
  const insert = `INSERT INTO api_keys (id, tenant_id, workspace_id, name, kind, digest, secret_id, last_four)
    VALUES ($1, $2, $3, 'manager', 'mgmt', $4, $5, 'abcd')`
  // The owner may act for the system, which row-level security lets see every tenant.
  await inTransaction(
    fleet.postgres.pool,
    (client) => client.query(insert, [row.id, tenantId, workspaceId, digest, secretId]),
    'BEGIN; SET LOCAL ROLE turnpike_system',
  )
  return { manager: key, victim }
}

it('a key revoked while Postgres is down is refused everywhere within three seconds, and the revocation outlives kill -9 of whoever took it (A16)', async () => {
  const port = await steadyPort()
  const fleet = await startFleet({
    gateways: 2,
    keys: 8,
    environment: { MANAGEMENT_URL: `http://127.0.0.1:${port}` },
  })
  endings.push(() => fleet.drop())
  const folder = path.join(fleet.home, 'control')
  const { manager, victim } = await plant(fleet)
  const control = await startControl(fleet, port, folder)
  const apis = fleet.gateways.map(({ url }) => url)
  const [first = ''] = apis
  const others = fleet.keys.slice(1).map(({ key }) => key)
  for (const api of apis) expect([await chat(api, victim.key), await chat(api, others[0] ?? '')]).toEqual([200, 200])
  expect((await ask(first, manager, 'GET', `/keys/${victim.id}`)).status).toBe(200)

  await fleet.postgres.stop()
  const beganMs = performance.now()
  const taken = await ask(first, manager, 'DELETE', `/keys/${victim.id}`)
  expect(taken).toEqual({ status: 202, body: { status: 'revocation_pending' } })
  await kill(control)
  for (const api of apis) {
    await waitFor(async () => (await chat(api, victim.key)) === 401, { withinMs: 3_000, what: `401 of ${api}` })
    expect(await chat(api, others[0] ?? '')).toBe(200)
  }
  expect(performance.now() - beganMs).toBeLessThan(limitMs(3_000))

  // A control process that starts in its place writes to Redis again what a flush took, without waiting for Postgres.
  await fleet.redis.flush()
  await startControl(fleet, port, folder)
  const pending = () => fleet.redis.client.hlen('turnpike:revocations')
  await waitFor(async () => (await pending()) === 1, { withinMs: 3_000, what: 'the revocation in Redis again' })

  await fleet.postgres.start()
  const revoked = () =>
    fleet.postgres.pool
      .query<{ revoked_at: Date | null }>('SELECT revoked_at FROM api_keys WHERE id = $1', [victim.id])
      .then(({ rows }) => rows[0]?.revoked_at ?? null)
  await waitFor(revoked, { withinMs: 10_000, what: 'the revocation in the table' })
  await waitFor(async () => (await pending()) === 0, { withinMs: 5_000 })
  for (const api of apis) expect(await chat(api, victim.key)).toBe(401)
})
