import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { KeyCreated, ManagedKeyAnswer, ManagedKeyCreated, ManagedKeyList } from '@turnpike/contract'
import {
  checkKey,
  mintKey,
  newSecretsText,
  openKeyPath,
  openKeySecrets,
  openRedis,
  type KeyPath,
} from '@turnpike/store'
import { limitMs, startFaultProxy, testPool, waitFor } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { colleagueOf, startControl, verifiedPerson, type Person, type RunningControl } from './control-process.ts'
import { openDetour, type Detour } from './detour.ts'
import { ship } from './usage-rows.ts'

let running: RunningControl
let alice: Person
let mallory: Person
/** Management keys of the two. */
let manager: string
let foreign: string

beforeAll(async () => {
  running = await startControl()
  alice = await verifiedPerson(running)
  mallory = await verifiedPerson(running)
  manager = await managementKey(alice)
  foreign = await managementKey(mallory)
})
afterAll(() => running.close())

async function managementKey(person: Person): Promise<string> {
  return KeyCreated.parse((await person.visitor.post('/keys', { name: 'manager', kind: 'mgmt' })).body).key
}

interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly error: Record<string, unknown>
  readonly headers: Headers
}

type Question = { key?: string | null; body?: unknown; url?: string }

/** Asks again, as clients do, while a machine that is too busy cannot look the management key up in time. */
function ask(method: string, where: string, question: Question = {}): Promise<Reply> {
  const answered = async () => {
    const reply = await askOnce(method, where, question)
    return reply.status === 503 && reply.error['code'] === 'auth_unavailable' ? null : reply
  }
  return waitFor(answered, { withinMs: 5_000, what: 'the check of a management key' })
}

