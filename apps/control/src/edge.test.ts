import { fastify, type FastifyInstance } from 'fastify'
import { Fault } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { guardRoutes, refuse } from './edge.ts'

function edge(publicUrl?: string): FastifyInstance {
  const server = fastify()
  guardRoutes(server, publicUrl, {
    findSignedIn: () => Promise.resolve(null),
    identifyCaller: () => Promise.reject(new Fault('key_missing', 'No key was sent.')),
  })
  server.setErrorHandler((error, request, reply) => refuse(request, reply, error))
  return server
}

it('does not start with a route that does not say who may use it', () => {
  expect(() => edge().get('/forgotten', () => 'data')).toThrow('GET /forgotten does not say who may use it')
})

it('tells browsers to come by https only, where there is https', async () => {
  const ask = async (publicUrl?: string) => {
    const server = edge(publicUrl)
    server.get('/', { config: { access: 'public' } }, () => 'hello')
    return (await server.inject('/')).headers['strict-transport-security']
  }
  expect(await ask('https://console.example.test')).toBe('max-age=31536000')
  expect(await ask('http://localhost:8788')).toBeUndefined()
})

it.each([
  ['https://console.example.test', 200],
  ['https://console.example.test.evil.example', 403],
  ['https://evil.example', 403],
  ['http://console.example.test', 403],
  ['http://localhost:8788', 403],
  ['null', 403],
])('takes changes from %s: %i', async (origin, status) => {
  const server = edge('https://console.example.test/')
  server.post('/', { config: { access: 'public' } }, () => 'changed')
  const headers = {
    origin,
    host: new URL('/', 'https://evil.example').host,
    'content-type': 'application/json',
    'x-turnpike-console': '1',
  }
  expect((await server.inject({ method: 'POST', url: '/', headers, payload: '{}' })).statusCode).toBe(status)
})

it('takes a management key for programs, whatever page or form they come from, and refuses in their envelope', async () => {
  const server = edge()
  server.post('/api/v1/keys', { config: { access: 'management' } }, () => 'changed')
  const reply = await server.inject({
    method: 'POST',
    url: '/api/v1/keys',
    headers: { origin: 'https://other.example' },
  })
  expect([reply.statusCode, reply.headers['content-type']]).toEqual([401, 'application/json; charset=utf-8'])
  expect(reply.json()).toMatchObject({
    error: { code: 'key_missing', source: 'client', retryable: false, request_id: reply.headers['request-id'] },
  })
})

it.each([
  ['[', ']', 'nested deeper than 64 levels'],
  ['', '', 'not valid JSON'],
])('refuses a body that is too deep or none, and says which: %s%s', async (open, close, what) => {
  const origin = 'https://console.example.test'
  const server = edge(origin)
  server.post('/', { config: { access: 'public' } }, () => 'changed')
  const headers = { 'content-type': 'application/json', 'x-turnpike-console': '1', origin }
  const payload = `{"a":${open.repeat(10_000)}${close.repeat(10_000)}}`
  const reply = await server.inject({ method: 'POST', url: '/', headers, payload })
  expect(reply.json()).toMatchObject({ status: 400, code: 'body_malformed', detail: expect.stringContaining(what) })
})
