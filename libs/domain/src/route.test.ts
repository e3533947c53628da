import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Caller } from './caller.ts'
import { catalogueOf, type Endpoint, type Model, type Provider } from './catalogue.ts'
import { STAGES, type Decision, type Stage } from './decision.ts'
import { ATTEMPTS_MAX } from './failover.ts'
import { UNKNOWN_HEALTH, type Health } from './health.ts'
import type { EndpointId, KeyId, ModelSlug, PolicyId, ProviderSlug, TenantId, WorkspaceId } from './ids.ts'
import { DEFAULT_POLICY, OBJECTIVES, type Policy, type RoutePreferences } from './policy.ts'
import { route, type RouteRequest, type Snapshot } from './route.ts'

const NOW_MS = 1_000_000
const M = 1_000_000n
const PRICE = { version: 1, prompt: 1_000n, completion: 2_000n, tiers: [] }

const REQUEST: RouteRequest = {
  models: ['m' as ModelSlug],
  promptTokens: 100,
  maxTokens: null,
  parameters: [],
  preferences: {},
}

const CALLER: Caller = {
  tenantId: 't' as TenantId,
  workspaceId: 'w' as WorkspaceId,
  keyId: '0123456789abcdef' as KeyId,
  keyName: 'a key',
  kind: 'live',
  version: 1,
  funds: 'credit',
  balance: 1_000_000_000n,
  expiresAtMs: null,
  revoked: false,
  staleMaxMs: 3_600_000,
  policy: null,
}

const ACORN = 'acorn/m' as EndpointId
const DOWN: Partial<Health> = { downUntilMs: NOW_MS + 1 }

describe('an endpoint is left out', () => {
  it.each<[string, Stage, Offence]>([
    ['a real one, for a test key', 'funds', { provider: { simulated: false }, caller: { kind: 'test' } }],
    ['a real one, for simulated money', 'funds', { provider: { simulated: false }, caller: { funds: 'simulated' } }],
    ['whose price nobody knows', 'price_unknown', { endpoint: { price: null } }],
    ['off the policy’s list', 'allow', { policy: { allow: ['birch'] } }],
    ['off the request’s list', 'allow', { preferences: { only: ['birch'] } }],
    ['not in a strict order', 'allow', { preferences: { order: ['birch'], allowFallbacks: false } }],
    ['denied by the policy', 'deny', { policy: { deny: ['acorn'] } }],
    ['ignored by the request', 'deny', { preferences: { ignore: ['acorn'] } }],
    ['that keeps prompts', 'retention', { provider: { retainsPrompts: true }, policy: { allowRetention: false } }],
    ['that may train', 'retention', { provider: { retainsPrompts: true }, preferences: { denyRetention: true } }],
    ['lacking a parameter', 'parameters', { parameters: ['seed'], preferences: { requireParameters: true } }],
    ['too small for the prompt', 'context', { endpoint: { contextLength: 99 } }],
    ['too small for the answer', 'context', { endpoint: { maxCompletionTokens: 99 } }],
    ['dear in prompts', 'max_price', { policy: { maxPromptPrice: 999n } }],
    ['dear in answers', 'max_price', { preferences: { maxCompletionPrice: 1_999n } }],
  ])(
    '%s, with stage %s',
    (_, stage, { endpoint, provider = {}, policy, caller, parameters = [], preferences = {} }) => {
      const snapshot = aSnapshot([anEndpoint('acorn', endpoint)], { acorn: provider })
      const request = { parameters, preferences, promptTokens: 100, maxTokens: 100 }
      const decision = decide({ snapshot, request, ...(policy && { policy }), ...(caller && { caller }) })
      expect(decision.removed).toEqual([{ endpoint: 'acorn/m', stage }])
      expect([decision.candidates, decision.targets]).toEqual([[], []])
    },
  )

  it('with stage credential when we hold none for its provider, or do not know the provider', () => {
    const snapshot = aSnapshot([anEndpoint('acorn'), anEndpoint('birch')])
    const unreachable = { ...snapshot, reachable: new Set(['birch' as ProviderSlug]) }
    expect(decide({ snapshot: unreachable }).removed).toEqual([{ endpoint: 'acorn/m', stage: 'credential' }])
    const nameless = { ...snapshot, catalogue: { ...snapshot.catalogue, providers: new Map() } }
    expect(decide({ snapshot: nameless }).removed.map(({ stage }) => stage)).toEqual(['credential', 'credential'])
  })

  it('for the price that would apply, not for the one of shorter prompts', () => {
    const price = { ...PRICE, tiers: [{ ...PRICE, prompt: 4_000n, abovePromptTokens: 200_000 }] }
    const snapshot = aSnapshot([anEndpoint('acorn', { price, contextLength: 1_000_000 })])
    const policy = { maxPromptPrice: 2_000n }
    expect(decide({ snapshot, policy, request: { promptTokens: 200_000 } }).targets).toEqual(['acorn/m'])
    expect(decide({ snapshot, policy, request: { promptTokens: 200_001 } }).removed[0]?.stage).toBe('max_price')
  })

  it('by nothing that lies exactly on a limit', () => {
    const snapshot = aSnapshot([anEndpoint('acorn', { contextLength: 100, maxCompletionTokens: 50 })])
    const policy = { maxPromptPrice: 1_000n, maxCompletionPrice: 2_000n }
    expect(decide({ snapshot, policy, request: { promptTokens: 100, maxTokens: 50 } }).targets).toEqual(['acorn/m'])
  })
})

