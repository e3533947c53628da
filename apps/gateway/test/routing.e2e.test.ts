import OpenAI from 'openai'
import { sharedProduct, signUp, waitFor, type Product } from '@turnpike/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { generationOf, simulatorOf } from './rig.ts'

const MODEL = 'sim/swift-8b'
/** Caches prompts, and says what reading them costs. */
const CACHING = 'sim/sage-70b'

/** No waiting in the simulator: what is tested is the gateway. */
const INSTANT = { 'x-sim-instant': '1' }

let product: Product
let simulator: ReturnType<typeof simulatorOf>
let client: OpenAI

beforeAll(async () => {
  product = await sharedProduct()
  simulator = simulatorOf(product)
  client = new OpenAI({
    baseURL: product.api,
    apiKey: product.key,
    maxRetries: 0,
    defaultHeaders: INSTANT,
  })
})
afterEach(() => simulator.reset())
afterAll(() => product?.drop())

const say = (content: string) => [{ role: 'user' as const, content }]
type Answer = OpenAI.ChatCompletion & { provider: string; openrouter_metadata?: Record<string, unknown> }

/** One chat through the official client. Fields of ours are those that it does not know. */
async function chat(fields: object, headers: Record<string, string> = {}) {
  const { data, response } = await client.chat.completions
    .create({ model: MODEL, messages: say('What is a turnpike?'), ...fields }, { headers })
    .withResponse()
  return { answer: data as Answer, headers: response.headers }
}

async function refusalOf(fields: object, headers: Record<string, string> = {}) {
  const thrown: unknown = await chat(fields, headers).catch((error: unknown) => error)
  if (!(thrown instanceof OpenAI.APIError)) throw new Error('expected the API to refuse')
  return thrown
}

