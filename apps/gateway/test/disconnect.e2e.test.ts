import { sharedProduct, signUp, waitFor, type Product } from '@turnpike/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generationOf, simulatorOf } from './rig.ts'

/** Two hundred tokens in a second. */
const ANSWER = { firstTokenMs: 10, tokensPerSecond: 200, tokens: 200 }

let product: Product
let simulator: ReturnType<typeof simulatorOf>
/** A key whose policy reads answers to their end, and one whose policy has them called off although a wider one drains. */
let drains: string
let cancels: string

beforeAll(async () => {
  product = await sharedProduct()
  simulator = simulatorOf(product)
  const visitor = await signUp(product, 'leaver@example.test')
  const keyWith = async (name: string, document: object) => {
    const { id, key } = await visitor.makeKey(name)
    const made = await visitor.ask('POST', '/policies', { name, document })
    const { id: policyId } = made.body['data'] as { id: string }
    expect((await visitor.ask('PUT', `/keys/${id}/policy`, { policyId })).status).toBe(200)
    const isInForce = async () => (await decided(key)) === document['disconnect' as keyof typeof document]
    await waitFor(isInForce, { withinMs: 5_000 })
    return key
  }
  drains = await keyWith('drains', { disconnect: 'read_to_end' })
  cancels = await keyWith('cancels', { disconnect: 'cancel' })
  await simulator.behave('acorn', ANSWER)
})
afterAll(() => product?.drop())

function ask(key: string, stream: boolean, signal: AbortSignal | null, headers: Record<string, string> = {}) {
  return fetch(`${product.api}/chat/completions`, {
    method: 'POST',
    signal,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model: 'sim/swift-8b',
      messages: [{ role: 'user', content: 'hello' }],
      stream,
      provider: { only: ['acorn'] },
    }),
  })
}

/** What the route of this key says of callers who hang up. */
async function decided(key: string): Promise<unknown> {
  const reply = await ask(key, false, null, {
    'x-turnpike-decision': 'full',
    'x-sim-instant': '1',
    'x-sim-tokens': '1',
  })
  await reply.text()
  return (JSON.parse(reply.headers.get('x-turnpike-decision') ?? '{}') as { disconnect?: unknown }).disconnect
}

/** Hangs up after the first piece of a stream. */
async function leaveStream(key: string): Promise<string> {
  const hangUp = new AbortController()
  const reply = await ask(key, true, hangUp.signal)
  await reply.body?.getReader().read()
  hangUp.abort()
  return reply.headers.get('x-generation-id') ?? ''
}

/** Hangs up while an answer that is not streamed is being made. */
async function leaveWhole(key: string): Promise<string> {
  const hangUp = new AbortController()
  const asked = ask(key, false, hangUp.signal)
  const running = await waitFor(async () => (await simulator.running('acorn'))[0] ?? null, { withinMs: 3_000 })
  hangUp.abort()
  await expect(asked).rejects.toThrow()
  return `gen-${running.callerRequestId}`
}

const WAYS = [
  ['in the middle of a stream', leaveStream],
  ['while it waits for a whole answer', leaveWhole],
] as const

describe('a caller who hangs up', () => {
  it.each(WAYS)('%s, under `drain`: the usage is the provider’s own, and billed once', async (_, leave) => {
    const id = await leave(drains)
    const [truth, ...others] = await simulator.settled(id)
    expect(others).toEqual([])
    expect(truth).toMatchObject({ outcome: 'finished', tokensOut: ANSWER.tokens })
    const generation = await generationOf(product, id, drains)
    expect(generation).toMatchObject({
      cancelled: true,
      error_code: 'caller_gone',
      native_tokens_completion: ANSWER.tokens,
      provider_responses: [{ outcome: 'cancelled' }],
    })
    expect(Number(generation['total_cost'])).toBeGreaterThan(0)
  })

  it.each(WAYS)('%s, under `cancel`: the provider is stopped', async (_, leave) => {
    const id = await leave(cancels)
    expect(await simulator.settled(id)).toMatchObject([{ outcome: 'aborted' }])
    expect(await generationOf(product, id, cancels)).toMatchObject({ cancelled: true, error_code: 'caller_gone' })
  })

  it('is asked of nobody else: a provider that fails after the caller left is not followed by another', async () => {
    await simulator.behave('acorn', { ...ANSWER, firstTokenMs: 600, faults: ['empty_200'] })
    const hangUp = new AbortController()
    const asked = fetch(`${product.api}/chat/completions`, {
      method: 'POST',
      signal: hangUp.signal,
      headers: { authorization: `Bearer ${drains}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'sim/swift-8b',
        messages: [{ role: 'user', content: 'hello' }],
        provider: { order: ['acorn', 'elm', 'fir'] },
      }),
    })
    const running = await waitFor(async () => (await simulator.running('acorn'))[0] ?? null, { withinMs: 3_000 })
    hangUp.abort()
    await expect(asked).rejects.toThrow()
    const id = `gen-${running.callerRequestId}`
    expect(await generationOf(product, id, drains)).toMatchObject({ cancelled: true, total_cost: 0 })
    expect(await simulator.truth(id)).toHaveLength(1)
  })
})
