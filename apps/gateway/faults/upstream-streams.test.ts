import { gzipSync } from 'node:zlib'
import { note, startFaultProxy, waitFor, type Fault } from '@turnpike/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerWell, chunkOf, END, startProvider, type Asking } from './upstream-provider.fixture.ts'
import {
  chat,
  expectNothingTwice,
  failuresOf,
  load,
  percentileMs,
  PRIMARY,
  PROVIDERS,
  useUpstreams,
  type Upstreams,
} from './upstream-rig.fixture.ts'

const DEADLINE_MS = 1_000
/** What an endpoint usually needs is never taken for less. */
const ADAPTIVE_MS_MIN = 2_000
const ADDED_MS_MAX = 150
const current = useUpstreams({
  UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: String(DEADLINE_MS),
  UPSTREAM_IDLE_TIMEOUT_MS: String(DEADLINE_MS),
})

/** The provider that a request names, and no other. */
const only = (provider: string) => ({ provider: { only: [provider] }, stream: true })
const codeOf = (text: string) => /"code":"(\w+)"/.exec(text)?.[1]

describe('before the first content', () => {
  it('D7 silence after the headers is a failover at the deadline', async (context) => {
    const upstreams = current()
    const requests = await load(upstreams, { rate: 30, streamed: 1 }, async ({ phase }) => {
      await upstreams.behave(PRIMARY, { faults: ['stall'] })
      await phase('silent', 4_000)
    })
    const longestMs = percentileMs(requests, 'silent', 100)
    note(context, { requests: requests.length, longestMs: Math.round(longestMs) })
    expect(failuresOf(requests)).toEqual({})
    expect(longestMs).toBeGreaterThanOrEqual(DEADLINE_MS)
    expect(longestMs).toBeLessThanOrEqual(ADAPTIVE_MS_MIN + ADDED_MS_MAX)
  })

  it.for(['error_after_200', 'html_200', 'empty_200'])('D10 %s is a failover in every dialect', async (fault) => {
    const upstreams = current()
    for (const provider of ['acorn', 'birch', 'cedar']) {
      await upstreams.behave(provider, { faults: [fault] })
      for (const stream of [true, false]) {
        const routed = { provider: { order: [provider, 'fir'] }, stream }
        const { status, text } = await chat(upstreams, routed)
        expect([provider, stream, status, text.includes('"error"')]).toEqual([provider, stream, 200, false])
      }
    }
  })

  it('D22 what is answered after the caller’s deadline is nobody’s: 504 in time, the provider hung up on, nothing charged', async (context) => {
    const upstreams = current()
    await upstreams.behave('*', { instant: false, firstTokenMs: 900 })
    const { status, headers, json, ms } = await chat(upstreams, { stream: true }, { 'x-turnpike-timeout-ms': '300' })
    note(context, { ms: Math.round(ms) })
    expect(status).toBe(504)
    expect(ms).toBeLessThan(350)
    const { code, metadata } = json()['error'] as { code: string; metadata: Record<string, readonly unknown[]> }
    expect(code).toBe('deadline_passed')
    expect(metadata['attempts']).toHaveLength(1)
    await waitFor(async () => (await upstreams.generations()).every(({ outcome }) => outcome === 'aborted'), {
      withinMs: 1_000,
    })
    expect(await costOf(upstreams, headers.get('x-generation-id') ?? '')).toBe(0)
  })
})

/** What its caller is charged for a request, in dollars, as soon as the records say. */
function costOf({ api, keys }: Upstreams, id: string): Promise<number> {
  const find = async () => {
    const reply = await fetch(`${api}/generation?id=${id}`, { headers: { authorization: `Bearer ${keys[0]?.key}` } })
    return reply.ok ? ((await reply.json()) as { data: { total_cost: number } }) : null
  }
  return waitFor(find, { withinMs: 5_000, what: 'the record of a request' }).then(({ data }) => data.total_cost)
}

