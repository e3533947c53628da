import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PolicyId } from '../ids.ts'
import { ANY_PRICE, DEFAULT_FAILOVER, DEFAULT_POLICY, type Policy, type PriceCeiling } from '../policy/policy.ts'
import { staysWithin } from '../policy/region.ts'
import { covers, effective, rulingFor } from './effective-policy.ts'
import { anyPolicy, anyPreferences, WALL_MS } from './route.fixture.ts'

const ENDPOINTS = ['acorn/m', 'acorn/n', 'birch/m', 'cedar/n', 'dogwood/m', 'dogwood/o', 'elm/m']
const PARTS = Object.keys(ANY_PRICE) as (keyof PriceCeiling)[]
const PLACES = ['eu', 'de', 'fr', 'us', 'cn']

const permits = ({ only, ignore }: Policy, endpoint: string) =>
  (only?.some((slug) => covers(slug, endpoint)) ?? true) && !ignore.some((slug) => covers(slug, endpoint))
const stays = ({ regions }: Policy, place: string) => regions === null || staysWithin(regions, [place])
const lowest = (prices: readonly (bigint | null | undefined)[]) =>
  prices.filter((price) => typeof price === 'bigint').toSorted((a, b) => (a < b ? -1 : 1))[0] ?? null

describe('layers', () => {
  it('combined permit what each of them and the request permits, and take the strictest of every rule', () => {
    fc.assert(
      fc.property(fc.array(anyPolicy, { maxLength: 3 }), anyPreferences, (layers, request) => {
        const both = effective(layers, request)
        for (const endpoint of ENDPOINTS) {
          if (!permits(both, endpoint)) continue
          for (const layer of layers) expect(permits(layer, endpoint)).toBe(true)
          expect(
            permits({ ...DEFAULT_POLICY, only: request.only ?? null, ignore: request.ignore ?? [] }, endpoint),
          ).toBe(true)
        }
        for (const part of PARTS) {
          const given = [...layers.map(({ max_price }) => max_price[part]), request.max_price?.[part]]
          expect(both.max_price[part]).toBe(lowest(given))
        }
        for (const place of PLACES) expect(stays(both, place)).toBe(layers.every((layer) => stays(layer, place)))
        expect(both.data_collection === 'deny').toBe(
          [...layers, request].some(({ data_collection }) => data_collection === 'deny'),
        )
        expect(both.zdr).toBe(layers.some((layer) => layer.zdr) || request.zdr === true)
        expect(both.allow_fallbacks).toBe(
          layers.every((layer) => layer.allow_fallbacks) && request.allow_fallbacks !== false,
        )
        expect(both.sticky).toBe(layers.every(({ sticky }) => sticky))
        expect(both.own_capacity === 'only').toBe(layers.some(({ own_capacity }) => own_capacity === 'only'))
        const latest = [
          ...layers.map(({ preferred_max_latency }) => preferred_max_latency.p50),
          request.preferred_max_latency?.p50,
        ]
        expect(both.preferred_max_latency.p50).toBe(
          latest.filter((seconds) => seconds !== undefined).toSorted((a, b) => a - b)[0],
        )
      }),
    )
  })

  it('keep whatever all of them permit: nothing is lost where lists of providers and of endpoints meet', () => {
    const lists = fc.option(fc.subarray(['acorn', 'birch', 'dogwood', 'acorn/m', 'dogwood/o', 'elm/m']))
    fc.assert(
      fc.property(lists, lists, lists, (a, b, c) => {
        const layers = [a, b].map((only) => ({ ...DEFAULT_POLICY, only }))
        const both = effective(layers, c ? { only: c } : {})
        const listed = (list: readonly string[] | null, endpoint: string) =>
          list === null || list.some((slug) => covers(slug, endpoint))
        for (const endpoint of ENDPOINTS) {
          expect(listed(both.only, endpoint)).toBe([a, b, c].every((list) => listed(list, endpoint)))
        }
      }),
    )
  })

  it('twice are the layers once', () => {
    fc.assert(
      fc.property(anyPolicy, anyPreferences, (policy, request) => {
        const twice = effective([policy, policy], request)
        const once = effective([policy], request)
        const sets = ({ only, ignore, required_parameters, ...rest }: Policy) => ({
          ...rest,
          only: only && new Set(only),
          ignore: new Set(ignore),
          required_parameters: new Set(required_parameters),
        })
        expect(sets(twice)).toEqual(sets(once))
      }),
    )
  })

  it('say nothing when there are none: balanced, with the usual failover', () => {
    expect(effective([], {})).toEqual({ ...DEFAULT_POLICY, objective: 'balanced', failover: DEFAULT_FAILOVER })
  })

  it('take objective, order and shares together from the narrowest that states an objective', () => {
    const wider = { ...DEFAULT_POLICY, objective: 'weighted', shares: { acorn: 1 }, order: ['acorn'] } as const
    expect(effective([wider, DEFAULT_POLICY], {})).toMatchObject({ objective: 'weighted', shares: { acorn: 1 } })
    const narrower = { ...DEFAULT_POLICY, objective: 'latency' } as const
    expect(effective([wider, narrower], {})).toMatchObject({ objective: 'latency', shares: {}, order: [] })
  })
})

