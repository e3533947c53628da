import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Endpoint, Provider } from '../catalogue.ts'
import { STAGES, type Candidate, type Decision } from './decision.ts'
import { endpointOf, ownerOf, type ModelSlug, type TargetId } from '../ids.ts'
import type { OwnCredential, OwnEndpoint } from '../byok.ts'
import { atTime, ATTEMPTS_MAX, DEFAULT_POLICY, type Policy, type RoutePreferences } from '../policy/policy.ts'
import {
  always,
  anEndpoint,
  anyPolicy,
  anyRoutingCase,
  aSnapshot,
  decide,
  idsOf,
  PRICE,
  sharesOf,
  type RoutingCase,
} from './route.fixture.ts'
import { isOpen } from '../policy/schedule.ts'

describe('whatever the catalogue, the health, the policies and the request', () => {
  it('every endpoint of the requested models is a candidate or was removed at a stage, exactly once', () => {
    always((routing) => {
      const { candidates, removed } = decide(routing)
      const given = routing.request.models.flatMap((model) => routing.snapshot.catalogue.endpointsOf.get(model) ?? [])
      const seen = [...candidates, ...removed].map(({ endpoint }) => endpoint)
      expect(seen).toEqual([...new Set(seen)])
      expect(seen.map(endpointOf)).toEqual(expect.arrayContaining(given.map(({ id }) => id)))
      for (const { stage } of removed) expect(STAGES).toContain(stage)
    })
  })

  it('no target is tried that a policy, the request, the funds or an unknown price forbids', () => {
    always((routing) => {
      const { targets, fallbacks } = decide(routing)
      for (const target of [...targets, ...fallbacks]) expect(whyNot(target, routing)).toEqual([])
    })
  })

  it('a layer only narrows: without it, or without the request’s wishes, there are as many candidates or more', () => {
    always((routing) => {
      // Without credit, admission or the route refuses operator accounts, depending on the BYOK targets that the policies leave.
      const isOutOfCredit = routing.caller.balance === 0n && routing.caller.own !== undefined
      const counted = (one: RoutingCase) => {
        const known = requestedOf(one, decide(one))
        return isOutOfCredit ? known.filter((endpoint) => endpoint.includes('#')) : known
      }
      const given = counted(routing)
      for (const left of routing.layers.filter(({ own_capacity }) => own_capacity !== 'first')) {
        const fewer = routing.layers.filter((layer) => layer !== left)
        expect(counted({ ...routing, layers: fewer })).toEqual(expect.arrayContaining(given))
      }
      const wishless = { ...routing.request, preferences: {} }
      expect(counted({ ...routing, request: wishless })).toEqual(expect.arrayContaining(given))
    })
  })

  it('a layer that puts BYOK targets first adds operator accounts at most, and none where a layer allows BYOK resources only', () => {
    always((routing) => {
      const kept = routing.layers.filter(({ own_capacity }) => own_capacity === null)
      const without = requestedOf(routing, decide({ ...routing, layers: kept }))
      const first = decide({ ...routing, layers: [...kept, { ...DEFAULT_POLICY, own_capacity: 'first' }] })
      const withFirst = requestedOf(routing, first)
      // An operator account that is added may support the preferred parameters, and then those that do not are removed.
      const lesser = new Set<string>(
        first.removed.flatMap(({ endpoint, stage }) => (stage === 'parameters' ? [endpoint] : [])),
      )
      expect(withFirst).toEqual(expect.arrayContaining(without.filter((endpoint) => !lesser.has(endpoint))))
      const isOwn = (endpoint: string) => endpoint.includes('#')
      expect(withFirst.filter(isOwn).toSorted()).toEqual(without.filter(isOwn).toSorted())
      const only = [
        { ...DEFAULT_POLICY, own_capacity: 'only' as const },
        ...kept,
        { ...DEFAULT_POLICY, own_capacity: 'first' as const },
      ]
      expect(requestedOf(routing, decide({ ...routing, layers: only })).filter((one) => !isOwn(one))).toEqual([])
    })
  })

  it('BYOK targets with placement `first` are tried before operator accounts, those with `fallback` after them', () => {
    always((routing) => {
      const { candidates, sticky } = decide(routing)
      if (sticky || routing.snapshot.catalogue.models.size === 0) return
      for (const model of routing.request.models) {
        const ranks = candidates
          // After an outage a target takes part by its share, at any position.
          .filter((one) => one.model === model && !one.down && one.share === undefined)
          .map(({ endpoint }) => rankOf(endpoint, routing))
        if (routing.request.preferences.partition) return
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
      }
    })
  })

  it('a caller without BYOK resources sees no stage or target of them', () => {
    always((routing) => {
      const { own: _own, ...caller } = routing.caller
      const layers = routing.layers.map((layer) => ({ ...layer, own_capacity: null }))
      const { candidates, removed } = decide({ ...routing, caller, layers })
      expect([...candidates, ...removed].filter(({ endpoint }) => endpoint.includes('#'))).toEqual([])
      expect(removed.filter(({ stage }) => stage === 'own_only')).toEqual([])
    })
  })

  it('the same input gives the same decision and is not touched; other dice only reorder', () => {
    always((routing) => {
      const before = structuredClone(routing)
      const once = decide(routing)
      expect(decide(structuredClone(routing))).toEqual(once)
      expect(routing).toEqual(before)
      const other = decide({ ...routing, dice: 1 - routing.dice })
      expect(idsOf(other)).toEqual(idsOf(once))
      expect(other.removed).toEqual(once.removed)
    })
  })

  it('what is down comes after what is up and what is slow behind what is not, unless an order was pinned', () => {
    always((routing) => {
      const decision = decide(routing)
      if (decision.objective === 'pinned' || decision.sticky) return
      const tried = decision.candidates.filter(({ endpoint }) => decision.targets.includes(endpoint))
      // A slow BYOK target keeps its priority; after an outage a target takes part by its share.
      const isPlain = (one: Candidate) => one.down || (ownerOf(one.endpoint) === null && one.share === undefined)
      for (const some of [tried.filter(isPlain), tried]) {
        const places = some.map((one) => (some === tried ? Number(one.down) : worse(one)))
        expect(places).toEqual(places.toSorted((a, b) => a - b))
      }
    })
  })

  it('who is tried are candidates, each once, the best of their model first, within the bounds', () => {
    always((routing) => {
      const { candidates, targets, fallbacks, failover } = decide(routing)
      const tried = [...targets, ...fallbacks]
      expect(tried).toEqual([...new Set(tried)])
      expect(tried.length).toBeLessThanOrEqual(ATTEMPTS_MAX)
      expect(targets.length).toBeLessThanOrEqual(failover.attempts)
      const kept = candidates.map(({ endpoint }) => endpoint).filter((endpoint) => tried.includes(endpoint))
      expect(tried).toEqual(kept)
    })
  })

  it('without fallbacks one target is tried, or those that the order names, and no other model', () => {
    always((routing) => {
      const preferences = { ...routing.request.preferences, allow_fallbacks: false }
      const decision = decide({ ...routing, request: { ...routing.request, preferences } })
      const { targets, fallbacks, fallbackOn, objective } = decision
      if (objective !== 'pinned') expect(targets.length).toBeLessThanOrEqual(1)
      expect([fallbacks, fallbackOn]).toEqual([[], []])
    })
  })

  it('the next try leaves the failure domains that were tried, where one of equal standing is elsewhere', () => {
    always((routing) => {
      const decision = decide(routing)
      if (decision.objective === 'pinned' || decision.objective === 'weighted') return
      // What comes back takes part as often as it may, and stands behind the others when it may not.
      if (decision.candidates.some(({ share }) => share !== undefined)) return
      // One's own is tried by priority, whatever it shares a domain with.
      if (decision.candidates.some(({ endpoint }) => ownerOf(endpoint) !== null)) return
      const domain = (id: string) => routing.snapshot.catalogue.providers.get(providerOf(id))?.failureDomain
      const models = routing.request.preferences.partition ? routing.request.models : [modelOf(decision.targets[0])]
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
    always((routing) => {
      const decision = decide(routing)
      const recorded = new Map(decision.candidates.map((candidate) => [candidate.endpoint, candidate]))
      const warm = decision.sticky ? (decision.targets[0] ?? null) : null
      expect(decide({ ...routing, snapshot: { ...routing.snapshot, health: new Map(), recorded, warm } })).toEqual(
        decision,
      )
    })
  })
})

describe('what a wider policy locked', () => {
  it('no request undoes: objective, order and shares stay, and so does the route', () => {
    fc.assert(
      fc.property(anyRoutingCase, anyPolicy, (routing, wider) => {
        const layers = [{ ...wider, locked: true }, ...routing.layers]
        const { objective = 'cost', order = ['acorn'] } = routing.request.preferences
        const decideWith = (preferences: RoutePreferences) =>
          decide({
            ...routing,
            layers,
            request: { ...routing.request, preferences },
          })
        expect(decideWith({ objective, order })).toEqual(decideWith({}))
      }),
      { numRuns: 300 },
    )
  })

  it('no narrower policy undoes either, be it for the models to fall back to', () => {
    const dear = { model: 'n' as ModelSlug, price: { ...PRICE, completion: 9_000_000_000n } }
    const routing = aSnapshot([
      anEndpoint('acorn'),
      anEndpoint('birch', dear),
      anEndpoint('cedar', { model: dear.model }),
    ])
    const quick = { firstTokenMs: 10, tokensPerSecond: 60, failureRate: 0.02, down: false }
    const snapshot = { ...routing, recorded: new Map([['birch/n' as TargetId, quick]]) }
    const model_fallback = { models: [dear.model], on: ['outage'], objective: 'latency' } as const
    const layers = (locked: boolean) => [
      { objective: 'cost', locked } as const,
      { objective: 'uptime', model_fallback } as const,
    ]
    const routed = (locked: boolean) => decide({ snapshot, layers: layers(locked) })
    expect(routed(false)).toMatchObject({ objective: 'uptime', fallbacks: ['birch/n', 'cedar/n'] })
    expect(routed(true)).toMatchObject({ objective: 'cost', fallbacks: ['cedar/n', 'birch/n'] })
  })
})

describe('what is drawn', () => {
  it('comes first as often as the recorded weights say, over any catalogue', () => {
    fc.assert(
      fc.property(anyRoutingCase, fc.constantFrom('balanced', 'weighted'), (routing, objective) => {
        const { snapshot } = routing
        const shares = { acorn: 3, birch: 1, 'cedar/m': 5 }
        const given = { snapshot: { ...snapshot, warm: null }, policy: { objective, shares } } as const
        const { candidates } = decide(given)
        const total = candidates.reduce((sum, { weight = 0 }) => sum + weight, 0)
        if (total === 0) return
        const share = sharesOf(given)
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

function requestedOf(routing: RoutingCase, decision: Decision): string[] {
  return decision.candidates
    .filter(({ model }) => routing.request.models.includes(model))
    .map(({ endpoint }) => endpoint)
}

function providerOf(id: string): Endpoint['provider'] {
  return id.slice(0, id.indexOf('/')) as Endpoint['provider']
}

function modelOf(id = ''): Endpoint['model'] {
  return id.slice(id.indexOf('/') + 1) as Endpoint['model']
}

/** 0: BYOK targets before operator accounts, 1: operator accounts, 2: BYOK targets after them. */
function rankOf(target: TargetId, { caller }: RoutingCase): number {
  const own = ownBehind(target, caller)
  return own === null ? 1 : own.placement === 'first' ? 0 : 2
}

function ownBehind(target: TargetId, { own }: RoutingCase['caller']): OwnCredential | OwnEndpoint | null {
  const owner = ownerOf(target)
  return [...(own?.credentials ?? []), ...(own?.endpoints ?? [])].find(({ id }) => id === owner) ?? null
}

function isUsable(
  own: OwnCredential | OwnEndpoint,
  endpoint: Endpoint,
  provider: Provider,
  { caller, snapshot }: Pick<RoutingCase, 'caller' | 'snapshot'>,
): boolean {
  if ('endpoint' in own) return own.endpoint === endpoint
  const isSimulatedOnly = provider.baseUrl.startsWith('/')
  const address = isSimulatedOnly ? 'simulated' : new URL(provider.baseUrl).origin
  return (
    own.provider === provider.slug &&
    own.boundTo === address &&
    (!isSimulatedOnly || snapshot.reachable.has(provider.slug)) &&
    (own.models ?? [endpoint.model]).includes(endpoint.model) &&
    (own.keys ?? [caller.keyId]).includes(caller.keyId)
  )
}

/** Whether requests to it go to the simulator: those of operator accounts do, and those to simulated-only providers. */
function isSimulated({ simulated, baseUrl }: Provider, own: OwnCredential | OwnEndpoint | null): boolean {
  return simulated && (own === null || baseUrl.startsWith('/'))
}

function hasRealProvider(
  { model }: Endpoint,
  { simulated, baseUrl }: Provider,
  { caller, snapshot }: RoutingCase,
): boolean {
  if (!simulated || baseUrl.startsWith('/') || caller.kind === 'test' || caller.funds === 'simulated') return false
  const { endpointsOf, providers } = snapshot.catalogue
  return (endpointsOf.get(model) ?? []).some(
    ({ provider, price }) =>
      price !== null && snapshot.reachable.has(provider) && providers.get(provider)?.simulated === false,
  )
}

/** Why a target is forbidden, computed without the router: the reasons that apply, none for a permitted target. */
function whyNot(id: TargetId, routing: RoutingCase): string[] {
  const { request, layers, caller, snapshot } = routing
  const own = ownBehind(id, caller)
  const endpoint =
    own && 'endpoint' in own
      ? own.endpoint
      : [...snapshot.catalogue.endpointsOf.values()].flat().find((known) => known.id === endpointOf(id))
  const provider =
    own && 'endpoint' in own ? own.provider : endpoint && snapshot.catalogue.providers.get(endpoint.provider)
  const model =
    endpoint && (snapshot.catalogue.models.get(endpoint.model) ?? (own && 'model' in own ? own.model : null))
  if (!endpoint?.price || !provider || !model) return ['unknown endpoint, model, price or provider']
  const { price } = endpoint
  const open = layers.map((layer) => atTime(layer, (window) => isOpen(window, snapshot.wallMs)).policy)
  const wishes = request.preferences
  const names = (slug: string) => slug === provider.slug || slug === endpoint.id || slug === id
  const some = (broken: (policy: Policy) => boolean) => open.some(broken)
  const lists = [...open.map(({ only }) => only), wishes.only ?? null]
  const ceilings = [...open.map((policy) => policy.max_price), { ...wishes.max_price }]
  const over = (rate: bigint, most: bigint | null | undefined) => typeof most === 'bigint' && rate > most
  const isStrict = (policy: Policy) =>
    policy.objective === 'pinned' && !policy.allow_fallbacks && policy.order.length > 0
  const quantizations = [...open.map((policy) => policy.quantizations), wishes.quantizations ?? null]
  const required = [
    ...open.flatMap(({ required_parameters }) => required_parameters),
    ...(wishes.require_parameters || some((policy) => policy.require_parameters) ? request.parameters : []),
  ]
  const reasons: Record<string, boolean> = {
    credential: own === null && !snapshot.reachable.has(provider.slug),
    'a credential that may not be used there': own !== null && !isUsable(own, endpoint, provider, { caller, snapshot }),
    'operator account where BYOK resources only': own === null && some((policy) => policy.own_capacity === 'only'),
    'real endpoint for a test key': caller.kind === 'test' && !isSimulated(provider, own),
    'real endpoint for simulated money': own === null && caller.funds === 'simulated' && !provider.simulated,
    'simulated provider of a model with a real one': own === null && hasRealProvider(endpoint, provider, routing),
    'not on a list': lists.some((list) => list !== null && !list.some(names)),
    'not in a strict order': some((policy) => isStrict(policy) && !policy.order.some(names)),
    denied: [...open.flatMap(({ ignore }) => ignore), ...(wishes.ignore ?? [])].some(names),
    'may train':
      provider.retainsPrompts &&
      (wishes.data_collection === 'deny' || some((policy) => policy.data_collection === 'deny')),
    'may keep': !provider.zeroRetention && (wishes.zdr === true || some((policy) => policy.zdr)),
    elsewhere: some(({ regions }) => regions !== null && !liesIn(regions, provider.regions ?? [])),
    'not distillable':
      !model.distillable &&
      (wishes.enforce_distillable_text === true || some((policy) => policy.enforce_distillable_text)),
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

/** The generated cases know two members of the European Union. */
function liesIn(regions: readonly string[], places: readonly string[]): boolean {
  const known = regions.flatMap((region) => (region === 'eu' ? ['eu', 'de', 'fr'] : [region]))
  return places.length > 0 && places.every((place) => known.includes(place))
}