async function post(path: string, body: object, headers: Record<string, string> = {}) {
  const reply = await fetch(`${product.api}/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json', ...INSTANT, ...headers },
    body: JSON.stringify(body),
  })
  return { status: reply.status, headers: reply.headers, text: await reply.text() }
}

describe('OpenRouter’s provider object', () => {
  it.each([
    ['order is followed', { order: ['fir', 'acorn'] }, 'Fir'],
    ['only keeps what it names', { only: ['elm'] }, 'Elm'],
    ['an endpoint’s id means that one', { only: [`cedar/${MODEL}`] }, 'Cedar'],
    ['ignore and only together leave the rest', { only: ['elm', 'fir'], ignore: ['fir'] }, 'Elm'],
    ['sort by price asks the cheapest', { sort: 'price' }, 'Dogwood'],
    ['sort by price in the long form too', { sort: { by: 'price', partition: 'model' } }, 'Dogwood'],
    ['a highest price leaves the cheaper ones', { max_price: { prompt: 0.03, completion: '0.1' } }, 'Dogwood'],
    [
      'data rules and precisions that all keep to exclude nobody',
      { zdr: true, data_collection: 'deny', quantizations: ['unknown'], order: ['fir'] },
      'Fir',
    ],
    [
      'speed that nobody is known to miss excludes nobody',
      { preferred_min_throughput: { p50: 1 }, preferred_max_latency: 900, order: ['elm'] },
      'Elm',
    ],
  ])('%s', async (_title, provider, name) => {
    const { answer } = await chat({ provider })
    expect(answer.provider).toBe(`${name} (simulated)`)
  })

  it('without fallbacks asks one endpoint and tells its error', async () => {
    await simulator.behave('fir', { faults: ['status:500'] })
    const refusal = await refusalOf({ provider: { order: ['fir'], allow_fallbacks: false } })
    expect(refusal.status).toBe(502)
    expect((refusal.error as { metadata: { attempts: unknown[] } }).metadata.attempts).toHaveLength(1)
  })

  it.each([
    [{ sort: 'prise' }, 'provider.sort', 'Did you mean price?'],
    [{ data_colection: 'deny' }, 'provider.data_colection', 'Did you mean data_collection?'],
    [{ max_price: { prompt: '$1' } }, 'provider.max_price.prompt', 'dollars per million tokens'],
    [{ preferred_max_latency: 1500 }, 'provider.preferred_max_latency', 'seconds'],
  ])('%j is 400 and named', async (provider, param, hint) => {
    const refusal = await refusalOf({ provider })
    expect(refusal).toMatchObject({ status: 400, param, message: expect.stringContaining(hint) })
  })

  it('that leaves nothing is 404 with the count per filter and the field that did it', async () => {
    const refusal = await refusalOf({ provider: { max_price: { prompt: 0.001 } } })
    expect(refusal).toMatchObject({ status: 404, code: 'endpoints_excluded', param: 'provider.max_price' })
    expect(refusal.message).toContain('Of 6 endpoints, 6 are dearer than the highest price allowed')
    expect(refusal.error).toMatchObject({
      metadata: {
        removed_by_stage: { max_price: 6 },
        availability: { code: 'constraint_filtered', excluded_by: ['max_price'] },
      },
    })
  })
})

describe('names of models', () => {
  it.each([
    [`${MODEL}:floor`, MODEL],
    [`${MODEL}:nitro:floor`, MODEL],
  ])('%s goes to the cheapest and is answered under its own name', async (model, slug) => {
    const { answer } = await chat({ model })
    expect(answer).toMatchObject({ model: slug, provider: 'Dogwood (simulated)' })
  })

  it.each(['turnpike/auto', 'openrouter/auto'])(
    '%s is answered by a model of the catalogue, and recorded as it was asked',
    async (model) => {
      const { answer } = await chat({ model }, { 'x-openrouter-metadata': 'enabled' })
      expect(answer.model).toBe(MODEL)
      expect(answer.openrouter_metadata).toMatchObject({ requested: model, strategy: 'auto' })
      expect(await generationOf(product, answer.id)).toMatchObject({ model: MODEL, requested_model: model })
    },
  )

  it.each([
    [`${MODEL}:free`, 404],
    [`${MODEL}:thinking`, 404],
    [`${MODEL}:online`, 400],
    [`${MODEL}:nitor`, 400],
  ])('%s is %i with what to do instead', async (model, status) => {
    expect(await refusalOf({ model })).toMatchObject({ status, param: 'model' })
  })

  it('in `models` are tried one after the other, and the answer names the one that answered', async () => {
    await simulator.behave('*', { model: 'swift-8b', faults: ['status:500'] })
    const { answer } = await chat({ models: [CACHING], route: 'fallback' })
    expect(answer.model).toBe(CACHING)
    const generation = await generationOf(product, answer.id)
    expect(generation['decision']).toMatchObject({
      fallbacks: expect.arrayContaining([expect.stringContaining(CACHING)]),
    })
  })

  it('may be given by `models` alone', async () => {
    const { status, text } = await post('chat/completions', { models: [MODEL], messages: say('hi') })
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({ model: MODEL })
  })
})

describe('a conversation', () => {
  const LONG = 'A long story of bridges and tolls. '.repeat(400)
  const talk = (fields: object) => chat({ model: CACHING, messages: say(LONG), max_tokens: 16, ...fields })
  const stickyOf = async (id: string) => (await generationOf(product, id))['decision']

  it('with a session stays where it was first answered, and moves when that endpoint fails', async () => {
    const session = { session_id: 'trip-1' }
    await talk({ ...session, provider: { order: ['acorn'] } })
    for (let turn = 0; turn < 4; turn++) {
      const { answer } = await talk(session)
      expect(answer.provider).toBe('Acorn (simulated)')
      expect(await stickyOf(answer.id)).toMatchObject({
        sticky: true,
        targets: expect.arrayContaining([`acorn/${CACHING}`]),
      })
    }
    await simulator.behave('acorn', { faults: ['status:500'] })
    expect((await talk(session)).answer.provider).not.toBe('Acorn (simulated)')
  })

  it('without one stays where its prompt was read from the cache', async () => {
    const pinned = { provider: { order: ['cedar'] }, messages: say(`Once more: ${LONG}`) }
    await talk(pinned)
    expect((await talk(pinned)).answer.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(0)
    const { answer } = await talk({ messages: pinned.messages })
    expect(await stickyOf(answer.id)).toMatchObject({
      sticky: true,
      targets: expect.arrayContaining([`cedar/${CACHING}`]),
    })
    expect(answer.provider).toBe('Cedar (simulated)')
  })
})

describe('a policy that keeps requests to regions', () => {
  let key = ''
  const ask = async (path: string, fields: object = {}) => {
    const authorization = `Bearer ${key}`
    const { status, text } = await post(path, { model: MODEL, messages: say('hi'), ...fields }, { authorization })
    return { status, body: JSON.parse(text) as Record<string, unknown> }
  }

  beforeAll(async () => {
    const visitor = await signUp(product, 'regions@example.test')
    const made = await visitor.makeKey('stays in the EU')
    const policy = await visitor.ask('POST', '/policies', { name: 'EU', document: { regions: ['eu'] } })
    const { id: policyId } = policy.body['data'] as { id: string }
    expect((await visitor.ask('PUT', `/keys/${made.id}/policy`, { policyId })).status).toBe(200)
    key = made.key
    const isInForce = async () => (await ask('chat/completions', { provider: { only: ['acorn'] } })).status === 404
    await waitFor(isInForce, { withinMs: 5_000 })
  })

  it('asks only providers that are known to process there and nowhere else', async () => {
    const { data } = (await ask('route/explain')).body as { data: { targets: string[]; removed: { stage: string }[] } }
    expect(data.targets.toSorted()).toEqual([`birch/${MODEL}`, `dogwood/${MODEL}`])
    expect(data.removed.map(({ stage }) => stage)).toEqual(['region', 'region', 'region', 'region'])
    for (let i = 0; i < 4; i++) {
      expect((await ask('chat/completions')).body['provider']).toMatch(/^(?:Birch|Dogwood) /)
    }
  })

  it('refuses with 404 what nobody serves there, and says that regions did it', async () => {
    expect(await ask('chat/completions', { provider: { only: ['acorn', 'elm'] } })).toMatchObject({
      status: 404,
      body: {
        error: {
          code: 'endpoints_excluded',
          metadata: {
            removed_by_stage: { allow: 4, region: 2 },
            availability: { excluded_by: ['allowed_providers', 'data_policy:region'] },
          },
        },
      },
    })
  })

  it('goes by what the lists of providers and of endpoints show', async () => {
    const shown = async (path: string) => {
      const { data } = (await (await fetch(`${product.api}/${path}`)).json()) as { data: unknown }
      return data
    }
    expect(await shown('providers')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ slug: 'birch', datacenters: ['DE'] }),
        expect.objectContaining({ slug: 'mistral', datacenters: null }),
        expect.objectContaining({ slug: 'groq', datacenters: null }),
      ]),
    )
    const known = expect.objectContaining({ regions: ['fr'] }) as object
    expect(await shown(`models/${MODEL}/endpoints`)).toMatchObject({
      endpoints: expect.arrayContaining([expect.objectContaining({ tag: 'dogwood', data_policy: known })]),
    })
  })
})

describe('why this route', () => {
  it('is in a header for whoever asks, whole, streamed and refused', async () => {
    const asking = { 'x-turnpike-decision': 'full' }
    const { answer, headers } = await chat({ provider: { order: ['fir'] } }, asking)
    const decision = JSON.parse(headers.get('x-turnpike-decision') ?? '') as Record<string, unknown>
    expect(decision).toMatchObject({
      id: answer.id,
      objective: 'pinned',
      targets: expect.arrayContaining([`fir/${MODEL}`]),
    })
    const recorded = (await generationOf(product, answer.id))['decision']
    const { id: _id, ...rest } = decision
    expect(recorded).toEqual(rest)

    const streamed = await post('chat/completions', { model: MODEL, messages: say('hi'), stream: true }, asking)
    expect(JSON.parse(streamed.headers.get('x-turnpike-decision') ?? '')).toMatchObject({ objective: 'balanced' })
    const refused = await post(
      'chat/completions',
      { model: MODEL, messages: say('hi'), provider: { only: ['nobody'] } },
      asking,
    )
    expect(refused.status).toBe(404)
    expect(JSON.parse(refused.headers.get('x-turnpike-decision') ?? '')).toMatchObject({ targets: [] })
    expect((await chat({})).headers.get('x-turnpike-decision')).toBeNull()
  })

  it.each(['x-openrouter-metadata', 'x-openrouter-experimental-metadata'])(
    'is added to the body with %s',
    async (header) => {
      const asking = { [header]: 'enabled' }
      await simulator.behave('fir', { faults: ['status:500'] })
      const { answer } = await chat({ provider: { order: ['fir', 'elm'] } }, asking)
      expect(answer.openrouter_metadata).toMatchObject({
        requested: MODEL,
        strategy: 'direct',
        region: null,
        attempt: 2,
        is_byok: false,
        endpoints: {
          total: 6,
          available: expect.arrayContaining([{ provider: 'Elm (simulated)', model: MODEL, selected: true }]),
        },
        attempts: [
          { provider: 'Fir (simulated)', model: MODEL, status: 500 },
          { provider: 'Elm (simulated)', model: MODEL, status: 200 },
        ],
        pipeline: [],
      })
      const well = { provider: { ignore: ['fir'] }, stream: true }
      const streamed = await post('chat/completions', { model: MODEL, messages: say('hi'), ...well }, asking)
      const chunks = streamed.text.split('\n\n').filter((event) => event.startsWith('data: {'))
      const withIt = chunks.filter((chunk) => chunk.includes('openrouter_metadata'))
      expect(withIt).toEqual([chunks.at(-1)])
      expect(JSON.parse(withIt[0]?.slice(6) ?? '')).toMatchObject({
        choices: [],
        usage: {},
        openrouter_metadata: { attempt: 1 },
      })
      const refused = await post('chat/completions', { model: 'sim/nobody', messages: say('hi') }, asking)
      expect(JSON.parse(refused.text)).toMatchObject({
        error: { code: 'model_unknown' },
        openrouter_metadata: { attempt: 0 },
      })
      const vectors = await post('embeddings', { model: 'sim/embed-small', input: 'one' }, asking)
      expect(JSON.parse(vectors.text)).toMatchObject({ openrouter_metadata: { strategy: 'direct', attempt: 1 } })
    },
  )

  it('is left out where nobody asked', async () => {
    expect((await chat({})).answer.openrouter_metadata).toBeUndefined()
  })
})

describe('POST /route/explain', () => {
  const logged = async () => {
    const reply = await fetch(`${product.simulator}/admin/log`)
    return ((await reply.json()) as { entries: unknown[] }).entries.length
  }
  const explained = async (body: object) => {
    const { status, text } = await post('route/explain', { model: MODEL, ...body })
    expect(status).toBe(200)
    return (JSON.parse(text) as { data: Record<string, unknown> }).data
  }

  it('says where a request would go without asking a provider', async () => {
    const before = await logged()
    expect(await explained({ provider: { sort: 'price' }, prompt_tokens: 2_000 })).toMatchObject({
      objective: 'cost',
      total: 6,
      targets: expect.arrayContaining([`dogwood/${MODEL}`]),
      candidates: expect.arrayContaining([expect.objectContaining({ endpoint: `dogwood/${MODEL}`, chance: 1 })]),
      summary: expect.stringContaining('dogwood'),
    })
    expect(await logged()).toBe(before)
  })

  it('supposes an outage, and says what removed an endpoint', async () => {
    // Without those whose prices are so near that they would share the load.
    const data = await explained({ provider: { sort: 'price', ignore: ['acorn', 'cedar'] }, assume_down: ['dogwood'] })
    expect((data['targets'] as string[])[0]).toBe(`birch/${MODEL}`)
    expect(data['removed']).toEqual(
      ['acorn', 'cedar'].map((name) => {
        return { endpoint: `${name}/${MODEL}`, stage: 'deny', reason: 'among the denied providers' }
      }),
    )
  })

  it('refuses what it does not know, by name', async () => {
    const { status, text } = await post('route/explain', { model: MODEL, assume_down: ['dogwod'] })
    expect(status).toBe(400)
    expect(JSON.parse(text)).toMatchObject({
      error: { param: 'assume_down[0]', message: expect.stringContaining('dogwood') },
    })
  })
})
