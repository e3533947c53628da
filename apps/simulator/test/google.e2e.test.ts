import { describe, expect, it } from 'vitest'

import { type Json, json, post, simulated, WEATHER_SCHEMA } from './support.ts'

const simulator = simulated()
const ASK = { contents: [{ role: 'user', parts: [{ text: 'Tell me about lighthouse keepers.' }] }] }
const TOOLS = [
  {
    functionDeclarations: ['get_weather', 'get_tides'].map((name) => ({ name, parametersJsonSchema: WEATHER_SCHEMA })),
  },
]

function address(verb: string, model = 'swift-8b'): string {
  return `${simulator.url}/cedar/v1beta/models/${model}:${verb}`
}

async function streamed(body: unknown, model?: string, headers?: Record<string, string>): Promise<Json[]> {
  const response = await post(`${address('streamGenerateContent', model)}?alt=sse`, body, headers)
  const events = (await response.text()).split('\r\n\r\n').filter(Boolean)
  return events.map((event) => JSON.parse(event.replace(/^data: /, '')) as Json)
}

function declared(parameters: object): Promise<Json> {
  const tools = [{ functionDeclarations: [{ name: 'f', ...parameters }] }]
  return json(post(address('generateContent'), { ...ASK, tools }))
}

function generate(generationConfig: object): Promise<Json> {
  return json(post(address('generateContent'), { ...ASK, generationConfig }))
}

function partsOf(answer: Json): Json[] {
  return answer['candidates']?.[0]?.['content']?.['parts'] ?? []
}

function textOf(answers: Json[]): string {
  return answers
    .flatMap(partsOf)
    .map((part) => (part['thought'] ? '' : String(part['text'] ?? '')))
    .join('')
}

