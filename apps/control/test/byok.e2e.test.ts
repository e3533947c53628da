import {
  AuditList,
  KeyCreated,
  ManagedByokAnswer,
  ManagedByokList,
  ProviderKeyList,
  type ManagedByokKey,
} from '@turnpike/contract'
import { newCredentialSecretsText } from '@turnpike/store'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startControl, verifiedPerson, type Person, type RunningControl } from './control-process.ts'
import { startModelServer, type ModelServer } from './own-forms.ts'

let running: RunningControl
/** Answers for the simulated providers. */
let providers: ModelServer

beforeAll(async () => {
  providers = await startModelServer()
  running = await startControl({ CREDENTIAL_SECRETS: newCredentialSecretsText(), SIMULATOR_URL: providers.url })
})
afterAll(async () => {
  await running.close()
  await providers.close()
})

const SECRET = 'sk-canary-of-a-secret-0001'

/** An organisation with a management key. */
interface Organisation {
  readonly person: Person
  readonly manager: string
}

async function anOrganisation(): Promise<Organisation> {
  const person = await verifiedPerson(running)
  return { person, manager: (await aKey(person, 'mgmt')).key }
}

async function aKey({ visitor }: Person, kind: string): Promise<KeyCreated> {
  return KeyCreated.parse((await visitor.post('/keys', { name: `a ${kind} key`, kind })).body)
}

interface Reply {
  readonly status: number
  readonly text: string
  readonly body: Record<string, unknown>
  readonly error: Record<string, unknown>
}

async function ask(key: string, method: string, where = '', body?: object): Promise<Reply> {
  const response = await fetch(`${running.url}/api/v1/byok${where}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const json = JSON.parse(text) as Record<string, unknown>
  return { status: response.status, text, body: json, error: (json['error'] ?? {}) as Reply['error'] }
}

async function make(manager: string, changes: object = {}): Promise<ManagedByokKey> {
  const reply = await ask(manager, 'POST', '', { provider: 'acorn', key: SECRET, ...changes })
  expect([reply.status, reply.text.slice(0, 300)]).toMatchObject([201, expect.any(String)])
  return ManagedByokAnswer.parse(reply.body).data
}

it('makes, lists, changes, rotates and deletes a provider key in OpenRouter’s words', async () => {
  const { person, manager } = await anOrganisation()
  const { data: api } = await aKey(person, 'live')
  const made = await make(manager, { name: 'Production', allowed_api_key_hashes: [api.id] })
  expect(made).toMatchObject({
    name: 'Production',
    label: '...0001',
    provider: 'acorn',
    disabled: false,
    awaits_test: false,
    test: { result: 'ok', status: 200 },
    credit_fallback: true,
    is_fallback: false,
    sort_order: 0,
    allowed_models: null,
    allowed_api_key_hashes: [api.id],
    allowed_user_ids: null,
    is_required: false,
    is_byok_only: false,
    workspace_id: expect.any(String) as string,
  })
  const listed = await ask(manager, 'GET', '?provider=acorn')
  expect(ManagedByokList.parse(listed.body)).toEqual({ data: [made], total_count: 1 })
  expect(listed.text).not.toContain(SECRET)

  const change = { name: 'Backup', is_fallback: true, sort_order: 9, disabled: true, allowed_api_key_hashes: null }
  const changed = await ask(manager, 'PATCH', `/${made.id}`, { ...change, allowed_models: ['sim/swift-8b'] })
  expect(ManagedByokAnswer.parse(changed.body).data).toEqual({ ...made, ...change, allowed_models: ['sim/swift-8b'] })
  const rotated = await ask(manager, 'PATCH', `/${made.id}`, { key: 'sk-canary-of-a-secret-0002' })
  expect(ManagedByokAnswer.parse(rotated.body).data).toMatchObject({ label: '...0002', name: 'Backup' })
  const console = ProviderKeyList.parse((await person.visitor.get('/provider-keys')).body)
  expect(console.data).toMatchObject([{ id: made.id, version: 2, placement: 'fallback', createdBy: 'a mgmt key' }])

  expect((await ask(manager, 'DELETE', `/${made.id}`)).body).toEqual({ deleted: true })
  expect((await ask(manager, 'DELETE', `/${made.id}`)).status).toBe(404)
  expect(ManagedByokList.parse((await ask(manager, 'GET')).body).total_count).toBe(0)
})

it('tries keys in the order in which they were added, unless the request says otherwise', async () => {
  const { manager } = await anOrganisation()
  const orders = []
  for (const changes of [{}, {}, { is_fallback: true }, { sort_order: 99 }, {}]) {
    orders.push((await make(manager, changes)).sort_order)
  }
  expect(orders).toEqual([0, 1, 0, 99, 99])
})

it('never uses a key whose test was refused, until a test passes or it is forced', async () => {
  const { manager } = await anOrganisation()
  const made = await make(manager, { key: 'refuse-this-key' })
  expect(made).toMatchObject({ disabled: true, awaits_test: true, test: { result: 'refused', status: 401 } })
  const enabled = await ask(manager, 'PATCH', `/${made.id}`, { disabled: false })
  expect([enabled.status, enabled.error['message']]).toEqual([
    409,
    expect.stringContaining('its test found “refused”') as string,
  ])
  const forced = await ask(manager, 'PATCH', `/${made.id}`, { force: true })
  expect(ManagedByokAnswer.parse(forced.body).data).toMatchObject({ disabled: false, awaits_test: false })
  const rotated = await ask(manager, 'PATCH', `/${made.id}`, { key: 'refuse-this-too' })
  expect(ManagedByokAnswer.parse(rotated.body).data).toMatchObject({ disabled: true, awaits_test: true })
  const mended = await ask(manager, 'PATCH', `/${made.id}`, { key: SECRET })
  expect(ManagedByokAnswer.parse(mended.body).data).toMatchObject({ disabled: false, test: { result: 'ok' } })
})

it('makes a key that is disabled from the first moment on request', async () => {
  const { manager } = await anOrganisation()
  expect(await make(manager, { disabled: true })).toMatchObject({ disabled: true, name: 'acorn' })
})

it.each([
  [{ is_required: true }, 'is_required', 'own_capacity'],
  [{ is_byok_only: true }, 'is_byok_only', 'own_capacity'],
  [{ allowed_user_ids: ['user_1'] }, 'allowed_user_ids', 'allowed_api_key_hashes'],
  [{ workspace_id: '0f8fad5b-d9cb-469f-a165-70867728950e' }, 'workspace_id', 'allowed_api_key_hashes'],
  [{ provider: 'acron' }, 'provider', 'Did you mean acorn'],
  [{ allowed_models: ['sim/swift-8'] }, 'allowed_models[0]', 'sim/swift-8b'],
  [{ allowed_api_key_hashes: ['0000000000000000'] }, 'allowed_api_key_hashes[0]', 'There is no API key'],
  [{ allowed_models: [] }, 'allowed_models', 'null'],
  [{ is_fallbak: true }, 'is_fallbak', 'is_fallback'],
])('refuses %o rather than drop it, and says what to do', async (changes, param, said) => {
  const { manager } = await anOrganisation()
  const { status, error, text } = await ask(manager, 'POST', '', { provider: 'acorn', key: SECRET, ...changes })
  expect([status, error['param'], error['message']]).toEqual([400, param, expect.stringContaining(said) as string])
  expect(text).not.toContain(SECRET)
  expect(ManagedByokList.parse((await ask(manager, 'GET')).body).total_count).toBe(0)
})

it('another tenant’s provider key is 404', async () => {
  const alice = await anOrganisation()
  const mallory = await anOrganisation()
  const { id } = await make(alice.manager)
  for (const [method, body] of [
    ['GET', undefined],
    ['PATCH', { name: 'mine now', key: 'sk-of-mallory-0001' }],
    ['DELETE', undefined],
  ] as const) {
    for (const text of [id, id.toUpperCase(), 'nothing', '%00', `${id}'--`, '%7B%22not%22%3A1%7D']) {
      const reply = await ask(mallory.manager, method, `/${text}`, body)
      expect([method, text, reply.status, reply.error['code']]).toEqual([method, text, 404, 'object_unknown'])
    }
  }
  expect((await ask(mallory.manager, 'GET')).text).not.toContain(id)
  expect(ManagedByokAnswer.parse((await ask(alice.manager, 'GET', `/${id}`)).body).data.name).toBe('acorn')
})

