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
