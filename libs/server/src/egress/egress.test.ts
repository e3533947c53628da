import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { Fault } from '@turnpike/domain'
import { waitFor } from '@turnpike/testkit'
import { afterEach, expect, it } from 'vitest'
import { Egress, type Incoming } from './egress.ts'

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

function anEgress(connectTimeoutMs = 1_000): Egress {
  const egress = new Egress({ connectTimeoutMs, connectionsMax: 10 })
  endings.push(() => egress.close())
  return egress
}

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endings.push(() => new Promise((resolve) => server.close(() => resolve())))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function provider(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  endings.push(() => Promise.resolve(server.closeAllConnections()))
  return listening(server)
}

function post(egress: Egress, baseUrl: string): Promise<Incoming> {
  const { signal } = new AbortController()
  const headers = { 'content-type': 'application/json' }
  return egress.post({ baseUrl, path: '/', headers, body: '{}', headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, signal })
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const thrown: unknown = await promise.then(() => null).catch((error: unknown) => error)
  if (!(thrown instanceof Fault)) throw new Error('it worked', { cause: thrown })
  return thrown
}

it('says that nothing was sent when nobody listens, or when the name does not exist', async () => {
  const gone = await listening(createTcpServer())
  await endings.pop()?.()
  for (const host of [gone, 'nobody.invalid']) {
    const fault = await faultOf(post(anEgress(), `http://${host}`))
    expect([fault.code, fault.facts.detail?.['sent']]).toEqual(['upstream_unreachable', false])
  }
})

it('gives up on a line that does not come to stand when its time is over, not later, and closes it', async () => {
  const sockets: Socket[] = []
  const silent = createTcpServer((socket) => sockets.push(socket.on('error', () => undefined)))
  const host = await listening(silent)
  const beganMs = performance.now()
  // TLS is part of it: the server takes the connection and says nothing.
  const fault = await faultOf(post(anEgress(200), `https://${host}`))
  const tookMs = performance.now() - beganMs
  expect(fault.code).toBe('upstream_unreachable')
  expect(fault.facts.detail).toEqual({ code: 'ETIMEDOUT', sent: false })
  expect(tookMs).toBeGreaterThanOrEqual(199)
  expect(tookMs).toBeLessThan(450)
  sockets.forEach((socket) => socket.resume())
  await waitFor(() => sockets.every(({ destroyed, readableEnded }) => destroyed || readableEnded), { withinMs: 1_000 })
})

it('does not say so when the line broke after the request was written, and sends it once', async () => {
  let asked = 0
  const host = await provider((request) => {
    asked++
    request.socket.destroy()
  })
  const fault = await faultOf(post(anEgress(), `http://${host}`))
  expect(fault.code).toBe('upstream_unreachable')
  expect(fault.facts.detail).not.toHaveProperty('sent')
  expect(asked).toBe(1)
})

it('follows no redirect', async () => {
  const host = await provider((_, response) => response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end())
  expect((await post(anEgress(), `http://${host}`)).status).toBe(307)
})

it('takes headers of 16 KiB at most', async () => {
  const host = await provider((_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(1_000_000) }).end())
  expect((await faultOf(post(anEgress(), `http://${host}`))).code).toBe('upstream_garbled')
})

it('reads a body up to its limit', async () => {
  const host = await provider((_, response) => response.end('x'.repeat(100_000)))
  const egress = anEgress()
  expect(await (await post(egress, `http://${host}`)).text(100_000)).toHaveLength(100_000)
  expect((await faultOf((await post(egress, `http://${host}`)).text(99_999))).code).toBe('upstream_garbled')
})

it('asks a question by GET, with the path after that of the base URL', async () => {
  const seen: string[] = []
  const host = await provider((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    response.end('well')
  })
  const egress = anEgress()
  for (const baseUrl of [`http://${host}`, `http://${host}/`, `http://${host}/v1/`]) {
    const reply = await egress.get({
      baseUrl,
      path: '/models?limit=1',
      headers: { authorization: 'x' },
      timeoutMs: 5_000,
    })
    expect(await reply.text(4)).toBe('well')
  }
  expect(seen).toEqual(['GET /models?limit=1 x', 'GET /models?limit=1 x', 'GET /v1/models?limit=1 x'])
})

