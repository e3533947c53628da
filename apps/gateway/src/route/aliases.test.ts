import { catalogueOf, Fault, type Endpoint, type ModelSlug, type RouteRequest } from '@turnpike/domain'
import { INSTALLED_ORIGIN, installedList, listedEntries } from '@turnpike/store'
import { aCaller, aModel, anEndpoint, aPrice, aProvider, aVersionedPolicy } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { AUTO, FREE } from './aliases-words.ts'
import { aCall, aRouteRequest, aRoutingContext, routeCall } from '../call/call.fixture.ts'

const FREE_PRICE = aPrice({ prompt: 0n, completion: 0n })
const context = aRoutingContext(
  [
    anEndpoint('acorn', 'sim/swift-8b'),
    anEndpoint('birch', 'sim/swift-8b', { price: FREE_PRICE }),
    anEndpoint('acorn', 'sim/sage-70b', { supportedParameters: ['max_tokens', 'seed'] }),
    anEndpoint('acorn', 'made/llama3:8b'),
    anEndpoint('acorn', 'made/mule:v1:free'),
    anEndpoint('acorn', 'made/pony'),
    anEndpoint('acorn', 'made/pony:free', { price: FREE_PRICE }),
    anEndpoint('acorn', 'made/claude-sonnet-4-5'),
    anEndpoint('acorn', 'made/claude-sonnet-5'),
    anEndpoint('acorn', 'made/claude-3-7-sonnet-20250219'),
    anEndpoint('acorn', 'made/gpt-5-mini'),
    anEndpoint('acorn', 'made/gpt-5'),
    anEndpoint('acorn', 'made/gpt-4o'),
  ],
  {
    models: [
      aModel('sim/sage-70b', { inputModalities: ['text', 'image'] }),
      aModel('made/claude-sonnet-4-5', { created: 30 }),
      aModel('made/claude-sonnet-5', { created: 20 }),
    ],
  },
)

function open(models: string[], changes: Partial<RouteRequest> = {}, caller = aCaller()) {
  const call = aCall(models, { routeRequest: aRouteRequest(models, changes) }, caller)
  const { resolved, routed } = routeCall(call, context)
  const { models: found, preferences } = resolved.routeRequest
  return { resolved, decision: routed.decision, models: found, preferences }
}