describe('parameters', () => {
  const snapshot = aSnapshot([anEndpoint('acorn', { supportedParameters: ['tools'] }), anEndpoint('birch')])

  it('that change what an answer means choose the endpoints that honour them', () => {
    const decision = decide({ snapshot, request: { parameters: ['tools', 'temperature'] } })
    expect(decision.targets).toEqual(['acorn/m'])
    expect(decision.removed).toEqual([{ endpoint: 'birch/m', stage: 'parameters' }])
  })

  it('that nobody honours do not make a model unavailable', () => {
    expect(decide({ snapshot, request: { parameters: ['reasoning'] } }).targets).toHaveLength(2)
  })

  it('that only tune an answer exclude nobody, unless the caller insists', () => {
    const request = { parameters: ['temperature'] }
    expect(decide({ snapshot, request }).targets).toHaveLength(2)
    const insisting = { ...request, preferences: { requireParameters: true } }
    expect(decide({ snapshot, request: insisting }).targets).toEqual([])
  })
})

describe('pinned', () => {
  const snapshot = aSnapshot(
    [
      anEndpoint('acorn', { price: { ...PRICE, prompt: 3n * M, completion: 3n * M } }),
      anEndpoint('birch', { price: { ...PRICE, prompt: 2n * M, completion: 2n * M } }),
      anEndpoint('cedar', { price: { ...PRICE, prompt: 1n * M, completion: 1n * M } }),
      anEndpoint('dogwood', { price: { ...PRICE, prompt: 4n * M, completion: 4n * M } }),
    ],
    {},
    { acorn: DOWN },
  )
  const policy = { objective: 'pinned', order: ['dogwood', 'acorn/m'] } as const

  it('follows the order to the letter, also onto what is down, then the rest by price', () => {
    for (const dice of [0, 0.5, 0.99]) {
      expect(decide({ snapshot, policy, dice }).targets).toEqual(['dogwood/m', 'acorn/m', 'cedar/m', 'birch/m'])
    }
  })

  it('goes to whom it names or to nobody once fallbacks are off', () => {
    const strict = { ...policy, allowFallbacks: false }
    expect(decide({ snapshot, policy: strict }).targets).toEqual(['dogwood/m'])
    const { targets, removed } = decide({ snapshot, policy: { ...strict, order: ['elm'] } })
    expect(targets).toEqual([])
    expect(new Set(removed.map(({ stage }) => stage))).toEqual(new Set(['allow']))
  })
})

