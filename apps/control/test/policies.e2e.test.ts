import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  AuditList,
  KeyAnswer,
  KeyCreated,
  ManagedKeyAnswer,
  ManagedPolicyAnswer,
  ManagedPolicyList,
  ManagedPolicyVersionList,
  PolicyAnswer,
  PolicyAttached,
  PolicyList,
  PolicyPreviewAnswer,
  PolicyVersionList,
  ProviderKeyAnswer,
  SessionAnswer,
  type ApiKey,
  type Policy,
} from '@turnpike/contract'
import { checkKey, newCredentialSecretsText, openKeyPath } from '@turnpike/store'
import { testPool, waitFor } from '@turnpike/testkit'
import { anOwnEndpoint } from './own-forms.ts'
import { colleagueOf, startControl, verifiedPerson, type Person, type RunningControl } from './control-process.ts'

let running: RunningControl
let alice: Person
let workspace: string

beforeAll(async () => {
  running = await startControl({ CREDENTIAL_SECRETS: newCredentialSecretsText() })
  alice = await verifiedPerson(running)
  workspace = await workspaceOf(alice)
})
afterAll(() => running.close())

async function workspaceOf({ visitor }: Person): Promise<string> {
  return SessionAnswer.parse((await visitor.get('/session')).body).session.workspace.id
}

async function make(document: object = {}, person = alice, name = 'a policy'): Promise<Policy> {
  const answer = await person.visitor.post('/policies', { name, document })
  expect([answer.status, answer.text.slice(0, 300)]).toMatchObject([201, expect.any(String)])
  return PolicyAnswer.parse(answer.body).data
}

async function makeKey(person = alice, kind = 'live'): Promise<{ data: ApiKey; key: string }> {
  return KeyCreated.parse((await person.visitor.post('/keys', { name: 'a key', kind })).body)
}

function attach(where: string, policyId: string | null, person = alice) {
  return person.visitor.send('PUT', `/console/v1${where}/policy`, { policyId })
}

const get = async (id: string) => PolicyAnswer.parse((await alice.visitor.get(`/policies/${id}`)).body).data

it('makes a policy, lists it, names it, saves another version, goes back, and archives it', async () => {
  const made = await make({ objective: 'cost', max_price: { prompt: '1.5' } }, alice, 'cheap')
  expect(made).toMatchObject({
    name: 'cheap',
    version: 1,
    document: { objective: 'cost', max_price: { prompt: '1.5' } },
    attached: { organisation: false, workspaces: [], keys: [] },
  })
  const listed = PolicyList.parse((await alice.visitor.get('/policies')).body)
  expect(listed.data[0]).toEqual(made)
  const renamed = PolicyAnswer.parse((await alice.visitor.patch(`/policies/${made.id}`, { name: 'cheaper' })).body)
  expect(renamed.data).toMatchObject({ name: 'cheaper', version: 1 })
  const save = { document: { objective: 'latency' }, basedOn: 1 }
  const saved = PolicyAnswer.parse((await alice.visitor.post(`/policies/${made.id}/versions`, save)).body)
  expect(saved.data).toMatchObject({ version: 2, document: { objective: 'latency' } })
  const back = await alice.visitor.post(`/policies/${made.id}/rollback`, { version: 1, basedOn: 2 })
  expect(PolicyAnswer.parse(back.body).data).toMatchObject({ version: 3, document: made.document })
  const versions = PolicyVersionList.parse((await alice.visitor.get(`/policies/${made.id}/versions?limit=2`)).body)
  expect([versions.data.map(({ version }) => version), versions.nextCursor]).toEqual([[3, 2], '2'])
  expect(versions.data[0]).toMatchObject({ author: alice.email, document: made.document })
  const rest = await alice.visitor.get(`/policies/${made.id}/versions?cursor=2`)
  expect(PolicyVersionList.parse(rest.body).data.map(({ version }) => version)).toEqual([1])
  expect((await alice.visitor.post(`/policies/${made.id}/archive`)).status).toBe(200)
  expect((await alice.visitor.get(`/policies/${made.id}`)).status).toBe(404)
  expect((await alice.visitor.post(`/policies/${made.id}/archive`)).status).toBe(404)
})

