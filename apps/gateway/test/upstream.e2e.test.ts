import OpenAI from 'openai'
import { limitMs, startProduct, type Product } from '@turnpike/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { generationOf, simulatorOf } from './rig.ts'

const MODEL = 'sim/swift-8b'
/** No retries of the client's own, no waiting in the simulator: what is tested is the gateway. */
const INSTANT = { 'x-sim-instant': '1' }

let product: Product
let simulator: ReturnType<typeof simulatorOf>
let client: OpenAI

beforeAll(async () => {
  product = await startProduct({ environment: { UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '1500', HEALTH_PROBES: 'off' } })
  simulator = simulatorOf(product)
  client = new OpenAI({ baseURL: product.api, apiKey: product.key, maxRetries: 0, defaultHeaders: INSTANT })
})
afterEach(() => simulator.reset())
afterAll(() => product?.drop())

const messages = [{ role: 'user' as const, content: 'hello' }]
/** Fields of ours that the official client does not know. */
const via = (...order: string[]) => ({ provider: { order } }) as object
type Known = { provider?: string }
type Refused = InstanceType<typeof OpenAI.APIError>

async function refused(): Promise<Refused> {
  const failure = await client.chat.completions.create({ model: MODEL, messages }).catch((error: unknown) => error)
  if (!(failure instanceof OpenAI.APIError)) throw new Error('it was answered', { cause: failure })
  return failure
}

describe('when a provider is down', () => {
  // Each in turn, so that none fails so often that it is not asked any more.
  it.each([
    ['refuses connections', ['refuse'], 'acorn', 'birch'],
    ['resets them', ['reset'], 'birch', 'cedar'],
    ['fails', ['status:500'], 'cedar', 'acorn'],
    ['is overloaded', ['status:529'], 'dogwood', 'acorn'],
    ['answers 200 with a page of HTML', ['html_200'], 'elm', 'birch'],
    ['answers 200 with nothing', ['empty_200'], 'acorn', 'cedar'],
    ['answers 200 and then an error', ['error_after_200'], 'birch', 'acorn'],
    ['goes silent before its headers', ['stall_before_headers'], 'cedar', 'birch'],
    ['goes silent after its headers', ['stall'], 'dogwood', 'birch'],
    ['refuses our credential', ['status:401'], 'fir', 'acorn'],
  ])('and %s, the stream comes from the next one and the caller sees nothing of it', async (_, faults, first, next) => {
    await simulator.behave(first, { faults })
    const body = { model: MODEL, messages, stream: true, ...via(first, next) } as const
    const chunks: (OpenAI.ChatCompletionChunk & Known)[] = []
    for await (const chunk of await client.chat.completions.create(body)) chunks.push(chunk)
    expect(chunks[0]?.provider?.toLowerCase()).toContain(next)
    const generation = await generationOf(product, chunks[0]?.id ?? '')
    expect(generation['provider_responses']).toMatchObject([
      { provider_name: first, outcome: 'failed' },
      { provider_name: next, outcome: 'answered' },
    ])
  })

  it('never fails over after the first content: the stream ends with an error event and [DONE]', async () => {
    await simulator.behave('acorn', { faults: ['cut'], faultAfterTokens: 3, firstTokenMs: 5, tokensPerSecond: 200 })
    const reply = await fetch(`${product.api}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, messages, stream: true, ...via('acorn', 'birch') }),
    })
    const events = (await reply.text()).split('\n\n').filter(Boolean)
    expect(reply.status).toBe(200)
    expect(events.at(-1)).toBe('data: [DONE]')
    expect(JSON.parse(events.at(-2)?.slice(6) ?? '')).toMatchObject({
      error: { code: 'upstream_cut' },
      choices: [{ finish_reason: 'error' }],
    })
    const id = reply.headers.get('x-generation-id') ?? ''
    expect(await generationOf(product, id)).toMatchObject({
      total_cost: 0,
      error_code: 'upstream_cut',
      provider_responses: [{ provider_name: 'acorn', outcome: 'cut' }],
    })
    expect(await simulator.settled(id)).toHaveLength(1)
  })
})

describe('when all providers are', () => {
  it('out of patience, it is RateLimitError with a time to come back', async () => {
    await simulator.behave('*', { faults: ['status:429'], retryAfterSeconds: 7 })
    const failure = await refused()
    expect(failure).toBeInstanceOf(OpenAI.RateLimitError)
    expect(failure.error).toMatchObject({ metadata: { scope: 'provider' } })
    expect(Number(failure.headers?.get('retry-after'))).toBeGreaterThanOrEqual(5)
  })

  it('known to be failing, the refusal comes within 200 ms, with what was tried and what was passed over', async () => {
    await simulator.behave('*', { faults: ['status:500'] })
    // Their patience comes first: another model's endpoints have not been asked for any.
    const ask = () =>
      client.chat.completions.create({ model: 'sim/sage-70b', messages }).catch((error: unknown) => error as Refused)
    for (let i = 0; i < 40; i++) await ask()
    const tookMs: number[] = []
    for (let i = 0; i < 3; i++) {
      const beganMs = performance.now()
      await ask()
      tookMs.push(performance.now() - beganMs)
    }
    expect(Math.min(...tookMs)).toBeLessThan(limitMs(200))
    const failure = (await ask()) as Refused
    expect([failure.status, failure.code]).toEqual([503, 'no_healthy_provider'])
    const { metadata } = failure.error as { metadata: { attempts: unknown[]; skipped: unknown[] } }
    expect(metadata.attempts.length + metadata.skipped.length).toBe(6)
    // One of them, whichever, is asked all the same.
    expect(metadata.skipped).toContainEqual({ provider: expect.any(String) as string, reason: 'down' })
  })
})