describe('an objective', () => {
  const snapshot = aSnapshot(
    [
      anEndpoint('acorn', { price: { ...PRICE, prompt: 1_000n * M, completion: 1_000n * M } }),
      anEndpoint('birch', { price: { ...PRICE, prompt: 2_000n * M, completion: 2_000n * M } }),
      anEndpoint('cedar', { price: { ...PRICE, prompt: 3_000n * M, completion: 3_000n * M } }),
    ],
    {},
    {
      acorn: { firstTokenMs: 900, tokensPerSecond: 50 },
      birch: { firstTokenMs: 300, tokensPerSecond: 20 },
      cedar: { firstTokenMs: 600, tokensPerSecond: 90 },
    },
  )

  it.each([
    ['cost', ['acorn/m', 'birch/m', 'cedar/m']],
    ['latency', ['birch/m', 'cedar/m', 'acorn/m']],
    ['throughput', ['cedar/m', 'acorn/m', 'birch/m']],
  ] as const)('%s puts the best figure first, whatever the dice', (objective, order) => {
    for (const dice of [0, 0.5, 0.99]) {
      expect(decide({ snapshot, policy: { objective }, dice }).targets).toEqual(order)
    }
  })

  it('counts failures into the figure: cheap and broken is not cheap', () => {
    const failing = { attempts: 100, failures: 70 }
    const shaky = { ...snapshot, health: healthOf({ acorn: failing }) }
    expect(decide({ snapshot: shaky, policy: { objective: 'cost' } }).targets[0]).toBe('birch/m')
  })

  it('lets figures within a tenth take turns, so that no herd forms', () => {
    const figures = { acorn: { firstTokenMs: 300 }, birch: { firstTokenMs: 320 }, cedar: { firstTokenMs: 600 } }
    const tied = { ...snapshot, health: healthOf(figures) }
    const first = (dice: number) => decide({ snapshot: tied, policy: { objective: 'latency' }, dice }).targets[0]
    expect([first(0), first(0.49), first(0.5), first(0.99)]).toEqual(['acorn/m', 'acorn/m', 'birch/m', 'birch/m'])
  })

  it('gives an endpoint that nobody has tried the figures of a typical peer', () => {
    const [candidate] = decide({ snapshot: aSnapshot([anEndpoint('acorn')]) }).candidates
    expect(candidate).toMatchObject({ firstTokenMs: 600, tokensPerSecond: 60, down: false })
  })
})

describe('balanced', () => {
  const three = aSnapshot([
    anEndpoint('acorn', { price: { ...PRICE, prompt: 1_000n * M, completion: 1_000n * M } }),
    anEndpoint('birch', { price: { ...PRICE, prompt: 2_000n * M, completion: 2_000n * M } }),
    anEndpoint('cedar', { price: { ...PRICE, prompt: 4_000n * M, completion: 4_000n * M } }),
  ])

  it('draws the first by price to the power of minus two', () => {
    const share = sharesOf(three)
    expect(share('acorn/m')).toBeCloseTo(16 / 21, 2)
    expect(share('birch/m')).toBeCloseTo(4 / 21, 2)
    expect(share('cedar/m')).toBeCloseTo(1 / 21, 2)
  })

  it('draws with the weights that it records, over any world', () => {
    fc.assert(
      fc.property(anyWorld, ({ snapshot }) => {
        const { candidates } = decide({ snapshot, dice: 0 })
        const group = candidates.some(({ down }) => !down) ? candidates.filter(({ down }) => !down) : candidates
        const total = group.reduce((sum, { weight = 0 }) => sum + weight, 0)
        const share = sharesOf(snapshot)
        for (const { endpoint, weight = 0 } of group) expect(share(endpoint)).toBeCloseTo(weight / total, 2)
      }),
      { numRuns: 20 },
    )
  })

  it('gives reliability and speed their part', () => {
    const even = aSnapshot([anEndpoint('acorn'), anEndpoint('birch')], {}, { birch: { attempts: 95, failures: 50 } })
    expect(sharesOf(even)('birch/m')).toBeLessThan(0.25)
    const slow = aSnapshot([anEndpoint('acorn'), anEndpoint('birch')], {}, { birch: { firstTokenMs: 2_400 } })
    expect(sharesOf(slow)('birch/m')).toBeCloseTo(1 / 3, 2)
  })

  it('never divides by a price of nothing', () => {
    const free = { ...PRICE, prompt: 0n, completion: 0n }
    const world = aSnapshot([anEndpoint('acorn', { price: free }), anEndpoint('birch', { price: free })])
    expect(sharesOf(world)('acorn/m')).toBeCloseTo(0.5, 2)
  })
})

