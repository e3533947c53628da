import { describe, expect, it } from 'vitest'
import type { Caller } from '../caller.ts'
import type { Provider } from '../catalogue.ts'
import type { ModelSlug, ProviderSlug } from '../ids.ts'
import { destinationOf } from '../byok.ts'
import { aCredential, anOwnEndpoint, ownOf, PLACE } from './byok.fixture.ts'
import { anEndpoint, aSnapshot, decide, idsOf } from './route.fixture.ts'
import { addressOf, isRealButSimulated, asReal, shownName, withoutSimulatedReal } from './simulated-provider.ts'

const SIMULATOR = 'http://127.0.0.1:9'

function aProvider(changes: Partial<Provider> = {}): Provider {
  return {
    ...{ slug: 'acme' as ProviderSlug, name: 'Acme', dialect: 'openai', baseUrl: 'https://api.acme.example/v2' },
    ...{ simulated: true, retainsPrompts: true, zeroRetention: false, failureDomain: 'acme' },
    ...changes,
  }
}

describe('a simulated provider', () => {
  it.each<[string, Partial<Provider>, string | null]>([
    ['under the slug, where the paths of the dialect begin', {}, `${SIMULATOR}/acme/v1`],
    ['of another dialect', { dialect: 'anthropic' }, `${SIMULATOR}/acme/v1`],
    ['of a third', { dialect: 'google' }, `${SIMULATOR}/acme/v1beta`],
    ['though the provider has no address itself', { baseUrl: '' }, `${SIMULATOR}/acme/v1`],
    ['a simulated-only one at its own path', { baseUrl: '/elsewhere/v7' }, `${SIMULATOR}/elsewhere/v7`],
    ['a real one at its own address', { simulated: false }, 'https://api.acme.example/v2'],
    ['a real one without an address nowhere', { simulated: false, baseUrl: '' }, null],
  ])('answers on the simulator: %s', (_, changes, address) => {
    expect(addressOf(aProvider(changes), SIMULATOR)).toBe(address)
  })

  it('answers nowhere without a simulator, and never at the provider’s own address', () => {
    expect(addressOf(aProvider(), undefined)).toBeNull()
    expect(addressOf(aProvider({ baseUrl: '/acme/v1' }), undefined)).toBeNull()
  })

  it('is marked in its name, and the real provider is not', () => {
    expect(shownName(aProvider())).toBe('Acme (simulated)')
    expect(shownName(asReal(aProvider()))).toBe('Acme')
    expect(shownName(asReal(aProvider({ baseUrl: '/acme/v1' })))).toBe('Acme (simulated)')
  })

  it('receives no secret of a tenant: that goes to the real provider, or to the simulator for a simulated-only one', () => {
    expect(destinationOf(aProvider())).toBe('https://api.acme.example')
    expect(destinationOf(aProvider({ baseUrl: '/acme/v1' }))).toBe('simulated')
    expect(destinationOf(aProvider({ baseUrl: '' }))).toBeNull()
    expect(addressOf(asReal(aProvider()), SIMULATOR)).toBe('https://api.acme.example/v2')
  })

  it('counts as real but simulated only if it has an address of its own', () => {
    const changes: Partial<Provider>[] = [{}, { simulated: false }, { baseUrl: '/acme/v1' }]
    expect(changes.map((one) => isRealButSimulated(aProvider(one)))).toEqual([true, false, false])
  })
})

describe('routing among real providers, simulated-only ones and simulated real ones', () => {
  const SIMULATED_REAL = { simulated: true }
  const SIMULATED_ONLY = { simulated: true, baseUrl: '/cedar/v1' }
  const snapshot = aSnapshot(
    [...['acorn', 'birch', 'cedar'].map((slug) => anEndpoint(slug)), anEndpoint('birch', { model: 'n' as ModelSlug })],
    { birch: SIMULATED_REAL, cedar: SIMULATED_ONLY },
  )
  const left = (caller: Partial<Caller>, model = 'm', of = snapshot) =>
    idsOf(decide({ snapshot: of, caller, request: { models: [model as ModelSlug] } }))

  it('real money never buys a simulated provider of a model that a real provider serves', () => {
    for (const funds of ['credit', 'operator'] as const) {
      expect(left({ funds })).toEqual(['acorn/m', 'cedar/m'])
      expect(left({ funds }, 'n')).toEqual(['birch/n'])
    }
    expect(decide({ snapshot }).removed).toEqual([{ endpoint: 'birch/m', stage: 'credential' }])
  })

  it('nor when a policy or the request excludes the real endpoint', () => {
    expect(idsOf(decide({ snapshot, policy: { ignore: ['acorn', 'cedar'] } }))).toEqual([])
    expect(idsOf(decide({ snapshot, request: { preferences: { only: ['birch'] } } }))).toEqual([])
  })

  it('an unreachable real endpoint, or one without a price, removes no simulated provider', () => {
    const unreachable = { ...snapshot, reachable: new Set(['birch', 'cedar'] as ProviderSlug[]) }
    expect(left({}, 'm', unreachable)).toEqual(['birch/m', 'cedar/m'])
    const unpriced = aSnapshot([anEndpoint('acorn', { price: null }), anEndpoint('birch')], { birch: SIMULATED_REAL })
    expect(left({}, 'm', unpriced)).toEqual(['birch/m'])
  })

  it('simulated money and test keys reach simulated providers only', () => {
    for (const caller of [{ funds: 'simulated' }, { kind: 'test' }] as const) {
      expect(left(caller)).toEqual(['birch/m', 'cedar/m'])
    }
  })

  it('a BYOK credential reaches the real provider: simulated ones are removed, and no test key uses it', () => {
    const own = ownOf(aCredential('birch', { placement: 'fallback' }))
    const alone = aSnapshot([anEndpoint('birch'), anEndpoint('dogwood')], {
      birch: SIMULATED_REAL,
      dogwood: SIMULATED_REAL,
    })
    expect(left({ own, funds: 'simulated' }, 'm', alone)).toEqual(['birch/m#birch-key'])
    expect(left({ own, kind: 'test' }, 'm', alone)).toEqual(['birch/m', 'dogwood/m'])
    const unreachable = { ...alone, reachable: new Set<ProviderSlug>() }
    expect(left({ own }, 'm', unreachable)).toEqual(['birch/m#birch-key'])
    const boxed = ownOf({ ...anOwnEndpoint('box'), placement: 'fallback' })
    expect(left({ own: boxed, funds: 'simulated' }, 'm', alone)).toEqual(['~box/m#box-id'])
  })

  it('an account that was stored for the simulator is not used at the provider, nor one of it at the simulator', () => {
    const alone = aSnapshot([anEndpoint('birch')], { birch: SIMULATED_REAL })
    expect(left({ own: ownOf(aCredential('birch', { boundTo: 'simulated' })) }, 'm', alone)).toEqual(['birch/m'])
    const made = aSnapshot([anEndpoint('cedar')], { cedar: SIMULATED_ONLY })
    expect(left({ own: ownOf(aCredential('cedar', { boundTo: PLACE })) }, 'm', made)).toEqual(['cedar/m'])
  })

  it('simulated real providers are left out of those that answer themselves', () => {
    expect([...withoutSimulatedReal(snapshot)].toSorted()).toEqual(['acorn', 'cedar'])
  })
})