it.for(['head', 'body'] as const)(
  'gives a question up when its time is over, though its %s is on its way',
  async (what) => {
    const host = await provider((_, response) => {
      if (what === 'head') return
      response.writeHead(200)
      const drip = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(drip))
    })
    const beganMs = performance.now()
    const asking = async () => {
      const reply = await anEgress().get({ baseUrl: `http://${host}`, path: '/', headers: {}, timeoutMs: 300 })
      return reply.text(1_000_000)
    }
    expect((await faultOf(asking())).code).toBe('upstream_timeout')
    expect(performance.now() - beganMs).toBeLessThan(700)
  },
)

it('sends nothing to a path that could name another host', async () => {
  let asked = 0
  const host = await provider((_, response) => {
    asked++
    response.end()
  })
  for (const path of ['http://127.0.0.1:9/', '@127.0.0.1/', ''])
    await expect(anEgress().get({ baseUrl: `http://${host}`, path, headers: {}, timeoutMs: 1_000 })).rejects.toThrow()
  expect(asked).toBe(0)
})

it('keeps pools for 200 origins, closes the one unused for longest, and lets requests under way end', async () => {
  const open = new Set<Socket>()
  let release: () => void = () => undefined
  const server = createServer((request, response) => {
    if (request.url === '/slow') release = () => response.end('whole')
    else response.setHeader('keep-alive', 'timeout=600').end('well')
  })
  // No line ends by the server's will.
  server.keepAliveTimeout = 600_000
  server.on('connection', (socket) => open.add(socket.on('close', () => open.delete(socket))))
  const host = await listening(server)
  const port = host.split(':')[1]
  endings.push(() => Promise.resolve(server.closeAllConnections()))
  const egress = new Egress({
    connectTimeoutMs: 5_000,
    connectionsMax: 1,
    lookup: () => Promise.resolve(['127.0.0.1']),
  })
  endings.push(() => egress.close())
  const ask = async (name: string, path = '/') => {
    const asking = { baseUrl: `http://${name}.example:${port}`, path, headers: {}, timeoutMs: 20_000 }
    return (await egress.get(asking)).text(10)
  }
  const slow = ask('slow', '/slow')
  await waitFor(() => open.size === 1, { withinMs: 5_000 })
  for (let i = 0; i < 250; i++) expect(await ask(`n${i}`)).toBe('well')
  // What is under way keeps its line, though its pool made room first.
  await waitFor(() => open.size <= 201, { withinMs: 5_000 })
  expect(open.size).toBe(201)
  release()
  expect(await slow).toBe('whole')
  await waitFor(() => open.size === 200, { withinMs: 5_000 })
})

it('moves on to new lines after ten minutes, and what is under way ends on the old ones', async () => {
  const lines: Socket[] = []
  const releases: (() => void)[] = []
  const server = createServer((request, response) => {
    response.setHeader('keep-alive', 'timeout=3600')
    if (request.url === '/slow') releases.push(() => response.end('whole'))
    else response.end('well')
  })
  server.keepAliveTimeout = 600_000
  server.on('connection', (socket) => lines.push(socket))
  const host = await listening(server)
  endings.push(() => Promise.resolve(server.closeAllConnections()))
  const clock = { nowMs: 0 }
  const egress = new Egress({ connectTimeoutMs: 1_000, connectionsMax: 1, nowMs: () => clock.nowMs })
  endings.push(() => egress.close())
  const ask = async (path: string) =>
    (await egress.get({ baseUrl: `http://${host}`, path, headers: {}, timeoutMs: 20_000 })).text(10)
  await ask('/')
  const slow = ask('/slow')
  await waitFor(() => releases.length === 1, { withinMs: 5_000 })
  clock.nowMs += 599_999
  const waiting = ask('/')
  clock.nowMs += 1
  expect(await ask('/')).toBe('well')
  expect(lines).toHaveLength(2)
  releases[0]?.()
  expect([await slow, await waiting]).toEqual(['whole', 'well'])
  await waitFor(() => lines[0]?.destroyed === true, { withinMs: 5_000 })
  expect(await ask('/')).toBe('well')
  expect(lines).toHaveLength(2)
})
