import {
  AuditList,
  KeyCreated,
  OwnEndpointAnswer,
  OwnEndpointList,
  OwnTestAnswer,
  ProviderKeyAnswer,
  ProviderKeyList,
  type OwnEndpointRow,
  type ProviderKey,
} from '@turnpike/contract'
import { newCredentialSecretsText } from '@turnpike/store'
import { limitMs, testPool } from '@turnpike/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startControl, verifiedPerson, type Answer, type Person, type RunningControl } from './control-process.ts'
import { anOwnEndpoint, BODY_CANARY, startModelServer, type ModelServer } from './own-forms.ts'

let running: RunningControl
/** Answers for the simulated providers. */
let providers: ModelServer
/** An own endpoint at a private address that the operator allows, and one at an address that is not allowed. */
let box: ModelServer
let hidden: ModelServer

beforeAll(async () => {
  ;[providers, box, hidden] = await Promise.all([startModelServer(), startModelServer(), startModelServer()])
  running = await startControl({
    CREDENTIAL_SECRETS: newCredentialSecretsText(),
    SIMULATOR_URL: providers.url,
    EGRESS_ALLOW: box.address,
  })
})
afterAll(async () => {
  await running.close()
  await Promise.all([providers.close(), box.close(), hidden.close()])
})

const SECRET = 'sk-canary-of-a-secret-0001'

/** A person with an organisation, and with throttles, of their own. */
const someone = () => verifiedPerson(running)

async function store(person: Person, changes: object = {}): Promise<ProviderKey> {
  const answer = await person.visitor.post('/provider-keys', {
    provider: 'acorn',
    name: 'k',
    secret: SECRET,
    ...changes,
  })
  expect([answer.status, answer.text.slice(0, 300)]).toMatchObject([201, expect.any(String)])
  return ProviderKeyAnswer.parse(answer.body).data
}

async function add(person: Person, changes: object = {}): Promise<OwnEndpointRow> {
  const answer = await person.visitor.post('/own-endpoints', anOwnEndpoint(changes))
  expect([answer.status, answer.text.slice(0, 300)]).toMatchObject([201, expect.any(String)])
  return OwnEndpointAnswer.parse(answer.body).data
}

const put = (person: Person, where: string, body: object) => person.visitor.send('PUT', `/console/v1${where}`, body)
const remove = (person: Person, where: string) => person.visitor.send('DELETE', `/console/v1${where}`)
const errorsOf = ({ body }: Answer) => body['errors'] as Record<string, unknown>

