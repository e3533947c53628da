import { describe, expect, it } from 'vitest'
import type { Caller } from '../caller.ts'
import type { Endpoint, Provider } from '../catalogue.ts'
import type { Stage } from './decision.ts'
import type { ModelSlug, ProviderSlug } from '../ids.ts'
import { ANY_PRICE, type Policy, type RoutePreferences } from '../policy/policy.ts'
import { anEndpoint, aSnapshot, decide, idsOf, PRICE } from './route.fixture.ts'

/** One thing that is wrong for an endpoint which would otherwise serve. */
interface Offence {
  readonly endpoint?: Partial<Endpoint>
  readonly provider?: Partial<Provider>
  readonly policy?: Partial<Policy>
  readonly caller?: Partial<Caller>
  readonly parameters?: readonly string[]
  readonly preferences?: RoutePreferences
}

const DEAR = { price: { ...PRICE, request: 10n, image: 20n, audio: 30n } }

describe('an endpoint is left out', () => {
  it.each<[string, Stage, Offence]>([
    ['a real one, for a test key', 'funds', { provider: { simulated: false }, caller: { kind: 'test' } }],
    ['a real one, for simulated money', 'funds', { provider: { simulated: false }, caller: { funds: 'simulated' } }],
    ['whose price is unknown', 'price_unknown', { endpoint: { price: null } }],
    ['off the policy’s list', 'allow', { policy: { only: ['birch', 'acor', 'acorn/n'] } }],
    ['off the request’s list', 'allow', { preferences: { only: ['birch'] } }],
    ['allowed by one list and not by the other', 'allow', { policy: { only: ['acorn'] }, preferences: { only: [] } }],
    ['not in a strict order', 'allow', { preferences: { order: ['birch'], allow_fallbacks: false } }],
    ['denied by the policy', 'deny', { policy: { ignore: ['acorn'] } }],
    ['denied by its own id', 'deny', { policy: { ignore: ['acorn/m'] } }],
    ['ignored by the request', 'deny', { preferences: { ignore: ['acorn'] } }],
    ['that keeps prompts', 'retention', { provider: { retainsPrompts: true }, policy: { data_collection: 'deny' } }],
    ['that may train', 'retention', { provider: { retainsPrompts: true }, preferences: { data_collection: 'deny' } }],
    ['that does not promise to keep nothing', 'zero_retention', { policy: { zdr: true } }],
    ['the same, by the request', 'zero_retention', { preferences: { zdr: true } }],
    ['in an unknown region', 'region', { policy: { regions: ['eu'] } }],
    ['also elsewhere', 'region', { provider: { regions: ['de', 'us'] }, policy: { regions: ['eu'] } }],
    ['of an author who permits no training', 'distillable', { preferences: { enforce_distillable_text: true } }],
    ['of another precision', 'quantization', { endpoint: { quantization: 'fp4' }, policy: { quantizations: ['fp8'] } }],
    ['of unknown precision', 'quantization', { preferences: { quantizations: ['fp8'] } }],
    ['lacking what the policy demands', 'parameters', { policy: { required_parameters: ['tools'] } }],
    ['lacking a parameter', 'parameters', { parameters: ['seed'], preferences: { require_parameters: true } }],
    [
      'lacking one that the policy insists on',
      'parameters',
      { parameters: ['seed'], policy: { require_parameters: true } },
    ],
    ['too small for the prompt', 'context', { endpoint: { contextLength: 99 } }],
    ['too small for the answer', 'context', { endpoint: { maxCompletionTokens: 99 } }],
    ['dear in prompts', 'max_price', { policy: { max_price: { ...ANY_PRICE, prompt: 999n } } }],
    ['dear in answers', 'max_price', { preferences: { max_price: { completion: 1_999n } } }],
    ['dear by the call', 'max_price', { endpoint: DEAR, preferences: { max_price: { request: 9n } } }],
    ['dear in images', 'max_price', { endpoint: DEAR, policy: { max_price: { ...ANY_PRICE, image: 19n } } }],
    ['dear in audio', 'max_price', { endpoint: DEAR, preferences: { max_price: { audio: 29n } } }],
  ])('%s', (_, stage, { endpoint, provider = {}, policy = {}, caller = {}, parameters = [], preferences = {} }) => {
    const snapshot = aSnapshot([anEndpoint('acorn', endpoint)], { acorn: provider })
    const request = { parameters, preferences, promptTokens: 100, maxTokens: 100 }
    const { removed, candidates, targets } = decide({ snapshot, request, policy, caller })
    expect(removed).toEqual([{ endpoint: 'acorn/m', stage }])
    expect([candidates, targets]).toEqual([[], []])
  })

  it('with stage credential when we hold none for its provider, or do not know the provider', () => {
    const snapshot = aSnapshot([anEndpoint('acorn'), anEndpoint('birch')])
    const unreachable = { ...snapshot, reachable: new Set(['birch' as ProviderSlug]) }
    expect(decide({ snapshot: unreachable }).removed).toEqual([{ endpoint: 'acorn/m', stage: 'credential' }])
    const nameless = { ...snapshot, catalogue: { ...snapshot.catalogue, providers: new Map() } }
    expect(decide({ snapshot: nameless }).removed.map(({ stage }) => stage)).toEqual(['credential', 'credential'])
  })

  it('with the first stage in the fixed order when several things are wrong', () => {
    const snapshot = aSnapshot([anEndpoint('acorn', { contextLength: 1 })], { acorn: { retainsPrompts: true } })
    const policy = { data_collection: 'deny', zdr: true, ignore: ['acorn'] } as const
    expect(decide({ snapshot, policy }).removed[0]?.stage).toBe('deny')
    expect(decide({ snapshot, policy: { ...policy, ignore: [] } }).removed[0]?.stage).toBe('retention')
  })

  it('for the price that would apply, not for the one of shorter prompts', () => {
    const price = { ...PRICE, tiers: [{ ...PRICE, prompt: 4_000n, abovePromptTokens: 200_000 }] }
    const snapshot = aSnapshot([anEndpoint('acorn', { price, contextLength: 1_000_000 })])
    const policy = { max_price: { ...ANY_PRICE, prompt: 2_000n } }
    expect(decide({ snapshot, policy, request: { promptTokens: 200_000 } }).targets).toEqual(['acorn/m'])
    expect(decide({ snapshot, policy, request: { promptTokens: 200_001 } }).removed[0]?.stage).toBe('max_price')
  })

  it('by nothing that lies exactly on a limit, nor by a price that it does not have', () => {
    const snapshot = aSnapshot([anEndpoint('acorn', { contextLength: 100, maxCompletionTokens: 50 })])
    const max_price = { prompt: 1_000n, completion: 2_000n, request: 0n, image: 0n, audio: 0n }
    const request = { promptTokens: 100, maxTokens: 50 }
    expect(decide({ snapshot, policy: { max_price }, request }).targets).toEqual(['acorn/m'])
  })
})