it('answers 409 to a save on top of a version that is not the newest, and says who saved that when', async () => {
  const { id } = await make()
  await alice.visitor.post(`/policies/${id}/versions`, { document: { sticky: false }, basedOn: 1 })
  for (const [path, body] of [
    ['versions', { document: { sticky: true }, basedOn: 1 }],
    ['rollback', { version: 1, basedOn: 1 }],
  ] as const) {
    const answer = await alice.visitor.post(`/policies/${id}/${path}`, body)
    expect([answer.status, answer.body['code']]).toEqual([409, 'conflict'])
    expect(answer.body['message']).toContain(`Version 2 is in force, saved by ${alice.email} at 20`)
    expect(answer.body['metadata']).toMatchObject({ version: 2, author: alice.email })
  }
  expect((await get(id)).version).toBe(2)
})

it('refuses a wrong document with the field, the nearest word, and the counts when it leaves nothing', async () => {
  const wrong = await alice.visitor.post('/policies', { name: 'p', document: { only: ['acron'], objective: 'cost' } })
  expect([wrong.status, wrong.body['code']]).toEqual([400, 'request_invalid'])
  expect(wrong.body['message']).toBe('document.only[0]: There is no provider “acron”. Did you mean acorn?')
  expect(wrong.body['errors']).toEqual({
    document: { only: { 0: 'There is no provider “acron”. Did you mean acorn?' } },
  })
  const none = await alice.visitor.post('/policies', { name: 'p', document: { only: [] } })
  expect(none.body['message']).toMatch(
    /^document: Not one of the \d+ endpoints in the catalogue is left: allow removes/,
  )
  expect(none.body['metadata']).toMatchObject({ removed: { allow: expect.any(Number) as number } })
  const { id } = await make()
  const unsaved = await alice.visitor.post(`/policies/${id}/versions`, { document: { ordr: ['acorn'] }, basedOn: 1 })
  expect(unsaved.body['errors']).toEqual({
    document: { ordr: 'There is no field “ordr”. Did you mean order or zdr?' },
  })
  expect((await get(id)).version).toBe(1)
})

it('says what is worth thinking about, and takes the policy all the same', async () => {
  const answer = await alice.visitor.post('/policies', { name: 'p', document: { only: ['acorn'], order: ['birch'] } })
  expect(answer.status).toBe(201)
  const { warnings } = PolicyAnswer.parse(answer.body)
  expect(warnings.map(({ code }) => code)).toEqual(['order_excluded', 'one_failure_domain'])
})

it('previews a draft within the wider policies, and calls no provider', async () => {
  const person = await verifiedPerson(running)
  const wide = await make({ ignore: ['acorn'] }, person)
  await attach('/organisation', wide.id, person)
  const question = { document: { objective: 'cost' }, sample: { models: ['sim/swift-8b'], down: ['birch'] } }
  const answer = await person.visitor.post('/policies/preview', question)
  const { data } = PolicyPreviewAnswer.parse(answer.body)
  expect(data).toMatchObject({ objective: 'cost', removedByStage: { deny: 1 } })
  expect(data.removed).toEqual([{ endpoint: 'acorn/sim/swift-8b', stage: 'deny' }])
  expect(data.targets.at(-1)).toBe('birch/sim/swift-8b')
  const wrong = await person.visitor.post('/policies/preview', { ...question, sample: { models: ['sim/swift-9b'] } })
  expect([wrong.status, wrong.body['message']]).toEqual([
    400,
    expect.stringContaining('sample.models[0]: There is no model “sim/swift-9b”. Did you mean sim/swift-8b'),
  ])
})

