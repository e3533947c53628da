import Anthropic, { AuthenticationError, BadRequestError, InternalServerError, RateLimitError } from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'

import { json, post, simulated, WEATHER_SCHEMA } from './support.ts'

const simulator = simulated()
const client = (headers: Record<string, string> = {}, apiKey = 'key'): Anthropic =>
  new Anthropic({
    apiKey,
    baseURL: `${simulator.url}/birch`,
    maxRetries: 0,
    defaultHeaders: { 'x-sim-instant': '1', ...headers },
  })
const ASK = {
  model: 'swift-8b',
  max_tokens: 4000,
  messages: [{ role: 'user' as const, content: 'Tell me about lighthouse keepers.' }],
}
const TOOLS = ['get_weather', 'get_tides'].map((name) => ({
  name,
  input_schema: { ...WEATHER_SCHEMA, type: 'object' as const },
}))
const THINKING = { type: 'enabled' as const, budget_tokens: 1024 }

describe('a provider of the Anthropic shape', () => {
  it('gives the same message streamed and whole, up to its id', async () => {
    const whole = await client().messages.create(ASK)
    const streamed = await client().messages.stream(ASK).finalMessage()
    expect(streamed.content.map((block) => (block.type === 'text' ? block.text : ''))).toEqual(
      whole.content.map((block) => (block.type === 'text' ? block.text : '')),
    )
    expect(streamed.stop_reason).toBe('end_turn')
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens)
    expect(streamed.usage.input_tokens).toBe(whole.usage.input_tokens)
  })

  it('says a sentence, calls tools in blocks of their own, and answers once their results are back', async () => {
    const ask = {
      ...ASK,
      tools: TOOLS,
      messages: [{ role: 'user' as const, content: 'How is the weather?' }] as Anthropic.MessageParam[],
    }
    const whole = await client().messages.create(ask)
    const streamed = await client().messages.stream(ask).finalMessage()
    expect(whole.content.map((block) => block.type)).toEqual(['text', 'tool_use', 'tool_use'])
    expect(streamed.content).toMatchObject(whole.content.map(({ type }) => ({ type })))
    const calls = whole.content.filter((block) => block.type === 'tool_use')
    expect(streamed.content.filter((block) => block.type === 'tool_use').map((call) => call.input)).toEqual(
      calls.map((call) => call.input),
    )
    expect(whole.stop_reason).toBe('tool_use')
    const results = calls.map((call) => ({ type: 'tool_result' as const, tool_use_id: call.id, content: 'windy' }))
    const after = await client().messages.create({
      ...ask,
      messages: [...ask.messages, { role: 'assistant', content: whole.content }, { role: 'user', content: results }],
    })
    expect(after.stop_reason).toBe('end_turn')
    expect(JSON.stringify(after.content)).toMatch(/windy/)
    const forgotten = client().messages.create({
      ...ask,
      messages: [...ask.messages, { role: 'assistant', content: whole.content }, ...ask.messages],
    })
    await expect(forgotten).rejects.toThrow(/without `tool_result` blocks/)
  })

  it('thinks under seal, and takes its thoughts back only unchanged', async () => {
    const ask = { ...ASK, thinking: THINKING }
    const whole = await client().messages.create(ask)
    const streamed = await client().messages.stream(ask).finalMessage()
    expect(streamed.content).toEqual(whole.content)
    const [thought, text] = whole.content
    expect(thought?.type).toBe('thinking')
    expect(whole.usage.output_tokens_details?.thinking_tokens).toBeGreaterThan(0)
    const answered = (content: unknown[]): Promise<Anthropic.Message> =>
      client().messages.create({
        ...ask,
        messages: [
          ...ask.messages,
          { role: 'assistant', content: content as Anthropic.ContentBlockParam[] },
          ...ask.messages,
        ],
      })
    await expect(answered([thought, text])).resolves.toMatchObject({ stop_reason: 'end_turn' })
    await expect(answered([{ ...thought, signature: 'AAAA' }, text])).rejects.toThrow(/Invalid `signature`/)
    await expect(answered([{ ...thought, thinking: 'something else' }, text])).rejects.toThrow(/Invalid `signature`/)
  })

  it('wants the thoughts back that led to a tool call', async () => {
    const ask = {
      ...ASK,
      thinking: THINKING,
      tools: TOOLS,
      messages: [{ role: 'user' as const, content: 'Call a tool' }] as Anthropic.MessageParam[],
    }
    const { content } = await client().messages.create(ask)
    const results = content
      .filter((block) => block.type === 'tool_use')
      .map((call) => ({ type: 'tool_result' as const, tool_use_id: call.id, content: 'ok' }))
    const after = (said: Anthropic.ContentBlock[]): Promise<Anthropic.Message> =>
      client().messages.create({
        ...ask,
        messages: [...ask.messages, { role: 'assistant', content: said }, { role: 'user', content: results }],
      })
    await expect(after(content)).resolves.toMatchObject({ stop_reason: 'end_turn' })
    await expect(after(content.filter((block) => block.type !== 'thinking'))).rejects.toThrow(
      /must start with a thinking block/,
    )
  })

  it('refuses to force a call where it cannot', async () => {
    const forced = { ...ASK, tools: TOOLS, tool_choice: { type: 'any' as const } }
    expect((await client().messages.create(forced)).content.map((block) => block.type)).toEqual([
      'tool_use',
      'tool_use',
    ])
    await expect(client().messages.create({ ...forced, thinking: THINKING })).rejects.toThrow(
      /Thinking may not be enabled/,
    )
    const alone = {
      ...forced,
      tool_choice: { type: 'tool' as const, name: 'get_tides', disable_parallel_tool_use: true },
    }
    expect((await client().messages.create(alone)).content).toMatchObject([{ type: 'tool_use', name: 'get_tides' }])
    await expect(
      client().messages.create({ ...alone, tool_choice: { type: 'tool', name: 'other' } }),
    ).rejects.toBeInstanceOf(BadRequestError)
  })

  it('keeps what was marked for its cache, and says what it read and wrote', async () => {
    const system = [
      { type: 'text' as const, text: 'Be brief. '.repeat(600), cache_control: { type: 'ephemeral' as const } },
    ]
    const first = (await client().messages.create({ ...ASK, system })).usage
    const second = (await client().messages.create({ ...ASK, system })).usage
    expect(first.cache_creation_input_tokens).toBeGreaterThan(1500)
    expect(first.cache_read_input_tokens).toBe(0)
    expect(second.cache_read_input_tokens).toBe(first.cache_creation_input_tokens)
    expect(second.input_tokens + second.cache_read_input_tokens!).toBe(
      first.input_tokens + first.cache_creation_input_tokens!,
    )
    const unmarked = (await client().messages.create({ ...ASK, system: 'Be brief. '.repeat(600) })).usage
    expect(unmarked.cache_read_input_tokens).toBe(0)
  })

  it('answers in JSON of the wanted schema, stops at the stop sequence, refuses what it must', async () => {
    const format = { type: 'json_schema' as const, schema: WEATHER_SCHEMA }
    const shaped = await client().messages.create({ ...ASK, output_config: { format } })
    const [block] = shaped.content
    expect(Object.keys(JSON.parse(block?.type === 'text' ? block.text : '') as object)).toEqual([
      'city',
      'unit',
      'days',
    ])
    await expect(client().messages.create({ ...ASK, stop_sequences: [' short'] })).resolves.toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: ' short',
    })
    await expect(client().messages.create({ ...ASK, max_tokens: 2 })).resolves.toMatchObject({
      stop_reason: 'max_tokens',
      usage: { output_tokens: 2 },
    })
    const refused = await client().messages.create({ ...ASK, messages: [{ role: 'user', content: '[refuse]' }] })
    expect(refused.stop_reason).toBe('refusal')
  })

  it('counts the tokens of a prompt as the answer does', async () => {
    const { input_tokens: counted } = await client().messages.countTokens({ model: ASK.model, messages: ASK.messages })
    expect(counted).toBe((await client().messages.create(ASK)).usage.input_tokens)
  })

  it.each([
    ['status:429', RateLimitError, 'rate_limit_error'],
    ['status:529', InternalServerError, 'overloaded_error'],
    ['status:500', InternalServerError, 'api_error'],
    ['status:context_length', BadRequestError, 'invalid_request_error'],
  ])('complains about %s as the SDK expects it', async (fault, kind, type) => {
    const error = await client({ 'x-sim-fault': fault })
      .messages.create(ASK)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(kind)
    expect(error).toMatchObject({ type, requestID: expect.stringMatching(/^req_/) as unknown })
    if (fault === 'status:429')
      expect((error as RateLimitError).headers.get('anthropic-ratelimit-requests-remaining')).toBe('0')
  })

  it('wants a key, a version and a bound of tokens', async () => {
    await expect(client({}, 'invalid').messages.create(ASK)).rejects.toBeInstanceOf(AuthenticationError)
    const address = `${simulator.url}/birch/v1/messages`
    expect(await json(post(address, ASK, { 'x-api-key': '', authorization: '' }))).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error' },
    })
    expect(await json(post(address, ASK, { 'anthropic-version': '' }))).toMatchObject({
      error: { message: 'anthropic-version: header is required' },
    })
    expect(await json(post(address, { ...ASK, max_tokens: undefined }))).toMatchObject({
      error: { message: 'max_tokens: Field required' },
    })
  })

  it('tells the SDK of an error after status 200', async () => {
    const early = client({ 'x-sim-fault': 'error_after_200' }).messages.stream(ASK).finalMessage()
    await expect(early).rejects.toMatchObject({ type: 'overloaded_error' })
  })
})
