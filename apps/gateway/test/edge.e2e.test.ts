import { readdir, readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import path from 'node:path'
import { limitMs, sharedProduct, waitFor, type Product } from '@turnpike/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generationOf, simulatorOf } from './rig.ts'

const MODEL = 'sim/swift-8b'
let product: Product
let simulator: ReturnType<typeof simulatorOf>

beforeAll(async () => {
  product = await sharedProduct()
  simulator = simulatorOf(product)
})
afterAll(() => product?.drop())

const chat = (over: Record<string, unknown> = {}) => ({
  model: MODEL,
  messages: [{ role: 'user', content: 'hello' }],
  ...over,
})

function post(body: string | Buffer, headers: Record<string, string> = {}, route = '/chat/completions') {
  return fetch(product.api + route, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${product.key}`,
      'content-type': 'application/json',
      'x-sim-instant': '1',
      ...headers,
    },
    body,
  })
}

async function errorOf(reply: Response): Promise<Record<string, unknown>> {
  return ((await reply.json()) as { error: Record<string, unknown> }).error
}

describe('bodies that are wrong (E6–E9)', () => {
  it.each([
    ['malformed JSON', '{"model":'],
    ['no body', ''],
    ['invalid UTF-8', Buffer.from('{"model":"\xff"}', 'latin1')],
    ['100,000 levels', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a million keys', `{${Array.from({ length: 1_000_000 }, (_, i) => `"k${i}":1`).join(',')}}`],
    ['a reach for the prototype', '{"__proto__":{"admin":true},"model":"x"}'],
    ['NaN', '{"model":NaN}'],
    ['a byte order mark', '\ufeff{}'],
  ])('%s gets 400 in the OpenAI envelope, and the process serves on', async (_name, body) => {
    const reply = await post(body)
    expect(reply.status).toBe(400)
    expect(await errorOf(reply)).toMatchObject({
      type: 'invalid_request_error',
      code: 'body_malformed',
      source: 'client',
    })
    expect((await post(JSON.stringify(chat()))).status).toBe(200)
  })

  it('a number of ten million digits is a wrong parameter like any other', async () => {
    const reply = await post(
      `{"model":"${MODEL}","messages":[{"role":"user","content":"x"}],"temperature":${'9'.repeat(10_000_000)}}`,
    )
    expect(reply.status).toBe(400)
    expect(await errorOf(reply)).toMatchObject({ code: 'request_invalid', param: 'temperature' })
  })

  it('an unknown content type gets 415, and none at all too', async () => {
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
      const reply = await post('{}', { 'content-type': type })
      expect(reply.status).toBe(415)
      expect(await errorOf(reply)).toMatchObject({ code: 'content_type_unsupported' })
    }
  })

  it('more than 20 MiB is refused with 413 as soon as it is announced', async () => {
    const { hostname, port } = new URL(product.api)
    const [status, closed] = await new Promise<[number, Promise<void>]>((resolve, reject) => {
      const asked = httpRequest({
        hostname,
        port,
        method: 'POST',
        path: '/api/v1/chat/completions',
        headers: {
          authorization: `Bearer ${product.key}`,
          'content-type': 'application/json',
          'content-length': 1024 ** 3,
        },
      })
      asked.once('response', (reply) => {
        reply.resume()
        resolve([reply.statusCode ?? 0, new Promise((done) => asked.once('close', () => done()))])
      })
      asked.once('error', reject)
      asked.flushHeaders()
    })
    expect(status).toBe(413)
    await closed
  })

  it('a body without an end is cut off at the limit', async () => {
    const { hostname, port } = new URL(product.api)
    const received = await new Promise<string>((resolve) => {
      let text = ''
      const socket = connect(Number(port), hostname)
      socket.on('data', (bytes) => (text += bytes.toString()))
      socket.on('error', () => resolve(text))
      socket.on('close', () => resolve(text))
      socket.write(
        `POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${product.key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      )
      const mebibyte = `100000\r\n${' '.repeat(0x100000)}\r\n`
      for (let i = 0; i < 24; i++) socket.write(mebibyte)
    })
    expect(received).toMatch(/^HTTP\/1\.1 413 /)
  })
})