describe('a list', () => {
  const snapshot = aSnapshot([
    anEndpoint('acorn'),
    anEndpoint('acorn', { model: 'n' as ModelSlug }),
    anEndpoint('birch'),
  ])
  const models = ['m', 'n'] as ModelSlug[]

  it('means all endpoints of a provider by its slug, and one of them by its id', () => {
    const left = (policy: Partial<Policy>, preferences: RoutePreferences = {}) =>
      decide({ snapshot, policy, request: { models, preferences } }).candidates.map(({ endpoint }) => endpoint)
    expect(left({ only: ['acorn'] })).toEqual(['acorn/m', 'acorn/n'])
    expect(left({ only: ['acorn'] }, { only: ['acorn/n', 'birch'] })).toEqual(['acorn/n'])
    expect(left({ only: ['acorn/n'] }, { only: ['acorn'] })).toEqual(['acorn/n'])
    expect(left({ ignore: ['acorn/m'] }, { ignore: ['birch'] })).toEqual(['acorn/n'])
  })
})

it('regions leave the providers that are known to process in them and nowhere else', () => {
  const providers = { birch: { regions: ['de'] }, cedar: { regions: ['de', 'us'] }, dogwood: { regions: ['eu'] } }
  const endpoints = ['acorn', ...Object.keys(providers)].map((slug) => anEndpoint(slug))
  const snapshot = aSnapshot(endpoints, providers)
  const left = (...lists: (readonly string[])[]) =>
    idsOf(decide({ snapshot, layers: lists.map((regions) => ({ regions })) }))
  expect(left(['eu'])).toEqual(['birch/m', 'dogwood/m'])
  expect(left(['eu', 'us'])).toEqual(['birch/m', 'cedar/m', 'dogwood/m'])
  expect(left(['eu'], ['us', 'de'])).toEqual(['birch/m'])
  expect(left(['us'], ['eu'])).toEqual([])
})

describe('parameters', () => {
  const snapshot = aSnapshot([anEndpoint('acorn', { supportedParameters: ['tools'] }), anEndpoint('birch')])

  it('that change what an answer means choose the endpoints that honour them', () => {
    const decision = decide({ snapshot, request: { parameters: ['tools', 'temperature'] } })
    expect(decision.targets).toEqual(['acorn/m'])
    expect(decision.removed).toEqual([{ endpoint: 'birch/m', stage: 'parameters' }])
  })

  it('that no endpoint honours do not make a model unavailable, nor do those that only an endpoint out of reach honours', () => {
    expect(decide({ snapshot, request: { parameters: ['reasoning'] } }).targets).toHaveLength(2)
    const unreachable = { ...snapshot, reachable: new Set(['birch' as ProviderSlug]) }
    expect(decide({ snapshot: unreachable, request: { parameters: ['tools'] } }).targets).toEqual(['birch/m'])
  })

  it('that only tune an answer exclude no endpoint, unless the caller insists', () => {
    const request = { parameters: ['temperature'] }
    expect(decide({ snapshot, request }).targets).toHaveLength(2)
    const insisting = { ...request, preferences: { require_parameters: true } }
    expect(decide({ snapshot, request: insisting }).targets).toEqual([])
  })
})
