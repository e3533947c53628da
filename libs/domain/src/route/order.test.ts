import { describe, expect, it } from 'vitest'
import type { Figures } from './decision.ts'
import { PRIOR_FIRST_TOKEN_MS, PRIOR_TOKENS_PER_SECOND } from '../health/health.ts'
import type { EndpointId } from '../ids.ts'
import { cost } from '../money/price.ts'
import type { RoutingSnapshot } from './route.ts'
import { anEndpoint, aSnapshot, decide, DOWN, flat, healthOf, PRICE, priced, sharesOf } from './route.fixture.ts'

const SORTED = ['cost', 'latency', 'throughput', 'uptime'] as const
const DICE = [0, 0.3, 0.5, 0.99]

describe('pinned', () => {
  const endpoints = [priced('acorn', 3), priced('birch', 2), priced('cedar', 1), priced('dogwood', 4)]
  const snapshot = aSnapshot(endpoints, {}, { acorn: DOWN })
  const policy = { objective: 'pinned', order: ['dogwood', 'acorn/m'] } as const

  it('follows the order to the letter, also onto what is down, then the rest by price', () => {
    for (const dice of DICE) {
      expect(decide({ snapshot, policy, dice }).targets).toEqual(['dogwood/m', 'acorn/m', 'cedar/m', 'birch/m'])
    }
  })

  it('is the same whatever the dice when an endpoint comes back or is slow', () => {
    const weak = {
      ...snapshot,
      recorded: figures({ dogwood: { share: 0.1 }, birch: { share: 0.1 }, cedar: { slow: true } }),
    }
    for (const dice of DICE) {
      expect(decide({ snapshot: weak, policy, dice }).targets).toEqual(['dogwood/m', 'acorn/m', 'birch/m', 'cedar/m'])
    }
  })

  it('goes only to the targets that it names once fallbacks are off', () => {
    const strict = { ...policy, allow_fallbacks: false }
    expect(decide({ snapshot, policy: strict }).targets).toEqual(['dogwood/m', 'acorn/m'])
    // A wider policy forbids fallbacks, and the request brings the order.
    const wider = { allow_fallbacks: false }
    const given = { preferences: { order: ['acorn', 'birch'] } }
    expect(decide({ snapshot, policy: wider, request: given }).targets).toEqual(['acorn/m', 'birch/m'])
    const { targets, removed } = decide({ snapshot, policy: { ...strict, order: ['elm'] } })
    expect(targets).toEqual([])
    expect(new Set(removed.map(({ stage }) => stage))).toEqual(new Set(['allow']))
  })
})