it('knows the organisation’s BYOK resources in documents and previews, and no other organisation’s', async () => {
  const [person, stranger] = [await verifiedPerson(running), await verifiedPerson(running)]
  const form = { provider: 'acorn', name: 'ours', secret: 'sk-canary-0000-0001', force: true }
  const { data: key } = ProviderKeyAnswer.parse((await person.visitor.post('/provider-keys', form)).body)
  expect((await person.visitor.post('/own-endpoints', anOwnEndpoint())).status).toBe(201)
  const mine = `acorn/sim/swift-8b#${key.id}`
  const preview = async (document: object, models = ['sim/swift-8b']) =>
    PolicyPreviewAnswer.parse((await person.visitor.post('/policies/preview', { document, sample: { models } })).body)
      .data
  expect(await preview({})).toMatchObject({
    targets: [mine],
    removedByStage: { own_only: expect.any(Number) as number },
  })
  expect((await preview({ own_capacity: 'first' })).targets[0]).toBe(mine)
  expect((await preview({}, ['~tenant/llama'])).candidates).toMatchObject([{ provider: '~box' }])
  const document = { only: ['~box', mine], hedge: { after_ms: 500 }, own_capacity: 'only' }
  expect((await make(document, person)).document).toEqual(document)
  const refused = await stranger.visitor.post('/policies', { name: 'theirs', document })
  expect([refused.status, refused.body['message']]).toEqual([
    400,
    expect.stringContaining('document.only[0]: There is no provider “~box”.'),
  ])
  expect(refused.text).not.toContain(`There are ${mine}`)
})

it('attaches to a key, the workspace and the organisation, shows it where it is, and keeps it from the archive', async () => {
  const { id } = await make({}, alice, 'everywhere')
  const { data: key } = await makeKey()
  for (const where of [`/keys/${key.id}`, `/workspaces/${workspace}`, '/organisation']) {
    const answer = await attach(where, id)
    expect([where, answer.status, PolicyAttached.parse(answer.body).data.policy]).toEqual([
      where,
      200,
      { id, name: 'everywhere' },
    ])
  }
  expect((await get(id)).attached).toEqual({
    organisation: true,
    workspaces: [{ id: workspace, name: 'Default' }],
    keys: [{ id: key.id, name: 'a key' }],
  })
  const row = KeyAnswer.parse((await alice.visitor.get(`/keys/${key.id}`)).body).data
  expect(row.policy).toEqual({ id, name: 'everywhere' })
  const kept = await alice.visitor.post(`/policies/${id}/archive`)
  expect([kept.status, kept.body['message']]).toEqual([
    409,
    'This policy is attached to the organisation, the workspace “Default”, the key “a key”. Detach it first.',
  ])
  for (const where of [`/keys/${key.id}`, `/workspaces/${workspace}`, '/organisation']) {
    expect((await attach(where, null)).body).toEqual({ data: { policy: null } })
  }
  expect((await alice.visitor.post(`/policies/${id}/archive`)).status).toBe(200)
  const gone = await attach(`/keys/${key.id}`, id)
  expect([gone.status, gone.body['errors']]).toEqual([
    400,
    { policyId: 'There is no such policy, or it was archived.' },
  ])
  const { data } = AuditList.parse((await alice.visitor.get('/audit')).body)
  expect(
    data.slice(0, 2).map(({ action, before, after }) => [action, before?.['policyId'], after?.['policyId']]),
  ).toEqual([
    ['policy.archive', undefined, undefined],
    ['organisation.policy', id, null],
  ])
})

it('lets no organisation attach a policy of another', async () => {
  const mallory = await verifiedPerson(running)
  const { id } = await make()
  const { data: key } = await makeKey(mallory)
  for (const where of [`/keys/${key.id}`, `/workspaces/${await workspaceOf(mallory)}`, '/organisation']) {
    expect([where, (await attach(where, id, mallory)).status]).toEqual([where, 400])
  }
})

it('lets a developer change a key’s policy, and only an admin one of a workspace or the organisation', async () => {
  const person = await verifiedPerson(running)
  const developer = await colleagueOf(running, person, 'developer')
  const { id } = await make({}, developer)
  const { data: key } = await makeKey(person)
  expect((await attach(`/keys/${key.id}`, id, developer)).status).toBe(200)
  expect((await attach('/organisation', id, developer)).status).toBe(403)
  const save = (version: number) =>
    developer.visitor.post(`/policies/${id}/versions`, { document: { sticky: version % 2 === 0 }, basedOn: version })
  expect((await save(1)).status).toBe(200)
  await attach('/organisation', id, person)
  const refused = await save(2)
  expect([refused.status, refused.body['code']]).toEqual([403, 'role_insufficient'])
  const back = await developer.visitor.post(`/policies/${id}/rollback`, { version: 1, basedOn: 2 })
  expect([back.status, back.body['code']]).toEqual([403, 'role_insufficient'])
})