describe('a provider of the Gemini shape', () => {
  it('gives the same answer streamed and whole, and counts as it goes', async () => {
    const whole = await json(post(address('generateContent'), ASK))
    const events = await streamed(ASK)
    expect(textOf([whole])).toMatch(/lighthouse keepers/)
    expect(textOf(events)).toBe(textOf([whole]))
    expect(events.at(-1)).toMatchObject({
      candidates: [{ finishReason: 'STOP' }],
      usageMetadata: whole['usageMetadata'],
    })
    const counts = events.map((event) => Number(event['usageMetadata']?.['candidatesTokenCount']))
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(whole['usageMetadata']?.['totalTokenCount']).toBe(
      Number(whole['usageMetadata']?.['promptTokenCount']) + Number(whole['usageMetadata']?.['candidatesTokenCount']),
    )
  })

  it('calls functions side by side and answers in words when the results are back', async () => {
    const asked = { contents: [{ role: 'user', parts: [{ text: 'How is the weather?' }] }], tools: TOOLS }
    const called = await json(post(address('generateContent'), asked))
    const parts = partsOf(called)
    expect(parts.map((part) => part['functionCall']?.['name'])).toEqual(['get_weather', 'get_tides'])
    expect(Object.keys(parts[0]?.['functionCall']?.['args'] ?? {})).toEqual(['city', 'unit', 'days'])
    const results = parts.map((part) => ({
      functionResponse: { name: part['functionCall']?.['name'], response: { sky: 'clear' } },
    }))
    const replay = (answers: unknown[]): object => ({
      ...asked,
      contents: [...asked.contents, called['candidates']?.[0]?.['content'], { role: 'user', parts: answers }],
    })
    expect(textOf([await json(post(address('generateContent'), replay(results)))])).toMatch(/clear/)
    const short = await json(post(address('generateContent'), replay(results.slice(1))))
    expect(short['error']).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' })
  })

  it('seals its thoughts on the first call, and wants the seal back unchanged', async () => {
    const asked = { contents: [{ role: 'user', parts: [{ text: 'Call a tool' }] }], tools: TOOLS }
    const called = await json(post(address('generateContent', 'owl-reasoner'), asked))
    const [first, second] = partsOf(called)
    expect(first?.['thoughtSignature']).toEqual(expect.any(String))
    expect(second?.['thoughtSignature']).toBeUndefined()
    expect(called['usageMetadata']?.['thoughtsTokenCount']).toBeGreaterThan(0)
    const results = [first, second].map((part) => ({
      functionResponse: { name: part?.['functionCall']?.['name'], response: {} },
    }))
    const replay = (part: object): Promise<Json> =>
      json(
        post(address('generateContent', 'owl-reasoner'), {
          ...asked,
          contents: [...asked.contents, { role: 'model', parts: [part, second] }, { role: 'user', parts: results }],
        }),
      )
    expect(await replay(first ?? {})).toHaveProperty('candidates')
    expect(
      (await replay({ functionCall: first?.['functionCall'], thoughtSignature: 'AAAA' }))['error']?.['message'],
    ).toMatch(/not valid/)
    expect((await replay({ functionCall: first?.['functionCall'] }))['error']?.['message']).toMatch(
      /missing a thought_signature/,
    )
  })

  it('shows its thoughts to those who ask, and seals the text for all', async () => {
    const config = { generationConfig: { thinkingConfig: { includeThoughts: true } } }
    const shown = await streamed({ ...ASK, ...config })
    expect(shown.flatMap(partsOf).some((part) => part['thought'])).toBe(true)
    const hidden = await streamed(ASK, 'owl-reasoner')
    expect(hidden.flatMap(partsOf).some((part) => part['thought'])).toBe(false)
    expect(partsOf(hidden.at(-1)!)[0]?.['thoughtSignature']).toEqual(expect.any(String))
  })

  it('answers in JSON of the wanted schema in either spelling, and ends at the stop sequence', async () => {
    const upper = {
      type: 'OBJECT',
      properties: { city: { type: 'STRING' }, days: { type: 'INTEGER', minimum: 2, maximum: 3 } },
      required: ['city'],
    }
    const shaped = await generate({ responseMimeType: 'application/json', responseSchema: upper })
    expect([2, 3]).toContain((JSON.parse(textOf([shaped])) as Record<string, unknown>)['days'])
    expect((await generate({ maxOutputTokens: 2 }))['candidates']?.[0]?.['finishReason']).toBe('MAX_TOKENS')
    expect(textOf([await generate({ stopSequences: [' short'] })])).toBe('Here is a')
  })

  it('refuses in its own schemas what it has no field for, and takes JSON Schema where that belongs', async () => {
    const refused = await declared({ parameters: { type: 'object', properties: { a: WEATHER_SCHEMA } } })
    expect(refused['error']?.['message']).toContain(
      'Unknown name "additionalProperties" at \'tools[0].function_declarations[0].parameters.properties[0].value\'',
    )
    const listed = await declared({ parameters: { type: ['object', 'null'] } })
    expect(listed['error']?.['message']).toContain('not repeating')
    expect(await declared({ parametersJsonSchema: WEATHER_SCHEMA })).toHaveProperty('candidates')
  })

  it('refuses with a safety reason, and blocks a prompt with status 200', async () => {
    const refused = await json(
      post(address('generateContent'), { contents: [{ role: 'user', parts: [{ text: '[refuse]' }] }] }),
    )
    expect(refused['candidates']?.[0]).toMatchObject({ finishReason: 'SAFETY' })
    expect(refused['candidates']?.[0]).not.toHaveProperty('content')
    const blocked = await post(address('generateContent'), ASK, { 'x-sim-fault': 'status:moderation' })
    expect(blocked.status).toBe(200)
    expect(await json(blocked)).toMatchObject({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } })
    expect(await streamed(ASK, 'swift-8b', { 'x-sim-fault': 'status:moderation' })).toMatchObject([
      { promptFeedback: {} },
    ])
  })

  it.each([
    ['status:429', 429, 'RESOURCE_EXHAUSTED'],
    ['status:503', 503, 'UNAVAILABLE'],
    ['status:500', 500, 'INTERNAL'],
    ['status:404', 404, 'NOT_FOUND'],
    ['status:403', 403, 'PERMISSION_DENIED'],
    ['status:context_length', 400, 'INVALID_ARGUMENT'],
  ])('complains about %s in its own envelope', async (fault, code, status) => {
    const response = await post(address('generateContent'), ASK, {
      'x-sim-fault': fault,
      'x-sim-retry-after-seconds': '9',
    })
    expect(response.status).toBe(code)
    const { error } = await json(response)
    expect(error).toMatchObject({ code, status })
    if (code === 429)
      expect(error?.['details']).toContainEqual({
        '@type': 'type.googleapis.com/google.rpc.RetryInfo',
        retryDelay: '9s',
      })
  })

  it('asks for a credential', async () => {
    for (const key of ['', 'invalid-key']) {
      const response = await post(address('generateContent'), ASK, { 'x-goog-api-key': key })
      expect(response.status).toBe(401)
      expect((await json(response))['error']).toMatchObject({ status: 'UNAUTHENTICATED' })
    }
    expect((await post(`${address('generateContent')}?key=abc`, ASK, { 'x-goog-api-key': '' })).status).toBe(200)
  })

  it('embeds in batches and lists its models', async () => {
    const requests = ['one', 'two'].map((text) => ({
      model: 'models/embed-small',
      content: { parts: [{ text }] },
      outputDimensionality: 8,
    }))
    const made = await json(post(address('batchEmbedContents', 'embed-small'), { requests }))
    expect(made['embeddings']?.map((each) => each['values']?.length)).toEqual([8, 8])
    const models = await json(fetch(`${simulator.url}/cedar/v1beta/models`, { headers: { 'x-goog-api-key': 'key' } }))
    expect(models['models']?.[0]?.['name']).toBe('models/swift-8b')
  })
})
