import { describe, expect, it } from 'vitest'
import { FLEET, LISTED_PROVIDERS } from '../src/fleet.ts'
import { PROVIDER_NAME } from '../src/world.ts'
import { json, post, simulated } from './support.ts'

const simulator = simulated()
const ask = (content: string) => ({ messages: [{ role: 'user', content }] })
const at = (path: string) => `${simulator.url}${path}`

it('stands in for every provider of the price list, as quick each time and not all alike', () => {
  expect(LISTED_PROVIDERS.length).toBeGreaterThan(30)
  const names = [...LISTED_PROVIDERS, ...FLEET].map(({ name }) => name)
  expect(names).toEqual([...new Set(names)])
  for (const { name, firstTokenMs, tokensPerSecond } of LISTED_PROVIDERS) {
    expect(name).toMatch(PROVIDER_NAME)
    expect([firstTokenMs >= 150, firstTokenMs <= 900], name).toEqual([true, true])
    expect([tokensPerSecond >= 40, tokensPerSecond <= 200], name).toEqual([true, true])
  }
  expect(new Set(LISTED_PROVIDERS.map(({ firstTokenMs }) => firstTokenMs)).size).toBeGreaterThan(20)
})

describe('a listed provider, simulated', () => {
  it('answers in the shape of its provider, under any name of a model', async () => {
    const chat = await json(post(at('/openai/v1/chat/completions'), { model: 'gpt-4o-mini', ...ask('Hello.') }))
    expect(chat).toMatchObject({ object: 'chat.completion', model: 'gpt-4o-mini' })
    const fast = { model: 'accounts/fireworks/models/gpt-oss-20b', ...ask('Hello.') }
    expect(await json(post(at('/fireworks/v1/chat/completions'), fast))).toMatchObject({ model: fast.model })
    const claude = { model: 'claude-sonnet-4-5', max_tokens: 50, ...ask('Hello.') }
    expect(await json(post(at('/anthropic/v1/messages'), claude))).toMatchObject({ type: 'message' })
    const gemini = { contents: [{ role: 'user', parts: [{ text: 'Hello.' }] }] }
    const answer = await json(post(at('/google/v1beta/models/gemini-2.5-pro:generateContent'), gemini))
    expect(answer).toMatchObject({ candidates: [{ finishReason: 'STOP' }], modelVersion: 'gemini-2.5-pro' })
    const vectors = await json(post(at('/voyageai/v1/embeddings'), { model: 'voyage-3.5', input: 'Hello.' }))
    expect(vectors['data']).toHaveLength(1)
  })

  it('thinks where it is asked to, whatever the model is called', async () => {
    const asked = { model: 'gpt-5', reasoning_effort: 'high', ...ask('Why?') }
    const { usage } = await json(post(at('/openai/v1/chat/completions'), asked))
    expect(usage?.['completion_tokens_details']?.['reasoning_tokens']).toBeGreaterThan(0)
  })

  it('takes the longest prompt that any model takes', async () => {
    const long = { model: 'gemini-2.5-pro', max_tokens: 1, ...ask('word '.repeat(1_000_000)) }
    expect((await post(at('/openrouter/v1/chat/completions'), long)).status).toBe(200)
  })

  it('ends a stream with its usage, for those that refuse to be asked for it', async () => {
    const streamed = { model: 'mistral-large-latest', stream: true, ...ask('Hello.') }
    expect(await (await post(at('/mistral/v1/chat/completions'), streamed)).text()).toContain('"completion_tokens":')
  })
})

describe('a conversation that another provider began', () => {
  const tools = [{ name: 'get_tides', input_schema: { type: 'object' } }]

  it('goes on at Gemini with calls that say that they have no signature, and before Gemini 3 with any', async () => {
    const conversation = (signed: object) => ({
      generationConfig: { thinkingConfig: { includeThoughts: true } },
      contents: [
        { role: 'user', parts: [{ text: 'When is high water?' }] },
        { role: 'model', parts: [{ functionCall: { name: 'get_tides', args: {} }, ...signed }] },
        { role: 'user', parts: [{ functionResponse: { name: 'get_tides', response: { at: 'noon' } } }] },
      ],
    })
    const status = async (model: string, signed = {}) =>
      (await post(at(`/google/v1beta/models/${model}:generateContent`), conversation(signed))).status
    expect(await status('gemini-3-pro')).toBe(400)
    expect(await status('gemini-3-pro', { thoughtSignature: 'skip_thought_signature_validator' })).toBe(200)
    expect(await status('gemini-2.5-pro')).toBe(200)
  })

  it('goes on at Claude, and may force a call, where how much to think is left to it', async () => {
    const body = {
      model: 'claude-sonnet-5',
      max_tokens: 2_000,
      tools,
      thinking: { type: 'adaptive' },
      messages: [
        { role: 'user', content: 'When is high water?' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'get_tides', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'noon' }] },
      ],
    }
    expect((await post(at('/anthropic/v1/messages'), body)).status).toBe(200)
    const forced = { ...body, ...ask('When is high water?'), tool_choice: { type: 'any' } }
    expect((await post(at('/anthropic/v1/messages'), forced)).status).toBe(200)
  })
})