async function askOnce(method: string, where: string, question: Question = {}): Promise<Reply> {
  const { key = manager, body, url = running.url } = question
  const response = await fetch(`${url}/api/v1/keys${where}`, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const json = (await response.json()) as Record<string, unknown>
  return {
    status: response.status,
    body: json,
    error: (json['error'] ?? {}) as Reply['error'],
    headers: response.headers,
  }
}

async function make(body: Record<string, unknown> = { name: 'made' }, key = manager): Promise<ManagedKeyCreated> {
  const reply = await ask('POST', '', { key, body })
  expect(reply.status).toBe(201)
  return ManagedKeyCreated.parse(reply.body)
}

it('makes a key, shows it once, lists, names and revokes it', async () => {
  const { key, data } = await make({ name: 'ci', expires_at: '2999-01-01T00:00:00Z', limit: null })
  expect(checkKey(running.control.secrets, key)).toMatchObject({ kind: 'genuine', keyKind: 'live', id: data.hash })
  expect(data).toMatchObject({
    name: 'ci',
    label: `tp_live_…${key.slice(-4)}`,
    disabled: false,
    limit: null,
    usage: 0,
    updated_at: null,
    expires_at: '2999-01-01T00:00:00.000Z',
    creator_user_id: null,
  })
  const listed = ManagedKeyList.parse((await ask('GET', '')).body)
  expect(listed.data[0]).toEqual(data)
  expect(JSON.stringify(listed)).not.toContain(key.slice(8, -4))

  const renamed = ManagedKeyAnswer.parse((await ask('PATCH', `/${data.hash}`, { body: { name: 'cd' } })).body).data
  expect([renamed.name, renamed.updated_at === null]).toEqual(['cd', false])

  const deleted = await ask('DELETE', `/${data.hash}`)
  expect([deleted.status, deleted.body]).toEqual([200, { deleted: true }])
  expect((await ask('DELETE', `/${data.hash}`)).body).toEqual({ deleted: true })
  const after = ManagedKeyAnswer.parse((await ask('GET', `/${data.hash}`)).body).data
  expect(after.disabled).toBe(true)
})

it('lists page by page, and revoked keys only on request', async () => {
  const person = await verifiedPerson(running)
  const key = await managementKey(person)
  const made = []
  for (let i = 0; i < 4; i++) made.push((await make({ name: `key ${i}`, kind: 'test' }, key)).data.hash)
  await ask('DELETE', `/${made[0]}`, { key })
  const page = async (query: string) => {
    const { data, total_count } = ManagedKeyList.parse((await ask('GET', query, { key })).body)
    return [data.map(({ name }) => name), total_count]
  }
  expect(await page('')).toEqual([['key 3', 'key 2', 'key 1', 'manager'], 4])
  expect(await page('?offset=1&limit=2')).toEqual([['key 2', 'key 1'], 4])
  expect(await page('?include_disabled=true')).toEqual([['key 3', 'key 2', 'key 1', 'key 0', 'manager'], 5])
  const { data } = ManagedKeyList.parse((await ask('GET', '', { key })).body)
  expect(await page(`?workspace_id=${data[0]?.workspace_id}&limit=1`)).toEqual([['key 3'], 4])
  expect(await page(`?workspace_id=${person.userId}`)).toEqual([[], 0])
})

it('shows what a key has spent, from the same rows as the console', async () => {
  const { data } = await make()
  await ship(running, alice, data.hash, [{ cost_nano: '1500000001' }])
  const { usage, usage_daily, usage_monthly } = ManagedKeyAnswer.parse((await ask('GET', `/${data.hash}`)).body).data
  expect([usage, usage_daily, usage_monthly]).toEqual([1.500000001, 1.500000001, 1.500000001])
})

it('another tenant’s key is 404', async () => {
  const { data } = await make()
  for (const [method, body] of [['GET'], ['PATCH', { name: 'mine now' }], ['DELETE']] as const) {
    for (const hash of [
      data.hash,
      data.hash.toUpperCase(),
      'nothing',
      '%00',
      `${data.hash}'--`,
      '%7B%22not%22%3A1%7D',
    ]) {
      const reply = await ask(method, `/${hash}`, { key: foreign, body })
      expect([method, hash, reply.status, reply.error['code']]).toEqual([method, hash, 404, 'object_unknown'])
    }
  }
  const listed = await ask('GET', '?include_disabled=true', { key: foreign })
  expect(JSON.stringify(listed.body)).not.toContain(data.hash)
  const mine = ManagedKeyAnswer.parse((await ask('GET', `/${data.hash}`)).body).data
  const taken = await ask('POST', '', { key: foreign, body: { name: 'x', workspace_id: mine.workspace_id } })
  expect([taken.status, taken.error['param']]).toEqual([400, 'workspace_id'])
  expect([mine.name, mine.disabled]).toEqual(['made', false])
})

it('takes no other key, and says which it wants: 401 is proof, 403 is the wrong kind', async () => {
  const inference = (await make()).key
  const stranger = mintKey(openKeySecrets(newSecretsText()), 'mgmt').key
  const never = mintKey(running.control.secrets, 'mgmt').key
  const cases = [
    [null, 401, 'key_missing'],
    ['nonsense', 401, 'key_malformed'],
    [stranger, 401, 'key_invalid'],
    [never, 401, 'key_invalid'],
    [inference, 403, 'key_kind_wrong'],
  ] as const
  for (const [key, status, code] of cases) {
    const reply = await ask('GET', '', { key })
    expect([reply.status, reply.error['code'], reply.headers.get('x-should-retry')]).toEqual([status, code, 'false'])
    expect(reply.error['request_id']).toBe(reply.headers.get('x-request-id'))
  }
  const signedIn = await alice.visitor.send('GET', '/api/v1/keys')
  expect(signedIn.status).toBe(401)
})

it('a revoked management key manages nothing any more', async () => {
  const person = await verifiedPerson(running)
  const key = await managementKey(person)
  const own = ManagedKeyList.parse((await ask('GET', '', { key })).body).data[0]
  expect((await ask('DELETE', `/${own?.hash}`, { key })).status).toBe(200)
  await waitFor(async () => (await ask('GET', '', { key })).status === 401, { withinMs: 2_000 })
})

it('is made by owners and admins only', async () => {
  for (const [role, status] of [
    ['owner', 201],
    ['admin', 201],
    ['developer', 403],
    ['viewer', 403],
  ] as const) {
    const { visitor } = await colleagueOf(running, alice, role)
    expect([role, (await visitor.post('/keys', { name: 'manager', kind: 'mgmt' })).status]).toEqual([role, status])
  }
})

it.each([
  [{ name: 'a', limit: 5 }, 'limit'],
  [{ name: 'a', limit_reset: 'daily' }, 'limit_reset'],
  [{ name: 'a', include_byok_in_limit: true }, 'include_byok_in_limit'],
  [{ name: 'a', creator_user_id: 'user_1' }, 'creator_user_id'],
  [{ name: 'a', kind: 'mgmt' }, 'kind'],
  [{ name: 'a', expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
  [{ name: 'a', expires_at: '2999-01-01T00:00:00+02:00' }, 'expires_at'],
  [{ name: 'a', workspace_id: 'mine' }, 'workspace_id'],
  [{ name: 'a', tenantId: 'other' }, 'tenantId'],
  [{}, 'name'],
])('refuses the key %j rather than leave out what was asked, and names %s', async (body, param) => {
  const reply = await ask('POST', '', { body })
  expect([reply.status, reply.error['code'], reply.error['param']]).toEqual([400, 'request_invalid', param])
  expect(reply.error['message']).toMatch(new RegExp(`^${param}: `))
})

it('keeps a key revoked: nothing enables it again', async () => {
  const { data } = await make()
  const refused = await ask('PATCH', `/${data.hash}`, { body: { disabled: true } })
  expect([refused.status, refused.error['param']]).toEqual([400, 'disabled'])
  expect((await ask('PATCH', `/${data.hash}`, { body: { disabled: false } })).status).toBe(200)
  await ask('DELETE', `/${data.hash}`)
  expect((await ask('PATCH', `/${data.hash}`, { body: { disabled: false } })).status).toBe(400)
})

it('answers 503, never 401, when a management key cannot be looked up', async () => {
  const detour = await openDetour()
  const alone = await startControl({ REDIS_URL: 'redis://127.0.0.1:1' }, detour.to)
  const key = await managementKey(await verifiedPerson(alone))
  detour.cut()
  const reply = await askOnce('GET', '', { key, url: alone.url })
  expect([reply.status, reply.error['code'], reply.error['source']]).toEqual([503, 'auth_unavailable', 'gateway'])
  expect(reply.headers.get('retry-after')).toMatch(/^\d+$/)
  await alone.close()
  await detour.close()
})

/** A control process whose connection to Postgres can be cut, and the key check of a gateway through the same proxy. */
interface Outage {
  readonly alone: RunningControl
  readonly detour: Detour
  readonly file: string
  readonly owner: Person
  readonly manager: string
  readonly gateway: KeyPath
  readonly close: () => Promise<void>
}

async function beginOutage(changes: Record<string, string> = {}): Promise<Outage> {
  const home = await mkdtemp(path.join(tmpdir(), 'turnpike-control-'))
  const file = path.join(home, 'control', 'revocations')
  const detour = await openDetour()
  const alone = await startControl({ REVOCATION_FILE: file, ...changes }, detour.to)
  const owner = await verifiedPerson(alone)
  const key = await managementKey(owner)
  const gateway = openKeyPath({
    databaseUrl: alone.config.DATABASE_URL,
    redisUrl: alone.config.REDIS_URL,
    secrets: alone.control.secrets,
    applicationName: 'a gateway of a test',
    onChannel: () => undefined,
  })
  return {
    alone,
    detour,
    file,
    owner,
    manager: key,
    gateway,
    async close() {
      await gateway.close()
      await alone.close()
      await detour.close()
      await rm(home, { recursive: true })
    },
  }
}

/**
 * Takes Postgres away from a process that knows the management key. A change of the key that arrives late makes it unknown until Postgres
 * has said what changed.
 */
async function takeAway(postgres: Record<'cut' | 'mend', () => unknown>, key: string, url: string): Promise<void> {
  const isKnown = async () => {
    await postgres.cut()
    if ((await askOnce('GET', '', { key, url })).error['code'] !== 'auth_unavailable') return true
    await postgres.mend()
    await ask('GET', '', { key, url })
    return false
  }
  await waitFor(isKnown, { withinMs: 10_000, what: 'an outage during which the management key is known' })
}

function digestOf(process: RunningControl, key: string): Buffer {
  const checked = checkKey(process.control.secrets, key)
  if (checked.kind !== 'genuine') throw new Error('our own key is not genuine')
  return checked.digest
}

async function revokedAtOf(process: RunningControl, id: string): Promise<Date | null> {
  const pool = testPool(process.database.ownerUrl, 1)
  const { rows } = await pool.query<{ revoked_at: Date | null }>('SELECT revoked_at FROM api_keys WHERE id = $1', [id])
  await pool.end()
  return rows[0]?.revoked_at ?? null
}

it('a key revoked while Postgres is away is refused within three seconds, and revoked there when it is back (A16)', async () => {
  const outage = await beginOutage()
  const { alone, detour, gateway, manager: key } = outage
  const { url } = alone
  const made = ManagedKeyCreated.parse((await ask('POST', '', { key, url, body: { name: 'leaked' } })).body)
  const digest = digestOf(alone, made.key)
  await waitFor(async () => (await gateway.keys.lookup(digest)).kind === 'found', { withinMs: 5_000 })
  await takeAway(detour, key, url)
  const beganMs = Date.now()
  const reply = await ask('DELETE', `/${made.data.hash}`, { key, url })
  expect([reply.status, reply.body]).toEqual([202, { status: 'revocation_pending' }])
  await waitFor(async () => (await gateway.keys.lookup(digest)).kind === 'absent', { withinMs: 3_000 })
  expect(Date.now() - beganMs).toBeLessThan(limitMs(3_000))
  expect(await revokedAtOf(alone, made.data.hash)).toBeNull()
  const again = await ask('DELETE', `/${made.data.hash}`, { key, url })
  expect(again.status).toBe(202)

  detour.mend()
  const revokedAt = await waitFor(() => revokedAtOf(alone, made.data.hash), { withinMs: 10_000 })
  // It counts from the request.
  expect(revokedAt?.getTime()).toBeLessThan(beganMs + limitMs(2_000))
  await waitFor(async () => (await readFile(outage.file, 'utf8')) === '', { withinMs: 5_000 })
  await outage.close()
})

it('a database that takes a query and never answers counts as unavailable', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'turnpike-control-'))
  const silence: { proxy?: Awaited<ReturnType<typeof startFaultProxy>> } = {}
  const alone = await startControl({ REVOCATION_FILE: path.join(home, 'control', 'revocations') }, async (url) => {
    const address = new URL(url)
    silence.proxy = await startFaultProxy({ host: address.hostname, port: Number(address.port || 5432) })
    address.host = `127.0.0.1:${silence.proxy.port}`
    return address.toString()
  })
  const { url } = alone
  const key = await managementKey(await verifiedPerson(alone))
  const made = ManagedKeyCreated.parse((await ask('POST', '', { key, url, body: { name: 'leaked' } })).body)
  await takeAway({ cut: () => silence.proxy?.set({ kind: 'blackHole' }), mend: () => silence.proxy?.heal() }, key, url)
  const beganMs = performance.now()
  expect((await ask('DELETE', `/${made.data.hash}`, { key, url })).status).toBe(202)
  expect(performance.now() - beganMs).toBeLessThan(limitMs(2_500))
  await silence.proxy?.heal()
  await waitFor(() => revokedAtOf(alone, made.data.hash), { withinMs: 20_000 })
  await alone.close()
  await silence.proxy?.close()
  await rm(home, { recursive: true })
})