describe('an objective', () => {
  const snapshot = aSnapshot(
    [priced('acorn', 1), priced('birch', 2), priced('cedar', 3)],
    {},
    {
      acorn: { firstTokenMs: 900, tokensPerSecond: 50, attempts: 100, failures: 10 },
      birch: { firstTokenMs: 300, tokensPerSecond: 20, attempts: 100, failures: 20 },
      cedar: { firstTokenMs: 600, tokensPerSecond: 90, attempts: 100, failures: 5 },
    },
  )

  it.each([
    ['cost', ['acorn/m', 'birch/m', 'cedar/m']],
    ['latency', ['birch/m', 'cedar/m', 'acorn/m']],
    ['throughput', ['cedar/m', 'acorn/m', 'birch/m']],
    ['uptime', ['cedar/m', 'acorn/m', 'birch/m']],
  ] as const)('%s puts the best figure first, whatever the dice', (objective, order) => {
    for (const dice of DICE) expect(decide({ snapshot, policy: { objective }, dice }).targets).toEqual(order)
  })

  it('counts failures into the figure: cheap and broken is not cheap', () => {
    const shaky = { ...snapshot, health: healthOf({ acorn: { attempts: 100, failures: 70 } }) }
    expect(decide({ snapshot: shaky, policy: { objective: 'cost' } }).targets[0]).toBe('birch/m')
  })

  it('lets figures within a tenth take turns, so that no herd forms', () => {
    const health = healthOf({
      acorn: { firstTokenMs: 300 },
      birch: { firstTokenMs: 320 },
      cedar: { firstTokenMs: 600 },
    })
    const share = sharesOf({ snapshot: { ...snapshot, health }, policy: { objective: 'latency' } })
    expect([share('acorn/m'), share('birch/m'), share('cedar/m')]).toEqual([0.5, 0.5, 0])
  })

  it('of uptime takes two failures in a hundred for chance, and does not put the untried behind', () => {
    const health = healthOf({ acorn: { attempts: 500, failures: 0 }, cedar: { attempts: 500, failures: 25 } })
    const share = sharesOf({ snapshot: { ...snapshot, health }, policy: { objective: 'uptime' } })
    expect([share('acorn/m'), share('birch/m'), share('cedar/m')]).toEqual([0.5, 0.5, 0])
  })

  it('gives an untried endpoint the figures of a typical peer', () => {
    const [candidate] = decide({ snapshot: aSnapshot([anEndpoint('acorn')]) }).candidates
    const usual = { firstTokenMs: PRIOR_FIRST_TOKEN_MS, tokensPerSecond: PRIOR_TOKENS_PER_SECOND, down: false }
    expect(candidate).toMatchObject(usual)
    expect(candidate).not.toHaveProperty('slow')
  })

  it('orders by figures rounded as in the record', () => {
    const health = healthOf({ acorn: { firstTokenMs: 600 / 7, tokensPerSecond: 200 / 7, attempts: 70, failures: 10 } })
    const [candidate] = decide({ snapshot: { ...aSnapshot([anEndpoint('acorn')]), health } }).candidates
    expect(candidate).toMatchObject({ firstTokenMs: 86, tokensPerSecond: 28.6 })
    expect(String(candidate?.failureRate)).toMatch(/^0\.\d{1,4}$/)
  })

  it('expects the price of the prompt read anew, of a typical answer, and of the call itself', () => {
    const price = { ...PRICE, prompt: 1_000_000n, completion: 7_000_000n, cacheRead: 1n, request: 123n }
    const listed = aSnapshot([anEndpoint('acorn', { price })])
    const expected = (completionTokens: number) =>
      cost({ promptTokens: 777, completionTokens, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }, price)
        .total
    const of = (maxTokens: number | null) =>
      decide({ snapshot: listed, request: { promptTokens: 777, maxTokens } }).candidates[0]?.expectedNano
    expect([of(null), of(10), of(9_000)]).toEqual([expected(400), expected(10), expected(400)])
  })
})

describe('balanced', () => {
  const three = aSnapshot([priced('acorn', 1), priced('birch', 2), priced('cedar', 4)])

  it('draws the first by price to the power of minus two, but for one draw in a hundred', () => {
    const share = sharesOf({ snapshot: three })
    expect(share('acorn/m')).toBeCloseTo((0.99 * 16) / 21 + 0.01 / 3, 2)
    expect(share('birch/m')).toBeCloseTo((0.99 * 4) / 21 + 0.01 / 3, 2)
    expect(share('cedar/m')).toBeCloseTo((0.99 * 1) / 21 + 0.01 / 3, 2)
  })

  it('keeps trying what the weights would never choose', () => {
    const share = sharesOf({ snapshot: aSnapshot([priced('acorn', 1), priced('birch', 1_000)]) })
    expect(share('birch/m')).toBeCloseTo(0.005, 3)
  })

  it('gives reliability and speed their part', () => {
    const even = [anEndpoint('acorn'), anEndpoint('birch')]
    const failing = aSnapshot(even, {}, { birch: { attempts: 95, failures: 50 } })
    expect(sharesOf({ snapshot: failing })('birch/m')).toBeLessThan(0.25)
    const slow = aSnapshot(even, {}, { birch: { firstTokenMs: 4 * PRIOR_FIRST_TOKEN_MS } })
    expect(sharesOf({ snapshot: slow })('birch/m')).toBeCloseTo(1 / 3, 2)
  })

  it('never divides by a price of nothing', () => {
    const price = { ...PRICE, prompt: 0n, completion: 0n }
    const listed = aSnapshot([anEndpoint('acorn', { price }), anEndpoint('birch', { price })])
    expect(sharesOf({ snapshot: listed })('acorn/m')).toBeCloseTo(0.5, 2)
  })
})