describe('after the first content', () => {
  it('D8 a stall is an error in band at the idle deadline, and nothing is generated twice', async (context) => {
    const upstreams = current()
    const requests = await load(upstreams, { rate: 30, streamed: 1 }, async ({ phase }) => {
      await upstreams.behave(PRIMARY, { faults: ['stall_midstream'] })
      await phase('stalling', 3_000)
    })
    const failures = failuresOf(requests)
    const longestMs = percentileMs(requests, 'stalling', 100)
    note(context, { requests: requests.length, longestMs: Math.round(longestMs), ...failures })
    expect(Object.keys(failures)).toEqual(['stalling: 200 upstream_timeout'])
    expect(longestMs).toBeGreaterThanOrEqual(DEADLINE_MS)
    expect(longestMs).toBeLessThanOrEqual(DEADLINE_MS + 1_500)
    expectNothingTwice(await upstreams.generations())
  })

  it.for([
    { kind: 'resetAfter', bytes: 4_000 },
    { kind: 'finAfter', bytes: 4_000 },
  ] satisfies Fault[])(
    'D9 $kind: every broken stream says so, none ends as if it were whole',
    async (fault, context) => {
      const upstreams = current()
      const { hostname, port } = new URL(upstreams.fleet.simulator)
      const proxy = await startFaultProxy({ host: hostname, port: Number(port) })
      onTestFinished(() => proxy.close())
      await upstreams.behave('*', { instant: false, firstTokenMs: 10, tokensPerSecond: 200, tokens: 100 })
      const requests = await load(upstreams, { rate: 30, streamed: 1 }, async ({ phase }) => {
        upstreams.reroute(PRIMARY, `http://127.0.0.1:${proxy.port}`)
        await proxy.set(fault)
        await phase('breaking', 3_000)
      })
      const failures = failuresOf(requests)
      note(context, { requests: requests.length, ...failures })
      expect(Object.keys(failures)).toEqual(['breaking: 200 upstream_cut'])
      expectNothingTwice(await upstreams.generations())
    },
  )

  it('D10 an error event becomes an error in band, with our code, in every dialect', async () => {
    const upstreams = current()
    for (const provider of ['acorn', 'birch', 'cedar']) {
      await upstreams.behave(provider, { faults: ['error_midstream'] })
      const { status, text } = await chat(upstreams, only(provider))
      expect([provider, status, codeOf(text), text.trimEnd().endsWith('data: [DONE]')]).toEqual([
        provider,
        200,
        'upstream_overloaded',
        true,
      ])
    }
  })

  it('D11 nothing is ever retried: no request appears again in a provider’s log', async (context) => {
    const upstreams = current()
    const faults = ['error_midstream', 'cut', 'garbled_json'] as const
    for (const [place, provider] of PROVIDERS.entries()) {
      await upstreams.behave(provider, { errorRate: 0.1, errorFault: faults[place % faults.length], seed: place })
    }
    const requests = await load(upstreams, { streamed: 1, rate: 100 }, async ({ phase }) => phase('failing', 6_000))
    const generations = await upstreams.generations()
    const failed = requests.filter(({ ok }) => !ok)
    note(context, { requests: requests.length, failed: failed.length, generations: generations.length })
    expectNothingTwice(generations)
    expect(failed.length).toBeGreaterThan(10)
    expect(failed.every(({ attempts }) => attempts.every(({ status }) => status === 200))).toBe(true)
  })
})