describe('the order of tries', () => {
  it('keeps what is down as the last resort', () => {
    const endpoints = ['acorn', 'birch', 'cedar'].map((provider) => anEndpoint(provider))
    const oneDown = aSnapshot(endpoints, {}, { acorn: DOWN })
    const allDown = aSnapshot(endpoints, {}, { acorn: DOWN, birch: DOWN, cedar: DOWN })
    for (const objective of ['balanced', 'cost', 'latency', 'throughput'] as const) {
      for (const dice of [0, 0.5, 0.99]) {
        expect(decide({ snapshot: oneDown, policy: { objective }, dice }).targets.indexOf(ACORN)).toBe(2)
        expect(decide({ snapshot: allDown, policy: { objective }, dice }).targets).toHaveLength(3)
      }
    }
  })

  it('leaves the failure domain with the second try where it can', () => {
    const endpoints = ['acorn', 'birch', 'cedar'].map((provider) => anEndpoint(provider))
    const shared = { acorn: { failureDomain: 'east' }, birch: { failureDomain: 'east' } }
    const targets = decide({ snapshot: aSnapshot(endpoints, shared), policy: { objective: 'cost' }, dice: 0 }).targets
    expect(targets).toEqual(['acorn/m', 'cedar/m', 'birch/m'])
    const down = aSnapshot(endpoints, shared, { cedar: DOWN })
    expect(decide({ snapshot: down, policy: { objective: 'cost' }, dice: 0 }).targets).toEqual([
      'acorn/m',
      'birch/m',
      'cedar/m',
    ])
  })

  it('exhausts the model asked for before it falls back to the next', () => {
    const other = { model: 'n' as ModelSlug, price: { ...PRICE, prompt: 1n, completion: 1n } }
    const snapshot = aSnapshot([anEndpoint('acorn', other), anEndpoint('birch'), anEndpoint('cedar', other)])
    const models = ['m', 'n'] as ModelSlug[]
    const { targets } = decide({ snapshot, request: { models }, policy: { objective: 'cost' }, dice: 0 })
    expect(targets).toEqual(['birch/m', 'acorn/n', 'cedar/n'])
  })

  it('is one target when fallbacks are off, and bounded when they are on', () => {
    const endpoints = Array.from({ length: 20 }, (_, i) => anEndpoint(`p${i}`))
    const snapshot = aSnapshot(endpoints)
    expect(decide({ snapshot }).targets).toHaveLength(ATTEMPTS_MAX)
    expect(decide({ snapshot, request: { preferences: { allowFallbacks: false } } }).targets).toHaveLength(1)
    expect(decide({ snapshot, policy: { allowFallbacks: false } }).candidates).toHaveLength(20)
  })

  it('names no target twice, also when a model is asked for twice', () => {
    const snapshot = aSnapshot([anEndpoint('acorn')])
    expect(decide({ snapshot, request: { models: ['m', 'm'] as ModelSlug[] } }).targets).toEqual(['acorn/m'])
  })
})

