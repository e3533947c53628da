import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault, type ChatRequest, type Decision, type Hedge } from '@turnpike/domain'
import { Egress } from '@turnpike/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Routed } from '../call/call.ts'
import { aCall, aTarget, id, someMeans } from './failover.fixture.ts'
import { connect, type ConnectDependencies } from './failover.ts'
import { Racing } from '../health/racing.ts'
import { open } from './upstream.ts'

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
interface Stand {
  readonly origin: string
  /** The response to write to, once it was asked. */
  readonly asked: Promise<ServerResponse>
  /** When the other side closed the line. */
  readonly closed: Promise<number>
}

async function stand(): Promise<Stand> {
  const [asked, closed] = [deferred<ServerResponse>(), deferred<number>()]
  const server = createServer((request, response) => {
    request.socket.on('close', () => closed.resolve(performance.now()))
    request.resume().on('end', () => asked.resolve(response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, asked: asked.promise, closed: closed.promise }
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>((done) => (resolve = done))
  return { promise, resolve }
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
}

function say(response: ServerResponse, content: string): void {
  response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`)
}

/** Races both, the second one a moment after the first. */
function raceOf(a: Stand, b: Stand, signal = new AbortController().signal) {
  const egress = new Egress({ connectTimeoutMs: 1_000, connectionsMax: 10 })
  onTestFinished(() => egress.close())
  const call = aCall({ signal, route: { promptTokens: 3 } as Routed['call']['route'] })
  const origins: Readonly<Record<string, string>> = { [A]: `${a.origin}/v1`, [B]: `${b.origin}/v1` }
  const target = (name: string) => ({ ...aTarget(name), baseUrl: origins[name] ?? '' })
  const means = someMeans()
  const hedging: ConnectDependencies = {
    ...means,
    health: Object.assign(means.health, {
      racing: () => Object.assign(new Racing(), { usual: { samples: 200, p95Ms: 1 } }),
    }),
    hedges: { earn: () => {}, take: () => true, settle: () => {}, refuse: () => {} },
    after: (_, then) => means.after(5, then),
  }
  const decision: Partial<Decision> = {
    ...{ targets: [id(A), id(B)], fallbacks: [], fallbackOn: [], candidates: [], hedge: HEDGE },
    failover: { on: ['outage', 'timeout'], attempts: 2, firstTokenMs: null, totalMs: null },
  }
  const routed = { call, decision, directory: { target } } as unknown as Routed
  const opening: Parameters<typeof connect<Awaited<ReturnType<typeof open>>>>[1] = (to, patience, off) =>
    open(to, call, REQUEST, egress, patience, off)
  const connected = connect(routed, opening, hedging).then((won) => ({ ...won, atMs: performance.now() }))
  return { call, connected }
}

async function textOf(answer: Awaited<ReturnType<typeof open>>): Promise<string> {
  let text = answer.head.map((delta) => delta.text ?? '').join('')
  for await (const batch of answer.rest) text += batch.map((delta) => delta.text ?? '').join('')
  return text
}

/** Ends what a provider has begun. */
function end(response: ServerResponse): void {
  const last = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
  response.end(`data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`)
}

describe('the loser of a race is off the line at once', () => {
  it.each([
    ['when it has not answered at all', () => {}],
    ['when it has sent its headers', begin],
  ])('%s', async (_, before) => {
    const [a, b] = [await stand(), await stand()]
    const { call, connected } = raceOf(a, b)
    before(await a.asked)
    const winner = await b.asked
    begin(winner)
    say(winner, 'from b')
    const { opened, atMs } = await connected
    expect((await a.closed) - atMs).toBeLessThanOrEqual(CLOSED_WITHIN_MS)
    end(winner)
    expect(await textOf(opened)).toBe('from b')
    expect(call.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'answered'])
  })

  it('when both begin in the same tick, and nothing that it said reaches the caller', async () => {
    const stands = [await stand(), await stand()] as const
    const { call, connected } = raceOf(...stands)
    const responses = [await stands[0].asked, await stands[1].asked] as const
    for (const response of responses) begin(response)
    responses.forEach((response, i) => say(response, i === 0 ? 'a1 ' : 'b1 '))
    const { opened, attempt, atMs } = await connected
    const loser = stands[attempt === 0 ? 1 : 0]
    expect((await loser.closed) - atMs).toBeLessThanOrEqual(CLOSED_WITHIN_MS)
    responses.forEach((response, i) => say(response, i === 0 ? 'a2' : 'b2'))
    responses.forEach(end)
    expect(await textOf(opened)).toBe(attempt === 0 ? 'a1 a2' : 'b1 b2')
    expect(call.attempts.map(({ outcome }) => outcome).toSorted()).toEqual(['answered', 'lost'])
  })

  it('as both are when the caller leaves', async () => {
    const [a, b] = [await stand(), await stand()]
    const caller = new AbortController()
    const { connected, call } = raceOf(a, b, caller.signal)
    await Promise.all([a.asked, b.asked])
    const leftMs = performance.now()
    caller.abort(new Fault('caller_gone', 'The caller left.'))
    await expect(connected).rejects.toMatchObject({ code: 'caller_gone' })
    for (const closedMs of await Promise.all([a.closed, b.closed])) {
      expect(closedMs - leftMs).toBeLessThanOrEqual(CLOSED_WITHIN_MS)
    }
    expect(call.attempts.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled'])
  })
})
