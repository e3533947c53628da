import OpenAI from 'openai'
import { sharedProduct, type Product } from '@turnpike/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatorOf } from './rig.ts'

let product: Product
let simulator: ReturnType<typeof simulatorOf>
let client: OpenAI

beforeAll(async () => {
  product = await sharedProduct()
  simulator = simulatorOf(product)
  const defaultHeaders = { 'x-sim-instant': '1' }
  client = new OpenAI({ baseURL: product.api, apiKey: product.key, maxRetries: 0, defaultHeaders })
})
afterAll(() => product?.drop())

const messages = [{ role: 'user' as const, content: 'What is a turnpike?' }]
/** A field of ours that the official client does not know. */
const providerOf = (answer: object) => (answer as { provider?: string }).provider
const via = (slug: string) => ({ provider: { only: [slug] } }) as object

interface Listed {
  readonly id: string
  readonly slug: string
  readonly tag: string
  readonly name: string
  readonly provider_name: string
  readonly simulated: boolean
  readonly served: boolean
}

async function get(path: string): Promise<{ data: Listed[] & { endpoints: Listed[] } }> {
  const reply = await fetch(`${product.api}${path}`)
  return (await reply.json()) as { data: Listed[] & { endpoints: Listed[] } }
}

describe('without any account, the official OpenAI client, unchanged', () => {
  it.each([
    ['openai/gpt-4o-mini', 'openai', 'OpenAI (simulated)'],
    ['anthropic/claude-sonnet-4.5', 'anthropic', 'Anthropic (simulated)'],
    ['anthropic/claude-sonnet-4.5', 'amazon-bedrock', 'Amazon Bedrock (simulated)'],
    ['google/gemini-2.5-pro', 'google', 'Google AI Studio (simulated)'],
  ])('gets an answer of %s from %s, named as simulated', async (model, slug, name) => {
    const answer = await client.chat.completions.create({ model, messages, ...via(slug) })
    expect([answer.model, providerOf(answer), answer.choices[0]?.finish_reason]).toEqual([model, name, 'stop'])
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
    const truths = await simulator.settled(answer.id)
    expect(truths.map(({ provider, tokensOut }) => [provider, tokensOut])).toEqual([
      [slug, answer.usage?.completion_tokens],
    ])
  })

  it('streams, with the usage of those too that are not asked for it', async () => {
    const [mistrals] = (await get('/models?providers=mistral&limit=1')).data
    for (const [model, slug] of [
      ['openai/gpt-4o-mini', 'openai'],
      [mistrals?.id ?? '', 'mistral'],
    ] as const) {
      const stream = await client.chat.completions.create({ model, messages, stream: true, ...via(slug) })
      let last: OpenAI.ChatCompletionChunk | undefined
      for await (const chunk of stream) last = chunk
      expect(last && providerOf(last), slug).toMatch(/ \(simulated\)$/)
      expect(last?.usage?.completion_tokens, slug).toBeGreaterThan(0)
    }
  })

  it('thinks where it is asked to, and embeds', async () => {
    const asked = { model: 'anthropic/claude-sonnet-4.5', messages, reasoning: { effort: 'high' }, ...via('anthropic') }
    const { usage } = await client.chat.completions.create(asked)
    expect(usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0)
    const vectors = await client.embeddings.create({ model: 'openai/text-embedding-3-small', input: 'a turnpike' })
    expect(vectors.data[0]?.embedding.length).toBeGreaterThan(0)
    expect(providerOf(vectors)).toMatch(/ \(simulated\)$/)
  })

  it('is answered by the made-up models where it leaves the choice', async () => {
    const { model } = await client.chat.completions.create({ model: 'turnpike/auto', messages })
    expect(model).toMatch(/^sim\//)
  })
})

describe('every list', () => {
  it('begins with the made-up models, and marks each endpoint and provider that is simulated', async () => {
    const { data: models } = await get('/models')
    expect(models.slice(0, 3).every(({ id }) => id.startsWith('sim/'))).toBe(true)
    expect(models.slice(3).some(({ id }) => id.startsWith('sim/'))).toBe(false)
    expect(models.every(({ served }) => served)).toBe(true)
    const { data: model } = await get('/models/anthropic/claude-sonnet-4.5/endpoints')
    expect(model.endpoints.length).toBeGreaterThan(1)
    for (const { provider_name: name, simulated } of model.endpoints) {
      expect([name.endsWith(' (simulated)'), simulated], name).toEqual([true, true])
    }
    const { data: providers } = await get('/providers')
    expect(providers.length).toBeGreaterThan(40)
    for (const { name, simulated } of providers) {
      expect([name.endsWith(' (simulated)'), simulated], name).toEqual([true, true])
    }
  })
})