describe('whatever the world, the policy and the request', () => {
  it('every endpoint of the requested models is a candidate or was removed at a stage, never both', () => {
    always((world) => {
      const { candidates, removed } = decide(world)
      const asked = world.request.models.flatMap((model) => world.snapshot.catalogue.endpointsOf.get(model) ?? [])
      const seen = [...candidates, ...removed].map(({ endpoint }) => endpoint)
      expect(seen.toSorted()).toEqual(asked.map(({ id }) => id).toSorted())
      for (const { stage } of removed) expect(STAGES).toContain(stage)
    })
  })

  it('no target is forbidden by the policy, by the request, by the funds or by an unknown price', () => {
    always((world) => {
      for (const target of decide(world).targets) expect(whyNot(target, world)).toEqual([])
    })
  })

  it('a request only narrows: whatever it adds, no endpoint becomes a candidate by it', () => {
    always((world) => {
      const plain = decide({ ...world, request: { ...world.request, preferences: {} } })
      const free = { ...world.policy, objective: 'cost' as const }
      const open = decide({ ...world, policy: free, request: { ...world.request, preferences: {} } })
      expect(idsOf(open)).toEqual(expect.arrayContaining(idsOf(plain)))
      expect(idsOf(open)).toEqual(expect.arrayContaining(idsOf(decide(world))))
    })
  })

  it('targets are candidates, in the order of the candidates', () => {
    always((world) => {
      const { targets, candidates } = decide(world)
      expect(targets).toEqual(candidates.slice(0, targets.length).map(({ endpoint }) => endpoint))
    })
  })

  it('the same input gives the same decision and is not touched; other dice only reorder', () => {
    always((world) => {
      const before = structuredClone(world)
      const once = decide(world)
      expect(decide(structuredClone(world))).toEqual(once)
      expect(world).toEqual(before)
      const other = decide({ ...world, dice: 1 - world.dice })
      expect(idsOf(other)).toEqual(idsOf(once))
      expect(other.removed).toEqual(once.removed)
    })
  })

  it('what is down comes after what is up, model by model, unless the order was pinned', () => {
    always((world) => {
      const { candidates, objective } = decide(world)
      if (objective === 'pinned') return
      for (const model of world.request.models) {
        const states = candidates.filter((candidate) => candidate.model === model).map(({ down }) => Number(down))
        expect(states).toEqual(states.toSorted((a, b) => a - b))
      }
    })
  })
})

/** One thing that is wrong for an endpoint which would otherwise serve. */
interface Offence {
  readonly endpoint?: Partial<Endpoint>
  readonly provider?: Partial<Provider>
  readonly policy?: Partial<Policy>
  readonly caller?: Partial<Caller>
  readonly parameters?: readonly string[]
  readonly preferences?: RoutePreferences
}

interface World {
  readonly request: RouteRequest
  readonly policy: Policy
  readonly caller: Caller
  readonly snapshot: Snapshot
  readonly dice: number
}

/** Routes in a world in which everything is permitted, except what the test says. */
function decide(world: {
  readonly request?: Partial<RouteRequest>
  readonly policy?: Partial<Policy>
  readonly caller?: Partial<Caller>
  readonly snapshot: Snapshot
  readonly dice?: number
}): Decision {
  const policy = { id: 'p' as PolicyId, version: 1, policy: { ...DEFAULT_POLICY, ...world.policy } }
  return route(
    { ...REQUEST, ...world.request },
    { ...CALLER, ...world.caller, policy },
    world.snapshot,
    NOW_MS,
    world.dice ?? 0.5,
  )
}

/** The share of draws that each endpoint comes first in, over 2,000 evenly spread dice. */
function sharesOf(snapshot: Snapshot): (endpoint: string) => number {
  const draws = Array.from({ length: 2_000 }, (_, i) => decide({ snapshot, dice: (i + 0.5) / 2_000 }).targets[0])
  return (endpoint) => draws.filter((drawn) => drawn === endpoint).length / draws.length
}

function idsOf(decision: Decision): string[] {
  return decision.candidates.map(({ endpoint }) => endpoint).toSorted()
}

function always(promise: (world: World) => void): void {
  fc.assert(fc.property(anyWorld, promise), { numRuns: 500 })
}