describe('weighted', () => {
  const endpoints = [priced('acorn', 9), priced('birch', 1), priced('cedar', 3), priced('dogwood', 2)]
  const policy = { objective: 'weighted', shares: { acorn: 3, 'cedar/m': 1, nobody: 100 } } as const

  it('draws by the tenant’s shares, of providers and of single endpoints, whatever the price', () => {
    const share = sharesOf({ snapshot: aSnapshot(endpoints), policy })
    expect(share('acorn/m')).toBeCloseTo(3 / 4, 2)
    expect(share('cedar/m')).toBeCloseTo(1 / 4, 2)
  })

  it('puts what has no share after all that have, by price', () => {
    for (const dice of DICE) {
      const { targets } = decide({ snapshot: aSnapshot(endpoints), policy, dice })
      expect(targets.slice(0, 2).toSorted()).toEqual(['acorn/m', 'cedar/m'])
      expect(targets.slice(2)).toEqual(['birch/m', 'dogwood/m'])
    }
  })

  it('takes the share of an endpoint before that of its provider', () => {
    const shares = { birch: 1, acorn: 1, 'acorn/m': 3 }
    const share = sharesOf({ snapshot: aSnapshot(endpoints), policy: { objective: 'weighted', shares } })
    expect(share('acorn/m')).toBeCloseTo(3 / 4, 2)
  })

  it('leaves those with a share only when none of them is up', () => {
    const snapshot = aSnapshot(endpoints, {}, { acorn: DOWN, cedar: DOWN })
    expect(decide({ snapshot, policy, dice: 0 }).targets).toEqual(['birch/m', 'dogwood/m', 'acorn/m', 'cedar/m'])
  })
})

describe('what is not at its best', () => {
  const endpoints = ['acorn', 'birch', 'cedar'].map((provider) => anEndpoint(provider))

  it('stays the last resort while it is down', () => {
    const oneDown = aSnapshot(endpoints, {}, { acorn: DOWN })
    const allDown = aSnapshot(endpoints, {}, { acorn: DOWN, birch: DOWN, cedar: DOWN })
    for (const objective of [...SORTED, 'balanced', 'weighted'] as const) {
      for (const dice of DICE) {
        expect(
          decide({ snapshot: oneDown, policy: { objective }, dice }).targets.indexOf('acorn/m' as EndpointId),
        ).toBe(2)
        expect(decide({ snapshot: allDown, policy: { objective }, dice }).targets).toHaveLength(3)
      }
    }
  })

  it.each([...SORTED, 'balanced', 'weighted'] as const)(
    'gets its part of what it would get while it comes back, under %s',
    (objective) => {
      const snapshot = { ...aSnapshot(endpoints), recorded: figures({ acorn: { share: 0.25 }, birch: {}, cedar: {} }) }
      const policy = { objective, shares: { acorn: 1, birch: 1, cedar: 1 } }
      const share = sharesOf({ snapshot, policy }, 4_000)
      // A third of a quarter where it takes part or not; a quarter of the others' weight where there is a draw.
      const drawn = objective === 'balanced' || objective === 'weighted'
      expect(Math.abs(share('acorn/m') - (drawn ? 0.25 / 2.25 : 0.25 / 3))).toBeLessThan(0.015)
      expect(Math.abs(share('birch/m') - share('cedar/m'))).toBeLessThan(0.02)
    },
  )

  it('is tried before what is down, and first when nothing else is up', () => {
    const recorded = figures({ acorn: { share: 0.1 }, birch: { down: true }, cedar: { down: true } })
    for (const objective of SORTED) {
      const snapshot = { ...aSnapshot(endpoints), recorded }
      for (const dice of DICE) expect(decide({ snapshot, policy: { objective }, dice }).targets[0]).toBe('acorn/m')
    }
  })
})