it('is in force at a gateway soon after, on either channel', async () => {
  const { data, key } = await makeKey()
  const checked = checkKey(running.control.secrets, key)
  if (checked.kind !== 'genuine') throw new Error('our own key is not genuine')
  const nodes = [running.config.REDIS_URL, undefined].map((redisUrl) =>
    openKeyPath({
      redisUrl,
      databaseUrl: running.database.gatewayUrl,
      secrets: running.control.secrets,
      applicationName: 'test',
      onChannel: () => undefined,
    }),
  )
  const inForce = (objectives: readonly string[]) =>
    Promise.all(
      nodes.map(({ keys }) =>
        waitFor(
          async () => {
            const answer = await keys.lookup(checked.digest)
            const found = answer.kind === 'found' ? answer.value.policies.map(({ policy }) => policy.objective) : []
            return JSON.stringify(found) === JSON.stringify(objectives)
          },
          { withinMs: 5_000 },
        ),
      ),
    )
  for (const node of nodes) {
    await waitFor(() => node.channels().postgres && node.channels().redis !== false, { withinMs: 5_000 })
  }
  await inForce([])
  const { id } = await make({ objective: 'cost' })
  await attach(`/keys/${data.id}`, id)
  await inForce(['cost'])
  await alice.visitor.post(`/policies/${id}/versions`, { document: { objective: 'uptime' }, basedOn: 1 })
  await inForce(['uptime'])
  await attach(`/workspaces/${workspace}`, id)
  await inForce(['uptime', 'uptime'])
  await Promise.all([attach(`/workspaces/${workspace}`, null), attach(`/keys/${data.id}`, null)])
  await inForce([])
  await Promise.all(nodes.map((node) => node.close()))
})