describe('a provider key', () => {
  it('is stored, listed, changed, replaced and deleted', async () => {
    const alice = await someone()
    const { data: api } = KeyCreated.parse((await alice.visitor.post('/keys', { name: 'ci', kind: 'live' })).body)
    const made = await store(alice, { name: 'ours', priority: 3, models: ['sim/swift-8b'], keys: [api.id] })
    expect(made).toMatchObject({
      name: 'ours',
      provider: 'acorn',
      providerName: 'Acorn (simulated)',
      lastFour: '0001',
      version: 1,
      boundTo: 'simulated',
      moved: false,
      placement: 'first',
      priority: 3,
      share: 1,
      models: ['sim/swift-8b'],
      keys: [{ id: api.id, name: 'ci' }],
      creditFallback: true,
      disabled: false,
      awaitsTest: false,
      test: { result: 'ok', status: 200 },
      createdBy: alice.email,
    })
    const twin = await store(alice, { provider: 'birch', placement: 'fallback' })
    expect(twin.fingerprint).toBe(made.fingerprint)
    const listed = ProviderKeyList.parse((await alice.visitor.get('/provider-keys')).body)
    expect(listed.data).toEqual([made, twin])
    const page = ProviderKeyList.parse((await alice.visitor.get('/provider-keys?limit=1')).body)
    expect([page.data, page.hasMore]).toEqual([[made], true])
    const next = ProviderKeyList.parse((await alice.visitor.get(`/provider-keys?cursor=${page.nextCursor}`)).body)
    expect([next.data, next.hasMore]).toEqual([[twin], false])
    const ofBirch = ProviderKeyList.parse((await alice.visitor.get('/provider-keys?provider=birch')).body)
    expect(ofBirch.data).toEqual([twin])

    const change = { name: 'mine', placement: 'fallback', share: 7, models: null, keys: null, disabled: true }
    const changed = ProviderKeyAnswer.parse((await alice.visitor.patch(`/provider-keys/${made.id}`, change)).body).data
    expect(changed).toMatchObject({ ...change, version: 1, priority: 3 })
    const replaced = await put(alice, `/provider-keys/${made.id}/secret`, { secret: 'sk-canary-of-a-secret-0002' })
    expect(ProviderKeyAnswer.parse(replaced.body).data).toMatchObject({ version: 2, lastFour: '0002', name: 'mine' })
    expect((await remove(alice, `/provider-keys/${made.id}`)).body).toEqual({ deleted: true })
    expect((await alice.visitor.get(`/provider-keys/${made.id}`)).status).toBe(404)
    expect((await remove(alice, `/provider-keys/${made.id}`)).status).toBe(404)
  })

  it('comes back in no answer, no log, no audit entry and no column', async () => {
    const alice = await someone()
    const answers: Answer[] = []
    const keep = async (answer: Promise<Answer>) => {
      answers.push(await answer)
      return answers.at(-1)?.body['data'] as { id: string }
    }
    const { id } = await keep(alice.visitor.post('/provider-keys', { provider: 'acorn', name: 'k', secret: SECRET }))
    await keep(alice.visitor.post('/provider-keys', { provider: 'acorn', name: 'k', secret: SECRET, priority: -1 }))
    await keep(alice.visitor.post('/provider-keys', { provider: 'acorn', name: '', secret: `${SECRET}\n` }))
    await keep(alice.visitor.post('/provider-keys', { provider: 'acorn', name: 'k', secret: `${SECRET} two` }))
    const endpoint = await keep(alice.visitor.post('/own-endpoints', anOwnEndpoint({ secret: SECRET })))
    await keep(put(alice, `/provider-keys/${id}/secret`, { secret: `${SECRET}-new` }))
    await keep(alice.visitor.post(`/provider-keys/${id}/test`))
    for (const where of ['/provider-keys', `/provider-keys/${id}`, '/own-endpoints', `/own-endpoints/${endpoint.id}`]) {
      await keep(alice.visitor.get(where))
    }
    await keep(alice.visitor.get('/audit'))
    expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([])
    expect(answers.map(({ text }) => text).join('\n') + running.logged()).not.toContain(SECRET)
    const pool = testPool(running.database.ownerUrl)
    const rows = await pool.query(
      `SELECT row_to_json(c)::text AS text FROM own_credentials c UNION ALL SELECT row_to_json(e)::text FROM own_endpoints e
       UNION ALL SELECT row_to_json(a)::text FROM audit_entries a`,
    )
    await pool.end()
    expect(rows.rows.length).toBeGreaterThan(2)
    expect(JSON.stringify(rows.rows)).not.toContain(SECRET)
    const audit = AuditList.parse((await alice.visitor.get('/audit')).body)
    expect(audit.data.filter(({ entity }) => entity.startsWith('own_')).map(({ action }) => action)).toEqual([
      // Each secret is held back until its test has passed.
      'credential.update',
      'credential.secret',
      'credential.update',
      'endpoint.create',
      'credential.update',
      'credential.create',
    ])
  })

  it('is refused with the nearest names that are known', async () => {
    const alice = await someone()
    const send = (changes: object) =>
      alice.visitor.post('/provider-keys', { provider: 'acorn', name: 'k', secret: SECRET, ...changes })
    const unknown = await send({ provider: 'acron' })
    expect([unknown.status, errorsOf(unknown)['provider']]).toEqual([
      400,
      expect.stringContaining('Did you mean acorn') as string,
    ])
    const models = await send({ models: ['sim/swift-8'], keys: ['0000000000000000'] })
    expect(errorsOf(models)).toMatchObject({
      models: { '0': expect.stringContaining('sim/swift-8b') as string },
      keys: { '0': expect.stringContaining('There is no API key') as string },
    })
    expect(errorsOf(await send({ prority: 1 }))['prority']).toContain('Did you mean priority')
    const mallory = await someone()
    const { data } = KeyCreated.parse((await mallory.visitor.post('/keys', { name: 'hers', kind: 'live' })).body)
    expect((await send({ keys: [data.id] })).status).toBe(400)
  })
})

