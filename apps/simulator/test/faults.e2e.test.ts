import { describe, expect, it } from 'vitest'

import { json, post, settled, simulated } from './support.ts'
import { line } from './wire.ts'

const simulator = simulated()
const PATH = '/acorn/v1/chat/completions'
const ASK = { model: 'swift-8b', messages: [{ role: 'user', content: 'Tell me about lighthouse keepers.' }] }
const STREAM = { ...ASK, stream: true, stream_options: { include_usage: true } }

/** A raw request with these faults, not waiting for the model. */
function faulty(fault: string, body: unknown, id = fault): ReturnType<typeof line> {
  return line(simulator.url, PATH, body, { 'x-sim-fault': fault, 'x-sim-instant': '1', 'x-request-id': id })
}

async function text(fault: string, body: unknown = STREAM, path = PATH): Promise<string> {
  return (await post(`${simulator.url}${path}`, body, { 'x-sim-fault': fault })).text()
}

describe('faults on the line', () => {
  it('refuses: closes without a byte', async () => {
    const refused = faulty('refuse', ASK)
    expect(await refused.ended).toBe('end')
    expect(refused.received()).toBe('')
  })

  it('resets: the client sees a reset', async () => {
    expect(await faulty('reset', ASK).ended).toBe('ECONNRESET')
  })

  it('stalls after the headers, and notices when the client gives up', async () => {
    const stalled = faulty('stall', STREAM)
    await stalled.until('\r\n\r\n')
    expect(stalled.received()).toMatch(/^HTTP\/1.1 200 OK\r\n/)
    expect(stalled.received()).not.toContain('data:')
    stalled.socket.destroy()
    expect(await settled(simulator.url, 'stall')).toMatchObject({
      outcome: 'aborted',
      tokensWritten: 0,
      faults: ['stall'],
    })
  })

  it('stalls before the headers', async () => {
    const stalled = faulty('stall_before_headers', ASK)
    const answered = post(`${simulator.url}${PATH}`, ASK)
    expect((await answered).status).toBe(200)
    expect(stalled.received()).toBe('')
    stalled.socket.destroy()
    expect(await settled(simulator.url, 'stall_before_headers')).toMatchObject({ outcome: 'aborted', status: null })
  })

  it('stalls in mid-stream after the number of tokens that was asked for', async () => {
    const stalled = line(simulator.url, PATH, STREAM, {
      'x-sim-fault': 'stall_midstream',
      'x-sim-fault-after-tokens': '2',
      'x-sim-instant': '1',
      'x-request-id': 'mid',
    })
    await stalled.until('"content":" is"')
    stalled.socket.destroy()
    const entry = await settled(simulator.url, 'mid')
    expect(entry).toMatchObject({ outcome: 'aborted', tokensWritten: 2 })
    expect(stalled.received()).not.toContain('[DONE]')
  })

  it('cuts a stream without an end', async () => {
    const cut = faulty('cut', STREAM)
    expect(await cut.ended).toBe('end')
    expect(cut.received().match(/"content":"[^"]+"/g)).toHaveLength(5)
    expect(cut.received()).not.toMatch(/\r\n0\r\n\r\n$/)
    expect(await settled(simulator.url, 'cut')).toMatchObject({ outcome: 'faulted', tokensWritten: 5 })
  })

  it('cuts a whole answer short of its length', async () => {
    const cut = faulty('cut', ASK, 'cut-whole')
    expect(await cut.ended).toBe('end')
    const [head = '', body = ''] = cut.received().split('\r\n\r\n')
    expect(Number(/content-length: (\d+)/.exec(head)?.[1])).toBeGreaterThan(body.length)
    expect(body.length).toBeGreaterThan(50)
  })

  it('sends a stream byte by byte, each in a chunk of its own', async () => {
    const slow = faulty('one_byte', { ...STREAM, max_tokens: 1 })
    await slow.until('\r\n0\r\n\r\n')
    const chunks = slow.received().split('\r\n\r\n').slice(1).join('\r\n\r\n')
    expect(chunks).toMatch(/^1\r\nd\r\n1\r\na\r\n1\r\nt\r\n1\r\na\r\n/)
    slow.socket.destroy()
    const plain = await text('one_byte', { ...STREAM, max_tokens: 1 })
    expect(plain).toMatch(/\[DONE\]\n\n$/)
  })

  it('ends lines with CRLF and puts comments between, on request', async () => {
    const events = await text('crlf,comments')
    expect(events).toMatch(/^: still working\r\n\r\ndata: \{/)
    expect(events.replaceAll('\r\n', '')).not.toContain('\n')
    expect(events.split('\r\n\r\n').filter((event) => event.startsWith(':')).length).toBeGreaterThan(5)
  })

  it('answers 200 with a page, with nothing, or with an error', async () => {
    const page = await post(`${simulator.url}${PATH}`, ASK, { 'x-sim-fault': 'html_200' })
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(await text('empty_200', ASK)).toBe('')
    expect(await text('empty_200')).toBe('')
    expect(await text('error_after_200')).toMatch(/^data: \{"error":\{/)
    expect(await json(post(`${simulator.url}${PATH}`, ASK, { 'x-sim-fault': 'error_after_200' }))).toHaveProperty(
      'error',
    )
  })

  it('garbles one event of a stream and goes on, or the whole of an answer', async () => {
    const events = (await text('garbled_json')).split('\n\n').filter(Boolean)
    const broken = events.filter((event) => {
      try {
        return event !== 'data: [DONE]' && typeof JSON.parse(event.slice(6)) === 'string'
      } catch {
        return true
      }
    })
    expect(broken).toHaveLength(1)
    expect(events.at(-1)).toBe('data: [DONE]')
    const whole = await text('garbled_json', ASK)
    expect(() => JSON.parse(whole) as unknown).toThrow(SyntaxError)
  })

  it.each([
    ['usage_zero', 0],
    ['usage_huge', 1_000_000_000_000],
    ['usage_negative', -7],
    ['no_usage', undefined],
  ])('reports false usage for %s, while the log keeps the truth', async (fault, count) => {
    const answered = await json(post(`${simulator.url}${PATH}`, ASK, { 'x-sim-fault': fault, 'x-request-id': fault }))
    expect(answered['usage']?.['completion_tokens']).toBe(count)
    expect((await settled(simulator.url, fault)).tokensOut).toBeGreaterThan(0)
    expect((await text(fault)).includes('"completion_tokens":')).toBe(count !== undefined)
  })

  it.each([
    ['/acorn/v1/chat/completions', STREAM, '[DONE]'],
    ['/birch/v1/messages', { ...STREAM, max_tokens: 50 }, 'message_stop'],
    [
      '/cedar/v1beta/models/m:streamGenerateContent?alt=sse',
      { contents: [{ parts: [{ text: 'hi' }] }] },
      'finishReason',
    ],
  ])('leaves out the end of a stream at %s', async (path, body, end) => {
    expect(await text('comments', body, path)).toContain(end)
    expect(await text('no_done', body, path)).not.toContain(end)
  })

  it('says which wish it cannot read', async () => {
    const response = await post(`${simulator.url}${PATH}`, ASK, { 'x-sim-fault': 'earthquake' })
    expect(response.status).toBe(400)
    expect((await json(response))['error']?.['message']).toMatch(/faults 0/)
  })
})