describe('who may come in', () => {
  const PATHS = [
    '/api/v1/chat/completions/',
    '/api/v1//chat/completions',
    '//api/v1/chat/completions',
    '/api/v1/chat/completions;x=1',
    '/api/v1/chat%2fcompletions',
    '/api/v1/CHAT/completions',
    '/API/v1/chat/completions',
    '/api/v1/chat/./completions',
    '/api/v1/chat/../chat/completions',
    '/api/v1/chat/completions%00',
    '/api/v1/chat/completions%20',
    '/api/v1/chat/completions?key=1',
    '/v1/chat/completions',
    '/api/v1/chat/completions#x',
  ]

  const ROUTES = [
    ['POST', 'chat/completions'],
    ['POST', 'completions'],
    ['POST', 'embeddings'],
    ['GET', 'key'],
    ['GET', 'generation'],
  ] as const

  it.each(ROUTES)(
    'without a key, no spelling of %s %s answers anything but 401 or 404 (E13)',
    async (method, route) => {
      const disguises = [{}, { 'x-http-method-override': 'GET' }, { 'x-original-url': '/livez' }, { host: 'localhost' }]
      for (const variant of PATHS.map((spelling) => spelling.replace('chat/completions', route))) {
        for (const headers of disguises) {
          const json = { 'content-type': 'application/json', ...headers }
          expect([401, 404], variant).toContain(await raw(method, variant, json, method === 'POST' ? '{}' : ''))
        }
      }
    },
  )

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'])('%s on an inference route lets nobody in', async (method) => {
    expect([401, 404, 405]).toContain(await raw(method, '/api/v1/chat/completions', {}))
  })

  it('refuses what is not a key with 401 before it reads the body', async () => {
    for (const key of [
      '',
      'x',
      'tp_live_',
      'sk-proj-abc',
      `${product.key.slice(0, -1)}${product.key.endsWith('A') ? 'B' : 'A'}`,
      "' OR 1=1 --",
      `${product.key}0`,
    ]) {
      const reply = await post('this is not even JSON', { authorization: `Bearer ${key}` })
      expect(reply.status).toBe(401)
      expect(reply.headers.get('x-should-retry')).toBe('false')
    }
  })

  it('takes the key by either header', async () => {
    const reply = await fetch(`${product.api}/key`, { headers: { 'x-api-key': product.key } })
    expect(reply.status).toBe(200)
  })

  it('answers browsers that ask first, without a key', async () => {
    const reply = await fetch(`${product.api}/chat/completions`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.org', 'access-control-request-method': 'POST' },
    })
    expect(reply.status).toBe(204)
    expect(reply.headers.get('access-control-allow-origin')).toBe('*')
  })
})

/** A request on a bare socket, so that no client tidies the path. */
function raw(method: string, target: string, headers: Record<string, string>, body = ''): Promise<number> {
  const { hostname, port } = new URL(product.api)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.once('error', reject)
    socket.once('data', (bytes) => {
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(bytes.toString())?.[1]))
      socket.destroy()
    })
    const lines = Object.entries({ host: hostname, 'content-length': String(Buffer.byteLength(body)), ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    )
    socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
  })
}

describe('callers who hang up (E1)', () => {
  it.each([
    ['before the first byte', { firstTokenMs: 5_000 }, 0],
    ['in the middle of a stream', { firstTokenMs: 10, tokensPerSecond: 30, tokens: 500 }, 1],
  ])('%s: the provider is stopped within 100 ms and there is exactly one record', async (_name, behaviour, chunks) => {
    await simulator.behave('acorn', behaviour)
    const stoppedMs: number[] = []
    for (let caller = 0; caller < 3; caller++) {
      const id = await hangUp(chunks > 0)
      const hungUpMs = performance.now()
      const truths = await simulator.settled(id)
      stoppedMs.push(performance.now() - hungUpMs)
      expect(truths).toMatchObject([{ outcome: 'aborted' }])
      expect(await generationOf(product, id)).toMatchObject({
        cancelled: true,
        error_code: 'caller_gone',
        provider_responses: [{ outcome: 'cancelled' }],
      })
    }
    expect(Math.min(...stoppedMs)).toBeLessThan(limitMs(100))
    await simulator.reset()
  })

  /** Asks for a stream and leaves it after its first piece, or before. Gives the id of the request. */
  async function hangUp(afterFirstPiece: boolean): Promise<string> {
    const leave = new AbortController()
    const asked = fetch(`${product.api}/chat/completions`, {
      method: 'POST',
      signal: leave.signal,
      headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(chat({ stream: true, provider: { only: ['acorn'] } })),
    })
    if (afterFirstPiece) {
      const reply = await asked
      await reply.body?.getReader().read()
      leave.abort()
      return reply.headers.get('x-generation-id') ?? ''
    }
    const running = await waitFor(async () => (await simulator.running('acorn'))[0] ?? null, { withinMs: 3_000 })
    leave.abort()
    await expect(asked).rejects.toThrow()
    return `gen-${running.callerRequestId}`
  }

  it('after the last byte: nothing is different', async () => {
    const reply = await post(JSON.stringify(chat({ stream: true })))
    await reply.text()
    expect(await generationOf(product, reply.headers.get('x-generation-id') ?? '')).toMatchObject({
      cancelled: false,
      error_code: null,
    })
  })
})