describe('a narrower policy', () => {
  const hedge = { afterMs: 900, extraRequests: 0.02, extraSpend: 1_000_000_000n, ownCost: false }
  const layered = (...hedges: (Policy['hedge'] | undefined)[]) =>
    effective(
      hedges.map((one) => ({ ...DEFAULT_POLICY, hedge: one ?? null })),
      {},
    ).hedge

  it('says when a hedge starts, and never raises what that may cost', () => {
    const wish = { afterMs: null, extraRequests: 0.05, extraSpend: null, ownCost: true }
    expect(layered(hedge, wish)).toEqual({ ...hedge, afterMs: null })
    expect(layered(wish, hedge)).toEqual(hedge)
    expect([layered(undefined, hedge), layered(hedge, undefined), layered(undefined)]).toEqual([hedge, hedge, null])
  })

  it('may order BYOK targets and operator accounts, unless a wider one allows BYOK resources only', () => {
    const ownOf = (...all: Policy['own_capacity'][]) =>
      effective(
        all.map((own_capacity) => ({ ...DEFAULT_POLICY, own_capacity })),
        {},
      ).own_capacity
    expect([ownOf(null), ownOf('first', null), ownOf(null, 'first')]).toEqual([null, 'first', 'first'])
    expect([ownOf('first', 'only'), ownOf('only', 'first'), ownOf('only', null)]).toEqual(['only', 'only', 'only'])
  })
})

describe('a request', () => {
  it('cannot buy back retention or fallbacks that a policy forbids', () => {
    const strict = { ...DEFAULT_POLICY, data_collection: 'deny', allow_fallbacks: false, zdr: true } as const
    const asking = { data_collection: 'allow', allow_fallbacks: true, zdr: false } as const
    expect(effective([strict], asking)).toEqual(effective([strict], {}))
  })

  it('may replace the objective, and is followed exactly when it names an order', () => {
    expect(effective([], { objective: 'latency' }).objective).toBe('latency')
    const ordered = effective([], { objective: 'latency', order: ['birch'] })
    expect(ordered).toMatchObject({ objective: 'pinned', order: ['birch'] })
    expect(effective([], { order: [] }).objective).toBe('balanced')
  })

  it('that shares no provider with the policy is left with none, not with all', () => {
    expect(effective([{ ...DEFAULT_POLICY, only: ['acorn'] }], { only: ['birch'] }).only).toEqual([])
  })
})

describe('what was remembered of a caller’s policies', () => {
  const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
  const noon = {
    from: 720,
    to: 780,
    zone: 'UTC',
    objective: 'cost',
    order: null,
    shares: null,
    max_price: null,
  } as const
  const policy: Policy = { ...DEFAULT_POLICY, objective: 'latency', schedule: [{ ...noon, days: everyDay }] }
  const policies = [{ id: 'p' as PolicyId, version: 3, policy }]

  it('holds to the end of the minute and no longer, for plain requests and for those with wishes', () => {
    const at = (ms: number, wishes = {}) => {
      const ruling = rulingFor(policies, wishes, WALL_MS + ms)
      return [ruling.policy.objective, ruling.policies]
    }
    const inside = ['cost', [{ id: 'p', version: 3, window: 0 }]]
    const outside = ['latency', [{ id: 'p', version: 3, window: null }]]
    for (const wishes of [{}, { ignore: ['acorn'] }]) {
      expect([at(-1, wishes), at(0, wishes), at(59 * 60_000, wishes)]).toEqual([outside, inside, inside])
      expect([at(3_600_000 - 1, wishes), at(3_600_000, wishes), at(0, wishes)]).toEqual([inside, outside, inside])
    }
  })

  it('is the same as computed anew, whatever was computed before', () => {
    fc.assert(
      fc.property(fc.array(anyPolicy, { maxLength: 3 }), anyPreferences, anyPreferences, (layers, first, second) => {
        const versioned = () => layers.map((layer, i) => ({ id: `p${i}` as PolicyId, version: 1, policy: layer }))
        const given = versioned()
        rulingFor(given, first, WALL_MS)
        expect(rulingFor(given, second, WALL_MS)).toEqual(rulingFor(versioned(), second, WALL_MS))
      }),
    )
  })
})
