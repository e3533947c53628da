import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { asFault, Fault, type TenantId } from '@turnpike/domain'
import { aCaller } from '@turnpike/testkit'
import { fastify } from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BodyBudget } from './body-budget.ts'
import { guardRoutes, refuse } from './edge.ts'

const acme = 'acme' as TenantId
const bolt = 'bolt' as TenantId

function codeOf(take: () => unknown): string | null {
  try {
    take()
    return null
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.code
    throw thrown
  }
}

describe('memory for bodies', () => {
  it('is bounded for one tenant and for all, and is there again once given back', () => {
    const budget = new BodyBudget(100, 0, 60)
    const giveBack = budget.take(acme, 60)
    expect(codeOf(() => budget.take(acme, 1))).toBe('rate_limited')
    expect(codeOf(() => budget.take(bolt, 41))).toBe('overloaded')
    expect(codeOf(() => budget.take(bolt, 40))).toBeNull()
    giveBack()
    giveBack()
    expect(budget.taken).toBe(40)
    expect(codeOf(() => budget.take(acme, 60))).toBeNull()
  })

  it('is left for another tenant, however many send all that they may', () => {
    const largest = 20 * 1024 * 1024
    const budget = new BodyBudget()
    for (let i = 0; i < 6; i++) while (codeOf(() => budget.take(`greedy-${i}` as TenantId, largest)) === null);
    expect(codeOf(() => budget.take(bolt, largest))).toBeNull()
  })
})

/** A gateway's edge with room for 4,000 bytes of bodies, 600 of them for one tenant. */
async function edge(onReceiving: (response: ServerResponse) => void = () => undefined) {
  const budget = new BodyBudget(4_000, 0, 600)
  const server = fastify()
  onTestFinished(() => server.close())
  guardRoutes(server, () => Promise.resolve(aCaller({ tenantId: acme })), budget)
  server.setErrorHandler((thrown, request, reply) => refuse(request, reply, asFault(thrown)))
  server.addHook('preParsing', (_request, reply, payload, done) => {
    onReceiving(reply.raw)
    done(null, payload)
  })
  server.post('/', () => ({ taken: budget.taken }))
  server.get('/', () => ({ taken: budget.taken }))
  const url = await server.listen({ port: 0, host: '127.0.0.1' })
  return { server, budget, url }
}

describe('a body that is announced and does not come', () => {
  it('keeps others of its tenant out until its connection closes', async () => {
    let receive: (response: ServerResponse) => void = () => undefined
    const receiving = new Promise<ServerResponse>((resolve) => (receive = resolve))
    const { budget, url } = await edge((response) => receive(response))
    const socket = new Socket().on('error', () => undefined)
    socket.connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{')
    const closed = once(await receiving, 'close')
    expect(budget.taken).toBe(500)
    const headers = { 'content-type': 'application/json' }
    const send = (body: string) => fetch(url, { method: 'POST', headers, body })
    expect((await send(`{"a":"${'x'.repeat(200)}"}`)).status).toBe(429)
    expect((await send('{}')).status).toBe(200)
    socket.destroy()
    await closed
    expect(budget.taken).toBe(0)
  })

  it('takes as much as any body may have where its length is not announced', async () => {
    const { server } = await edge()
    const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
    expect((await server.inject({ method: 'POST', url: '/', headers, payload: '{}' })).statusCode).toBe(429)
  })
})

it('a body that was received gives its bytes back before it is answered, and a request without one takes none', async () => {
  const { server } = await edge()
  const reply = await server.inject({ method: 'POST', url: '/', payload: { a: 'x'.repeat(300) } })
  expect(reply.json()).toEqual({ taken: 0 })
  expect((await server.inject('/')).json()).toEqual({ taken: 0 })
})
