import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault, type ChatRequest, type Decision, type Hedge } from '@turnpike/domain'
import { Egress } from '@turnpike/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { aRouteRequest } from '../call/call.fixture.ts'
import type { ConnectDependencies } from './dependencies.ts'
import { aProgress, aTarget, connect, id, routedTo, someDependencies } from './failover.fixture.ts'
import { HedgeTiming } from '../health/hedge-timing.ts'
import type { Answer } from '../call/answer.ts'
import { openChat } from './upstream.ts'

const A = 'acorn/m/x'
const B = 'birch/m/x'
const HEDGE: Hedge = { afterMs: null, extraRequests: 1, extraSpend: null, ownCost: false }
/** On a machine that is busy with other tests; the figure that is promised is measured by scenario D20. */
const CLOSED_WITHIN_MS = 250
const REQUEST: ChatRequest = {
  messages: [{ role: 'user', content: [{ kind: 'text', text: 'hello' }] }],
  stream: true,
  sampling: {},
  tools: [],
  extra: {},
}

/** One provider on a socket of its own, with what happened there. */
interface FakeProvider {
  readonly origin: string
  /** The response to write to, once the request came. */
  readonly requested: Promise<ServerResponse>
  /** When the other side closed the connection. */
  readonly closed: Promise<number>
}

async function aProvider(): Promise<FakeProvider> {
  const [requested, closed] = [deferred<ServerResponse>(), deferred<number>()]
  const server = createServer((request, response) => {
    request.socket.on('close', () => closed.resolve(performance.now()))
    request.resume().on('end', () => requested.resolve(response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, requested: requested.promise, closed: closed.promise }
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>((done) => (resolve = done))
  return { promise, resolve }
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
}

function send(response: ServerResponse, content: string): void {
  response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`)
}

/** A hedged pair, the hedge a moment after the first attempt. */
function hedgedPair(a: FakeProvider, b: FakeProvider, signal = new AbortController().signal) {
  const egress = new Egress({ connectTimeoutMs: 1_000, connectionsMax: 10 })
  onTestFinished(() => egress.close())
  const progress = aProgress({ signal, routeRequest: aRouteRequest(['m/x'], { promptTokens: 3 }) })
  const origins: Readonly<Record<string, string>> = { [A]: `${a.origin}/v1`, [B]: `${b.origin}/v1` }
  const target = (name: string) => ({ ...aTarget(name), baseUrl: origins[name] ?? '' })
  const dependencies = someDependencies()
  const hedging: ConnectDependencies = {
    ...dependencies,
    health: Object.assign(dependencies.health, {
      hedgeTiming: () => Object.assign(new HedgeTiming(), { usual: { samples: 200, p95Ms: 1 } }),
    }),
    hedges: { earn: () => {}, reserve: () => true, settle: () => {}, refuse: () => {} },
    after: (_, then) => dependencies.after(5, then),
  }
  const failover: Decision['failover'] = { on: ['outage', 'timeout'], attempts: 2, firstTokenMs: null, totalMs: null }
  const routed = routedTo([id(A), id(B)], { hedge: HEDGE, failover }, target)
  const connected = connect(
    progress,
    routed,
    (to, deadlines, cancelled) => openChat(to, progress.call, REQUEST, egress, deadlines, cancelled),
    hedging,
  ).then((answer) => ({ answer, atMs: performance.now() }))
  return { progress, connected }
}

async function textOf(answer: Answer): Promise<string> {
  let text = answer.head.map((delta) => delta.text ?? '').join('')
  for await (const batch of answer.rest) text += batch.map((delta) => delta.text ?? '').join('')
  return text
}

/** Ends what a provider has begun. */
function end(response: ServerResponse): void {
  const last = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
  response.end(`data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`)
}

describe('the loser of a hedged pair is disconnected at once', () => {
  it.each([
    ['when it has not answered at all', () => {}],
    ['when it has sent its headers', begin],
  ])('%s', async (_, before) => {
    const [a, b] = [await aProvider(), await aProvider()]
    const { progress, connected } = hedgedPair(a, b)
    before(await a.requested)
    const winner = await b.requested
    begin(winner)
    send(winner, 'from b')
    const { answer, atMs } = await connected
    expect((await a.closed) - atMs).toBeLessThanOrEqual(CLOSED_WITHIN_MS)
    end(winner)
    expect(await textOf(answer)).toBe('from b')
    expect(progress.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'answered'])
  })

  it('when both begin in the same tick, and nothing that it sent reaches the caller', async () => {
    const providers = [await aProvider(), await aProvider()] as const
    const { progress, connected } = hedgedPair(...providers)
    const responses = [await providers[0].requested, await providers[1].requested] as const
    for (const response of responses) begin(response)
    responses.forEach((response, i) => send(response, i === 0 ? 'a1 ' : 'b1 '))
    const { answer, atMs } = await connected
    const isFirst = answer.target.id === A
    const loser = providers[isFirst ? 1 : 0]
    expect((await loser.closed) - atMs).toBeLessThanOrEqual(CLOSED_WITHIN_MS)
    responses.forEach((response, i) => send(response, i === 0 ? 'a2' : 'b2'))
    responses.forEach(end)
    expect(await textOf(answer)).toBe(isFirst ? 'a1 a2' : 'b1 b2')
    expect(progress.attempts.map(({ outcome }) => outcome).toSorted()).toEqual(['answered', 'lost'])
  })

  it('as both are when the caller disconnects', async () => {
    const [a, b] = [await aProvider(), await aProvider()]
    const caller = new AbortController()
    const { connected, progress } = hedgedPair(a, b, caller.signal)
    await Promise.all([a.requested, b.requested])
    const disconnectedMs = performance.now()
    caller.abort(new Fault('caller_gone', 'The caller disconnected.'))
    await expect(connected).rejects.toMatchObject({ code: 'caller_gone' })
    for (const closedMs of await Promise.all([a.closed, b.closed])) {
      expect(closedMs - disconnectedMs).toBeLessThanOrEqual(CLOSED_WITHIN_MS)
    }
    expect(progress.attempts.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled'])
  })
})
