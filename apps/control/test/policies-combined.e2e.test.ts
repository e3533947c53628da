import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { KeyAnswer, KeyCreated, PolicyAnswer, SessionAnswer } from '@turnpike/contract'
import type { PolicyId, WorkspaceId } from '@turnpike/domain'
import { mutate } from '@turnpike/store'
import { startControl, verifiedPerson, type Answer, type Person, type RunningControl } from './control-process.ts'

let running: RunningControl
let alice: Person
let manager: string
/** A workspace and a key in it, as what policies are attached to is called in paths. */
let workspace: string
let key: { id: string; path: string }
const ORGANISATION = '/organisation'

beforeAll(async () => {
  running = await startControl()
})
beforeEach(async () => {
  alice = await verifiedPerson(running)
  manager = (await makeKey('mgmt')).key
  workspace = `/workspaces/${SessionAnswer.parse((await alice.visitor.get('/session')).body).session.workspace.id}`
  const { data } = await makeKey('live')
  key = { id: data.id, path: `/keys/${data.id}` }
})
afterAll(() => running.close())

async function makeKey(kind: string) {
  return KeyCreated.parse((await alice.visitor.post('/keys', { name: 'ci', kind })).body)
}

async function make(name: string, document: object): Promise<string> {
  return PolicyAnswer.parse((await alice.visitor.post('/policies', { name, document })).body).data.id
}

function attach(where: string, policyId: string | null): Promise<Answer> {
  return alice.visitor.send('PUT', `/console/v1${where}/policy`, { policyId })
}

async function attached(where: string, policyId: string | null): Promise<void> {
  const { status, text } = await attach(where, policyId)
  expect([where, status, text]).toEqual([where, 200, expect.any(String)])
}

/** By program. */
async function ask(method: string, where: string, body: object) {
  const response = await fetch(`${running.url}/api/v1${where}`, {
    method,
    headers: { authorization: `Bearer ${manager}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { error } = (await response.json()) as { error?: Record<string, unknown> }
  return { status: response.status, param: error?.['param'], message: error?.['message'] }
}

const versionOf = async (id: string) =>
  PolicyAnswer.parse((await alice.visitor.get(`/policies/${id}`)).body).data.version

it('refuses at a key what leaves nothing within its workspace, in either API, and says with what', async () => {
  const [only, not] = [await make('only', { only: ['acorn'] }), await make('not', { ignore: ['acorn'] })]
  await attached(workspace, only)
  const { status, body } = await attach(key.path, not)
  expect([status, body['code']]).toEqual([400, 'request_invalid'])
  expect(body['message']).toMatch(
    /^policyId: Not one of the \d+ endpoints in the catalogue is left together with “only” of the workspace “Default”: /,
  )
  expect(body['errors']).toEqual({ policyId: expect.stringContaining('Not one of the') as string })
  expect(body['metadata']).toMatchObject({
    total: expect.any(Number) as number,
    removed: { allow: expect.any(Number) as number, deny: expect.any(Number) as number },
  })
  expect(await ask('PATCH', key.path, { policy_id: not, name: 'renamed' })).toMatchObject({
    status: 400,
    param: 'policy_id',
    message: expect.stringContaining('together with “only” of the workspace “Default”: ') as string,
  })
  const { data } = KeyAnswer.parse((await alice.visitor.get(key.path)).body)
  expect([data.policy, data.name]).toEqual([null, 'ci'])
  await attached(key.path, await make('fine', { ignore: ['birch'] }))
})

it('refuses the third of three of which any two leave something, wherever it is attached', async () => {
  const policies = new Map([
    [ORGANISATION, await make('wide', { only: ['acorn', 'birch'] })],
    [workspace, await make('middle', { ignore: ['acorn'] })],
    [key.path, await make('narrow', { ignore: ['birch'] })],
  ])
  for (const [last, policyId] of policies) {
    for (const [where, other] of policies) if (where !== last) await attached(where, other)
    const { status, body } = await attach(last, policyId)
    expect([last, status, body['message']]).toEqual([
      last,
      400,
      expect.stringMatching(/“.*” of the .* and “.*” of the /),
    ])
    for (const where of policies.keys()) await attached(where, null)
  }
})

it('refuses a version, new or old, that leaves nothing where the policy is attached, in either API', async () => {
  const not = await make('not', { ignore: ['acorn'] })
  const save = { document: { sticky: false }, basedOn: 1 }
  expect((await alice.visitor.post(`/policies/${not}/versions`, save)).status).toBe(200)
  await attached(workspace, await make('only', { only: ['acorn'] }))
  await attached(key.path, not)
  const document = { ignore: ['acorn'] }
  for (const [path, body, param] of [
    ['versions', { document }, 'document'],
    ['rollback', { version: 1 }, 'version'],
  ] as const) {
    const answer = await alice.visitor.post(`/policies/${not}/${path}`, { ...body, basedOn: 2 })
    expect([path, answer.status, answer.body['message']]).toEqual([
      path,
      400,
      expect.stringMatching(new RegExp(`^${param}: Not one of .* together with “only” of the workspace “Default”: `)),
    ])
    expect(await ask('POST', `/policies/${not}/${path}`, body)).toMatchObject({ status: 400, param })
  }
  expect(await ask('PATCH', `/policies/${not}`, { document })).toMatchObject({ status: 400, param: 'document' })
  expect(await versionOf(not)).toBe(2)
  await attached(key.path, null)
  const back = await alice.visitor.post(`/policies/${not}/rollback`, { version: 1, basedOn: 2 })
  expect([back.status, await versionOf(not)]).toEqual([200, 3])
})

it('refuses for the organisation what leaves nothing in one of its workspaces, until that one has none', async () => {
  const id = randomUUID() as string as WorkspaceId
  await mutate(running.control.prisma, { tenantId: alice.tenantId, userId: null }, (door) =>
    door.workspaces.create({ id, name: 'Second', slug: 'second' }, 'workspace.create'),
  )
  const [not, other] = [await make('not', { ignore: ['acorn'] }), await make('other', { only: ['birch'] })]
  await attached(workspace, other)
  await attached(`/workspaces/${id}`, await make('only', { only: ['acorn'] }))
  const { status, body } = await attach(ORGANISATION, not)
  expect([status, body['message']]).toEqual([
    400,
    expect.stringContaining('together with “only” of the workspace “Second”: '),
  ])
  await attached(workspace, not)
  await attached(`/workspaces/${id}`, null)
  await attached(ORGANISATION, not)
})

it('lets an unsatisfiable combination be detached, however it came about', async () => {
  const [only, not] = [await make('only', { only: ['acorn'] }), await make('not', { ignore: ['acorn'] })]
  await attached(workspace, only)
  await mutate(running.control.prisma, { tenantId: alice.tenantId, userId: null }, (door) =>
    door.apiKeys.update(key.id, { policyId: not as PolicyId }, 'key.policy'),
  )
  expect((await attach(ORGANISATION, not)).status).toBe(400)
  await attached(ORGANISATION, null)
  expect((await ask('PATCH', key.path, { policy_id: null })).status).toBe(200)
  await attached(workspace, null)
})

it('accepts one of two that are attached at once and combined leave nothing', async () => {
  const [only, not] = [await make('only', { only: ['acorn'] }), await make('not', { ignore: ['acorn'] })]
  const answers = await Promise.all([attach(workspace, only), attach(key.path, not)])
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400])
})
