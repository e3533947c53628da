import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Endpoint } from './catalogue.ts'
import { STAGES, type Candidate, type Decision } from './decision.ts'
import type { EndpointId, ModelSlug } from './ids.ts'
import { atTime, ATTEMPTS_MAX, type Policy, type RoutePreferences } from './policy.ts'
import {
  always,
  anEndpoint,
  anyPolicy,
  anyWorld,
  aSnapshot,
  decide,
  idsOf,
  PRICE,
  sharesOf,
  type World,
} from './route.fixture.ts'
import { isOpen } from './schedule.ts'

describe('whatever the world, the policies and the request', () => {
  it('every endpoint of the requested models is a candidate or was removed at a stage, exactly once', () => {
    always((world) => {
      const { candidates, removed } = decide(world)
      const asked = world.request.models.flatMap((model) => world.snapshot.catalogue.endpointsOf.get(model) ?? [])
      const seen = [...candidates, ...removed].map(({ endpoint }) => endpoint)
      expect(seen).toEqual([...new Set(seen)])
      expect(seen).toEqual(expect.arrayContaining(asked.map(({ id }) => id)))
      for (const { stage } of removed) expect(STAGES).toContain(stage)
    })
  })

  it('nobody is tried whom a policy, the request, the funds or an unknown price forbids', () => {
    always((world) => {
      const { targets, fallbacks } = decide(world)
      for (const target of [...targets, ...fallbacks]) expect(whyNot(target, world)).toEqual([])
    })
  })

  it('a layer only narrows: without it, or without the request’s wishes, there are as many candidates or more', () => {
    always((world) => {
      const asked = requestedOf(world, decide(world))
      for (const left of world.layers) {
        const fewer = world.layers.filter((layer) => layer !== left)
        expect(requestedOf(world, decide({ ...world, layers: fewer }))).toEqual(expect.arrayContaining(asked))
      }
      const wishless = { ...world.request, preferences: {} }
      expect(requestedOf(world, decide({ ...world, request: wishless }))).toEqual(expect.arrayContaining(asked))
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

  it('what is down comes after what is up and what is slow behind what is not, unless an order was pinned', () => {
    always((world) => {
      const decision = decide(world)
      if (decision.objective === 'pinned' || decision.sticky) return
      const places = decision.candidates.filter(({ endpoint }) => decision.targets.includes(endpoint)).map(worse)
      expect(places).toEqual(places.toSorted((a, b) => a - b))
    })
  })

  it('who is tried are candidates, each once, the best of their model first, within the bounds', () => {
    always((world) => {
      const { candidates, targets, fallbacks, failover } = decide(world)
      const tried = [...targets, ...fallbacks]
      expect(tried).toEqual([...new Set(tried)])
      expect(tried.length).toBeLessThanOrEqual(ATTEMPTS_MAX)
      expect(targets.length).toBeLessThanOrEqual(failover.attempts)
      const kept = candidates.map(({ endpoint }) => endpoint).filter((endpoint) => tried.includes(endpoint))
      expect(tried).toEqual(kept)
    })
  })

  it('without fallbacks one target is tried, or those that the order names, and no other model', () => {
    always((world) => {
      const preferences = { ...world.request.preferences, allowFallbacks: false }
      const decision = decide({ ...world, request: { ...world.request, preferences } })
      const { targets, fallbacks, fallbackOn, objective } = decision
      if (objective !== 'pinned') expect(targets.length).toBeLessThanOrEqual(1)
      expect([fallbacks, fallbackOn]).toEqual([[], []])
    })
  })

  it('the next try leaves the failure domains that were tried, where one of equal standing is elsewhere', () => {
    always((world) => {
      const decision = decide(world)
      if (decision.objective === 'pinned' || decision.objective === 'weighted') return
      // What comes back takes part as often as it may, and stands behind the others when it may not.
      if (decision.candidates.some(({ share }) => share !== undefined)) return
      const domain = (id: string) => world.snapshot.catalogue.providers.get(providerOf(id))?.failureDomain
      const models = world.request.preferences.acrossModels ? world.request.models : [modelOf(decision.targets[0])]
      const ranked = decision.candidates.filter(({ model }) => models.includes(model))
      decision.targets.forEach((target, i) => {
        const tried = decision.targets.slice(0, i).map(domain)
        if (!tried.includes(domain(target))) return
        const [here, ...later] = ranked.slice(i)
        const elsewhere = later.filter(({ endpoint }) => !tried.includes(domain(endpoint)))
        expect(elsewhere.filter((other) => here && worse(other) === worse(here))).toEqual([])
      })
    })
  })

  it('a decision replays from its figures, without live health', () => {
    always((world) => {
      const decision = decide(world)
      const recorded = new Map(decision.candidates.map((candidate) => [candidate.endpoint, candidate]))
      const warm = decision.sticky ? (decision.targets[0] ?? null) : null
      expect(decide({ ...world, snapshot: { ...world.snapshot, health: new Map(), recorded, warm } })).toEqual(decision)
    })
  })
})

describe('what a wider policy locked', () => {
  it('no request undoes: objective, order and shares stay, and so does the route', () => {
    fc.assert(
      fc.property(anyWorld, anyPolicy, (world, wider) => {
        const layers = [{ ...wider, locked: true }, ...world.layers]
        const { objective = 'cost', order = ['acorn'] } = world.request.preferences
        const ask = (preferences: RoutePreferences) =>
          decide({
            ...world,
            layers,
            request: { ...world.request, preferences },
          })
        expect(ask({ objective, order })).toEqual(ask({}))
      }),
      { numRuns: 300 },
    )
  })

  it('no narrower policy undoes either, be it for the models to fall back to', () => {
    const dear = { model: 'n' as ModelSlug, price: { ...PRICE, completion: 9_000_000_000n } }
    const world = aSnapshot([
      anEndpoint('acorn'),
      anEndpoint('birch', dear),
      anEndpoint('cedar', { model: dear.model }),
    ])
    const quick = { firstTokenMs: 10, tokensPerSecond: 60, failureRate: 0.02, down: false }
    const snapshot = { ...world, recorded: new Map([['birch/n' as EndpointId, quick]]) }
    const modelFallback = { models: [dear.model], on: ['outage'], objective: 'latency' } as const
    const layers = (locked: boolean) => [
      { objective: 'cost', locked } as const,
      { objective: 'uptime', modelFallback } as const,
    ]
    const routed = (locked: boolean) => decide({ snapshot, layers: layers(locked) })
    expect(routed(false)).toMatchObject({ objective: 'uptime', fallbacks: ['birch/n', 'cedar/n'] })
    expect(routed(true)).toMatchObject({ objective: 'cost', fallbacks: ['cedar/n', 'birch/n'] })
  })
})

describe('what is drawn', () => {
  it('comes first as often as the recorded weights say, over any world', () => {
    fc.assert(
      fc.property(anyWorld, fc.constantFrom('balanced', 'weighted'), (world, objective) => {
        const { snapshot } = world
        const shares = { acorn: 3, birch: 1, 'cedar/m': 5 }
        const asked = { snapshot: { ...snapshot, warm: null }, policy: { objective, shares } } as const
        const { candidates } = decide(asked)
        const total = candidates.reduce((sum, { weight = 0 }) => sum + weight, 0)
        if (total === 0) return
        const share = sharesOf(asked)
        for (const { endpoint, weight = 0 } of candidates) expect(share(endpoint)).toBeCloseTo(weight / total, 2)
      }),
      { numRuns: 30 },
    )
  })
})

describe('under cost', () => {
  it('another healthy endpoint never makes the first target dearer by more than the noise band', () => {
    const price = fc.bigInt({ min: 0n, max: 10_000_000_000n })
    fc.assert(
      fc.property(
        fc.array(price, { minLength: 1, maxLength: 12 }),
        price,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (prices, added, dice) => {
          const endpoints = prices.map((prompt, i) => anEndpoint(`p${i}`, { price: { ...PRICE, prompt } }))
          const more = [...endpoints, anEndpoint('added', { price: { ...PRICE, prompt: added } })]
          const before = firstPrice(decide({ snapshot: aSnapshot(endpoints), policy: { objective: 'cost' }, dice }))
          const after = firstPrice(decide({ snapshot: aSnapshot(more), policy: { objective: 'cost' }, dice }))
          expect(after).toBeLessThanOrEqual(before * 1.1 + 1)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

function firstPrice({ candidates }: Decision): number {
  return Number(candidates[0]?.expectedNano)
}

/** How far behind a candidate belongs. */
function worse({ down, slow }: Candidate): number {
  return down ? 2 : slow ? 1 : 0
}

function requestedOf(world: World, decision: Decision): string[] {
  return decision.candidates.filter(({ model }) => world.request.models.includes(model)).map(({ endpoint }) => endpoint)
}

function providerOf(id: string): Endpoint['provider'] {
  return id.slice(0, id.indexOf('/')) as Endpoint['provider']
}

function modelOf(id = ''): Endpoint['model'] {
  return id.slice(id.indexOf('/') + 1) as Endpoint['model']
}

/** What forbids a target, said again without the router: the reasons that apply, none for a lawful one. */
function whyNot(id: EndpointId, { request, layers, caller, snapshot }: World): string[] {
  const endpoint = [...snapshot.catalogue.endpointsOf.values()].flat().find((known) => known.id === id)
  const provider = endpoint && snapshot.catalogue.providers.get(endpoint.provider)
  const model = endpoint && snapshot.catalogue.models.get(endpoint.model)
  if (!endpoint?.price || !provider || !model) return ['unknown endpoint, model, price or provider']
  const { price } = endpoint
  const open = layers.map((layer) => atTime(layer, (window) => isOpen(window, snapshot.wallMs)).policy)
  const { only, ignore, maxPrice, denyTraining, requireParameters, ...wishes } = request.preferences
  const names = (slug: string) => slug === provider.slug || slug === id
  const some = (broken: (policy: Policy) => boolean) => open.some(broken)
  const lists = [...open.map(({ allow }) => allow), only ?? null]
  const ceilings = [...open.map((policy) => policy.maxPrice), { ...maxPrice }]
  const over = (rate: bigint, most: bigint | null | undefined) => typeof most === 'bigint' && rate > most
  const isStrict = (policy: Policy) =>
    policy.objective === 'pinned' && !policy.allowFallbacks && policy.order.length > 0
  const quantizations = [...open.map((policy) => policy.quantizations), wishes.quantizations ?? null]
  const required = [
    ...open.flatMap(({ parameters }) => parameters),
    ...(requireParameters || some((policy) => policy.requireUsed) ? request.parameters : []),
  ]
  const reasons: Record<string, boolean> = {
    credential: !snapshot.reachable.has(provider.slug),
    'real endpoint for a test key': caller.kind === 'test' && !provider.simulated,
    'real endpoint for simulated money': caller.funds === 'simulated' && !provider.simulated,
    'not on a list': lists.some((list) => list !== null && !list.some(names)),
    'not in a strict order': some((policy) => isStrict(policy) && !policy.order.some(names)),
    denied: [...open.flatMap(({ deny }) => deny), ...(ignore ?? [])].some(names),
    'may train': provider.retainsPrompts && (denyTraining === true || some(({ allowTraining }) => !allowTraining)),
    'may keep': !provider.zeroRetention && (wishes.zeroRetention === true || some((policy) => policy.zeroRetention)),
    'not distillable': !model.distillable && (wishes.distillable === true || some((policy) => policy.distillable)),
    precision: quantizations.some((list) => list !== null && !list.includes(endpoint.quantization)),
    parameters: !required.every((name) => endpoint.supportedParameters.includes(name)),
    'dear prompts': ceilings.some((most) => over(price.prompt, most.prompt)),
    'dear answers': ceilings.some((most) => over(price.completion, most.completion)),
    'dear calls': ceilings.some((most) => over(price.request ?? 0n, most.request)),
    'prompt too long': request.promptTokens > endpoint.contextLength,
    'answer too long': (request.maxTokens ?? 0) > (endpoint.maxCompletionTokens ?? Number.POSITIVE_INFINITY),
  }
  return Object.keys(reasons).filter((reason) => reasons[reason])
}
