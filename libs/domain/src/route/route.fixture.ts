import * as fc from 'fast-check'
import type { Caller } from '../caller.ts'
import { catalogueOf, type Endpoint, type Model, type Provider } from '../catalogue.ts'
import type { Decision } from './decision.ts'
import { FAILURE_KINDS } from '../failover.ts'
import { UNKNOWN_HEALTH, type Health } from '../health/health.ts'
import type { EndpointId, KeyId, ModelSlug, PolicyId, ProviderSlug, TargetId, TenantId, WorkspaceId } from '../ids.ts'
import {
  ANY_PRICE,
  DEFAULT_POLICY,
  DATA_COLLECTIONS,
  DISCONNECTS,
  OBJECTIVES,
  OWN_CAPACITIES,
  type Policy,
  type RoutePreferences,
  WEEKDAYS,
} from '../policy/policy.ts'
import { eachField, POLICY_FIELDS, REQUEST_FIELDS, type PolicyField, type PolicyForm } from '../policy/fields.ts'
import { route, type RouteRequest, type RoutingSnapshot } from './route.ts'
import { anyOwn, anyPlaces, MINE } from './byok.fixture.ts'

/** For tests: the clock of the health figures, and a Wednesday at 12:00 UTC. */
const NOW_MS = 1_000_000
export const WALL_MS = Date.UTC(2026, 0, 14, 12)
export const DOWN: Partial<Health> = { downUntilMs: NOW_MS + 1 }
const M = 1_000_000n
export const PRICE = { version: 1, prompt: 1_000n, completion: 2_000n, tiers: [] }

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
  policies: [],
}

/** For tests: routes a request for which everything is permitted, except what the test says. */
export function decide(routing: {
  readonly request?: Partial<RouteRequest>
  readonly policy?: Partial<Policy>
  readonly layers?: readonly Partial<Policy>[]
  readonly caller?: Partial<Caller>
  readonly snapshot: RoutingSnapshot
  readonly dice?: number
}): Decision {
  const layers = routing.layers ?? [routing.policy ?? {}]
  const policies = layers.map((policy, i) => ({
    id: `p${i}` as PolicyId,
    version: i + 1,
    policy: { ...DEFAULT_POLICY, ...policy },
  }))
  const caller = { ...CALLER, ...routing.caller, policies }
  return route({ ...REQUEST, ...routing.request }, caller, routing.snapshot, NOW_MS, routing.dice ?? 0.5)
}

/** For tests: the share of draws in which each endpoint comes first, over evenly spread dice. */
export function sharesOf(routing: Parameters<typeof decide>[0], draws = 2_000): (endpoint: string) => number {
  const first = Array.from({ length: draws }, (_, i) => decide({ ...routing, dice: (i + 0.5) / draws }).targets[0])
  return (endpoint) => first.filter((drawn) => drawn === endpoint).length / draws
}

export function idsOf(decision: Decision): string[] {
  return decision.candidates.map(({ endpoint }) => endpoint).toSorted()
}

export function anEndpoint(provider: string, over: Partial<Endpoint> = {}): Endpoint {
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

/** For tests: an endpoint at so many thousands of dollars per million tokens, either way. */
export function priced(provider: string, thousands: number, over: Partial<Endpoint> = {}): Endpoint {
  const rate = BigInt(thousands) * 1_000n * M
  return anEndpoint(provider, { price: { ...PRICE, prompt: rate, completion: rate }, ...over })
}

/** For tests: a snapshot of these endpoints; their providers are reachable, real and each in its own failure domain unless said. */
export function aSnapshot(
  endpoints: readonly Endpoint[],
  over: Readonly<Record<string, Partial<Provider>>> = {},
  health: Readonly<Record<string, Partial<Health>>> = {},
): RoutingSnapshot {
  const slugs = [...new Set(endpoints.map(({ provider }) => provider))]
  const providers = slugs.map((slug) => ({ ...aProvider(slug), ...over[slug] }))
  const models = [aModel('m'), { ...aModel('n'), distillable: true }, aModel('o')]
  return {
    catalogue: catalogueOf(7, models, providers, endpoints),
    reachable: new Set(slugs),
    health: healthOf(health),
    wallMs: WALL_MS,
    warm: null,
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
    zeroRetention: false,
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
    distillable: false,
  }
}

/** For tests: by provider, for its endpoint of model `m`; or by target. */
export function healthOf(known: Readonly<Record<string, Partial<Health>>>): Map<TargetId, Health> {
  const idOf = (name: string) => (name.includes('/') ? name : `${name}/m`) as TargetId
  return new Map(Object.entries(known).map(([name, health]) => [idOf(name), { ...UNKNOWN_HEALTH, ...health }]))
}

/** For tests: percentiles that all lie at one figure. */
export function flat(figure: number): { p50: number; p75: number; p90: number; p99: number } {
  return { p50: figure, p75: figure, p90: figure, p99: figure }
}

export interface RoutingCase {
  readonly request: RouteRequest
  readonly layers: readonly Policy[]
  readonly caller: Caller
  readonly snapshot: RoutingSnapshot
  readonly dice: number
}

/** For tests: checks that a promise holds in many generated cases. */
export function always(promise: (routing: RoutingCase) => void, numRuns = 400): void {
  fc.assert(fc.property(anyRoutingCase, promise), { numRuns })
}

const SLUGS = ['acorn', 'birch', 'cedar', 'dogwood', 'elm', 'fir', 'gorse', 'hazel']
/** Whole providers and single endpoints. */
const NAMES = [...SLUGS, 'acorn/m', 'birch/m', 'cedar/n', 'dogwood/m', '~box', '~lab', 'acorn/m#c0', 'birch/m#c1']
const PARAMETERS = ['tools', 'reasoning', 'seed']
const someNames = fc.subarray(NAMES, { minLength: 6 })
const fewNames = fc.subarray(NAMES, { maxLength: 2 })
const anyRate = fc.constantFrom(0n, 1n, 2n, 3n, 4n).map((dollars) => dollars * 1_000n * M)
/** Dear enough to leave something. */
const anyCeiling = fc.constantFrom(2n, 3n, 4n).map((dollars) => dollars * 1_000n * M)
/** Present one time in four, so that most cases leave a target. */
const seldom = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value })
const rarely = fc.integer({ min: 0, max: 9 }).map((die) => die === 0)
const often = fc.integer({ min: 0, max: 4 }).map((die) => die > 0)
const anyModels = fc.subarray(['m', 'n', 'o', 'unknown', MINE] as ModelSlug[], { minLength: 1 })
const anyObjective = fc.constantFrom(...OBJECTIVES)
const anyShares = fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 9 }))
const anyMaxPrice = fc
  .record({ prompt: seldom(anyCeiling), completion: seldom(anyCeiling), request: seldom(fc.constantFrom(5n, 50n)) })
  .map((ceiling) => ({ ...ANY_PRICE, ...ceiling }))
