import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../catalogue.ts'
import { FAILURE_KINDS } from '../failover.ts'
import type { EndpointId, ModelSlug } from '../ids.ts'
import { ATTEMPTS_MAX, DEFAULT_FAILOVER, type Policy, type RoutePreferences } from '../policy/policy.ts'
import { anEndpoint, aSnapshot, decide, DOWN, flat, PRICE, priced, WALL_MS } from './route.fixture.ts'

const N = { model: 'n' as ModelSlug }
const O = { model: 'o' as ModelSlug }
const models = (...slugs: string[]) => slugs as ModelSlug[]
const cheap = { objective: 'cost' } as const

describe('who is tried', () => {
  const twenty = aSnapshot(Array.from({ length: 20 }, (_, i) => anEndpoint(`p${i}`)))

  it('is one target when fallbacks are off, as many as the policy allows, and never more than the bound', () => {
    expect(decide({ snapshot: twenty }).targets).toHaveLength(ATTEMPTS_MAX)
    expect(decide({ snapshot: twenty, request: { preferences: { allow_fallbacks: false } } }).targets).toHaveLength(1)
    expect(decide({ snapshot: twenty, policy: { allow_fallbacks: false } }).candidates).toHaveLength(20)
    const failover = { ...DEFAULT_FAILOVER, attempts: 2 }
    expect(decide({ snapshot: twenty, policy: { failover } })).toMatchObject({ failover, targets: { length: 2 } })
  })

  it('has no target twice, even when a model is requested twice', () => {
    const snapshot = aSnapshot([anEndpoint('acorn')])
    const decision = decide({ snapshot, request: { models: models('m', 'm') } })
    expect([decision.targets, decision.fallbacks, decision.fallbackOn]).toEqual([['acorn/m'], [], []])
  })
})

describe('further models', () => {
  const snapshot = aSnapshot([
    priced('acorn', 1, N),
    priced('birch', 4),
    priced('cedar', 2, N),
    priced('dogwood', 3, O),
  ])

  it('of the request are tried after all endpoints of the first, whatever the failure', () => {
    const decision = decide({ snapshot, request: { models: models('m', 'n', 'o') }, policy: cheap })
    expect(decision.targets).toEqual(['birch/m'])
    expect(decision.fallbacks).toEqual(['acorn/n', 'cedar/n', 'dogwood/o'])
    expect(decision.fallbackOn).toEqual(FAILURE_KINDS)
  })

  it('of the policy follow, on the failures that it names, by their own objective', () => {
    const model_fallback = { models: models('o', 'm', 'n'), on: ['outage'], objective: 'pinned' } as const
    const policy = { objective: 'pinned', order: ['cedar'], model_fallback } as const
    const decision = decide({ snapshot, policy })
    expect([decision.targets, decision.fallbacks]).toEqual([['birch/m'], ['dogwood/o', 'cedar/n', 'acorn/n']])
    expect(decision.fallbackOn).toEqual(['outage'])
    const cheaply = { ...policy, model_fallback: { ...model_fallback, objective: 'cost' } } as const
    expect(decide({ snapshot, policy: cheaply }).fallbacks).toEqual(['dogwood/o', 'acorn/n', 'cedar/n'])
    expect(decide({ snapshot, policy: cheaply }).objective).toBe('pinned')
  })

  it('of the request come before those of the policy', () => {
    const policy = { ...cheap, model_fallback: { models: models('n', 'o'), on: ['outage'], objective: null } } as const
    const { fallbacks } = decide({ snapshot, policy, request: { models: models('m', 'o') } })
    expect(fallbacks).toEqual(['dogwood/o', 'acorn/n', 'cedar/n'])
  })

  it('take the lead when the first model has no endpoint left', () => {
    const decision = decide({
      snapshot,
      policy: { ...cheap, ignore: ['birch'] },
      request: { models: models('m', 'n') },
    })
    expect([decision.targets, decision.fallbacks]).toEqual([['acorn/n', 'cedar/n'], []])
    expect(decision.removed).toEqual([{ endpoint: 'birch/m', stage: 'deny' }])
  })

  it('of the policy are not even scored when fallbacks are off', () => {
    const model_fallback = { models: models('n'), on: FAILURE_KINDS, objective: null }
    const decision = decide({ snapshot, policy: { model_fallback, allow_fallbacks: false } })
    expect(decision.candidates.map(({ endpoint }) => endpoint)).toEqual(['birch/m'])
  })

  it('of the policy do not hide that everything was excluded', () => {
    const model_fallback = { models: models('n'), on: FAILURE_KINDS, objective: null }
    const decision = decide({ snapshot, policy: { model_fallback, ignore: ['birch'] } })
    expect([decision.targets, decision.fallbacks, decision.fallbackOn]).toEqual([[], [], []])
    expect(decision.removed).toEqual([{ endpoint: 'birch/m', stage: 'deny' }])
  })

  it('keep attempts of their own, one each before a second', () => {
    const many = (model: string) =>
      Array.from({ length: 8 }, (_, i) => priced(`p${i}`, i + 1, { model: model as ModelSlug }))
    const crowd = aSnapshot([...many('m'), ...many('n'), ...many('o')])
    const decideFor = (...slugs: string[]) =>
      decide({ snapshot: crowd, request: { models: models(...slugs) }, policy: cheap })
    expect(decideFor('m', 'n')).toMatchObject({ targets: { length: 5 }, fallbacks: ['p0/n'] })
    expect(decideFor('m', 'n', 'o')).toMatchObject({ targets: { length: 4 }, fallbacks: ['p0/n', 'p0/o'] })
    const failover = { ...DEFAULT_FAILOVER, attempts: 2 }
    const few = decide({ snapshot: crowd, request: { models: models('m', 'n', 'o') }, policy: { ...cheap, failover } })
    expect(few).toMatchObject({ targets: ['p0/m', 'p1/m'], fallbacks: ['p0/n', 'p1/n', 'p0/o', 'p1/o'] })
  })

  it('are ranked together where the request says so, and all of them must then know what it uses', () => {
    const request = { models: models('m', 'n', 'o'), preferences: { partition: 'none' as const } }
    const decision = decide({ snapshot, request, policy: cheap })
    expect(decision.targets).toEqual(['acorn/n', 'cedar/n', 'dogwood/o', 'birch/m'])
    expect([decision.fallbacks, decision.fallbackOn]).toEqual([[], []])
    const toolless = aSnapshot([priced('acorn', 1, N), priced('birch', 4, { supportedParameters: ['tools'] })])
    expect(decide({ snapshot: toolless, request: { ...request, parameters: ['tools'] } }).targets).toEqual(['birch/m'])
  })
})

