import OpenAI from 'openai'
import { startProduct, type Product } from '@turnpike/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { generationOf, simulatorOf } from './rig.ts'

const MODEL = 'sim/swift-8b'
/** No retries of the client's own, no waiting in the simulator: what is tested is the gateway. */
const INSTANT = { 'x-sim-instant': '1' }

let product: Product
let simulator: ReturnType<typeof simulatorOf>
let client: OpenAI

beforeAll(async () => {
  product = await startProduct({
    environment: {
      UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '1500',
      UPSTREAM_IDLE_TIMEOUT_MS: '1500',
      KEEP_ALIVE_COMMENT_MS: '200',
    },
  })
  simulator = simulatorOf(product)
  client = new OpenAI({ baseURL: product.api, apiKey: product.key, maxRetries: 0, defaultHeaders: INSTANT })
})
afterEach(() => simulator.reset())
afterAll(() => product?.drop())

const say = (content: string) => [{ role: 'user' as const, content }]
/** Fields of ours that the official client does not know. */
const via = (...order: string[]) => ({ provider: { order } }) as object
type Known = { provider?: string; usage?: { cost?: number } | null }

describe('the official OpenAI client, unchanged', () => {
  it('gets a whole answer with usage and what it cost', async () => {
    const answer = await client.chat.completions.create({ model: MODEL, messages: say('What is a turnpike?') })
    expect(answer.id).toMatch(/^gen-\d{8}-/)
    expect(answer.model).toBe(MODEL)
    expect(answer.choices[0]?.message.content).toMatch(/\w+/)
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.usage?.total_tokens).toBe((answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0))
    expect((answer as Known).usage?.cost).toBeGreaterThan(0)
    expect(typeof answer.system_fingerprint).toBe('string')
  })

  it('gets a stream whose pieces make the same answer, usage last', async () => {
    const whole = await client.chat.completions.create({
      model: MODEL,
      messages: say('Tell me of bridges'),
      ...via('acorn'),
    })
    const stream = await client.chat.completions.create({
      model: MODEL,
      messages: say('Tell me of bridges'),
      stream: true,
      ...via('acorn'),
    })
    let text = ''
    let last: OpenAI.ChatCompletionChunk | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      last = chunk
    }
    expect(text).toBe(whole.choices[0]?.message.content)
    expect(last?.choices).toEqual([])
    expect(last?.usage).toMatchObject({ completion_tokens: whole.usage?.completion_tokens })
    expect((last as Known).usage?.cost).toBe((whole as Known).usage?.cost)
  })

  it.each(['acorn', 'birch', 'cedar'])(
    'calls tools in parallel and answers with their results, through %s',
    async (provider) => {
      const tools: OpenAI.ChatCompletionTool[] = ['get_weather', 'get_time'].map((name) => ({
        type: 'function',
        function: {
          name,
          parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        },
      }))
      const ask = { model: 'sim/sage-70b', tools, tool_choice: 'required' as const, ...via(provider) }
      const runner = client.chat.completions.stream({
        ...ask,
        messages: say('Call the tools: weather and time in Bern'),
      })
      const first = await runner.finalChatCompletion()
      const calls = first.choices[0]?.message.tool_calls ?? []
      expect(first.choices[0]?.finish_reason).toBe('tool_calls')
      expect(calls.length).toBeGreaterThanOrEqual(2)
      expect(new Set(calls.map((call) => call.id)).size).toBe(calls.length)
      for (const call of calls)
        expect(JSON.parse(call.type === 'function' ? call.function.arguments : '')).toHaveProperty('city')

      const second = await client.chat.completions.create({
        ...ask,
        tool_choice: 'auto',
        messages: [
          ...say('Call the tools: weather and time in Bern'),
          { role: 'assistant', tool_calls: calls },
          ...calls.map((call) => ({ role: 'tool' as const, tool_call_id: call.id, content: 'sunny' })),
        ],
      })
      expect(second.choices[0]?.message.content).toMatch(/\w+/)
      expect(second.choices[0]?.finish_reason).toBe('stop')
    },
  )

  it.each(['acorn', 'birch', 'cedar'])('gets JSON that fits its schema, through %s', async (provider) => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, size: { type: 'integer' } },
      required: ['name', 'size'],
      additionalProperties: false,
    }
    const answer = await client.chat.completions.create({
      model: 'sim/sage-70b',
      messages: say('Describe a town'),
      response_format: { type: 'json_schema', json_schema: { name: 'town', strict: true, schema } },
      ...via(provider),
    })
    const town = JSON.parse(answer.choices[0]?.message.content ?? '') as { name: unknown; size: unknown }
    expect(typeof town.name).toBe('string')
    expect(Number.isInteger(town.size)).toBe(true)
  })

  it.each(['acorn', 'birch', 'cedar'])('sends images by URL and inside the request, through %s', async (provider) => {
    const pixel =
      'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const answer = await client.chat.completions.create({
      model: 'sim/sage-70b',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is in these?' },
            { type: 'image_url', image_url: { url: pixel } },
            { type: 'image_url', image_url: { url: 'https://images.example.org/cat.png' } },
          ],
        },
      ],
      ...via(provider),
    })
    expect(answer.choices[0]?.message.content).toMatch(/image|picture/i)
  })

  it.each(['acorn', 'birch', 'cedar'])(
    'shows thoughts and takes them back with their seals, through %s',
    async (provider) => {
      const ask = { model: 'sim/owl-reasoner', reasoning_effort: 'low' as const, ...via(provider) }
      const first = await client.chat.completions.create({ ...ask, messages: say('Think about gates') })
      const message = first.choices[0]?.message as OpenAI.ChatCompletionMessage & {
        reasoning?: string
        reasoning_details?: unknown[]
      }
      expect(first.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0)
      const second = await client.chat.completions.create({
        ...ask,
        messages: [...say('Think about gates'), message, ...say('And now briefly')],
      })
      expect(second.choices[0]?.message.content).toMatch(/\w+/)
    },
  )

  it('gets vectors, as numbers and packed', async () => {
    const embeddings = await client.embeddings.create({
      model: 'sim/embed-small',
      input: ['one', 'two'],
      encoding_format: 'float',
    })
    expect(embeddings.data).toHaveLength(2)
    expect(embeddings.data[0]?.embedding.every((number) => Number.isFinite(number))).toBe(true)
    const packed = await client.embeddings.create({ model: 'sim/embed-small', input: 'one', ...via('cedar') })
    expect(packed.data[0]?.embedding.length).toBeGreaterThan(1)
  })

  it('gets text completions, whole and streamed', async () => {
    const whole = await client.completions.create({ model: MODEL, prompt: 'Once upon a time', ...via('acorn') })
    let text = ''
    for await (const chunk of await client.completions.create({
      model: MODEL,
      prompt: 'Once upon a time',
      stream: true,
      ...via('acorn'),
    })) {
      text += chunk.choices[0]?.text ?? ''
    }
    expect(text).toBe(whole.choices[0]?.text)
  })

  it('lists models and what each costs where', async () => {
    const models = await client.models.list()
    expect(models.data.map((model) => model.id)).toContain(MODEL)
    const reply = await fetch(`${product.api}/models/${MODEL}/endpoints`)
    const { data } = (await reply.json()) as { data: { endpoints: { tag: string; pricing: { prompt: string } }[] } }
    expect(data.endpoints.find((endpoint) => endpoint.tag === 'acorn')?.pricing.prompt).toBe('0.00000005')
  })
})

