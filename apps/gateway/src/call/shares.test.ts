import type { TenantId } from '@turnpike/domain'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Shares } from './shares.ts'

const named = (index: number) => `tenant-${index}` as TenantId
const ROOM = { total: 4_250, kept: 250, tenantMax: 1_000 }

/** Takes as much as it gets, one by one. @returns how much that was */
function takeAll(shares: Shares, tenant: TenantId): number {
  let count = 0
  while (shares.refusal(tenant, 1) === null) {
    shares.take(tenant, 1)
    count++
  }
  return count
}

it.each([1, 2, 4, 8, 32, 128, 249])('with %i tenants that take all they can, another one gets its first', (greedy) => {
  const shares = new Shares(ROOM)
  for (let i = 0; i < greedy; i++) takeAll(shares, named(i))
  expect(shares.refusal(named(greedy), 1)).toBeNull()
})

it('gives one tenant alone no more than a quarter, and four together leave a quarter', () => {
  const shares = new Shares(ROOM)
  const four = [0, 1, 2, 3].map((index) => takeAll(shares, named(index)))
  expect(four[0]).toBe(1_000)
  expect(4_250 - shares.taken).toBeGreaterThan(1_000)
})

it('shrinks the share of who came first as its requests end: all that stay greedy come to hold the same', () => {
  const shares = new Shares(ROOM)
  const tenants = [0, 1, 2, 3, 4, 5, 6, 7].map(named)
  for (const tenant of tenants) takeAll(shares, tenant)
  for (let round = 0; round < 16_000; round++) {
    const tenant = tenants[round % 8]!
    shares.giveBack(tenant, 1)
    if (shares.refusal(tenant, 1) === null) shares.take(tenant, 1)
    for (const other of tenants) if (shares.refusal(other, 1) === null) shares.take(other, 1)
  }
  const held = tenants.map((tenant) => shares.heldBy(tenant))
  expect(Math.max(...held) - Math.min(...held)).toBeLessThan(40)
})

const steps = fc.array(
  fc.record({ tenant: fc.nat({ max: 5 }), amount: fc.integer({ min: 1, max: 30 }), gives: fc.boolean() }),
  {
    maxLength: 400,
  },
)

it('whatever is taken and given back in whatever order, nothing is over-taken and a tenant without any gets its first', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const shares = new Shares({ total: 60, kept: 7, tenantMax: 20 })
      for (const { tenant, amount, gives } of all) {
        const who = named(tenant)
        if (gives) shares.giveBack(who, Math.min(amount, shares.heldBy(who)))
        else {
          for (let i = 0; i < amount && shares.refusal(who, 1) === null; i++) shares.take(who, 1)
        }
        expect(shares.taken).toBeLessThanOrEqual(60)
        expect(shares.heldBy(who)).toBeLessThanOrEqual(20)
        // Six tenants hold something at most, and seven places are kept.
        expect(shares.refusal(named(6), 1)).toBeNull()
      }
    }),
  )
})

it('says the share when that is the reason, and that all is used up when that is', () => {
  const shares = new Shares({ total: 10, kept: 1, tenantMax: 100 })
  expect(shares.refusal(named(0), 11)).toEqual({ kind: 'used_up' })
  takeAll(shares, named(0))
  expect(shares.refusal(named(0), 1)).toMatchObject({ kind: 'share_used' })
})