describe('a provider that sends too much', () => {
  const MEGABYTE = 1024 * 1024
  const answers: Readonly<Record<string, (asking: Asking) => void>> = {
    'a megabyte of headers': ({ response }) => response.writeHead(200, { 'x-long': 'x'.repeat(MEGABYTE) }).end(),
    'a bomb of compressed nothing': ({ response }) =>
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(64 * MEGABYTE))),
    'a line without an end': ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`data: ${'x'.repeat(8 * MEGABYTE)}`)
    },
  }

  it.for(Object.keys(answers))('D23 %s: the next one answers', async (name) => {
    const upstreams = current()
    const provider = await startProvider((asking) => answers[name]?.(asking))
    onTestFinished(() => provider.close())
    upstreams.reroute(PRIMARY, provider.origin)
    for (const stream of [true, false]) {
      const { status } = await chat(upstreams, { provider: { order: [PRIMARY, 'fir'] }, stream })
      expect([name, stream, status]).toEqual([name, stream, 200])
    }
    expect(provider.asked).toHaveLength(2)
  })

  it('D23 50 MB of an answer pass through without staying', async (context) => {
    const upstreams = current()
    const piece = chunkOf('x'.repeat(64 * 1024))
    const provider = await startProvider(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      let left = Math.ceil((50 * MEGABYTE) / piece.length)
      const pour = () => {
        while (left-- > 0) if (!response.write(piece)) return response.once('drain', pour)
        return response.end(END)
      }
      pour()
    })
    onTestFinished(() => provider.close())
    upstreams.reroute(PRIMARY, provider.origin)
    const before = process.memoryUsage.rss()
    let peak = 0
    const reply = await fetch(`${upstreams.api}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${upstreams.keys[0]?.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sim/swift-8b', messages: [{ role: 'user', content: 'all' }], ...only(PRIMARY) }),
    })
    let bytes = 0
    let tail = ''
    for await (const part of reply.body ?? []) {
      bytes += (part as Uint8Array).length
      tail = Buffer.from(part as Uint8Array)
        .toString()
        .slice(-100)
      peak = Math.max(peak, process.memoryUsage.rss() - before)
    }
    note(context, { megabytes: Math.round(bytes / MEGABYTE), peakMegabytes: Math.round(peak / MEGABYTE) })
    expect(bytes).toBeGreaterThan(50 * MEGABYTE)
    expect(tail).toContain('[DONE]')
    expect(peak).toBeLessThanOrEqual(64 * MEGABYTE)
  })
})

describe('a connection that is kept', () => {
  it('D24 is closed by us before the provider does it, so that no request meets its end', async (context) => {
    const upstreams = current()
    const provider = await startProvider(answerWell, { idleMs: 4_000 })
    onTestFinished(() => provider.close())
    upstreams.reroute(PRIMARY, provider.origin)
    const sockets = new Set<unknown>()
    for (let round = 0; round < 2; round++) {
      const replies = await Promise.all(Array.from({ length: 30 }, () => chat(upstreams, only(PRIMARY))))
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
      const before = provider.asked.length
      for (const { request } of provider.asked.slice(sockets.size)) sockets.add(request.socket)
      if (round > 0) break
      const open = () => provider.asked.slice(0, before).filter(({ request }) => !request.socket.destroyed).length
      const beganMs = performance.now()
      await waitFor(() => open() === 0, { withinMs: 6_000, what: 'the end of idle connections' })
      const tookMs = performance.now() - beganMs
      note(context, { closedAfterMs: Math.round(tookMs) })
      expect(tookMs).toBeLessThan(4_000)
    }
    const ids = provider.asked.map(({ requestId }) => requestId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('D24 that ends while a request is being written is not written to again: another provider is', async () => {
    const upstreams = current()
    let served = 0
    const provider = await startProvider((asking) => {
      if (served++ === 0) answerWell(asking)
      else asking.request.socket.resetAndDestroy()
    })
    onTestFinished(() => provider.close())
    upstreams.reroute(PRIMARY, provider.origin)
    const route = { provider: { order: [PRIMARY, 'fir'] } }
    for (let i = 0; i < 4; i++) expect((await chat(upstreams, route)).status).toBe(200)
    expect((await chat(upstreams, only(PRIMARY))).status).toBe(502)
    const ids = provider.asked.map(({ requestId }) => requestId)
    expect(ids).toHaveLength(5)
    expect(new Set(ids).size).toBe(5)
  })
})