describe('a test call', () => {
  const test = async (person: Person, id: string) => {
    const answer = await person.visitor.post(`/provider-keys/${id}/test`, {})
    expect(answer.text).not.toContain(BODY_CANARY)
    return OwnTestAnswer.parse(answer.body).data
  }

  it('reports whether the provider accepts the stored secret, and keeps the result', async () => {
    const alice = await someone()
    const good = await store(alice)
    expect(await test(alice, good.id)).toMatchObject({ result: 'ok', status: 200 })
    const bad = await store(alice, { provider: 'birch', secret: 'refuse-this-one' })
    const found = await test(alice, bad.id)
    expect(found).toMatchObject({ result: 'refused', status: 401, message: expect.stringContaining('401') as string })
    const listed = ProviderKeyList.parse((await alice.visitor.get('/provider-keys')).body)
    expect(listed.data.map((row) => row.test?.result)).toEqual(['ok', 'refused'])
    expect(listed.data[1]?.test).toEqual({ result: 'refused', status: 401, at: found.at })
    expect(providers.seen.map(({ path }) => path)).toContain('/birch/v1/models?limit=1')
    await put(alice, `/provider-keys/${bad.id}/secret`, { secret: SECRET })
    const { body } = await alice.visitor.get(`/provider-keys/${bad.id}`)
    expect(ProviderKeyAnswer.parse(body).data.test).toMatchObject({ result: 'ok' })
  })

  it('is made of what is stored, never of what the request brings', async () => {
    const alice = await someone()
    const { id } = await store(alice, { secret: 'sk-stored-secret-0003' })
    const before = providers.seen.length
    const brought = { secret: 'sk-brought-secret', provider: 'birch', baseUrl: hidden.url }
    expect((await alice.visitor.post(`/provider-keys/${id}/test`, brought)).status).toBe(200)
    const keys = providers.seen.slice(before).map(({ headers }) => headers.authorization)
    expect(keys).toEqual(['Bearer sk-stored-secret-0003', undefined])
    expect(hidden.connections()).toBe(0)
  })

  it('is no oracle for stolen keys: the sixth within a minute waits, and the answer says how long', async () => {
    const thief = await someone()
    const { id } = await store(thief)
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await thief.visitor.post(`/provider-keys/${id}/test`)).status)
    expect(statuses).toEqual([200, 200, 200, 200])
    const before = providers.seen.length
    const refused = await thief.visitor.post(`/provider-keys/${id}/test`)
    expect([refused.status, refused.body['code'], providers.seen.length]).toEqual([429, 'rate_limited', before])
    const { retry_after_seconds: seconds } = refused.body['metadata'] as { retry_after_seconds: number }
    expect(refused.text).toContain(`Try again in ${seconds} s.`)
    expect(seconds).toBeGreaterThan(30)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('is no oracle by storing and asking either: the sixth new secret within a minute waits', async () => {
    const thief = await someone()
    const { id } = await store(thief)
    for (let i = 0; i < 3; i++) await store(thief, { secret: `sk-stolen-secret-${i}` })
    const patched = await put(thief, `/provider-keys/${id}/secret`, { secret: 'sk-stolen-secret-4' })
    expect(patched.status).toBe(200)
    for (const answer of [
      await thief.visitor.post('/provider-keys', { provider: 'acorn', name: 'k', secret: 'sk-stolen-secret-5' }),
      await put(thief, `/provider-keys/${id}/secret`, { secret: 'sk-stolen-secret-6' }),
      await thief.visitor.post('/own-endpoints', anOwnEndpoint({ secret: 'sk-stolen-secret-7' })),
    ]) {
      expect([answer.status, answer.body['code']]).toEqual([429, 'rate_limited'])
    }
    expect((await thief.visitor.post('/own-endpoints', anOwnEndpoint())).status).toBe(201)
  })
})

/** Changes a row in a way that the API does not allow, as a later change of a provider would. */
async function tamper(statement: string, values: readonly string[]): Promise<void> {
  const pool = testPool(running.database.ownerUrl, 1)
  await pool.query('SET ROLE turnpike_system')
  const { rowCount } = await pool.query(statement, [...values])
  await pool.end()
  expect(rowCount).toBe(1)
}