it('a pending revocation that Redis loses is written again', async () => {
  const outage = await beginOutage()
  const { alone, detour, manager: key } = outage
  const { url } = alone
  const made = ManagedKeyCreated.parse((await ask('POST', '', { key, url, body: { name: 'leaked' } })).body)
  await takeAway(detour, key, url)
  expect((await ask('DELETE', `/${made.data.hash}`, { key, url })).status).toBe(202)
  const redis = openRedis(alone.config.REDIS_URL ?? '')
  await waitFor(() => redis.status === 'ready', { withinMs: 5_000 })
  const field = ['turnpike:revocations', `${outage.owner.tenantId} ${made.data.hash}`] as const
  expect(await redis.hdel(...field)).toBe(1)
  await waitFor(async () => (await redis.hexists(...field)) === 1, {
    withinMs: 13_000,
    what: 'the revocation to be written again',
  })
  redis.disconnect()
  await outage.close()
})

it('a revocation that neither store takes is not claimed, and is carried out all the same when one is back', async () => {
  const outage = await beginOutage({ REDIS_URL: 'redis://127.0.0.1:1' })
  const { alone, detour, manager: key } = outage
  const { url } = alone
  const made = ManagedKeyCreated.parse((await ask('POST', '', { key, url, body: { name: 'leaked' } })).body)
  await takeAway(detour, key, url)
  const reply = await ask('DELETE', `/${made.data.hash}`, { key, url })
  expect([reply.status, reply.error['code']]).toEqual([503, 'store_unavailable'])
  detour.mend()
  await waitFor(() => revokedAtOf(alone, made.data.hash), { withinMs: 10_000 })
  await outage.close()
})

it('without a revocation file no revocation is promised while Postgres is away', async () => {
  const detour = await openDetour()
  const alone = await startControl({}, detour.to)
  const { url } = alone
  const key = await managementKey(await verifiedPerson(alone))
  const made = ManagedKeyCreated.parse((await ask('POST', '', { key, url, body: { name: 'leaked' } })).body)
  await takeAway(detour, key, url)
  expect((await ask('DELETE', `/${made.data.hash}`, { key, url })).status).toBe(503)
  detour.mend()
  expect((await ask('GET', `/${made.data.hash}`, { key, url })).body).toMatchObject({ data: { disabled: false } })
  await alone.close()
  await detour.close()
})
