import OpenAI from 'openai'
import {
  limitMs,
  sharedProduct,
  signUp,
  startFleet,
  waitFor,
  type Fleet,
  type FleetKey,
  type Product,
} from '@turnpike/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generationOf } from './rig.ts'

const MODEL = 'sim/swift-8b'
/** No waiting in the simulator: what is tested is the gateway. */
const INSTANT = { 'x-sim-instant': '1' }
const say = (content: string) => [{ role: 'user' as const, content }]

interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

async function ask(api: string, key: string, method: string, path: string, body?: unknown): Promise<Reply> {
  const reply = await fetch(api + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...INSTANT },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: reply.status, body: (await reply.json()) as Reply['body'] }
}

describe('presets of the product', () => {
  let product: Product
  let client: OpenAI
  beforeAll(async () => {
    product = await sharedProduct()
    client = new OpenAI({ baseURL: product.api, apiKey: product.key, maxRetries: 0, defaultHeaders: INSTANT })
  })
  afterAll(() => product?.drop())

  const api = (method: string, path: string, body?: unknown, key = product.key) =>
    ask(product.api, key, method, path, body)
  const save = async (slug: string, body: object, key = product.key) => {
    const { status, body: answer } = await api('POST', `/presets/${slug}/chat/completions`, body, key)
    expect(status).toBe(200)
    return answer['data'] as { id: string; designated_version: { version: number } }
  }
  type Answer = OpenAI.ChatCompletion & { provider: string; openrouter_metadata?: Record<string, unknown> }
  const chat = async (fields: object, headers: Record<string, string> = {}) =>
    (await client.chat.completions.create({ model: MODEL, messages: say('hello'), ...fields }, { headers })) as Answer
  const refusalOf = async (fields: object) => {
    const thrown: unknown = await chat(fields).catch((error: unknown) => error)
    if (!(thrown instanceof OpenAI.APIError)) throw new Error('expected the API to refuse')
    return thrown
  }

  it('are made from the body of a request, read back, and get versions', async () => {
    const system = { role: 'system', content: 'You are a helpful assistant.' }
    const first = { model: MODEL, temperature: 0.7, messages: [system, ...say('hello')], stream: true }
    expect(await api('POST', '/presets/my-preset/chat/completions', first)).toEqual({
      status: 200,
      body: {
        data: {
          id: expect.any(String),
          slug: 'my-preset',
          name: 'my-preset',
          description: null,
          status: 'active',
          creator_user_id: null,
          workspace_id: expect.any(String),
          designated_version_id: expect.any(String),
          created_at: expect.any(String),
          updated_at: expect.any(String),
          status_updated_at: null,
          designated_version: {
            id: expect.any(String),
            preset_id: expect.any(String),
            creator_id: expect.any(String),
            version: 1,
            system_prompt: system.content,
            config: { model: MODEL, temperature: 0.7 },
            created_at: expect.any(String),
            updated_at: expect.any(String),
          },
        },
      },
    })
    await save('my-preset', { model: MODEL, temperature: 0.2 })
    const { body: one } = await api('GET', '/presets/my-preset')
    expect(one['data']).toMatchObject({ designated_version: { version: 2, system_prompt: null } })
    const { body: versions } = await api('GET', '/presets/my-preset/versions')
    expect(versions).toMatchObject({ total_count: 2, data: [{ version: 1 }, { version: 2 }] })
    const { body: version } = await api('GET', '/presets/my-preset/versions/1')
    expect(version['data']).toMatchObject({ version: 1, system_prompt: system.content })
    const { body: list } = await api('GET', '/presets?limit=100')
    expect(list['data']).toContainEqual(expect.objectContaining({ slug: 'my-preset' }))
  })

  it.each([
    ['GET', '/presets/my-prest', 404, 'Did you mean my-preset?'],
    ['GET', '/presets/my-prest/versions', 404, 'Did you mean my-preset?'],
    ['GET', '/presets/my-preset/versions/9', 404, 'The newest is 2'],
    ['GET', '/presets/my-preset/versions/x', 400, 'whole number'],
    ['GET', '/presets?limit=0', 400, 'limit'],
    ['POST', '/presets/My%20Preset/chat/completions', 400, 'lower-case'],
  ])('%s %s is %i', async (method, path, status, words) => {
    const reply = await api(method, path, method === 'POST' ? { model: MODEL } : undefined)
    expect(reply).toMatchObject({ status, body: { error: { message: expect.stringContaining(words) } } })
  })

  it.each([
    ['@preset/pinned', {}, '@preset/pinned'],
    [undefined, { preset: 'pinned' }, '@preset/pinned'],
    [`${MODEL}@preset/pinned`, {}, `${MODEL}@preset/pinned`],
    ['@preset/pinned@1', {}, '@preset/pinned@1'],
  ])('are used as model %s with %j by the official client', async (model, fields, requested) => {
    const { id } = await save('pinned', { model: MODEL, provider: { order: ['fir'], allow_fallbacks: false } })
    const answer = await chat({ model, ...fields }, { 'x-openrouter-metadata': 'enabled' })
    expect(answer).toMatchObject({ model: MODEL, provider: 'Fir (simulated)' })
    expect(answer.openrouter_metadata).toMatchObject({ requested, preset_id: id, preset_version: 1 })
    expect(await generationOf(product, answer.id)).toMatchObject({
      requested_model: requested,
      model: MODEL,
      preset_id: id,
      preset_version: 1,
    })
  })

  it('give way to what the request says, and their system prompt to its own', async () => {
    const prompt = 'Answer as a bridge would, in long sentences.'
    await save('voice', { model: MODEL, provider: { order: ['fir'] }, messages: [{ role: 'system', content: prompt }] })
    const system = (content: string) => [{ role: 'system' as const, content }, ...say('hello')]
    const tokens = async (fields: object) => (await chat(fields)).usage?.prompt_tokens
    const provider = { order: ['fir'] }
    const [bare, withPrompt] = [await tokens({ provider }), await tokens({ provider, messages: system(prompt) })]
    expect(await tokens({ model: '@preset/voice' })).toBe(withPrompt)
    expect(withPrompt).toBeGreaterThan(bare ?? NaN)
    const brief = await tokens({ provider, messages: system('Hm.') })
    expect(await tokens({ model: '@preset/voice', messages: system('Hm.') })).toBe(brief)
    expect((await chat({ model: '@preset/voice', provider: { order: ['elm'] } })).provider).toBe('Elm (simulated)')
  })

  it('serve streams, text completions, vectors and the explanation of a route', async () => {
    await save('many', { provider: { order: ['fir'] }, tools: [], messages: [{ role: 'system', content: 'Hm.' }] })
    const stream = await client.chat.completions.create({
      model: `${MODEL}@preset/many`,
      messages: say('hello'),
      stream: true,
    })
    const providers = new Set<unknown>()
    for await (const chunk of stream) providers.add((chunk as unknown as Answer).provider)
    expect([...providers]).toEqual(['Fir (simulated)'])
    const text = await api('POST', '/completions', { model: `${MODEL}@preset/many`, prompt: 'Once' })
    expect(text.body).toMatchObject({ object: 'text_completion', provider: 'Fir (simulated)' })
    await save('vectors', { model: 'sim/embed-small', provider: { order: ['cedar'] } })
    const vectors = await api('POST', '/embeddings', { model: '@preset/vectors', input: 'one' })
    expect(vectors.body).toMatchObject({ model: 'sim/embed-small', provider: 'Cedar (simulated)' })
    const explained = await api('POST', '/route/explain', { model: `${MODEL}@preset/many` })
    expect((explained.body['data'] as { targets: string[] }).targets[0]).toBe(`fir/${MODEL}`)
  })

  it('are switched off, on and rolled back, and the next request goes by it', async () => {
    await save('switch', { model: MODEL, provider: { order: ['fir'] } })
    await save('switch', { model: MODEL, provider: { order: ['elm'] } })
    expect((await chat({ model: '@preset/switch' })).provider).toBe('Elm (simulated)')
    expect((await api('PATCH', '/presets/switch', { designated_version: 1 })).status).toBe(200)
    expect((await chat({ model: '@preset/switch' })).provider).toBe('Fir (simulated)')
    expect((await chat({ model: '@preset/switch@2' })).provider).toBe('Elm (simulated)')
    await api('PATCH', '/presets/switch', { status: 'disabled' })
    expect(await refusalOf({ model: '@preset/switch' })).toMatchObject({
      status: 404,
      code: 'object_unknown',
      param: 'model',
      message: expect.stringContaining('is disabled'),
    })
    await api('PATCH', '/presets/switch', { status: 'active', name: 'Switch' })
    expect((await chat({ model: '@preset/switch' })).provider).toBe('Fir (simulated)')
    expect(await api('PATCH', '/presets/switch', { designated_version: 3 })).toMatchObject({ status: 400 })
    expect(await api('PATCH', '/presets/nobody', { status: 'active' })).toMatchObject({ status: 404 })
  })

  it.each([
    ['@preset/my-prest', 404, 'Did you mean my-preset?'],
    ['@preset/my-preset@9', 404, 'The newest is 2'],
    ['@preset/my-preset@latest', 400, 'positive integer'],
    ['@preset/modelless', 400, 'author/slug@preset/modelless'],
  ])('%s is %i with what to do instead', async (model, status, words) => {
    await save('modelless', { temperature: 0 })
    const refusal = await refusalOf({ model })
    expect(refusal).toMatchObject({ status, param: 'model' })
    expect(refusal.message.toLowerCase()).toContain(words.toLowerCase())
  })

  it('of one organisation are unknown to another, and management keys use none', async () => {
    await save('hers', { model: MODEL })
    const visitor = await signUp(product, 'other@example.test')
    const { key } = await visitor.makeKey('other')
    const stranger = await ask(product.api, key, 'POST', '/chat/completions', {
      model: '@preset/hers',
      messages: say('hello'),
    })
    expect(stranger).toMatchObject({
      status: 404,
      body: { error: { message: expect.not.stringContaining('Did you') } },
    })
    for (const path of ['/presets/hers', '/presets/hers/versions', '/presets/hers/versions/1']) {
      expect([path, (await ask(product.api, key, 'GET', path)).status]).toEqual([path, 404])
    }
    expect((await ask(product.api, key, 'PATCH', '/presets/hers', { status: 'disabled' })).status).toBe(404)
    expect((await ask(product.api, key, 'GET', '/presets')).body).toEqual({ data: [], total_count: 0 })
    const manager = String((await visitor.ask('POST', '/keys', { name: 'manager', kind: 'mgmt' })).body['key'])
    expect((await ask(product.api, manager, 'GET', '/presets')).status).toBe(403)
    expect((await chat({ model: '@preset/hers' })).model).toBe(MODEL)
  })

  it('never widen what the policy of a key allows', async () => {
    const visitor = await signUp(product, 'narrow@example.test')
    const { id, key } = await visitor.makeKey('narrow')
    const made = await visitor.ask('POST', '/policies', { name: 'no fir', document: { ignore: ['fir'] } })
    const { id: policyId } = made.body['data'] as { id: string }
    expect((await visitor.ask('PUT', `/keys/${id}/policy`, { policyId })).status).toBe(200)
    await save('wide', { model: MODEL, provider: { only: ['fir', 'elm'], order: ['fir'] } }, key)
    const used = async (preset: string) =>
      (await api('POST', '/chat/completions', { preset, messages: say('hi') }, key)).body
    await waitFor(async () => (await used('wide'))['provider'] === 'Elm (simulated)', { withinMs: 5_000 })
    await save('fir-only', { model: MODEL, provider: { only: ['fir'] } }, key)
    expect(await used('fir-only')).toMatchObject({ error: { code: 'endpoints_excluded' } })
  })
})