it('a stored secret goes nowhere when its provider has moved, until it is given again', async () => {
  const alice = await someone()
  const { id } = await store(alice)
  await tamper('UPDATE own_credentials SET bound_to = $2 WHERE id = $1', [id, 'https://api.elsewhere.example'])
  const before = providers.seen.length
  const { body } = await alice.visitor.get(`/provider-keys/${id}`)
  expect(ProviderKeyAnswer.parse(body).data).toMatchObject({ moved: true })
  const tested = await alice.visitor.post(`/provider-keys/${id}/test`)
  expect([tested.status, tested.body['code'], providers.seen.length]).toEqual([409, 'conflict', before])
  const replaced = await put(alice, `/provider-keys/${id}/secret`, { secret: SECRET })
  expect(ProviderKeyAnswer.parse(replaced.body).data).toMatchObject({ moved: false, boundTo: 'simulated' })
  expect((await alice.visitor.post(`/provider-keys/${id}/test`)).status).toBe(200)
})

it('a stored secret is tried at the provider itself, never at the simulator', async () => {
  const pool = testPool(running.database.ownerUrl, 1)
  await pool.query(
    `INSERT INTO providers (slug, name, dialect, base_url, simulated, failure_domain, origin)
     VALUES ('yew', 'Yew', 'openai', $1, true, 'yew', 'seed: test')`,
    [`${box.url}/v1`],
  )
  await pool.query('UPDATE catalogue_version SET version = version + 1')
  await pool.end()
  const alice = await someone()
  const key = await store(alice, { provider: 'yew' })
  expect(key).toMatchObject({ providerName: 'Yew', boundTo: box.url, moved: false })
  const [asked, played] = [box.seen.length, providers.seen.length]
  const { data } = OwnTestAnswer.parse((await alice.visitor.post(`/provider-keys/${key.id}/test`)).body)
  expect(data).toMatchObject({ result: 'ok' })
  expect(box.seen.slice(asked).every(({ path }) => path === '/v1/models')).toBe(true)
  expect([box.seen.length > asked, providers.seen.length]).toEqual([true, played])
})

it('a test call is guarded as a request is: an address that was allowed once is not reached any more', async () => {
  const alice = await someone()
  const { id } = await add(alice, { baseUrl: `${box.url}/v1` })
  await tamper('UPDATE own_endpoints SET base_url = $2 WHERE id = $1', [id, `${hidden.url}/v1`])
  const tested = await alice.visitor.post(`/own-endpoints/${id}/test`)
  const { data } = OwnTestAnswer.parse(tested.body)
  expect(data).toMatchObject({ result: 'unreachable', status: null })
  expect(hidden.connections()).toBe(0)
})

it('a test call ends after five seconds, however long the other side is silent', async () => {
  const alice = await someone()
  const { id } = await add(alice, { baseUrl: `${box.url}/silent` })
  const beganMs = performance.now()
  const { data } = OwnTestAnswer.parse((await alice.visitor.post(`/own-endpoints/${id}/test`)).body)
  expect(performance.now() - beganMs).toBeLessThan(limitMs(8_000))
  expect(data).toMatchObject({
    result: 'unreachable',
    status: null,
    message: expect.stringContaining('within 5 s') as string,
  })
})