describe('a schedule', () => {
  const snapshot = aSnapshot([priced('acorn', 1), priced('birch', 9)], {}, { birch: { firstTokenMs: 10 } })
  const always = { days: ['wed'], from: 0, to: 0, zone: 'UTC', order: null, shares: null, max_price: null } as const
  const policy: Partial<Policy> = {
    objective: 'latency',
    schedule: [
      { ...always, from: 11 * 60, to: 13 * 60, objective: 'cost' },
      { ...always, from: 12 * 60, to: 13 * 60, objective: 'pinned', order: ['birch'] },
    ],
  }

  it.each([
    [-120, 'latency', null, 'birch/m'],
    [-60, 'cost', 0, 'acorn/m'],
    [0, 'pinned', 1, 'birch/m'],
    [60, 'latency', null, 'birch/m'],
  ] as const)('%d minutes from noon applies %s, and the window is recorded', (minutes, objective, window, first) => {
    const decision = decide({ snapshot: { ...snapshot, wallMs: WALL_MS + minutes * 60_000 }, layers: [{}, policy] })
    expect(decision).toMatchObject({
      objective,
      policies: [
        { id: 'p0', version: 1, window: null },
        { id: 'p1', version: 2, window },
      ],
    })
    expect(decision.targets[0]).toBe(first)
  })

  it('may be followed by a request, unless the policy is locked', () => {
    const request = { preferences: { objective: 'latency' } } as const
    expect(decide({ snapshot, policy, request }).objective).toBe('latency')
    expect(decide({ snapshot, policy: { ...policy, locked: true }, request }).objective).toBe('pinned')
  })
})