function refused(...models: string[]): Fault {
  try {
    open(models)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('expected a fault')
}

describe('variants of a model', () => {
  it.each([
    ['sim/swift-8b:nitro', 'throughput'],
    ['sim/swift-8b:floor', 'cost'],
    ['sim/swift-8b:exacto', 'uptime'],
    ['sim/swift-8b:nitro:floor', 'cost'],
    ['sim/swift-8b:floor:nitro', 'throughput'],
    ['sim/swift-8b:nitro:free', 'throughput'],
    ['sim/swift-8b:free:nitro', 'throughput'],
  ])('%s has the objective %s', (name, objective) => {
    const { models, decision } = open([name])
    expect(models).toEqual(['sim/swift-8b'])
    expect(decision.objective).toBe(objective)
  })

  it('yield to the sort that the request itself names', () => {
    expect(open(['sim/swift-8b:nitro'], { preferences: { objective: 'latency' } }).decision.objective).toBe('latency')
  })

  it('with :free only endpoints without a price are left, and where there is none it is 404', () => {
    expect(open(['sim/swift-8b:free']).decision.targets).toEqual(['birch/sim/swift-8b'])
    expect(open(['sim/sage-70b:free']).decision).toMatchObject({
      targets: [],
      removed: [{ stage: 'max_price' }],
    })
  })

  it('with :free on one of several models the others may cost something', () => {
    const { models, decision } = open(['sim/swift-8b:free', 'sim/sage-70b'])
    expect(models).toEqual(['sim/swift-8b', 'sim/sage-70b'])
    expect(decision.removed).toEqual([{ endpoint: 'acorn/sim/swift-8b', stage: 'deny' }])
    expect([...decision.targets, ...decision.fallbacks]).toEqual(['birch/sim/swift-8b', 'acorn/sim/sage-70b'])
  })

  it('with the plain name behind, :free excludes nothing', () => {
    expect(open(['sim/swift-8b:free', 'sim/swift-8b']).decision.removed).toEqual([])
  })

  it('are not looked for in names of the catalogue that have a colon', () => {
    expect(open(['made/llama3:8b']).models).toEqual(['made/llama3:8b'])
    expect(open(['made/llama3:8b:nitro'])).toMatchObject({
      models: ['made/llama3:8b'],
      preferences: { objective: 'throughput' },
    })
    expect(open(['made/pony:nitro:free'])).toMatchObject({ models: ['made/pony:free'] })
    expect(open(['made/pony:free']).preferences).toEqual({})
    expect(open(['made/mule:v1:free'])).toMatchObject({ models: ['made/mule:v1:free'], preferences: {} })
  })

  it.each([
    ['sim/swift-8b:online', 'request_invalid', /Leave it out and give the model a tool/],
    ['sim/swift-8b:thinking', 'endpoints_excluded', /reasoning\.effort/],
    ['sim/swift-8b:extended', 'endpoints_excluded', /Leave it out/],
    ['sim/swift-8b:batch', 'endpoints_excluded', /one by one/],
    ['sim/swift-8b:nitor', 'model_unknown', /Did you mean :nitro\?/],
    ['sim/swift-8b:constructor', 'model_unknown', /There are :nitro, :floor, :exacto, :free/],
    ['sim/swift-8c:nitro', 'model_unknown', /Did you mean sim\/swift-8b/],
    ['sim/swift-8c:batch2', 'model_unknown', /There is no model sim\/swift-8c/],
  ])('that are not served are refused with what to do instead: %s', (name, code, message) => {
    const fault = refused(name)
    expect(fault.code).toBe(code)
    expect(fault.message).toMatch(message)
    expect(fault.facts.param).toBe('model')
  })

  it('name `models` where the wrong name is one of the others', () => {
    expect(refused('sim/swift-8b', 'sim/nobody-9b').facts.param).toBe('models')
  })
})

describe('turnpike/auto', () => {
  it.each(['turnpike/auto', 'openrouter/auto'])(
    '%s stands for good models that the catalogue has, in order',
    (name) => {
      const { models, resolved } = open([name])
      expect(models).toEqual(['sim/swift-8b', 'sim/sage-70b'])
      expect(resolved.strategy).toBe('auto')
    },
  )

  it('honours all parameters of the request where a model does, and goes on without where none does', () => {
    expect(open(['turnpike/auto'], { parameters: ['seed'] }).models).toEqual(['sim/sage-70b'])
    expect(open(['turnpike/auto'], { parameters: ['seed', 'tools'] }).models[0]).toBe('sim/swift-8b')
  })

  it('fits the length of the prompt and what the prompt holds', () => {
    expect(open(['turnpike/auto'], { promptTokens: 1_000_000 }).decision.targets).toEqual([])
    const call = aCall(['turnpike/auto'], {
      conversation: {
        name: null,
        session: false,
        messages: [{ role: 'user', content: [{ kind: 'image', url: 'data:image/png;base64,AA' }] }],
      },
    })
    expect(routeCall(call, context).resolved.routeRequest.models).toEqual(['sim/sage-70b'])
  })

  it('keeps to the caller’s policies, and takes variants', () => {
    const caller = aCaller({ policies: [aVersionedPolicy({ ignore: ['birch'], max_price: FREE })] })
    expect(open(['turnpike/auto'], {}, caller).decision.targets).toEqual([])
    expect(open(['turnpike/auto:free:nitro'])).toMatchObject({
      models: ['sim/swift-8b'],
      decision: { objective: 'throughput', targets: ['birch/sim/swift-8b'] },
    })
  })
})

describe('other names', () => {
  it.each(['turnpike/free', 'openrouter/free'])('%s stands for models with an endpoint that costs nothing', (name) => {
    const { models, resolved, decision } = open([name])
    expect(new Set(models)).toEqual(new Set(['sim/swift-8b', 'made/pony:free']))
    expect(resolved.strategy).toBe('free')
    expect(decision.candidates.every(({ expectedNano }) => expectedNano === 0n)).toBe(true)
  })

  it('turnpike/free is 404 where nothing is free, and says so', () => {
    const dear = aRoutingContext([anEndpoint('acorn', 'sim/swift-8b')])
    expect(() => routeCall(aCall(['turnpike/free']), dear)).toThrow(/no endpoint is free of charge/)
  })

  it.each([
    ['~made/claude-sonnet-latest', 'made/claude-sonnet-4-5'],
    ['~made/gpt-latest', 'made/gpt-5'],
    ['~made/gpt-mini-latest', 'made/gpt-5-mini'],
    ['~made/gpt-latest:floor', 'made/gpt-5'],
  ])('%s is the newest of its family: %s', (name, slug) => {
    const { models, resolved } = open([name])
    expect(models).toEqual([slug])
    expect(resolved.strategy).toBe('latest')
  })

  it('passes over a newer model that nobody reachable serves', () => {
    const directory = { ...context.directory, reachable: new Set(context.directory.reachable) }
    const away = aRoutingContext([anEndpoint('acorn', 'made/gpt-5'), anEndpoint('fir', 'made/gpt-6')])
    directory.catalogue = away.directory.catalogue
    const { resolved } = routeCall(aCall(['~made/gpt-latest']), { ...away, directory })
    expect(resolved.routeRequest.models).toEqual(['made/gpt-5' as ModelSlug])
  })

  it.each(['~made/gpt-6-latest', '~nobody/gpt-latest', '~made/gpt', 'gpt-5', 'turnpike/atuo', '', 'constructor'])(
    '%j stands for nothing and is 400',
    (name) => expect(refused(name).code).toBe('model_unknown'),
  )

  it('names of the catalogue are left as they are, without asking anything', () => {
    const call = aCall(['sim/swift-8b', 'sim/sage-70b'])
    const { resolved } = routeCall(call, context)
    expect(resolved.routeRequest).toBe(call.routeRequest)
    expect(resolved.strategy).toBe('fallback')
  })
})

describe('where the simulator answers for providers', () => {
  const [auto = '', second = ''] = AUTO.models
  const simulated = aProvider('maker', { baseUrl: 'https://maker.example/v1' })
  const real = aProvider('real', { simulated: false })
  const chosen = (name: string, ...endpoints: Endpoint[]) =>
    routeCall(aCall([name]), aRoutingContext(endpoints, { providers: [simulated, real] })).resolved.routeRequest.models
  const fleet = anEndpoint('acorn', 'sim/swift-8b')

  it('router names stand for models that a provider itself answers, those of the fleet among them', () => {
    expect(chosen('turnpike/auto', anEndpoint('maker', auto), fleet)).toEqual(['sim/swift-8b'])
    expect(chosen('turnpike/auto', anEndpoint('maker', auto), anEndpoint('real', second), fleet)).toEqual([
      second,
      'sim/swift-8b',
    ])
    expect(chosen('turnpike/auto', anEndpoint('maker', auto))).toEqual([auto])
  })

  it('a family is its newest member that answers itself, else its newest', () => {
    const [older, newer] = [anEndpoint('real', 'made/gpt-4'), anEndpoint('maker', 'made/gpt-5')]
    expect(chosen('~made/gpt-latest', older, newer)).toEqual(['made/gpt-4'])
    expect(chosen('~made/gpt-latest', newer)).toEqual(['made/gpt-5'])
  })
})

describe('over the price list that is installed', () => {
  const { models, providers, endpoints } = listedEntries(
    installedList(),
    INSTALLED_ORIGIN,
    new Date('2026-11-21'),
  ).entries
  const listed = aRoutingContext([], { catalogue: catalogueOf(1, models, providers, endpoints) })

  it('every default of turnpike/auto is a model that somebody serves, or one of the simulated fleet', () => {
    const served = (slug: ModelSlug) => slug.startsWith('sim/') || listed.directory.catalogue.endpointsOf.has(slug)
    expect(AUTO.models.filter((slug) => !served(slug))).toEqual([])
  })

  it.each([
    ['~anthropic/claude-sonnet-latest', /^anthropic\/claude-sonnet-\d/],
    ['~openai/gpt-latest', /^openai\/gpt-[5-9][.\d]*$/],
    ['~openai/gpt-mini-latest', /^openai\/gpt-[5-9][.\d]*-mini$/],
    ['~google/gemini-flash-latest', /^google\/gemini-[3-9][.\d]*-flash$/],
  ])('%s is a plain model of its family and no older one', (name, slug) => {
    expect(routeCall(aCall([name]), listed).resolved.routeRequest.models[0]).toMatch(slug)
  })
})
