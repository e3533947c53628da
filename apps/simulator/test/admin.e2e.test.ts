import { limitMs } from '@turnpike/testkit'
import { afterEach, describe, expect, it } from 'vitest'

import { ENTRIES_MAX, type Entry, Log } from '../src/log.ts'
import { Prefixes } from '../src/prefixes.ts'
import { json, post, put, settled, simulated } from './support.ts'
import { line } from './wire.ts'

const simulator = simulated()
const ASK = { model: 'swift-8b', messages: [{ role: 'user', content: 'Tell me about lighthouse keepers.' }] }
const chat = (provider: string): string => `${simulator.url}/${provider}/v1/chat/completions`
const admin = (path: string): string => `${simulator.url}/admin/${path}`

afterEach(async () => {
  await Promise.all(['behaviour', 'down', 'log'].map((each) => fetch(admin(each), { method: 'DELETE' })))
})

async function status(provider: string, model: string, headers = {}): Promise<number> {
  return (await post(chat(provider), { ...ASK, model }, headers)).status
}

/** The fate of so many requests, one after another. */
async function fates(requests: number): Promise<string> {
  let fate = ''
  for (let at = 0; at < requests; at += 1) fate += (await status('fir', 'm')) === 200 ? '.' : 'x'
  return fate
}

async function elapsedMs(act: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await act()
  return performance.now() - before
}

describe('behaviour', () => {
  it('is set for everything, a provider, a model, and one request, the narrower over the wider', async () => {
    await put(admin('behaviour'), { faults: ['status:500'] })
    await put(admin('behaviour'), { provider: 'acorn', faults: ['status:429'] })
    await put(admin('behaviour'), { provider: 'acorn', model: 'good', faults: [] })
    expect(await status('elm', 'any')).toBe(500)
    expect(await status('acorn', 'any')).toBe(429)
    expect(await status('acorn', 'good')).toBe(200)
    expect(await status('acorn', 'any', { 'x-sim-fault': 'status:404' })).toBe(404)
    await fetch(admin('behaviour?provider=acorn'), { method: 'DELETE' })
    expect(await status('acorn', 'any')).toBe(500)
    await fetch(admin('behaviour'), { method: 'DELETE' })
    expect(await status('elm', 'any')).toBe(200)
  })

  it('merges what is set later over what was set before', async () => {
    await put(admin('behaviour'), { provider: 'elm', tokens: 3 })
    const { behaviours } = await json(put(admin('behaviour'), { provider: 'elm', errorRate: 0 }))
    expect(behaviours).toEqual([{ scope: 'elm *', change: { tokens: 3, errorRate: 0 } }])
    expect((await json(post(chat('elm'), ASK)))['usage']?.['completion_tokens']).toBe(3)
  })

  it('names what it cannot set', async () => {
    for (const wrong of [{ firstTokenMs: -1 }, { speed: 3 }, { provider: 'nobody' }, 'x']) {
      expect((await put(admin('behaviour'), wrong)).status).toBeGreaterThanOrEqual(400)
    }
  })

  it('waits for the first token and between tokens, streamed or whole', async () => {
    const slow = {
      'x-sim-instant': '0',
      'x-sim-first-token-ms': '60',
      'x-sim-tokens-per-second': '200',
      'x-sim-tokens': '21',
    }
    const whole = await elapsedMs(async () => (await post(chat('acorn'), ASK, slow)).text())
    const stream = await elapsedMs(async () => (await post(chat('acorn'), { ...ASK, stream: true }, slow)).text())
    for (const ms of [whole, stream]) {
      expect(ms).toBeGreaterThan(155)
      expect(ms).toBeLessThan(limitMs(1000))
    }
  })

  it('fails at the rate that was set, the same requests for the same seed', async () => {
    const luck = { provider: 'fir', errorRate: 0.3, errorFault: 'status:503', seed: 7 }
    await put(admin('behaviour'), luck)
    const first = await fates(60)
    await put(admin('behaviour'), luck)
    expect(await fates(60)).toBe(first)
    await put(admin('behaviour'), { ...luck, seed: 8 })
    expect(await fates(60)).not.toBe(first)
    const failed = first.replaceAll('.', '').length
    expect(failed).toBeGreaterThan(6)
    expect(failed).toBeLessThan(32)
  })

  it('refuses a prompt longer than the context', async () => {
    const refused = await post(chat('acorn'), ASK, { 'x-sim-context-tokens-max': '5' })
    expect((await json(refused))['error']?.['code']).toBe('context_length_exceeded')
  })
})

describe('outages', () => {
  it('takes a whole provider down and up again', async () => {
    await put(admin('down'), { provider: 'elm', how: '500' })
    expect((await post(chat('elm'), ASK)).status).toBe(500)
    expect((await fetch(`${simulator.url}/elm/v1/models`)).status).toBe(500)
    await put(admin('down'), { provider: 'elm', how: 'refuse' })
    await expect(post(chat('elm'), ASK)).rejects.toThrow('fetch failed')
    expect((await post(chat('acorn'), ASK)).status).toBe(200)
    await put(admin('down'), { provider: 'elm', how: null })
    expect((await post(chat('elm'), ASK)).status).toBe(200)
  })

  it('serves a provider that was registered, in its dialect', async () => {
    expect((await post(`${simulator.url}/ginkgo/v1/messages`, {})).status).toBe(404)
    await put(admin('providers'), { name: 'ginkgo', dialect: 'anthropic', firstTokenMs: 1 })
    expect(await json(post(`${simulator.url}/ginkgo/v1/messages`, { ...ASK, max_tokens: 9 }))).toMatchObject({
      type: 'message',
    })
    expect((await put(admin('providers'), { name: 'admin', dialect: 'openai' })).status).toBe(400)
    await fetch(admin('providers?name=ginkgo'), { method: 'DELETE' })
    expect((await post(`${simulator.url}/ginkgo/v1/messages`, ASK)).status).toBe(404)
  })
})

