import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { waitFor } from '../wait.ts'
import { canaryOf } from './canary.ts'
import { startLoad, type LoadOptions } from './load.ts'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

type Answering = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** A gateway that gives the answer of this function. @returns its base URL */
async function serve(answering: Answering): Promise<string> {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => answering(request, response, body))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`
}

/** Sends until so many have ended. */
async function send(count: number, options: Omit<LoadOptions, 'keys' | 'rate'> & Partial<LoadOptions>) {
  const load = startLoad({ keys: ['k'], rate: 200, backoffScale: 0.001, ...options })
  await waitFor(() => load.finished() >= count, { withinMs: 10_000 })
  return (await load.stop()).requests
}

const refuse = (response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}) =>
  response.writeHead(status, headers).end(JSON.stringify({ error: { type: 'x', code } }))

it('asks with the key, by a connection that it keeps', async () => {
  const seen = new Set<string | undefined>()
  const sockets = new Set<unknown>()
  const target = await serve((request, response) => {
    seen.add(`${request.method} ${request.url} ${request.headers.authorization}`)
    sockets.add(request.socket)
    response.end('{}')
  })
  const requests = await send(50, { targets: [target], keys: ['one'], concurrency: 5 })
  expect([...seen]).toEqual(['GET /api/v1/key Bearer one'])
  expect(sockets.size).toBeLessThanOrEqual(5)
  expect(requests.every(({ ok, attempts }) => ok && attempts.length === 1)).toBe(true)
})

it('retries twice, at the next target, and records every attempt', async () => {
  const bad = await serve((_, response) => refuse(response, 503, 'auth_unavailable', { 'retry-after-ms': '1' }))
  const worse = await serve((request) => request.socket.resetAndDestroy())
  const requests = await send(4, { targets: [bad, worse], rate: 50 })
  const outcomes = requests.map(({ ok, attempts }) => [ok, attempts.map(({ status, type }) => `${status} ${type}`)])
  expect(outcomes).toContainEqual([false, ['503 auth_unavailable', '0 ECONNRESET', '503 auth_unavailable']])
  expect(outcomes).toContainEqual([false, ['0 ECONNRESET', '503 auth_unavailable', '0 ECONNRESET']])
})

it('does not retry what the answer forbids', async () => {
  const target = await serve((_, response) => refuse(response, 503, 'overloaded', { 'x-should-retry': 'false' }))
  const [request] = await send(1, { targets: [target] })
  expect(request?.attempts).toHaveLength(1)
})

it('gives up waiting for an answer', async () => {
  const target = await serve(() => undefined)
  const [request] = await send(1, { targets: [target], retries: 0, timeoutMs: 30, rate: 20 })
  expect(request?.attempts[0]).toMatchObject({ status: 0, type: 'timeout' })
})

it('takes 400 for its broken body as the sign that the key was accepted', async () => {
  const bodies = new Set<string>()
  const target = await serve((_, response, body) => {
    bodies.add(body)
    refuse(response, 400, 'body_malformed')
  })
  const [request] = await send(1, { targets: [target], kind: 'identify' })
  expect([...bodies]).toEqual(['{'])
  expect(request).toMatchObject({ ok: true, attempts: [{ status: 400, type: 'body_malformed' }] })
})

it.each([
  ['data: {"choices":[]}\n\ndata: [DONE]\n\n', true, null],
  ['data: {"choices":[]}\n\n', false, 'cut'],
  ['data: {"error":{"message":"no","code":"upstream_cut"}}\n\ndata: [DONE]\n\n', false, 'upstream_cut'],
])('reads a stream to its end: %j', async (stream, ok, type) => {
  const target = await serve((_, response) => response.writeHead(200).end(stream))
  const [request] = await send(1, { targets: [target], kind: 'chat', streamed: 1 })
  expect(request).toMatchObject({ ok, attempts: [{ status: 200, type }] })
})

it('knows an answer that broke off', async () => {
  const target = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half')
    setImmediate(() => response.socket?.resetAndDestroy())
  })
  const [request] = await send(1, { targets: [target], kind: 'chat', retries: 0 })
  expect(request).toMatchObject({ ok: false, attempts: [{ status: 200, type: 'cut' }] })
})

it('sends a key’s canary with each prompt, and finds that of another key in the answer', async () => {
  const target = await serve((_, response, body) => {
    const canary = body.includes(canaryOf('one')) ? canaryOf('one') : canaryOf('somebody else')
    response.end(`about ${canary}.`)
  })
  const requests = await send(20, { targets: [target], kind: 'chat', keys: ['one', 'two'] })
  expect(requests.filter(({ key }) => key === 'one').every(({ ok }) => ok)).toBe(true)
  const others = requests.filter(({ key }) => key === 'two')
  expect(others.length).toBeGreaterThan(0)
  expect(others.every(({ ok, attempts }) => !ok && attempts[0]?.type === 'foreign_canary')).toBe(true)
})

it('keeps its rate while answers take long, and names phases', async () => {
  const held: ServerResponse[] = []
  const target = await serve((_, response) => void held.push(response))
  const load = startLoad({ targets: [target], keys: ['k'], rate: 500 })
  load.mark('before')
  await waitFor(() => held.length >= 50, { withinMs: 5_000 })
  load.mark('after')
  // At most 256 were under way, so that of more than that the last began after the mark.
  const enough = load.finished() + held.length + 260
  await waitFor(() => held.splice(0).map((response) => response.end()) && load.finished() > enough, { withinMs: 9_000 })
  const { requests } = await answeredAll(load.stop(), held)
  expect(new Set(requests.map(({ phase }) => phase))).toEqual(new Set(['before', 'after']))
})

it('holds back what exceeds its concurrency, and counts the time from when it was due', async () => {
  const held: ServerResponse[] = []
  let most = 0
  const target = await serve((_, response) => {
    held.push(response)
    most = Math.max(most, held.length)
  })
  const load = startLoad({ targets: [target], keys: ['k'], rate: 500, concurrency: 3 })
  await waitFor(() => held.length === 3, { withinMs: 5_000 })
  const filledMs = performance.now()
  await waitFor(() => performance.now() > filledMs + 100, { withinMs: 5_000 })
  const releasedMs = performance.now()
  while (load.finished() < 12) {
    for (const response of held.splice(0)) response.end()
    await waitFor(() => held.length > 0 || load.finished() >= 12, { withinMs: 5_000 })
  }
  const { requests } = await answeredAll(load.stop(), held)
  expect(most).toBe(3)
  const waited = requests.filter(({ startedMs, attempts }) => (attempts[0]?.atMs ?? 0) - startedMs > 50)
  expect(waited.length).toBeGreaterThan(0)
  expect(waited.every(({ startedMs }) => startedMs < releasedMs)).toBe(true)
})

/** Ends whatever comes until the load has ended. */
async function answeredAll<T>(stopped: Promise<T>, held: ServerResponse[]): Promise<T> {
  const answering = setInterval(() => {
    for (const response of held.splice(0)) response.end()
  }, 5)
  try {
    return await stopped
  } finally {
    clearInterval(answering)
  }
}