/** What forbids a target, said again without the router: the reasons that apply, none for a lawful one. */
function whyNot(id: EndpointId, { request, policy, caller, snapshot }: World): string[] {
  const endpoint = [...snapshot.catalogue.endpointsOf.values()].flat().find((known) => known.id === id)
  const provider = endpoint && snapshot.catalogue.providers.get(endpoint.provider)
  if (!endpoint?.price || !provider) return ['unknown endpoint, price or provider']
  const { only, ignore = [], maxPromptPrice = null, maxCompletionPrice = null, denyRetention } = request.preferences
  const { prompt, completion } = endpoint.price
  const reasons: Record<string, boolean> = {
    credential: !snapshot.reachable.has(provider.slug),
    'real endpoint for a test key': caller.kind === 'test' && !provider.simulated,
    'real endpoint for simulated money': caller.funds === 'simulated' && !provider.simulated,
    'not on a list': [policy.allow, only ?? null].some((list) => list?.includes(provider.slug) === false),
    denied: [...policy.deny, ...ignore].includes(provider.slug),
    'keeps prompts': provider.retainsPrompts && (!policy.allowRetention || denyRetention === true),
    'dear prompts': [policy.maxPromptPrice, maxPromptPrice].some((most) => most !== null && prompt > most),
    'dear answers': [policy.maxCompletionPrice, maxCompletionPrice].some((most) => most !== null && completion > most),
    'prompt too long': request.promptTokens > endpoint.contextLength,
    'answer too long': (request.maxTokens ?? 0) > (endpoint.maxCompletionTokens ?? Number.POSITIVE_INFINITY),
  }
  return Object.keys(reasons).filter((reason) => reasons[reason])
}

function anEndpoint(provider: string, over: Partial<Endpoint> = {}): Endpoint {
  const model = over.model ?? ('m' as ModelSlug)
  return {
    id: `${provider}/${model}` as EndpointId,
    model,
    provider: provider as ProviderSlug,
    upstreamModel: model,
    contextLength: 300_000,
    maxCompletionTokens: null,
    quantization: 'unknown',
    supportedParameters: [],
    price: PRICE,
    ...over,
  }
}

/** A world of these endpoints; their providers are reachable, real and each in its own failure domain unless said. */
function aSnapshot(
  endpoints: readonly Endpoint[],
  over: Readonly<Record<string, Partial<Provider>>> = {},
  health: Readonly<Record<string, Partial<Health>>> = {},
): Snapshot {
  const slugs = [...new Set(endpoints.map(({ provider }) => provider))]
  const providers = slugs.map((slug) => ({ ...aProvider(slug), ...over[slug] }))
  return {
    catalogue: catalogueOf(7, [aModel('m'), aModel('n')], providers, endpoints),
    reachable: new Set(slugs),
    health: healthOf(health),
  }
}

function aProvider(slug: ProviderSlug): Provider {
  return {
    slug,
    name: slug,
    dialect: 'openai',
    baseUrl: 'https://provider.example/v1',
    simulated: false,
    retainsPrompts: false,
    failureDomain: slug,
  }
}

function aModel(slug: string): Model {
  return {
    slug: slug as ModelSlug,
    name: slug,
    description: '',
    created: 0,
    contextLength: 300_000,
    inputModalities: ['text'],
    outputModalities: ['text'],
  }
}

/** By provider, for its endpoint of model `m`. */
function healthOf(known: Readonly<Record<string, Partial<Health>>>): Map<EndpointId, Health> {
  const entries = Object.entries(known)
  return new Map(entries.map(([slug, health]) => [`${slug}/m` as EndpointId, { ...UNKNOWN_HEALTH, ...health }]))
}

const SLUGS = ['acorn', 'birch', 'cedar', 'dogwood', 'elm', 'fir', 'gorse', 'hazel']
const someSlugs = fc.subarray(SLUGS, { minLength: 4 })
const fewSlugs = fc.subarray(SLUGS, { maxLength: 2 })
const anyPrice = fc.constantFrom(0n, 1n, 2n, 3n, 4n).map((dollars) => dollars * 1_000n * M)
/** Dear enough to leave something. */
const anyCeiling = fc.constantFrom(2n, 3n, 4n).map((dollars) => dollars * 1_000n * M)
/** Present one time in four, so that most worlds leave something to route to. */
const seldom = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value })
const often = fc.integer({ min: 0, max: 4 }).map((die) => die > 0)