describe('presets of a fleet', () => {
  let fleet: Fleet
  let key: FleetKey
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2, keys: 4 })
    const [first] = fleet.keys
    if (!first) throw new Error('the fleet has no key')
    key = first
  })
  afterAll(() => fleet?.drop())

  const use = async (node: number, model: string) => {
    const prompt = { model, messages: say('hello') }
    const { status, body } = await ask(fleet.gateways[node]?.url ?? '', key.key, 'POST', '/chat/completions', prompt)
    return [status, body['provider'] ?? (body['error'] as { code: string }).code]
  }
  const save = (node: number, slug: string, provider: string) =>
    ask(fleet.gateways[node]?.url ?? '', key.key, 'POST', `/presets/${slug}/chat/completions`, {
      model: MODEL,
      provider: { order: [provider] },
    })

  it('a change at one gateway is used by the other within two seconds', async () => {
    await save(0, 'shared', 'fir')
    await waitFor(async () => (await use(1, '@preset/shared'))[1] === 'Fir (simulated)', { withinMs: 2_000 })
    await save(0, 'shared', 'elm')
    expect(await use(0, '@preset/shared')).toEqual([200, 'Elm (simulated)'])
    await waitFor(async () => (await use(1, '@preset/shared'))[1] === 'Elm (simulated)', { withinMs: 2_000 })
  })

  const SLUGS = {
    refuse: { known: 'known', unseen: 'unseen', nobody: 'nobody' },
    blackHole: { known: 'known-too', unseen: 'unseen-too', nobody: 'nobody-too' },
  }

  it.each(['refuse', 'blackHole'] as const)(
    'a preset in use is served while PostgreSQL is away (%s), one that nobody could ask for is 503 and not 404',
    async (kind) => {
      const { known, unseen, nobody } = SLUGS[kind]
      await save(0, known, 'fir')
      await save(1, unseen, 'fir')
      expect(await use(0, `@preset/${known}`)).toEqual([200, 'Fir (simulated)'])
      const { postgres } = fleet.gateways[0] ?? {}
      await postgres?.set({ kind })
      try {
        const beganMs = performance.now()
        for (let i = 0; i < 5; i++) expect(await use(0, `@preset/${known}`)).toEqual([200, 'Fir (simulated)'])
        expect(performance.now() - beganMs).toBeLessThan(limitMs(1_500))
        expect(await use(0, `@preset/${unseen}`)).toEqual([503, 'store_unavailable'])
        expect(await use(0, `@preset/${nobody}`)).toEqual([503, 'store_unavailable'])
        expect((await save(0, known, 'elm')).status).toBe(503)
        expect(performance.now() - beganMs).toBeLessThan(limitMs(8_000))
      } finally {
        await postgres?.heal()
      }
      await waitFor(async () => (await use(0, `@preset/${unseen}`))[0] === 200, { withinMs: 10_000 })
      expect(await use(0, `@preset/${nobody}`)).toEqual([404, 'object_unknown'])
    },
  )
})
