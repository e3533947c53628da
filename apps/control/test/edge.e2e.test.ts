import { afterAll, beforeAll, expect, it } from 'vitest'
import { KeyCreated, Problem } from '@turnpike/contract'
import {
  PASSWORD,
  signUp,
  startControl,
  verifiedPerson,
  Visitor,
  type Person,
  type RunningControl,
} from './control-process.ts'
import { openDetour } from './detour.ts'

let running: RunningControl
let person: Person

beforeAll(async () => {
  running = await startControl()
  person = await verifiedPerson(running)
})
afterAll(() => running.close())

const KEYS = '/console/v1/keys'
const KEY = { name: 'a key', kind: 'live' }

it.each([
  ['another site', { origin: 'https://evil.example' }],
  ['another port', { origin: 'http://localhost:1' }],
  ['a page without an origin', { origin: 'null' }],
  ['a browser that says cross-site', { 'sec-fetch-site': 'cross-site' }],
  ['a browser that says same-site', { 'sec-fetch-site': 'same-site' }],
  ['nobody knows where', { origin: undefined }],
  ['a form, which cannot carry our mark', { 'x-turnpike-console': undefined }],
])('refuses a change that comes from %s', async (_from, headers) => {
  const answer = await person.visitor.send('POST', KEYS, KEY, headers)
  expect([answer.status, answer.body['code']]).toEqual([403, 'origin_foreign'])
})

it.each([
  undefined,
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json\t; x',
  'application/jsonx',
  'application/problem+json',
  'text/plain; application/json',
])('refuses a change with the content type %j', async (type) => {
  const answer = await person.visitor.send('POST', KEYS, JSON.stringify(KEY), { 'content-type': type })
  expect([answer.status, answer.body['code']]).toEqual([415, 'content_type_unsupported'])
})

it('takes a change from our own page in a browser that says so', async () => {
  const headers = { origin: undefined, 'sec-fetch-site': 'same-origin' }
  expect((await person.visitor.send('POST', KEYS, KEY, headers)).status).toBe(201)
  const named = running.url.replace('127.0.0.1', 'localhost')
  expect((await person.visitor.send('POST', KEYS, KEY, { origin: named })).status).toBe(201)
})

it.each([
  ['{', 400, 'body_malformed'],
  ['{"name":"a","name":', 400, 'body_malformed'],
  ['[]', 400, 'request_invalid'],
  ['"text"', 400, 'request_invalid'],
  ['null', 400, 'request_invalid'],
  ['', 400, 'request_invalid'],
  ['{"__proto__":{"role":"owner"},"name":"a","kind":"live"}', 400, 'body_malformed'],
  ['{"constructor":{"prototype":{"x":1}},"name":"a","kind":"live"}', 400, 'body_malformed'],
  [`{"name":"${'a'.repeat(70_000)}","kind":"live"}`, 413, 'body_too_large'],
  ['['.repeat(20_000), 400, 'body_malformed'],
])('answers the body %.60j with a problem that says what is wrong', async (body, status, code) => {
  const answer = await person.visitor.send('POST', KEYS, body, { 'content-type': 'application/json' })
  const problem = Problem.parse(answer.body)
  expect([answer.status, problem.status, problem.code]).toEqual([status, status, code])
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  expect(problem.request_id).toBe(answer.headers.get('x-request-id'))
})

it('answers unknown routes and methods with a problem, signed in or not', async () => {
  for (const visitor of [person.visitor, new Visitor(running.url)]) {
    for (const [method, path] of [
      ['GET', '/console/v1/nothing'],
      ['DELETE', `${KEYS}/0000000000000000`],
      ['PUT', KEYS],
      ['GET', '/console/v1'],
    ] as const) {
      const answer = await visitor.send(method, path)
      expect([method, path, answer.status, answer.body['code']]).toEqual([method, path, 404, 'route_unknown'])
    }
  }
})

it.each([
  ['/keys?limit=0', 'limit'],
  ['/keys?limit=101', 'limit'],
  ['/keys?limit=x', 'limit'],
  ['/keys?unknown=1', 'unknown'],
  ['/keys?limit=1&limit=2', 'limit'],
  [`/keys?cursor=${'x'.repeat(201)}`, 'cursor'],
  ['/requests?filter[keyId]=%25', 'filter[keyId]'],
  ['/requests?from=yesterday', 'from'],
  ['/usage?from=2026-01-01T00:00:00Z', 'to'],
  ['/usage?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
  ['/usage?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
  ['/usage?from=2026-01-01T00:00:00Z&to=2026-06-01T00:00:00Z&bucket=900', 'bucket'],
  ['/usage?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&timeZone=Mars/Olympus', 'timeZone'],
])('refuses the query of %s and names %s', async (path, field) => {
  const answer = await person.visitor.get(path)
  expect([answer.status, Object.keys(answer.body['errors'] ?? {})]).toEqual([400, [field]])
})

it('forbids browsers to guess, to keep and to share what it answers', async () => {
  const { headers } = await person.visitor.get('/session')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('access-control-allow-origin')).toBeNull()
  expect(headers.get('server')).toBeNull()
})

it('never logs a password, a cookie or a key, whatever happens', async () => {
  const secret = 'canary-password-51c0'
  const { visitor, email } = await signUp(running.url)
  await visitor.post('/sign-in', { email, password: secret })
  await visitor.send('POST', '/console/v1/sign-in', `{"email":"${email}","password":"${secret}"`)
  await visitor.post('/sign-in', { email, password: PASSWORD })
  const { key } = KeyCreated.parse((await person.visitor.post('/keys', KEY)).body)
  await person.visitor.get(`/keys/${key}`)
  await visitor.post('/verify-link', { token: key.slice(0, 43) })
  const cookie = person.visitor.cookie.split('=')[1] ?? ''
  for (const canary of [secret, PASSWORD, cookie, key, key.slice(20, 50)])
    expect(running.logged()).not.toContain(canary)
})

it('says so, with 503, while the database is away, and goes on when it is back', async () => {
  const detour = await openDetour()
  const alone = await startControl({}, detour.to)
  const someone = await verifiedPerson(alone)
  expect((await fetch(`${alone.opsUrl}/readyz`)).status).toBe(200)
  for (const place of ['/metrics', '/readyz']) expect((await fetch(alone.url + place)).status).toBe(404)
  detour.cut()
  const answers = [
    await someone.visitor.get('/session'),
    await someone.visitor.post('/sign-in', { email: 'a@b.test', password: 'x' }),
  ]
  for (const { status, body, headers } of answers) {
    expect([status, body['code'], headers.get('retry-after')]).toEqual([
      503,
      'store_unavailable',
      expect.stringMatching(/^\d+$/),
    ])
  }
  expect((await fetch(`${alone.opsUrl}/readyz`)).status).toBe(503)
  expect((await fetch(`${alone.url}/livez`)).status).toBe(200)
  expect(alone.logged()).not.toContain(someone.visitor.cookie.split('=')[1])
  detour.mend()
  expect((await someone.visitor.get('/session')).status).toBe(200)
  await alone.close()
  await detour.close()
})
