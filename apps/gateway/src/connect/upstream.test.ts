import { Fault, type ChatRequest } from '@turnpike/domain'
import type { Adapter } from '@turnpike/providers'
import type { Egress } from '@turnpike/server'
import { limitMs } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { aCall } from '../call/call.fixture.ts'
import type { EgressMode, Target } from '../targets/target.ts'
import { aProgress, aTarget, someDependencies } from './failover.fixture.ts'
import { openEmbeddings } from './upstream-embeddings.ts'
import { openChat } from './upstream.ts'

/** As long as one answer may hold up everybody else's requests; the aim is a tenth of it. */
const STALL_MS_MAX = 500
const MIB = 1024 * 1024

/** A provider that answers with this text, and the sizes that it was read with. */
function replying(text: string, type = 'application/json') {
  const limits: number[] = []
  const egress: Pick<Egress, 'post'> = {
    post: () =>
      Promise.resolve({
        status: 200,
        header: (name) => (name === 'content-type' ? type : undefined),
        body: (async function* () {
          yield Buffer.from(text)
        })(),
        text: (limit) => {
          limits.push(limit)
          return Promise.resolve(text)
        },
      }),
  }
  return { egress, limits }
}

const target = (egress: EgressMode = 'restricted', adapter: Partial<Adapter> = {}): Target => {
  const one = aTarget('acorn/m/x')
  return { ...one, egress, adapter: { ...one.adapter, ...adapter } }
}
const chat = (stream: boolean): ChatRequest => ({
  messages: [{ role: 'user', content: [{ kind: 'text', text: 'hi' }] }],
  ...{ stream, sampling: {}, tools: [], extra: {} },
})
const { deadlines } = someDependencies()

/** The fault that a request ends in, and how long it took. */
async function failed(opening: () => Promise<unknown>) {
  const begunMs = performance.now()
  const thrown = await opening().catch((error: unknown) => error)
  const tookMs = performance.now() - begunMs
  if (!(thrown instanceof Fault)) throw new Error('it did not end in a fault', { cause: thrown })
  return { code: thrown.code, message: thrown.message, tookMs }
}

const open = (at: Target, text: string) => openChat(at, aCall(['m/x']), chat(false), replying(text).egress, deadlines)
const stream = (at: Target, data: string) => {
  const { egress } = replying(`data: ${data}\n\n`, 'text/event-stream')
  return openChat(at, aCall(['m/x'], { streamed: true }), chat(true), egress, deadlines)
}

const answer = (rest: string) =>
  `{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"more":${rest}}`
const chunk = (rest: string) => `{"choices":[{"index":0,"delta":{"content":"hi"}}],"more":${rest}}`
const objects = (count: number) => `[${'{},'.repeat(count)}{}]`
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

describe('what a provider answers with', () => {
  it.each([
    ['a whole answer of two million objects', () => open(target(), answer(objects(2_000_000))), 'members'],
    [
      'such an answer from a provider of the operator',
      () => open(target('unrestricted'), answer(objects(2_000_000))),
      'members',
    ],
    ['a whole answer 2,000,000 levels deep', () => open(target(), answer(nested(2_000_000))), '64 levels'],
    ['an event of 300,000 objects', () => stream(target(), chunk(objects(300_000))), 'members'],
    ['an event 200,000 levels deep', () => stream(target(), chunk(nested(200_000))), '64 levels'],
    ['an event that is cut', () => stream(target(), '{"choices":['), 'not valid JSON'],
  ])('%s is the provider’s fault, and found in a moment', async (_name, opening, what) => {
    const { code, message, tookMs } = await failed(opening)
    expect(code).toBe('upstream_garbled')
    expect(message).toContain(what)
    expect(tookMs).toBeLessThan(limitFor(tookMs))
  })

  it('is taken up to 8 MiB from an endpoint of a tenant’s own, and up to 64 MiB from a provider of the operator', async () => {
    const { egress, limits } = replying(answer('1'))
    for (const mode of ['restricted', 'unrestricted'] as const) {
      await openChat(target(mode), aCall(['m/x']), chat(false), egress, deadlines)
    }
    expect(limits).toEqual([8 * MIB, 64 * MIB])
  })

  it('overflows a decoder at the provider’s cost, never as a failure on our side', async () => {
    const overflowing = () => {
      throw new RangeError('Maximum call stack size exceeded')
    }
    const whole = target('unrestricted', { decodeWhole: overflowing })
    const streaming = target('unrestricted', { decoder: () => ({ push: overflowing, done: false }) })
    const vectors = target('unrestricted', {
      embeddings: { reportsUsage: true, encode: () => ({ path: '/', headers: {}, body: '' }), decode: overflowing },
    })
    const embed = () =>
      openEmbeddings(vectors, aProgress(), { input: ['a'], extra: {} }, replying('{}').egress, deadlines)
    for (const opening of [() => open(whole, answer('1')), () => stream(streaming, chunk('1')), embed]) {
      expect(await failed(opening)).toMatchObject({ code: 'upstream_garbled' })
    }
  })
})

describe('vectors', () => {
  const embed = (at: Target, text: string) =>
    openEmbeddings(at, aProgress(), { input: ['a'], extra: {} }, replying(text).egress, deadlines)

  it('may be as many numbers as 1,000 texts have, and no objects besides', async () => {
    const row = `{"embedding":[${'0.25,'.repeat(999)}0.25]}`
    const { vectors } = await embed(target(), `{"data":[${`${row},`.repeat(999)}${row}]}`)
    expect([vectors.length, vectors[0]?.length]).toEqual([1_000, 1_000])
    const { code, message, tookMs } = await failed(() => embed(target(), `{"data":[],"more":${objects(400_000)}}`))
    expect([code, message]).toEqual(['upstream_garbled', expect.stringContaining('10,000 objects and lists')])
    expect(tookMs).toBeLessThan(limitFor(tookMs))
  })
})

/** How busy the machine is takes 100 ms to find out; it is needed only where the limit of a quiet one is passed. */
function limitFor(tookMs: number): number {
  return tookMs < STALL_MS_MAX ? STALL_MS_MAX : limitMs(STALL_MS_MAX)
}
