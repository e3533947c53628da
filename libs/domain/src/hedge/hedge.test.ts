import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hedgeAfterMs, hedgeTarget, lostCost } from './hedge.ts'
import { ownTarget, ownerOf, type EndpointId, type OwnId, type TargetId } from '../ids.ts'
import { HEDGE_LIMITS, type Hedge } from '../policy/policy.ts'

const hedge = (changes: Partial<Hedge> = {}): Hedge => ({
  afterMs: null,
  extraRequests: 0.05,
  extraSpend: null,
  ownCost: false,
  ...changes,
})
const target = (name: string) => name as TargetId
const own = (name: string) => ownTarget(name as EndpointId, `key of ${name}` as OwnId)
const A = target('acorn/m')
const B = target('birch/m')
const C = target('cedar/m')
const everybody = { isUp: () => true, domainOf: (id: TargetId) => id }

describe('the time of a hedge', () => {
  it('never comes while fewer than 200 first tokens of the first target are known', () => {
    const known = (samples: number) => hedgeAfterMs(hedge({ afterMs: 400 }), { samples, p95Ms: 500 })
    expect(hedgeAfterMs(hedge(), null)).toBeNull()
    expect(known(199)).toBeNull()
    expect(known(200)).toBe(500)
  })

  it('is never before the 95th percentile, the policy’s time or 300 ms', () => {
    fc.assert(
      fc.property(
        fc.option(fc.integer({ min: 0, max: 60_000 })),
        fc.integer({ min: 200, max: 1e6 }),
        fc.double({ min: 1, max: 60_000, noNaN: true }),
        (afterMs, samples, p95Ms) => {
          const delayMs = hedgeAfterMs(hedge({ afterMs }), { samples, p95Ms }) ?? Number.NaN
          expect(delayMs).toBeGreaterThanOrEqual(HEDGE_LIMITS.afterMsMin)
          expect(delayMs).toBeGreaterThanOrEqual(p95Ms)
          expect(delayMs).toBeGreaterThanOrEqual(afterMs ?? 0)
          expect([300, p95Ms, afterMs]).toContain(delayMs)
        },
      ),
    )
  })
})

describe('the hedge target', () => {
  it('is in another failure domain if one is up there', () => {
    const domainOf = (id: TargetId) => (id === C ? 'far' : 'near')
    expect(hedgeTarget(hedge(), A, [A, B, C], { ...everybody, domainOf })).toBe(C)
    expect(hedgeTarget(hedge(), A, [A, B, C], { isUp: (id) => id !== C, domainOf })).toBe(B)
  })

  it('does not exist when no other target is up', () => {
    expect(hedgeTarget(hedge(), A, [A], everybody)).toBeNull()
    expect(hedgeTarget(hedge(), A, [A, B], { ...everybody, isUp: (id) => id === A })).toBeNull()
  })

  it('and the first target never use a BYOK credential, unless the policy permits it', () => {
    const [mine, other] = [own('acorn/m'), own('birch/m')]
    expect(hedgeTarget(hedge(), A, [A, other], everybody)).toBeNull()
    expect(hedgeTarget(hedge(), mine, [mine, B], everybody)).toBeNull()
    expect(hedgeTarget(hedge(), A, [A, other, B], everybody)).toBe(B)
    expect(hedgeTarget(hedge({ ownCost: true }), mine, [mine, other, B], everybody)).toBe(other)
  })

  it('is another one of the targets that is up, always', () => {
    const ids = [A, B, C, own('acorn/m'), own('cedar/m')]
    fc.assert(
      fc.property(
        fc.shuffledSubarray(ids, { minLength: 1 }),
        fc.subarray(ids),
        fc.boolean(),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: ids.length, maxLength: ids.length }),
        (targets, up, ownCost, domains) => {
          const [first = A] = targets
          const domainOf = (id: TargetId) => String(domains[ids.indexOf(id)])
          const second = hedgeTarget(hedge({ ownCost }), first, targets, { isUp: (id) => up.includes(id), domainOf })
          if (second === null) return
          expect(second).not.toBe(first)
          expect(targets).toContain(second)
          expect(up).toContain(second)
          if (!ownCost) expect([ownerOf(first), ownerOf(second)]).toEqual([null, null])
          const far = targets.some(
            (id) => up.includes(id) && domainOf(id) !== domainOf(first) && (ownCost || ownerOf(id) === null),
          )
          if (far) expect(domainOf(second)).not.toBe(domainOf(first))
        },
      ),
    )
  })
})

it('a lost attempt costs its prompt and the fee per request, at the tier of that prompt, and no completion', () => {
  const price = {
    version: 1,
    prompt: 1_000_000_000n,
    completion: 9_000_000_000n,
    request: 70n,
    tiers: [{ abovePromptTokens: 1_000, prompt: 2_000_000_000n, completion: 9_000_000_000n }],
  }
  expect(lostCost(price, 1_000)).toBe(1_000_070n)
  expect(lostCost(price, 2_000)).toBe(4_000_000n)
})