describe('by program, with a management key', () => {
  let manager: string
  beforeAll(async () => {
    manager = (await makeKey(alice, 'mgmt')).key
  })

  async function ask(method: string, where: string, body?: object, key = manager) {
    const response = await fetch(`${running.url}/api/v1${where}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    const json = (await response.json()) as Record<string, unknown>
    return { status: response.status, body: json, error: (json['error'] ?? {}) as Record<string, unknown> }
  }

  it('changes document and name in one transaction: where one of them fails, neither is changed', async () => {
    const made = await ask('POST', '/policies', { name: 'whole', document: { objective: 'cost' } })
    const { data } = ManagedPolicyAnswer.parse(made.body)
    const owner = testPool(running.database.ownerUrl, 1)
    // Whatever the database may have against a name.
    await owner.query(`ALTER TABLE policies ADD CONSTRAINT not_this_name CHECK (name <> 'half')`)
    const patch = { name: 'half', document: { objective: 'latency' }, based_on: 1 }
    expect((await ask('PATCH', `/policies/${data.id}`, patch)).status).toBe(500)
    await owner.query('ALTER TABLE policies DROP CONSTRAINT not_this_name')
    await owner.end()
    expect(ManagedPolicyAnswer.parse((await ask('GET', `/policies/${data.id}`)).body).data).toEqual(data)
    await ask('DELETE', `/policies/${data.id}`)
  })

  it('makes, lists, changes, rolls back, attaches and archives', async () => {
    const made = await ask('POST', '/policies', { name: 'by program', document: { objective: 'cost' } })
    expect(made.status).toBe(201)
    const { data, warnings } = ManagedPolicyAnswer.parse(made.body)
    expect([data.version, data.document, warnings]).toEqual([1, { objective: 'cost' }, []])
    const listed = ManagedPolicyList.parse((await ask('GET', '/policies?limit=1')).body)
    expect(listed.data).toEqual([data])
    const total = listed.total_count
    expect(ManagedPolicyList.parse((await ask('GET', `/policies?offset=${total}`)).body).data).toEqual([])

    const where = `/policies/${data.id}`
    const patch = { name: 'renamed', document: { objective: 'latency' }, based_on: 1 }
    expect(ManagedPolicyAnswer.parse((await ask('PATCH', where, patch)).body).data).toMatchObject({
      name: 'renamed',
      version: 2,
    })
    expect((await ask('PATCH', where, patch)).error).toMatchObject({ code: 'conflict', http_status: 409 })
    const saved = await ask('POST', `${where}/versions`, { document: { objective: 'uptime' } })
    expect(ManagedPolicyAnswer.parse(saved.body).data.version).toBe(3)
    const back = await ask('POST', `${where}/rollback`, { version: 1 })
    expect(ManagedPolicyAnswer.parse(back.body).data).toMatchObject({ version: 4, document: { objective: 'cost' } })
    const versions = ManagedPolicyVersionList.parse((await ask('GET', `${where}/versions?limit=2&offset=1`)).body)
    expect([versions.data.map(({ version, author }) => [version, author]), versions.total_count]).toEqual([
      [
        [3, 'a key'],
        [2, 'a key'],
      ],
      4,
    ])

    const { data: key } = await makeKey()
    const attached = await ask('PATCH', `/keys/${key.id}`, { policy_id: data.id })
    expect(ManagedKeyAnswer.parse(attached.body).data).toMatchObject({ policy_id: data.id, name: 'a key' })
    expect(ManagedPolicyAnswer.parse((await ask('GET', where)).body).data.attached.keys).toEqual([
      { hash: key.id, name: 'a key' },
    ])
    expect((await ask('DELETE', where)).error).toMatchObject({ code: 'conflict' })
    expect(
      ManagedKeyAnswer.parse((await ask('PATCH', `/keys/${key.id}`, { policy_id: null })).body).data.policy_id,
    ).toBe(null)
    expect((await ask('DELETE', where)).body).toEqual({ deleted: true })
    expect((await ask('GET', where)).status).toBe(404)
    const unknown = await ask('PATCH', `/keys/${key.id}`, { policy_id: data.id })
    expect([unknown.status, unknown.error['param']]).toEqual([400, 'policy_id'])
  })

  it('gets the parameter and the nearest word in OpenAI’s envelope', async () => {
    const wrong = await ask('POST', '/policies', { name: 'p', document: { failover: { on: ['timout'] } } })
    expect([wrong.status, wrong.error['param'], wrong.error['message']]).toEqual([
      400,
      'document.failover.on[0]',
      'document.failover.on[0]: There is no kind of failure “timout”. Did you mean timeout?',
    ])
    const large = await ask('POST', '/policies', { name: 'p', document: { only: [], order: ['x'.repeat(101)] } })
    expect(large.error['param']).toBe('document.order[0]')
    expect((await ask('GET', '/policies?limit=0')).error['param']).toBe('limit')
  })

  it('finds no policy of another organisation, and none by a key that is not for managing', async () => {
    const mallory = await verifiedPerson(running)
    const foreign = (await makeKey(mallory, 'mgmt')).key
    const { id } = await make()
    for (const [method, where, body] of [
      ['GET', `/policies/${id}`],
      ['PATCH', `/policies/${id}`, { name: 'mine now' }],
      ['DELETE', `/policies/${id}`],
      ['GET', `/policies/${id}/versions`],
      ['POST', `/policies/${id}/versions`, { document: {} }],
      ['POST', `/policies/${id}/rollback`, { version: 1 }],
      ['GET', '/policies/nothing'],
      ['GET', `/policies/${id}'--`],
    ] as const) {
      const reply = await ask(method, where, body, foreign)
      expect([method, where, reply.status, reply.error['code']]).toEqual([method, where, 404, 'object_unknown'])
    }
    expect(ManagedPolicyList.parse((await ask('GET', '/policies', undefined, foreign)).body).total_count).toBe(0)
    const live = (await makeKey()).key
    expect((await ask('GET', '/policies', undefined, live)).status).toBe(403)
    expect((await get(id)).name).toBe('a policy')
  })
})