describe('the ground truth', () => {
  it('tells what was asked and what was written', async () => {
    const answered = await json(post(chat('acorn'), ASK, { 'x-request-id': 'truth' }))
    expect(await settled(simulator.url, 'truth')).toMatchObject({
      provider: 'acorn',
      model: 'swift-8b',
      path: '/v1/chat/completions',
      status: 200,
      stream: false,
      outcome: 'finished',
      tokensIn: answered['usage']?.['prompt_tokens'],
      tokensOut: answered['usage']?.['completion_tokens'],
      tokensWritten: answered['usage']?.['completion_tokens'],
      noticedAfterMs: null,
    })
  })

  it('counts the bytes on the socket, heads included, also on a connection used twice', async () => {
    const first = line(simulator.url, '/acorn/v1/chat/completions', ASK, {
      'x-sim-instant': '1',
      'x-request-id': 'bytes-1',
      connection: 'close',
    })
    await first.ended
    expect((await settled(simulator.url, 'bytes-1')).bytesWritten).toBe(Buffer.byteLength(first.received()))
    await (await post(chat('acorn'), ASK, { 'x-request-id': 'bytes-2' })).text()
    await (await post(chat('acorn'), ASK, { 'x-request-id': 'bytes-3' })).text()
    const [two, three] = await Promise.all(['bytes-2', 'bytes-3'].map((id) => settled(simulator.url, id)))
    expect(Math.abs(two!.bytesWritten - three!.bytesWritten)).toBeLessThan(20)
  })

  it('stops generating when the client leaves, and says so', async () => {
    const leaving = line(
      simulator.url,
      '/acorn/v1/chat/completions',
      { ...ASK, stream: true },
      {
        'x-sim-first-token-ms': '1',
        'x-sim-tokens-per-second': '100',
        'x-sim-tokens': '2000',
        'x-request-id': 'left',
      },
    )
    await leaving.until('"content":" is"')
    leaving.socket.destroy()
    const entry = await settled(simulator.url, 'left')
    expect(entry).toMatchObject({ outcome: 'aborted', tokensOut: 2000 })
    expect(entry.tokensWritten).toBeGreaterThanOrEqual(2)
    expect(entry.tokensWritten).toBeLessThan(500)
    expect(entry.noticedAfterMs).toBeLessThan(limitMs(100))
  })

  it('gives only what is new, and forgets on request', async () => {
    await post(chat('acorn'), ASK)
    const { last } = await json(fetch(admin('log')))
    await post(chat('elm'), ASK)
    const { entries } = await json(fetch(admin(`log?since=${Number(last)}`)))
    expect(entries).toMatchObject([{ provider: 'elm', seq: Number(last) + 1 }])
    await fetch(admin('log'), { method: 'DELETE' })
    expect((await json(fetch(admin('log'))))['entries']).toEqual([])
    expect(await json(fetch(admin('state')))).toMatchObject({ running: 0, down: {}, mistakes: [] })
  })

  it('holds a thousand streams at once, and lets all of them go', async () => {
    const held = { 'x-sim-instant': '1', 'x-sim-fault': 'stall_midstream', 'x-sim-fault-after-tokens': '2' }
    const lines = Array.from({ length: 1000 }, () =>
      line(simulator.url, '/fir/v1/chat/completions', { ...ASK, stream: true }, held),
    )
    await Promise.all(lines.map((each) => each.until('"content":" is"')))
    expect((await json(fetch(admin('state'))))['running']).toBe(1000)
    for (const each of lines) each.socket.destroy()
    for (;;) {
      const { entries } = (await (await fetch(admin('log'))).json()) as { entries: Entry[] }
      if (entries.every((entry) => entry.outcome === 'aborted')) break
    }
    expect((await json(fetch(admin('state'))))['running']).toBe(0)
  })

  it('answers only under a loopback name', async () => {
    const foreign = line(simulator.url, '/admin/state', {}, { host: 'evil.example', connection: 'close' })
    await foreign.ended
    expect(foreign.received()).toMatch(/^HTTP\/1.1 403/)
  })
})

it('forgets a cached beginning after five minutes', () => {
  let now = 0
  const prefixes = new Prefixes(() => now)
  const prompt = {
    model: 'm',
    turns: [{ role: 'user' as const, text: 'x'.repeat(8000), images: 0 }],
    tools: [],
    caches: true,
  }
  expect(prefixes.touch('acorn', prompt, 1024)).toEqual({ read: 0, written: 2004 })
  now = 299_999
  expect(prefixes.touch('acorn', prompt, 1024)).toEqual({ read: 2004, written: 0 })
  expect(prefixes.touch('elm', prompt, 1024).read).toBe(0)
  now = 600_000
  expect(prefixes.touch('acorn', prompt, 1024).read).toBe(0)
})

it('keeps the last hundred thousand requests and counts those that gave way', () => {
  const log = new Log()
  for (let at = 0; at < ENTRIES_MAX + 5; at += 1) log.begin({ provider: 'acorn', path: '/', callerRequestId: null, at })
  const { entries, dropped, last } = log.since(0)
  expect([entries.length, entries[0]?.seq, entries.at(-1)?.seq, dropped, last]).toEqual([
    ENTRIES_MAX,
    6,
    ENTRIES_MAX + 5,
    5,
    ENTRIES_MAX + 5,
  ])
  expect(log.since(last - 2).entries).toHaveLength(2)
})