describe('a warm prompt cache', () => {
  const warmed = (thousands: number, cacheRead = 0n): Endpoint => {
    const endpoint = priced('birch', thousands)
    return { ...endpoint, price: { ...PRICE, ...endpoint.price, cacheRead } }
  }
  const snapshotOf = (birch = warmed(2), health = {}) => ({
    ...aSnapshot([priced('acorn', 1), birch, priced('cedar', 3)], {}, health),
    warm: 'birch/m' as EndpointId,
  })
  /** A long prompt and a short answer: what a cache is for. */
  const decideWith = (snapshot = snapshotOf(), policy: Partial<Policy> = cheap, preferences: RoutePreferences = {}) =>
    decide({ snapshot, policy, request: { promptTokens: 10_000, maxTokens: 10, preferences } })

  it('is gone back to while what it saves exceeds what moving would, and the decision says so', () => {
    for (const objective of ['cost', 'balanced'] as const) {
      expect(decideWith(snapshotOf(), { objective })).toMatchObject({
        sticky: true,
        targets: ['birch/m', 'acorn/m', 'cedar/m'],
      })
    }
    const tooDear = warmed(2, 1_500n * 1_000_000n)
    expect(decideWith(snapshotOf(tooDear))).toMatchObject({ sticky: false, targets: ['acorn/m', 'birch/m', 'cedar/m'] })
  })

  it.each<[string, Parameters<typeof decideWith>]>([
    ['the policy is not sticky', [snapshotOf(), { ...cheap, sticky: false }]],
    ['the request names an order', [snapshotOf(), cheap, { order: ['cedar'] }]],
    ['the order is pinned', [snapshotOf(), { objective: 'pinned', order: ['cedar'] }]],
    ['the shares are fixed', [snapshotOf(), { objective: 'weighted', shares: { cedar: 1 } }]],
    ['reading the cache costs as much as the prompt', [snapshotOf(warmed(2, 2_000n * 1_000_000n))]],
    ['the price of reading the cache is unknown', [snapshotOf(priced('birch', 2))]],
    ['the endpoint is down', [snapshotOf(warmed(2), { birch: DOWN })]],
    [
      'the endpoint is slow',
      [
        snapshotOf(warmed(2), { birch: { firstTokenQuantiles: flat(9) } }),
        { ...cheap, preferred_max_latency: { p50: 0.008 } },
      ],
    ],
    ['the policy denies the endpoint', [snapshotOf(), { ...cheap, ignore: ['birch'] }]],
  ])('is left when %s', (_, [snapshot, policy, preferences]) => {
    const decision = decideWith(snapshot, policy, preferences)
    expect(decision.sticky).toBe(false)
    expect(decision.targets[0]).not.toBe('birch/m')
  })

  it.each(['latency', 'throughput', 'uptime'] as const)(
    'counts under %s only within the noise band of the best',
    (objective) => {
      const best = { firstTokenMs: 300, tokensPerSecond: 100, attempts: 500, failures: 0 }
      const near = { ...best, firstTokenMs: 325, tokensPerSecond: 95 }
      const far = { firstTokenMs: 350, tokensPerSecond: 80, attempts: 500, failures: 20 }
      expect(decideWith(snapshotOf(warmed(2), { acorn: best, birch: near }), { objective }).targets[0]).toBe('birch/m')
      expect(decideWith(snapshotOf(warmed(2), { acorn: best, birch: far }), { objective })).toMatchObject({
        sticky: false,
      })
    },
  )

  it.each(['balanced', 'latency'] as const)(
    'is gone back to under %s only as often as an endpoint that comes back may be',
    (objective) => {
      const usual = { firstTokenMs: 600, tokensPerSecond: 60, failureRate: 0.02, down: false }
      const recorded = new Map([['birch/m' as EndpointId, { ...usual, share: 0.3 }]])
      const snapshot = { ...snapshotOf(), recorded }
      const request = { promptTokens: 10_000, maxTokens: 10 }
      const stays = Array.from(
        { length: 2_000 },
        (_, i) => decide({ snapshot, policy: { objective }, request, dice: i / 2_000 }).sticky,
      )
      expect(stays.filter(Boolean).length / stays.length).toBeCloseTo(0.3, 1)
    },
  )

  it('is left for another failure domain when it fails', () => {
    const east = { failureDomain: 'east' }
    const snapshot = aSnapshot([priced('acorn', 1), warmed(2), priced('cedar', 3)], { acorn: east, birch: east })
    expect(decideWith({ ...snapshot, warm: 'birch/m' as EndpointId }).targets).toEqual([
      'birch/m',
      'cedar/m',
      'acorn/m',
    ])
  })
})
