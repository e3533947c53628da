import { request } from 'node:http'
import { newCredentialSecretsText } from '@turnpike/store'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  KeyCreated,
  may,
  OwnEndpointAnswer,
  PERMISSIONS,
  PolicyAnswer,
  ProviderKeyAnswer,
  SessionAnswer,
  SessionList,
  type Permission,
  WhatIfStarted,
} from '@turnpike/contract'
import { ROLES } from '@turnpike/contract/lists'
import {
  colleagueOf,
  startControl,
  verifiedPerson,
  Visitor,
  type Person,
  type RunningControl,
} from './control-process.ts'
import { anOwnEndpoint } from './own-forms.ts'
import { ship } from './usage-rows.ts'

let running: RunningControl
let alice: Person
let mallory: Person
/** Everything of Alice's that has an id, by the route parameter. */
let belongings: {
  key: string
  session: string
  request: string
  policy: string
  workspace: string
  whatIf: string
  providerKey: string
  ownEndpoint: string
}

beforeAll(async () => {
  running = await startControl({ CREDENTIAL_SECRETS: newCredentialSecretsText() })
  alice = await verifiedPerson(running)
  mallory = await verifiedPerson(running)
  const { data } = KeyCreated.parse((await alice.visitor.post('/keys', { name: 'hers', kind: 'live' })).body)
  const [requestId] = await ship(running, alice, data.id, [{ end_user: 'canary-of-alice' }])
  const { data: policy } = PolicyAnswer.parse(
    (await alice.visitor.post('/policies', { name: 'canary-policy', document: {} })).body,
  )
  const { session } = SessionAnswer.parse((await alice.visitor.get('/session')).body)
  const range = { from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' }
  const whatIf = WhatIfStarted.parse((await alice.visitor.post('/what-if', { document: {}, ...range })).body)
  const sessions = SessionList.parse((await alice.visitor.get('/sessions')).body)
  belongings = {
    key: data.id,
    session: sessions.data[0]!.id,
    request: `gen-${requestId}`,
    policy: policy.id,
    workspace: session.workspace.id,
    whatIf: whatIf.data.id,
    providerKey: await store('/provider-keys', { provider: 'acorn', name: 'canary-provider-key', secret: SECRET }),
    ownEndpoint: await store('/own-endpoints', anOwnEndpoint({ name: 'canary-endpoint', secret: SECRET })),
  }
})

const SECRET = 'sk-canary-of-a-secret'

/** Stores a BYOK resource of Alice's. */
async function store(where: string, body: object): Promise<string> {
  const answer = await alice.visitor.post(where, body)
  expect([answer.status, answer.text]).toMatchObject([201, expect.any(String)])
  const schema = where === '/provider-keys' ? ProviderKeyAnswer : OwnEndpointAnswer
  return schema.parse(answer.body).data.id
}

afterAll(() => running.close())

/** The routes of the console's API, from the router itself. */
function apiRoutes() {
  return running.routes.filter(({ path, method }) => path.startsWith('/console/v1') && method !== 'HEAD')
}

const PUBLIC = [
  'GET /livez',
  'POST /console/v1/password/forgot',
  'POST /console/v1/password/reset',
  'POST /console/v1/sign-in',
  'POST /console/v1/sign-up',
  'POST /console/v1/verify-link',
]

it('has no public route but those of this list', () => {
  const found = running.routes.filter(({ access, method }) => access === 'public' && method !== 'HEAD')
  expect(found.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(PUBLIC)
})

it('requires a session on every other route', async () => {
  const stranger = new Visitor(running.url)
  const guarded = running.routes.filter(({ access }) => access !== 'public')
  expect(guarded.length).toBeGreaterThan(15)
  for (const { method, path } of guarded) {
    const { status } = await stranger.send(method, path.replace(':id', belongings.key))
    expect([method, path, status]).toEqual([method, path, 401])
  }
})

it('answers 404 for every object of another organisation, by every route and method that takes an id', async () => {
  const objects = apiRoutes().filter(({ path }) => path.includes(':id'))
  expect(objects.length).toBe(29)
  for (const { method, path } of objects) {
    const own = ownIn(path)
    for (const id of [
      own,
      own.toUpperCase(),
      encodeURIComponent(`${own}' OR 1=1--`),
      '%00',
      '%7B%22not%22%3A%22%22%7D',
      'nothing',
    ]) {
      const answer = await mallory.visitor.send(method, path.replace(':id', id), bodyFor(path, method))
      expect([method, path, id, answer.status, answer.body['code']]).toEqual([method, path, id, 404, 'object_unknown'])
    }
  }
  const { body } = await alice.visitor.get(`/keys/${belongings.key}`)
  expect(body['data']).toMatchObject({ name: 'hers', revokedAt: null })
  const policy = (await alice.visitor.get(`/policies/${belongings.policy}`)).body
  expect(policy['data']).toMatchObject({ name: 'canary-policy', version: 1 })
  const providerKey = (await alice.visitor.get(`/provider-keys/${belongings.providerKey}`)).body
  expect(providerKey['data']).toMatchObject({ name: 'canary-provider-key', version: 1, test: null })
  const endpoint = (await alice.visitor.get(`/own-endpoints/${belongings.ownEndpoint}`)).body
  expect(endpoint['data']).toMatchObject({ name: 'canary-endpoint', version: 1, test: null })
})

/** Alice's object of the kind that the route is about. */
function ownIn(path: string): string {
  if (path.includes('/sessions/')) return belongings.session
  if (path.includes('/requests/')) return belongings.request
  if (path.includes('/policies/')) return belongings.policy
  if (path.includes('/what-if/')) return belongings.whatIf
  if (path.includes('/provider-keys/')) return belongings.providerKey
  if (path.includes('/own-endpoints/')) return belongings.ownEndpoint
  return path.includes('/workspaces/') ? belongings.workspace : belongings.key
}

/** A body that the route would take from Alice. */
function bodyFor(path: string, method: string): object {
  if (method === 'PATCH') return { name: 'mine now' }
  if (path.endsWith('/policy')) return { policyId: null }
  if (path.endsWith('/secret')) return { secret: 'sk-of-mallory-0001' }
  if (path.endsWith('/versions')) return { document: {}, basedOn: 1 }
  return path.endsWith('/rollback') ? { version: 1, basedOn: 1 } : {}
}

it('shows nothing of another organisation in any list, whatever is filtered for', async () => {
  const span = `from=${new Date(Date.now() - 86_400_000).toISOString()}&to=${new Date(Date.now() + 86_400_000).toISOString()}`
  const paths = [
    '/keys',
    `/keys?cursor=${belongings.key}`,
    '/requests',
    `/requests?filter[keyId]=${belongings.key}`,
    '/audit',
    '/audit?cursor=999999',
    '/policies',
    `/policies?cursor=${belongings.policy}`,
    '/what-if',
    `/what-if?cursor=${belongings.whatIf}`,
    '/provider-keys',
    `/provider-keys?cursor=${belongings.providerKey}`,
    '/own-endpoints',
    `/own-endpoints?cursor=${belongings.ownEndpoint}`,
    `/usage?${span}&groupBy=key`,
  ]
  for (const path of paths) {
    const mine = await mallory.visitor.get(path)
    expect([path, mine.status]).toEqual([path, 200])
    for (const canary of [
      belongings.key,
      belongings.request,
      belongings.policy,
      belongings.whatIf,
      belongings.providerKey,
      belongings.ownEndpoint,
      'canary-provider-key',
      'canary-endpoint',
      'canary-policy',
      'canary-of-alice',
      alice.tenantId,
      alice.email,
    ]) {
      expect(mine.text).not.toContain(canary)
    }
  }
  expect((await alice.visitor.get(`/requests/${belongings.request}`)).text).toContain('canary-of-alice')
})

it.each(ROLES)('lets a colleague who is %s do what the table says, and nothing else', async (role) => {
  const colleague = await colleagueOf(running, alice, role)
  const { body } = await colleague.visitor.get('/session')
  const permissions = (body as { session: { permissions: string[] } }).session.permissions
  expect(permissions.toSorted()).toEqual(PERMISSIONS.filter((permission) => may(role, permission)).toSorted())
  for (const { method, path, access } of apiRoutes()) {
    if (!(PERMISSIONS as readonly string[]).includes(access) || access === 'events:read') continue
    // The object does not exist: a permitted role gets 404.
    const answer = await colleague.visitor.send(method, path.replace(':id', '0000000000000000'))
    const refused = answer.status === 403 && answer.body['code'] === 'role_insufficient'
    expect([role, method, path, refused]).toEqual([role, method, path, !may(role, access as Permission)])
  }
})

/** Spellings of one path, of which a router and a guard might think differently. */
const SPELLINGS: readonly ((path: string) => string)[] = [
  (path) => `/${path}`,
  (path) => path.replace('/v1', '//v1'),
  (path) => `${path}/`,
  (path) => `${path};x=1`,
  (path) => path.replace('/keys', ';x/keys'),
  (path) => path.replace('/v1/', '%2fv1%2f'),
  (path) => path.replace('console', '%63onsole'),
  (path) => path.toUpperCase(),
  (path) => `/./${path.slice(1)}`,
  (path) => `/livez/..${path}`,
  (path) => `${path}%00`,
  (path) => `${path}#x`,
  (path) => `${path}?access=public`,
  (path) => `http://localhost${path}`,
]

it('makes the same decision for every spelling of a path, with and without a session', async () => {
  for (const spell of SPELLINGS) {
    for (const method of ['GET', 'HEAD']) {
      const target = spell('/console/v1/keys')
      const stranger = await raw(method, target, {})
      expect([target, stranger.status === 200, stranger.text.includes(belongings.key)]).toEqual([target, false, false])
      const known = await raw(method, target, { cookie: mallory.visitor.cookie })
      expect([target, known.text.includes(belongings.key)]).toEqual([target, false])
    }
  }
})

it('is not talked into anything by headers that rename host, method or path', async () => {
  for (const headers of [
    { host: 'localhost' },
    { host: 'livez' },
    { 'x-http-method-override': 'GET' },
    { 'x-original-url': '/livez' },
    { 'x-rewrite-url': '/livez' },
    { 'x-forwarded-host': 'localhost', 'x-forwarded-prefix': '/livez' },
  ]) {
    expect([headers, (await raw('GET', '/console/v1/keys', headers as Record<string, string>)).status]).toEqual([
      headers,
      401,
    ])
  }
})

/** Sends a path as it is; `fetch` would tidy it. */
function raw(method: string, path: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(running.url)
  return new Promise((resolve, reject) => {
    const sent = request({ host: hostname, port, method, path, headers }, (response) => {
      let text = ''
      response.on('data', (piece: Buffer) => (text += piece.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end()
  })
}
