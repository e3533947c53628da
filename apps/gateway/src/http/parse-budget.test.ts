import { Fault, type TenantId } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { ParseBudget } from './parse-budget.ts'

const acme = 'acme' as TenantId
const MEGABYTE = 1_000_000

/** A budget with a clock that only reading and the test move. */
function budgeted() {
  const clock = { ms: 0 }
  const budget = new ParseBudget(() => clock.ms)
  /** @returns how many of `times` bodies are read, each of which takes `tookMs` */
  const read = (tenant: TenantId, { bytes, tookMs, times }: { bytes: number; tookMs: number; times: number }) => {
    let count = 0
    for (let i = 0; i < times; i++) {
      try {
        const within = budget.take(tenant, bytes)
        if (within) within(() => (clock.ms += tookMs))
        else clock.ms += tookMs
        count++
      } catch (error) {
        expect(error).toBeInstanceOf(Fault)
      }
    }
    return count
  }
  return { clock, budget, read }
}

it('lets a tenant’s bodies take a second at once, and then a quarter of the time; others have their own', () => {
  const { clock, read } = budgeted()
  // Each takes ten times as long as its size lets expect: what was taken is corrected.
  const first = read(acme, { bytes: 10 * MEGABYTE, tookMs: 200, times: 50 })
  expect(first).toBeGreaterThanOrEqual(5)
  expect(first).toBeLessThanOrEqual(8)
  expect(read('bolt' as TenantId, { bytes: 10 * MEGABYTE, tookMs: 0, times: 1 })).toBe(1)
  let later = 0
  const beganMs = clock.ms
  for (let second = 0; second < 40; second++) {
    clock.ms += 1_000
    later += read(acme, { bytes: 10 * MEGABYTE, tookMs: 200, times: 10 })
  }
  expect((later * 200) / (clock.ms - beganMs)).toBeLessThan(0.26)
})

it('gives back what a body did not take', () => {
  const { read } = budgeted()
  expect(read(acme, { bytes: 10 * MEGABYTE, tookMs: 0, times: 1_000 })).toBe(1_000)
})

it('counts bodies that are received at the same time before any of them was read', () => {
  const { budget } = budgeted()
  const taken: unknown[] = []
  expect(() => {
    for (let i = 0; i < 100; i++) taken.push(budget.take(acme, 20 * MEGABYTE))
  }).toThrow(/take as long to be read/)
  expect(taken).toHaveLength(25)
})

it('counts a body that is refused when it was read, and says how long to wait', () => {
  const { clock, budget } = budgeted()
  const refuse = budget.take(acme, MEGABYTE)
  expect(() =>
    refuse?.(() => {
      clock.ms += 1_500
      throw new Fault('body_malformed', 'The body is not valid JSON.')
    }),
  ).toThrow('not valid JSON')
  try {
    budget.take(acme, MEGABYTE)
    expect.unreachable()
  } catch (error) {
    const { code, facts } = error as Fault
    expect([code, facts.metadata]).toEqual(['rate_limited', { scope: 'tenant', limit_ms_per_second: 250 }])
    expect(facts.retryAfterMs).toBeGreaterThan(500)
  }
})

it('does not count short bodies', () => {
  const { read } = budgeted()
  expect(read(acme, { bytes: 16 * 1024, tookMs: 10, times: 1_000 })).toBe(1_000)
})