const anyCutoffs = (figure: fc.Arbitrary<number>) => fc.record({ p50: figure, p90: figure }, { requiredKeys: [] })
const anyQuantizations = fc.subarray(['fp8', 'bf16', 'unknown'], { minLength: 1 })
/** Seldom said, since most providers do not say where they are. */
const anyRegions = fc.oneof(
  { weight: 9, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.subarray(['eu', 'de', 'us'], { minLength: 1 }) },
)

const anyPrice = fc
  .record({
    prompt: anyRate,
    completion: anyRate,
    request: fc.constantFrom(0n, 10n, 100n),
    cacheRead: fc.constantFrom(0n, 1_000n * M),
  })
  .map((rates) => ({ ...PRICE, ...rates }))

const anyEndpoints = fc
  .array(
    fc.record({
      provider: fc.constantFrom(...SLUGS),
      model: fc.constantFrom('m', 'm', 'n', 'o').map((slug) => slug as ModelSlug),
      price: fc.option(anyPrice, { freq: 9 }),
      contextLength: fc.constantFrom(100, 300_000, 300_000, 300_000),
      maxCompletionTokens: fc.constantFrom(10, 10_000, null, null),
      quantization: fc.constantFrom('unknown', 'fp8', 'fp8', 'bf16'),
      supportedParameters: fc.subarray(PARAMETERS),
    }),
    { minLength: 4, maxLength: 20, size: 'max' },
  )
  .map((drafts) => drafts.map(({ provider, ...over }) => anEndpoint(provider, over)))
  .map((endpoints) => [...new Map(endpoints.map((endpoint) => [endpoint.id, endpoint])).values()])

const anyQuantiles = (figure: fc.Arbitrary<number>) => fc.option(figure.map(flat))

const anyHealth = fc.record({
  attempts: fc.constant(100),
  failures: fc.nat(100),
  firstTokenMs: fc.double({ min: 1, max: 5_000, noNaN: true }),
  tokensPerSecond: fc.double({ min: 0.1, max: 300, noNaN: true }),
  firstTokenQuantiles: anyQuantiles(fc.integer({ min: 100, max: 3_000 })),
  throughputQuantiles: anyQuantiles(fc.integer({ min: 5, max: 100 })),
  downUntilMs: fc.constantFrom(0, 0, NOW_MS, NOW_MS + 30_000),
  returnedMs: fc.constantFrom(null, null, NOW_MS - 2_000, NOW_MS - 8_000),
})

/** Real, simulated only, or real but simulated. */
const SIMULATIONS: readonly Partial<Provider>[] = [
  { simulated: false },
  { simulated: true, baseUrl: '/simulated-only/v1' },
  { simulated: true },
]

