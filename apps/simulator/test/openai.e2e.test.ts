import OpenAI, {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import { describe, expect, it } from 'vitest'

import { json, post, simulated, WEATHER_SCHEMA } from './support.ts'

const simulator = simulated()
const client = (headers: Record<string, string> = {}, apiKey = 'key'): OpenAI =>
  new OpenAI({
    apiKey,
    baseURL: `${simulator.url}/acorn/v1`,
    maxRetries: 0,
    defaultHeaders: { 'x-sim-instant': '1', ...headers },
  })
const ASK = { model: 'swift-8b', messages: [{ role: 'user' as const, content: 'Tell me about lighthouse keepers.' }] }
const TOOLS = ['get_weather', 'get_tides'].map((name) => ({
  type: 'function' as const,
  function: { name, parameters: WEATHER_SCHEMA },
}))

function create(rest: object): Promise<OpenAI.ChatCompletion> {
  return client().chat.completions.create({ ...ASK, tools: TOOLS, ...rest })
}

async function streamed(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<OpenAI.ChatCompletionChunk[]> {
  const chunks: OpenAI.ChatCompletionChunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

describe('a provider of the OpenAI shape', () => {
  it('gives the same answer every time, streamed or whole, from any provider', async () => {
    const whole = await client().chat.completions.create(ASK)
    const again = await client().chat.completions.create(ASK)
    const chunks = await streamed(
      await client().chat.completions.create({ ...ASK, stream: true, stream_options: { include_usage: true } }),
    )
    const elsewhere = await json(post(`${simulator.url}/elm/v1/chat/completions`, ASK))
    const text = whole.choices[0]?.message.content
    expect(text).toMatch(/lighthouse keepers/)
    expect(again.choices[0]?.message.content).toBe(text)
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(text)
    expect(elsewhere['choices']?.[0]?.['message']?.['content']).toBe(text)
    expect(chunks.at(-1)?.usage).toEqual(whole.usage)
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
    expect(whole.usage?.completion_tokens).toBe(chunks.filter((chunk) => chunk.choices[0]?.delta.content).length)
  })

  it('gives another answer to another question and to another model', async () => {
    const texts = await Promise.all(
      [
        ASK,
        { ...ASK, model: 'sage-70b' },
        { ...ASK, messages: [{ role: 'user' as const, content: 'And of ferries?' }] },
      ].map(async (ask) => (await client().chat.completions.create(ask)).choices[0]?.message.content),
    )
    expect(new Set(texts).size).toBe(3)
  })

  it('sends usage in a stream only to those who ask for it', async () => {
    const chunks = await streamed(await client().chat.completions.create({ ...ASK, stream: true }))
    expect(chunks.some((chunk) => chunk.usage)).toBe(false)
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
  })

  it('calls several tools with arguments that fit their schema, and answers in words when the results are back', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'How is the weather?' }]
    const asked = { model: 'swift-8b', messages, tools: TOOLS }
    const whole = await client().chat.completions.create(asked)
    const chunks = await streamed(await client().chat.completions.create({ ...asked, stream: true }))
    const { message, finish_reason: finish } = whole.choices[0]!
    expect(finish).toBe('tool_calls')
    expect(message.content).toBeNull()
    const calls = (message.tool_calls ?? []).filter((call) => call.type === 'function')
    expect(calls.map((call) => call.function.name)).toEqual(['get_weather', 'get_tides'])
    const given = JSON.parse(calls[0]!.function.arguments) as Record<string, unknown>
    expect(Object.keys(given)).toEqual(['city', 'unit', 'days'])
    expect(['celsius', 'fahrenheit']).toContain(given['unit'])
    expect(given['days']).toBeGreaterThanOrEqual(1)
    const pieces = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])
    expect(
      pieces
        .filter((piece) => piece.index === 1)
        .map((piece) => piece.function?.arguments)
        .join(''),
    ).toBe(calls[1]!.function.arguments)
    expect(pieces.filter((piece) => piece.index === 0).length).toBeGreaterThan(3)
    messages.push(message, ...calls.map((call) => ({ role: 'tool' as const, tool_call_id: call.id, content: 'sunny' })))
    const after = await client().chat.completions.create(asked)
    expect(after.choices[0]?.finish_reason).toBe('stop')
    expect(after.choices[0]?.message.content).toMatch(/sunny/)
  })

  it('obeys the choice of tools', async () => {
    const named = await create({ tool_choice: { type: 'function', function: { name: 'get_tides' } } })
    expect(named.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'get_tides' } }])
    const single = await create({ tool_choice: 'required', parallel_tool_calls: false })
    expect(single.choices[0]?.message.tool_calls).toHaveLength(1)
    const none = await create({ tool_choice: 'none', messages: [{ role: 'user', content: 'call a tool' }] })
    expect(none.choices[0]?.message.tool_calls).toBeUndefined()
    expect((await create({})).choices[0]?.finish_reason).toBe('stop')
  })

  it('refuses a conversation whose tool calls were not answered', async () => {
    const call = { id: 'call_1', type: 'function' as const, function: { name: 'get_tides', arguments: '{}' } }
    const messages = [...ASK.messages, { role: 'assistant' as const, tool_calls: [call] }, ...ASK.messages]
    const refused = await client()
      .chat.completions.create({ ...ASK, messages })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadRequestError)
    expect((refused as BadRequestError).message).toMatch(/call_1/)
  })

  it('answers in JSON that fits the wanted schema', async () => {
    const schema = { name: 'forecast', strict: true, schema: WEATHER_SCHEMA }
    const shaped = await client().chat.completions.create({
      ...ASK,
      response_format: { type: 'json_schema', json_schema: schema },
    })
    expect(Object.keys(JSON.parse(shaped.choices[0]?.message.content ?? '') as object)).toEqual([
      'city',
      'unit',
      'days',
    ])
    const free = await client().chat.completions.create({ ...ASK, response_format: { type: 'json_object' } })
    expect(() => JSON.parse(free.choices[0]?.message.content ?? '')).not.toThrow()
  })

  it('ends at a stop sequence and at the bound of tokens', async () => {
    const full = (await client().chat.completions.create(ASK)).choices[0]?.message.content ?? ''
    const stopped = await client().chat.completions.create({ ...ASK, stop: [' short'] })
    expect(stopped.choices[0]?.message.content).toBe(full.slice(0, full.indexOf(' short')))
    expect(stopped.choices[0]?.finish_reason).toBe('stop')
    const cut = await client().chat.completions.create({ ...ASK, max_completion_tokens: 3 })
    expect(cut.choices[0]?.finish_reason).toBe('length')
    expect(cut.usage?.completion_tokens).toBe(3)
  })

  it('counts images, thinks before it answers, and refuses what it must', async () => {
    const content = [
      { type: 'text' as const, text: 'What is this?' },
      { type: 'image_url' as const, image_url: { url: 'https://example.com/a.png' } },
    ]
    const seen = await client().chat.completions.create({ ...ASK, messages: [{ role: 'user', content }] })
    expect(seen.choices[0]?.message.content).toMatch(/I can see the image/)
    expect(seen.usage?.prompt_tokens).toBeGreaterThan(700)
    const thought = await client().chat.completions.create({ ...ASK, model: 'owl-reasoner' })
    expect(thought.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0)
    expect(thought.choices[0]?.message).toHaveProperty('reasoning_content')
    const refused = await client().chat.completions.create({
      ...ASK,
      messages: [{ role: 'user', content: 'Now [refuse] this' }],
    })
    expect(refused.choices[0]?.message.content).toBeNull()
    expect(refused.choices[0]?.message.refusal).toMatch(/help with that/)
  })

  it('reads a long prompt from its cache when it comes again', async () => {
    const ask = { ...ASK, messages: [{ role: 'system' as const, content: 'Be brief. '.repeat(600) }, ...ASK.messages] }
    const first = await client().chat.completions.create(ask)
    const second = await client().chat.completions.create({
      ...ask,
      messages: [ask.messages[0]!, { role: 'user', content: 'Something else' }],
    })
    expect(first.usage?.prompt_tokens_details?.cached_tokens).toBe(0)
    expect(second.usage?.prompt_tokens_details?.cached_tokens).toBe(1504)
  })

  it('embeds texts, the same each time, as vectors of length one', async () => {
    const made = await client().embeddings.create({
      model: 'embed-small',
      input: ['one', 'two', 'one'],
      dimensions: 64,
    })
    const [one, two, again] = made.data.map((each) => each.embedding)
    expect(one).toHaveLength(64)
    expect(one).toEqual(again)
    expect(one).not.toEqual(two)
    expect(Math.hypot(...one!)).toBeCloseTo(1, 5)
    const plain = await client().embeddings.create({
      model: 'embed-small',
      input: 'one',
      dimensions: 64,
      encoding_format: 'float',
    })
    expect(plain.data[0]?.embedding[0]).toBeCloseTo(one![0]!, 6)
  })

  it('lists its models', async () => {
    expect((await client().models.list()).data.map((model) => model.id)).toContain('swift-8b')
  })

  it.each([
    ['status:400', BadRequestError, null],
    ['status:404', NotFoundError, 'model_not_found'],
    ['status:429', RateLimitError, 'rate_limit_exceeded'],
    ['status:500', InternalServerError, null],
    ['status:503', InternalServerError, null],
    ['status:context_length', BadRequestError, 'context_length_exceeded'],
    ['status:moderation', BadRequestError, 'content_policy_violation'],
  ])('complains about %s as the SDK expects it', async (fault, kind, code) => {
    const error = await client({ 'x-sim-fault': fault, 'x-sim-retry-after-seconds': '7' })
      .chat.completions.create(ASK)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(kind)
    expect(error).toMatchObject({ code })
    expect((error as RateLimitError).requestID).toMatch(/^req_/)
    if (fault === 'status:429') expect((error as RateLimitError).headers.get('retry-after')).toBe('7')
  })

  it('asks for a credential, and knows a bad one', async () => {
    await expect(client({}, 'an-invalid-key').chat.completions.create(ASK)).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    })
    await expect(client({ authorization: 'Bearer' }).chat.completions.create(ASK)).rejects.toBeInstanceOf(
      AuthenticationError,
    )
  })

  it('tells the SDK of an error in mid-stream', async () => {
    const stream = await client({
      'x-sim-fault': 'error_midstream',
      'x-sim-fault-after-tokens': '4',
    }).chat.completions.create({ ...ASK, stream: true })
    let text = ''
    const read = async (): Promise<void> => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    }
    await expect(read()).rejects.toThrow(/Overloaded/)
    expect(text.split(' ')).toHaveLength(4)
  })
})