describe('two thousand callers who hang up (E1)', () => {
  it.each([
    ['before the first byte', 'acorn', { firstTokenMs: 60_000 }],
    ['in the middle of a stream', 'elm', { firstTokenMs: 1, tokensPerSecond: 20, tokens: 1_000 }],
  ])('%s leave one record each and nothing running', async (when, provider, behaviour) => {
    await simulator.behave(provider, behaviour)
    const ids = new Set<string>()
    for (let round = 0; round < 10; round++) {
      for (const id of await hangUpTogether(provider, 100, when !== 'before the first byte')) ids.add(id)
    }
    expect(ids.size).toBe(1_000)
    expect(await (await fetch(`${product.ops}/metrics`)).text()).toMatch(/turnpike_requests_in_flight\{[^}]*\} 0\n/)
    for (const id of ids)
      expect(await generationOf(product, `gen-${id}`)).toMatchObject({ id: `gen-${id}`, cancelled: true })
    await simulator.reset()
  })

  /** Opens streams at one provider, hangs up on all of them at once, and waits until it has stopped. Gives the requests' ids. */
  async function hangUpTogether(provider: string, count: number, afterFirstPiece: boolean): Promise<string[]> {
    const hangUp = new AbortController()
    const call = () =>
      fetch(`${product.api}/chat/completions`, {
        method: 'POST',
        signal: hangUp.signal,
        headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(chat({ stream: true, provider: { only: [provider] } })),
      })
    const callers = Array.from({ length: count }, async () => {
      // A connection of an earlier round may be closed by the gateway at the moment when it is used again.
      const reply = await call().catch((error: unknown) => {
        if (hangUp.signal.aborted) throw error
        return call()
      })
      expect(reply.status).toBe(200)
      await reply.body?.getReader().read()
    })
    // Whoever is refused is named, instead of a stream that never opens.
    const refused = Promise.all(callers).then(() => new Promise<never>(() => undefined))
    refused.catch(() => undefined)
    if (afterFirstPiece) await Promise.all(callers)
    const all = async () => {
      const running = await simulator.running(provider)
      return running.length === count ? running : null
    }
    const opened = waitFor(all, { withinMs: 30_000, what: 'every stream to be open' })
    const running = await Promise.race([opened, refused])
    hangUp.abort()
    await Promise.allSettled(callers)
    await waitFor(async () => (await simulator.running(provider)).length === 0, {
      withinMs: 5_000,
      what: 'the provider to be stopped',
    })
    return running.map((truth) => truth.callerRequestId ?? '')
  }
})

it('a caller’s own deadline ends the request with 504, and the provider with it', async () => {
  await simulator.behave('acorn', { firstTokenMs: 5_000 })
  const reply = await post(JSON.stringify(chat({ provider: { only: ['acorn'] } })), {
    'x-turnpike-timeout-ms': '300',
    'x-sim-instant': '0',
  })
  expect(reply.status).toBe(504)
  expect(await errorOf(reply)).toMatchObject({ code: 'deadline_passed' })
  await simulator.reset()
})

it('what a request says, and its key, stand in no log, no metric and no error (S-21)', async () => {
  const canary = 'canary-7f3a9c51'
  await post(
    JSON.stringify(chat({ messages: [{ role: 'user', content: canary }], user: canary, metadata: { note: canary } })),
  )
  await post(JSON.stringify(chat({ model: 'no/such', messages: [{ role: 'user', content: canary }] })))
  await post(`{"model":"${canary}`)
  const failing = await post(JSON.stringify(chat({ messages: [{ role: 'user', content: canary }] })), {
    'x-sim-fault': 'status:500',
    cookie: canary,
  })
  const refusal = await failing.text()
  const metrics = await (await fetch(`${product.ops}/metrics`)).text()
  const logs = path.join(product.home, 'data', 'logs')
  const lines = await Promise.all(
    (await readdir(logs))
      .filter((name) => name !== 'simulator.log')
      .map((name) => readFile(path.join(logs, name), 'utf8')),
  )
  for (const text of [refusal, metrics, ...lines]) {
    expect(text).not.toContain(canary)
    expect(text).not.toContain(product.key)
  }
})
