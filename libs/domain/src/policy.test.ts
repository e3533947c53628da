import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_POLICY, narrow, OBJECTIVES, type Policy, type RoutePreferences } from './policy.ts'

describe('a request', () => {
  it('keeps the policy as it is when it asks for nothing', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        expect(narrow(policy, {})).toEqual(policy)
      }),
    )
  })

  it('can only narrow what a policy permits', () => {
    fc.assert(
      fc.property(anyPolicy, anyPreferences, (policy, request) => {
        const both = narrow(policy, request)
        for (const provider of PROVIDERS) {
          if (permits(both, provider)) expect(permits(policy, provider)).toBe(true)
          if (request.only && !request.only.includes(provider)) expect(permits(both, provider)).toBe(false)
          if (request.ignore?.includes(provider)) expect(permits(both, provider)).toBe(false)
        }
        for (const limit of ['maxPromptPrice', 'maxCompletionPrice'] as const) {
          const given = [policy[limit], request[limit]].filter((price) => typeof price === 'bigint')
          expect(both[limit]).toBe(given.toSorted((a, b) => (a < b ? -1 : 1))[0] ?? null)
        }
        expect(both.allowRetention).toBe(policy.allowRetention && !request.denyRetention)
        expect(both.allowFallbacks).toBe(policy.allowFallbacks && request.allowFallbacks !== false)
      }),
    )
  })

  it('narrowed twice is narrowed once', () => {
    fc.assert(
      fc.property(anyPolicy, anyPreferences, (policy, request) => {
        const once = narrow(policy, request)
        const twice = narrow(once, request)
        expect({ ...twice, deny: [...new Set(twice.deny)] }).toEqual({ ...once, deny: [...new Set(once.deny)] })
      }),
    )
  })

  it('cannot buy back retention or fallbacks that the policy forbids', () => {
    const strict = { ...DEFAULT_POLICY, allowRetention: false, allowFallbacks: false }
    expect(narrow(strict, { denyRetention: false, allowFallbacks: true })).toEqual(strict)
  })

  it('may replace the objective, and is followed exactly when it names an order', () => {
    expect(narrow(DEFAULT_POLICY, { objective: 'latency' }).objective).toBe('latency')
    expect(narrow(DEFAULT_POLICY, { objective: 'latency', order: ['birch'] })).toMatchObject({
      objective: 'pinned',
      order: ['birch'],
    })
    expect(narrow(DEFAULT_POLICY, { order: [] }).objective).toBe('balanced')
  })

  it('that shares no provider with the policy is left with none, not with all', () => {
    expect(narrow({ ...DEFAULT_POLICY, allow: ['acorn'] }, { only: ['birch'] }).allow).toEqual([])
  })
})

const PROVIDERS = ['acorn', 'birch', 'cedar', 'dogwood']

function permits(policy: Policy, provider: string): boolean {
  return (policy.allow?.includes(provider) ?? true) && !policy.deny.includes(provider)
}

const someProviders = fc.subarray(PROVIDERS)
const price = fc.bigInt({ min: 0n, max: 100n })
const objective = fc.constantFrom(...OBJECTIVES)
const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  objective,
  order: someProviders,
  allow: fc.option(someProviders),
  deny: someProviders,
  maxPromptPrice: fc.option(price),
  maxCompletionPrice: fc.option(price),
  allowRetention: fc.boolean(),
  allowFallbacks: fc.boolean(),
})
const anyPreferences = fc.record(
  {
    objective,
    order: someProviders,
    only: someProviders,
    ignore: someProviders,
    maxPromptPrice: price,
    maxCompletionPrice: price,
    denyRetention: fc.boolean(),
    allowFallbacks: fc.boolean(),
    requireParameters: fc.boolean(),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<RoutePreferences>