const anyEndpoints = fc
  .array(
    fc.record({
      provider: fc.constantFrom(...SLUGS),
      model: fc.constantFrom('m', 'n', 'o').map((slug) => slug as ModelSlug),
      price: fc.option(
        fc.record({ prompt: anyPrice, completion: anyPrice }).map((rates) => ({ ...PRICE, ...rates })),
        { freq: 5 },
      ),
      contextLength: fc.constantFrom(100, 300_000, 300_000, 300_000),
      maxCompletionTokens: fc.constantFrom(10, 10_000, null, null),
      supportedParameters: fc.subarray(['tools', 'reasoning', 'seed']),
    }),
    { minLength: 4, maxLength: 16, size: 'max' },
  )
  .map((drafts) => drafts.map(({ provider, ...over }) => anEndpoint(provider, over)))
  .map((endpoints) => [...new Map(endpoints.map((endpoint) => [endpoint.id, endpoint])).values()])

const anyHealth = fc.record({
  attempts: fc.constant(100),
  failures: fc.nat(100),
  firstTokenMs: fc.integer({ min: 1, max: 5_000 }),
  tokensPerSecond: fc.integer({ min: 1, max: 300 }),
  downUntilMs: fc.constantFrom(0, NOW_MS, NOW_MS + 30_000),
})

const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    endpoints: anyEndpoints,
    over: fc.dictionary(
      fc.constantFrom(...SLUGS),
      fc.record({ simulated: fc.boolean(), retainsPrompts: fc.boolean(), failureDomain: fc.constantFrom('a', 'b') }),
    ),
    health: fc.dictionary(fc.constantFrom(...SLUGS), anyHealth),
    lost: fewSlugs,
  })
  .map(({ endpoints, over, health, lost }) => {
    const snapshot = aSnapshot(endpoints, over, health)
    return { ...snapshot, reachable: new Set([...snapshot.reachable].filter((slug) => !lost.includes(slug))) }
  })

const anyWorld: fc.Arbitrary<World> = fc.record({
  snapshot: anySnapshot,
  caller: fc
    .record({ kind: seldom(fc.constant('test')), funds: seldom(fc.constantFrom('operator', 'simulated')) })
    .map(({ kind, funds }) => ({ ...CALLER, kind: kind ?? 'live', funds: funds ?? 'credit' })),
  policy: fc.record({
    objective: fc.constantFrom(...OBJECTIVES),
    order: someSlugs,
    allow: seldom(someSlugs),
    deny: fewSlugs,
    maxPromptPrice: seldom(anyCeiling),
    maxCompletionPrice: seldom(anyCeiling),
    allowRetention: often,
    allowFallbacks: often,
  }),
  request: fc.record({
    models: fc.subarray(['m', 'n', 'o', 'unknown'] as ModelSlug[], { minLength: 1 }),
    promptTokens: fc.constantFrom(0, 75, 200),
    maxTokens: fc.constantFrom(null, 5, 500),
    parameters: seldom(fc.subarray(['tools', 'reasoning', 'seed'])).map((names) => names ?? []),
    preferences: fc
      .record({
        objective: seldom(fc.constantFrom(...OBJECTIVES)),
        order: seldom(someSlugs),
        only: seldom(someSlugs),
        ignore: fewSlugs,
        maxPromptPrice: seldom(anyCeiling),
        maxCompletionPrice: seldom(anyCeiling),
        denyRetention: seldom(fc.boolean()),
        allowFallbacks: seldom(fc.boolean()),
        requireParameters: seldom(fc.boolean()),
      })
      .map((drafted) => Object.fromEntries(Object.entries(drafted).filter(([, value]) => value !== null))),
  }),
  dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
})