it('an abort of the client ends its stream at once, and the provider with it', async () => {
  await simulator.behave('acorn', { firstTokenMs: 5, tokensPerSecond: 30, tokens: 500 })
  const unhurried = new OpenAI({ baseURL: product.api, apiKey: product.key, maxRetries: 0 })
  const stream = await unhurried.chat.completions.create({
    model: MODEL,
    messages: say('hello'),
    stream: true,
    ...via('acorn'),
  })
  let id = ''
  for await (const chunk of stream) {
    id = chunk.id
    stream.controller.abort()
  }
  expect(await simulator.settled(id)).toMatchObject([{ outcome: 'aborted' }])
  expect(await generationOf(product, id)).toMatchObject({ cancelled: true })
})

describe('errors arrive as the client’s own classes', () => {
  it('a wrong key is AuthenticationError, sent once', async () => {
    const stranger = new OpenAI({ baseURL: product.api, apiKey: 'tp_live_nonsense' })
    await expect(stranger.chat.completions.create({ model: MODEL, messages: say('hi') })).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    )
  })

  it('an unknown model is BadRequestError that names the nearest one', async () => {
    const failure = client.chat.completions.create({ model: 'sim/swift-8c', messages: say('hi') })
    await expect(failure).rejects.toMatchObject({
      status: 400,
      code: 'model_unknown',
      param: 'model',
      message: expect.stringContaining('sim/swift-8b'),
    })
  })

  it('a filter that leaves nothing is NotFoundError that says what removed each endpoint', async () => {
    const failure = client.chat.completions.create({
      model: MODEL,
      messages: say('hi'),
      ...({ provider: { only: ['nobody'] } } as object),
    })
    await expect(failure).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })

  it('every error carries the request id, and says whose fault it is', async () => {
    const failure = (await client.chat.completions
      .create({ model: 'no/such', messages: say('hi') })
      .catch((error: unknown) => error)) as InstanceType<typeof OpenAI.APIError>
    expect(failure.requestID).toMatch(/^req-\d{8}-/)
    expect(failure.error).toMatchObject({ source: 'client', request_id: failure.requestID, retryable: false })
  })
})

describe('on a silent line', () => {
  const ask = (headers: Record<string, string>) =>
    fetch(`${product.api}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: MODEL, messages: say('hello'), stream: true, ...via('acorn') }),
    }).then((reply) => reply.text())

  it('comments keep it open, and the caller can turn them off', async () => {
    await simulator.behave('acorn', { firstTokenMs: 700, tokens: 3 })
    expect(await ask({})).toMatch(/^: TURNPIKE PROCESSING\n\n(?:: .*\n\n)*data: /)
    expect(await ask({ 'x-turnpike-comments': 'off' })).toMatch(/^data: /)
  })

  it('a failover goes on behind them, and a last failure is an error in band', async () => {
    await simulator.behave('acorn', { faults: ['stall'] })
    expect(await ask({})).toMatch(/^: .*\n\n[^]*"provider":"(?!Acorn)[^]*data: \[DONE\]\n\n$/)
    await simulator.behave('*', { firstTokenMs: 400, errorRate: 0 })
    await simulator.behave('*', { faults: ['error_after_200'] })
    const text = await ask({})
    expect(text).toMatch(/"error":\{[^]*data: \[DONE\]\n\n$/)
  })
})