describe('a preferred speed', () => {
  const endpoints = [priced('acorn', 1), priced('birch', 2), priced('cedar', 3)]
  const snapshotOf = (acorn: object, birch: object = {}): RoutingSnapshot => aSnapshot(endpoints, {}, { acorn, birch })

  it('puts what misses it behind the others, not away, and says so', () => {
    const snapshot = snapshotOf({ firstTokenQuantiles: flat(2_000) }, { firstTokenQuantiles: flat(1_999) })
    const policy = { objective: 'cost', preferred_max_latency: { p50: 1.999 } } as const
    const decision = decide({ snapshot, policy })
    expect(decision.targets).toEqual(['birch/m', 'cedar/m', 'acorn/m'])
    expect(decision.candidates.map(({ slow = false }) => slow)).toEqual([false, false, true])
  })

  it('must hold at every percentile that is named, and for throughput too', () => {
    const firstTokenQuantiles = { ...flat(100), p99: 5_000 }
    const snapshot = snapshotOf({ firstTokenQuantiles, throughputQuantiles: flat(49) })
    const first = (preferences: object) =>
      decide({ snapshot, policy: { objective: 'cost' }, request: { preferences } }).targets[0]
    expect(first({ preferred_max_latency: { p50: 0.2, p90: 0.2 } })).toBe('acorn/m')
    expect(first({ preferred_max_latency: { p50: 0.2, p99: 4.999 } })).toBe('birch/m')
    expect(first({ preferred_min_throughput: { p50: 49 } })).toBe('acorn/m')
    expect(first({ preferred_min_throughput: { p75: 50 } })).toBe('birch/m')
  })

  it('is the strictest of all layers and of the request', () => {
    const snapshot = snapshotOf({ firstTokenQuantiles: flat(2_000) })
    const layers = [
      { objective: 'cost', preferred_max_latency: { p50: 1 } } as const,
      { preferred_max_latency: { p50: 9 } },
    ]
    const request = { preferences: { preferred_max_latency: { p50: 5 } } }
    expect(decide({ snapshot, layers, request }).targets[0]).toBe('birch/m')
  })

  it('is not missed by an endpoint of which too little is known', () => {
    const policy = {
      objective: 'cost',
      preferred_max_latency: { p50: 0.001 },
      preferred_min_throughput: { p50: 1_000 },
    } as const
    expect(decide({ snapshot: snapshotOf({}), policy }).targets).toEqual(['acorn/m', 'birch/m', 'cedar/m'])
  })
})

describe('the next try', () => {
  const endpoints = [priced('acorn', 1), priced('birch', 2), priced('cedar', 3), priced('dogwood', 4)]
  const shared = {
    acorn: { failureDomain: 'east' },
    birch: { failureDomain: 'east' },
    cedar: { failureDomain: 'west' },
  }
  const policy = { objective: 'cost' } as const

  it('says of each candidate whether the spread moved it ahead of a better one, and which figures are assumed', () => {
    const listed = aSnapshot([priced('acorn', 1), priced('birch', 2), priced('cedar', 3)], shared)
    const measured = { ...listed, health: healthOf({ acorn: { firstTokenMs: 90, tokensPerSecond: 80, attempts: 9 } }) }
    const { candidates } = decide({ snapshot: measured, policy: { objective: 'cost' } })
    expect(candidates.map(({ endpoint, spread, assumed }) => [endpoint, spread, assumed])).toEqual([
      ['acorn/m', undefined, undefined],
      ['cedar/m', true, ['firstTokenMs', 'tokensPerSecond', 'failureRate']],
      ['birch/m', undefined, ['firstTokenMs', 'tokensPerSecond', 'failureRate']],
    ])
  })

  it('leaves the failure domains that were tried while there is another', () => {
    const { targets } = decide({ snapshot: aSnapshot(endpoints, shared), policy })
    expect(targets).toEqual(['acorn/m', 'cedar/m', 'dogwood/m', 'birch/m'])
    const more = [...endpoints.slice(0, 3), priced('elm', 4), priced('fir', 5)]
    const easterly = aSnapshot(more, { ...shared, elm: { failureDomain: 'east' } })
    expect(decide({ snapshot: easterly, policy }).targets).toEqual(['acorn/m', 'cedar/m', 'fir/m', 'birch/m', 'elm/m'])
  })

  it('prefers what is up in the same domain to what is down in another, and what is fast to what is slow', () => {
    const down = aSnapshot(endpoints, shared, { cedar: DOWN, dogwood: DOWN })
    expect(decide({ snapshot: down, policy }).targets).toEqual(['acorn/m', 'birch/m', 'cedar/m', 'dogwood/m'])
    const slow = aSnapshot(endpoints, shared, { cedar: { firstTokenQuantiles: flat(9_000) }, dogwood: DOWN })
    const wishing = { ...policy, preferred_max_latency: { p50: 1 } }
    expect(decide({ snapshot: slow, policy: wishing }).targets).toEqual(['acorn/m', 'birch/m', 'cedar/m', 'dogwood/m'])
  })
})

/** Figures as a record holds them, by provider, for its endpoint of model `m`. */
function figures(known: Readonly<Record<string, Partial<Figures>>>): Map<EndpointId, Figures> {
  const usual = { firstTokenMs: 600, tokensPerSecond: 60, failureRate: 0.02, down: false }
  return new Map(Object.entries(known).map(([slug, over]) => [`${slug}/m` as EndpointId, { ...usual, ...over }]))
}
