import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '@turnpike/domain'
import { fastify, type FastifyInstance, type InjectOptions } from 'fastify'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { guardRoutes, refuse } from './edge.ts'
import { forwardManagement, FORWARDED_BYTES_MAX } from './forward-management.ts'

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

let control: Server
let gateway: FastifyInstance
/** What reached the control plane. */
let seen: Seen[]

beforeEach(async () => {
  seen = []
  control = createServer((request, response) => {
    let body = ''
    request.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')))
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      response.writeHead(202, {
        'content-type': 'application/json',
        'x-request-id': 'req-control',
        'set-cookie': 'a=b',
      })
      response.write('{"status":')
      response.end('"revocation_pending"}')
    })
  })
  await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve))
  gateway = gatewayTo(`http://127.0.0.1:${(control.address() as AddressInfo).port}`)
})
afterEach(async () => {
  await gateway.close()
  control.closeAllConnections()
  await new Promise((resolve) => control.close(resolve))
})

function gatewayTo(controlUrl: string): FastifyInstance {
  const server = fastify()
  guardRoutes(server, () => Promise.reject(new Fault('key_missing', 'No key was sent.')))
  server.setErrorHandler((error, request, reply) => refuse(request, reply, error as Fault))
  server.get('/api/v1/key', () => 'of somebody')
  forwardManagement(server, controlUrl)
  return server
}

const send = (options: InjectOptions) => gateway.inject(options)

it('passes method, key, query and every byte of the body on, and streams the answer back', async () => {
  const bytes = Buffer.from('{"name":"a", "name":"b", "big": 1234567890123456789, "x":"\xff"}', 'latin1')
  const reply = await send({
    method: 'PATCH',
    url: '/api/v1/keys/00112233aabbccdd?a=1&b=%20',
    headers: {
      authorization: 'Bearer tp_mgmt_x',
      'content-type': 'application/json',
      cookie: 'session=1',
      'x-other': '1',
    },
    payload: bytes,
  })
  expect([reply.statusCode, reply.body, reply.headers['x-request-id'], reply.headers['set-cookie']]).toEqual([
    202,
    '{"status":"revocation_pending"}',
    'req-control',
    undefined,
  ])
  expect(seen).toHaveLength(1)
  expect(seen[0]).toMatchObject({
    method: 'PATCH',
    url: '/api/v1/keys/00112233aabbccdd?a=1&b=%20',
    body: bytes.toString('latin1'),
    headers: { authorization: 'Bearer tp_mgmt_x', 'content-type': 'application/json' },
  })
  expect(seen[0]?.headers).not.toHaveProperty('cookie')
  expect(seen[0]?.headers).not.toHaveProperty('x-other')
})

it.each(['GET', 'POST', 'DELETE'] as const)('passes %s on', async (method) => {
  expect((await send({ method, url: '/api/v1/keys' })).statusCode).toBe(202)
  expect(seen.map((one) => [one.method, one.url, one.body])).toEqual([[method, '/api/v1/keys', '']])
})

it.each([
  '/api/v1/policies?limit=1',
  '/api/v1/policies/0f8fad5b-d9cb-469f-a165-70867728950e',
  '/api/v1/policies/0f8fad5b-d9cb-469f-a165-70867728950e/versions?offset=2',
  '/api/v1/policies/0f8fad5b-d9cb-469f-a165-70867728950e/rollback',
])('asks for policies as for keys: %s', async (url) => {
  expect((await send({ method: 'POST', url })).statusCode).toBe(202)
  expect(seen.map((one) => [one.method, one.url])).toEqual([['POST', url]])
})

it.each(['/api/v1/byok?provider=acorn', '/api/v1/byok/0f8fad5b-d9cb-469f-a165-70867728950e'])(
  'asks for provider keys as for keys: %s',
  async (url) => {
    const bytes = '{"provider":"acorn","key":"canary-of-a-provider"}'
    const headers = { 'content-type': 'application/json' }
    expect((await send({ method: 'POST', url, headers, payload: bytes })).statusCode).toBe(202)
    expect(seen.map((one) => [one.method, one.url, one.body])).toEqual([['POST', url, bytes]])
  },
)

it.each([
  '/api/v1/byok/x/test',
  '/api/v1/byok/%2e%2e',
  '/api/v1/byok/..%2fkeys',
  '/api/v1/byok/',
  '/api/v1/byoks',
  '/api/v1/policies/x/archive',
  '/api/v1/policies/x/versions/1',
  '/api/v1/policies/%2e%2e/versions',
  '/api/v1/policies/..%2fkeys',
  '/api/v1/policies//versions',
  '/api/v1/keys/x/versions',
  '/api/v1/keys/../../../console/v1/session',
  '/api/v1/keys/..%2f..%2f..%2fconsole%2fv1%2fsession',
  '/api/v1/keys/%2e%2e',
  '/api/v1/keys/..',
  '/api/v1/keys/.',
  '/api/v1/keys/%2e%2e%5cx',
  '/api/v1/keys/a/b',
  '/api/v1/keys/a/revoke',
  '/api/v1/keys/',
  '/api/v1/keys//',
  '/api/v1/keys/@evil.example',
  '/api/v1/keys/%3fx',
  '/api/v1/keys/%23x',
  '/api/v1/keys;x=1',
  '/api/v1/keysmith',
  '/api/v1/KEYS',
  '/v1/keys',
])('opens nothing but keys, policies and provider keys on the control plane: %s', async (url) => {
  const reply = await send({ method: 'GET', url })
  expect(reply.statusCode).toBe(404)
  expect(seen).toEqual([])
})

it('asks the control plane for the same path whatever query follows', async () => {
  await send({ method: 'GET', url: '/api/v1/keys?x=/../../console&y=#z' })
  await send({ method: 'GET', url: '/api/v1/keys?' })
  expect(seen.map(({ url }) => url.split('?')[0])).toEqual(['/api/v1/keys', '/api/v1/keys'])
})

it.each(['PUT', 'OPTIONS'] as const)('does not pass %s on', async (method) => {
  expect((await send({ method, url: '/api/v1/keys' })).statusCode).toBe(404)
  expect(seen).toEqual([])
})

it('leaves every other route behind its key', async () => {
  expect((await send({ method: 'GET', url: '/api/v1/key' })).statusCode).toBe(401)
})

it('refuses a body that is larger than keys need', async () => {
  const reply = await send({
    method: 'POST',
    url: '/api/v1/keys',
    headers: { 'content-type': 'application/json' },
    payload: 'x'.repeat(FORWARDED_BYTES_MAX + 1),
  })
  expect([reply.statusCode, seen.length]).toEqual([413, 0])
  expect(reply.json()).toMatchObject({ error: { code: 'body_too_large', message: 'The body is larger than 64 KiB.' } })
})

it('says that keys cannot be managed, with 503, when the control plane does not answer', async () => {
  control.closeAllConnections()
  await new Promise((resolve) => control.close(resolve))
  const reply = await send({ method: 'GET', url: '/api/v1/keys' })
  expect([reply.statusCode, reply.headers['x-should-retry']]).toEqual([503, 'true'])
  expect(reply.json()).toMatchObject({ error: { source: 'gateway', request_id: reply.headers['x-request-id'] } })
})

it('does not wait for a silent control plane for more than five seconds', async () => {
  control.removeAllListeners('request')
  const began = performance.now()
  const reply = await send({ method: 'GET', url: '/api/v1/keys' })
  expect(reply.statusCode).toBe(503)
  expect(performance.now() - began).toBeLessThan(7_000)
})