it('is for management keys alone', async () => {
  const { person } = await anOrganisation()
  const { key } = await aKey(person, 'live')
  expect((await ask(key, 'GET')).status).toBe(403)
  expect((await ask('tp_live_nothing', 'GET')).status).toBe(401)
  const session = await fetch(`${running.url}/api/v1/byok`, { headers: { cookie: person.visitor.cookie } })
  expect(session.status).toBe(401)
})

it('is no oracle for stolen keys: five new secrets a minute, however they come', async () => {
  const { manager } = await anOrganisation()
  const { id } = await make(manager)
  for (let i = 0; i < 4; i++) await make(manager, { key: `sk-stolen-secret-${i}` })
  const created = await ask(manager, 'POST', '', { provider: 'acorn', key: 'sk-stolen-secret-5' })
  const rotated = await ask(manager, 'PATCH', `/${id}`, { key: 'sk-stolen-secret-6' })
  expect([created.status, rotated.status]).toEqual([429, 429])
  expect(created.error['message']).toMatch(/Try again in \d+ s\./)
  expect((await ask(manager, 'PATCH', `/${id}`, { name: 'renamed' })).status).toBe(200)
})

it('the audit log bears the name of the management key that did it', async () => {
  const { person, manager } = await anOrganisation()
  const { id } = await make(manager)
  await fetch(`${running.url}/api/v1/policies`, {
    method: 'POST',
    headers: { authorization: `Bearer ${manager}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'by program', document: {} }),
  })
  const { data: api } = await aKey(person, 'live')
  const revoked = await fetch(`${running.url}/api/v1/keys/${api.id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${manager}` },
  })
  expect(revoked.status).toBe(200)
  const { data } = AuditList.parse((await person.visitor.get('/audit')).body)
  const by = data.map(({ action, actorName }) => [action, actorName])
  expect(by).toEqual(
    expect.arrayContaining([
      ['credential.create', 'a mgmt key'],
      ['policy.create', 'a mgmt key'],
      ['key.revoke', 'a mgmt key'],
      ['key.create', null],
    ]),
  )
  expect(data.find(({ action, entityId }) => action === 'key.create' && entityId === api.id)?.actor).toBe(person.userId)
  expect(data.find(({ entityId }) => entityId === id)?.actor).toMatch(/^[0-9a-f]{16}$/)
})