describe('an own endpoint', () => {
  it('is stored with a price of nothing, tested, changed and deleted', async () => {
    const alice = await someone()
    const made = await add(alice, { baseUrl: `${box.url}/v1/`, secret: SECRET })
    expect(made).toMatchObject({
      slug: 'box',
      baseUrl: `${box.url}/v1`,
      price: { prompt: '0', completion: '0', cached: null, request: '0' },
      priceVersion: 1,
      retainsPrompts: true,
      lastFour: '0001',
      disabled: false,
      test: null,
    })
    const tested = await alice.visitor.post(`/own-endpoints/${made.id}/test`)
    expect(OwnTestAnswer.parse(tested.body).data).toMatchObject({ result: 'ok', status: 200 })
    expect(box.seen.at(-1)).toMatchObject({ path: '/v1/models', headers: { authorization: `Bearer ${SECRET}` } })

    const change = { price: { prompt: '0.15', completion: '0.6', request: '0' }, retainsPrompts: false, priority: 5 }
    const changed = await alice.visitor.patch(`/own-endpoints/${made.id}`, change)
    expect(OwnEndpointAnswer.parse(changed.body).data).toMatchObject({
      price: { prompt: '0.15', completion: '0.6', cached: null, request: '0' },
      priceVersion: 2,
      retainsPrompts: false,
      priority: 5,
      version: 1,
    })
    const listed = OwnEndpointList.parse((await alice.visitor.get('/own-endpoints')).body)
    expect(listed.data.map(({ id }) => id)).toEqual([made.id])
    expect((await remove(alice, `/own-endpoints/${made.id}`)).body).toEqual({ deleted: true })
    expect((await alice.visitor.get(`/own-endpoints/${made.id}`)).status).toBe(404)
  })

  it('at a private address is refused at its field, and never called', async () => {
    const alice = await someone()
    const addresses = [
      hidden.url,
      `${hidden.url.replace('http', 'https')}/v1`,
      'https://10.0.0.3/v1',
      'https://[::1]/v1',
    ]
    for (const baseUrl of addresses) {
      const answer = await alice.visitor.post('/own-endpoints', anOwnEndpoint({ baseUrl }))
      expect([answer.status, errorsOf(answer)]).toEqual([
        400,
        { baseUrl: expect.stringMatching(/^The base URL /) as string },
      ])
    }
    const made = await add(alice, { baseUrl: `${box.url}/v1` })
    const moved = await alice.visitor.patch(`/own-endpoints/${made.id}`, { baseUrl: hidden.url })
    expect([moved.status, Object.keys(errorsOf(moved))]).toEqual([400, ['baseUrl']])
    expect(hidden.connections()).toBe(0)
  })

  it('takes its secret nowhere else: another host needs it again', async () => {
    const alice = await someone()
    const made = await add(alice, { baseUrl: `${box.url}/v1`, secret: SECRET })
    const change = (body: object) => alice.visitor.patch(`/own-endpoints/${made.id}`, body)
    const bare = await change({ baseUrl: 'https://93.184.215.14/v1' })
    expect([bare.status, Object.keys(errorsOf(bare))]).toEqual([400, ['secret']])
    expect((await change({ baseUrl: `${box.url}/other` })).status).toBe(200)
    const given = await change({ baseUrl: 'https://93.184.215.14/v1', secret: `${SECRET}-again` })
    expect(OwnEndpointAnswer.parse(given.body).data).toMatchObject({ version: 2, baseUrl: 'https://93.184.215.14/v1' })
    expect(OwnEndpointAnswer.parse((await change({ secret: null })).body).data).toMatchObject({ lastFour: null })
  })

  it('says what it keeps in one voice', async () => {
    const alice = await someone()
    const answer = await alice.visitor.post('/own-endpoints', anOwnEndpoint({ zeroRetention: true }))
    expect([answer.status, Object.keys(errorsOf(answer))]).toEqual([400, ['zeroRetention']])
    const made = await add(alice, { zeroRetention: true, retainsPrompts: false })
    const changed = await alice.visitor.patch(`/own-endpoints/${made.id}`, { retainsPrompts: true })
    expect(Object.keys(errorsOf(changed))).toEqual(['zeroRetention'])
  })

  it('has the regions that it declares, and unknown ones if it declares none', async () => {
    const alice = await someone()
    const { id, regions } = await add(alice)
    expect(regions).toEqual([])
    const change = (words: string[]) => alice.visitor.patch(`/own-endpoints/${id}`, { regions: words })
    expect(OwnEndpointAnswer.parse((await change(['de'])).body).data.regions).toEqual(['de'])
    const refused = await change(['de', 'Germany'])
    expect([refused.status, errorsOf(refused)]).toEqual([400, { regions: { 1: expect.any(String) as string } }])
  })

  it('has a slug that no other of the organisation has', async () => {
    const alice = await someone()
    await add(alice)
    const again = await alice.visitor.post('/own-endpoints', anOwnEndpoint())
    expect([again.status, again.body['code']]).toEqual([409, 'conflict'])
  })
})

it('stores nothing without the key-encryption key, and names the setting', async () => {
  const without = await startControl()
  try {
    const alice = await verifiedPerson(without)
    const answer = await alice.visitor.post('/provider-keys', { provider: 'acorn', name: 'k', secret: SECRET })
    expect([answer.status, answer.text]).toEqual([503, expect.stringContaining('CREDENTIAL_SECRETS') as string])
    expect((await alice.visitor.get('/provider-keys')).status).toBe(200)
    expect((await alice.visitor.post('/own-endpoints', anOwnEndpoint())).status).toBe(201)
  } finally {
    await without.close()
  }
})