const anySnapshot: fc.Arbitrary<RoutingSnapshot> = fc
  .record({
    endpoints: anyEndpoints,
    over: fc.dictionary(
      fc.constantFrom(...SLUGS),
      fc
        .record({
          simulation: fc.constantFrom(...SIMULATIONS),
          retainsPrompts: fc.boolean(),
          zeroRetention: fc.boolean(),
          regions: anyPlaces,
          failureDomain: fc.constantFrom('a', 'b'),
        })
        .map(({ simulation, ...rest }) => ({ ...simulation, ...rest })),
    ),
    health: fc.dictionary(fc.constantFrom(...SLUGS, 'acorn/m#c0', '~box/m#e0'), anyHealth),
    lost: fc.subarray(SLUGS, { maxLength: 2 }),
    warm: seldom(fc.constantFrom('acorn/m', 'birch/m', 'cedar/n', 'acorn/m#c0').map((id) => id as TargetId)),
    hour: fc.nat(24 * 7),
  })
  .map(({ endpoints, over, health, lost, warm, hour }) => {
    const snapshot = aSnapshot(endpoints, over, health)
    const reachable = new Set([...snapshot.reachable].filter((slug) => !lost.includes(slug)))
    return { ...snapshot, reachable, warm, wallMs: WALL_MS + hour * 3_600_000 }
  })

const anyWindow = fc.record({
  days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
  from: fc.integer({ min: 0, max: 1_439 }),
  to: fc.integer({ min: 0, max: 1_439 }),
  zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu'),
  objective: seldom(anyObjective),
  order: seldom(someNames),
  shares: seldom(anyShares),
  max_price: seldom(anyMaxPrice),
})

/** What a policy or a request may hold, by the form of the field. */
const ANY_VALUE: Readonly<Record<PolicyForm, (field: PolicyField) => fc.Arbitrary<unknown>>> = {
  flag: (field) => (POLICY_FIELDS[field].unset === true ? often : rarely),
  slugs: (field) => (field === 'ignore' ? fewNames : someNames),
  objective: () => anyObjective,
  shares: () => anyShares,
  own_capacity: () => fc.constantFrom(...OWN_CAPACITIES),
  prices: () => anyMaxPrice,
  data_collection: () => fc.constantFrom(...DATA_COLLECTIONS),
  regions: () => anyRegions,
  precisions: () => anyQuantizations,
  parameters: () => fc.subarray(PARAMETERS, { maxLength: 1 }),
  throughput: () => anyCutoffs(fc.integer({ min: 5, max: 100 })),
  // Tenths of a second.
  latency: () => anyCutoffs(fc.integer({ min: 1, max: 30 }).map((tenths) => tenths / 10)),
  failover: () =>
    fc.record({
      on: fc.subarray([...FAILURE_KINDS]),
      attempts: fc.integer({ min: 1, max: 6 }),
      firstTokenMs: fc.constant(null),
      totalMs: fc.constant(null),
    }),
  hedge: () => fc.constant({ afterMs: null, extraRequests: 0.05, extraSpend: 5n, ownCost: false }),
  model_fallback: () =>
    fc.record({ models: anyModels, on: fc.subarray([...FAILURE_KINDS]), objective: fc.option(anyObjective) }),
  schedule: () => fc.array(anyWindow, { maxLength: 2 }),
  disconnect: () => fc.constantFrom(...DISCONNECTS),
}

const anyOf = (field: PolicyField) => ANY_VALUE[POLICY_FIELDS[field].form](field)

/** Fields that most generated policies state; the others are rarely stated. */
const OFTEN_STATED: readonly PolicyField[] = ['order', 'shares', 'ignore', 'regions']

export const anyPolicy = fc.record(
  eachField((field) => {
    if (field === 'objective') return fc.option(anyObjective)
    const isStated = OFTEN_STATED.includes(field) || typeof POLICY_FIELDS[field].unset === 'boolean'
    return isStated ? anyOf(field) : seldom(anyOf(field)).map((value) => value ?? DEFAULT_POLICY[field])
  }),
) as fc.Arbitrary<Policy>

const PREFERRED = ['objective', 'partition', ...REQUEST_FIELDS] as const

export const anyPreferences = fc
  .tuple(...PREFERRED.map((field) => seldom(field === 'partition' ? fc.constant('none') : anyOf(field))))
  .map((values) => {
    const stated = PREFERRED.map((field, i) => [field, values[i]] as const).filter(([, value]) => value !== null)
    const preferences: RoutePreferences = Object.fromEntries(stated)
    return preferences
  })

export const anyRoutingCase: fc.Arbitrary<RoutingCase> = fc.record({
  snapshot: anySnapshot,
  caller: fc
    .record({
      kind: seldom(fc.constant('test' as const)),
      funds: seldom(fc.constantFrom('operator', 'simulated')),
      balance: seldom(fc.constant(0n)),
      own: fc.option(anyOwn, { freq: 2 }),
    })
    .map(({ kind, funds, balance, own }): Caller => {
      const known: Caller = {
        ...CALLER,
        kind: kind ?? 'live',
        funds: funds ?? 'credit',
        balance: balance ?? CALLER.balance,
      }
      return own ? { ...known, own } : known
    }),
  layers: fc.array(anyPolicy, { maxLength: 3 }),
  request: fc.record({
    models: anyModels,
    promptTokens: fc.constantFrom(0, 75, 200),
    maxTokens: fc.constantFrom(null, 5, 500),
    parameters: seldom(fc.subarray(PARAMETERS)).map((names) => names ?? []),
    preferences: anyPreferences,
  }),
  dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
})
