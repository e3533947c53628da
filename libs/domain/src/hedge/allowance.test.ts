import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { earnHedge, newAllowance, notePaid, settleHedge, takeHedge, type HedgeAllowance } from './allowance.ts'
import type { Hedge } from '../policy/policy.ts'

const HOUR_MS = 3_600_000
const hedge = (changes: Partial<Hedge> = {}): Hedge => ({
  afterMs: null,
  extraRequests: 0.05,
  extraSpend: null,
  ownCost: false,
  ...changes,
})
const FREE = { all: 0n, operator: 0n }
const ours = (nano: bigint) => ({ all: nano, operator: nano })
const theirs = (nano: bigint) => ({ all: nano, operator: 0n })

function earned(allowance: HedgeAllowance, times: number, under = hedge()): HedgeAllowance {
  for (let i = 0; i < times; i++) earnHedge(allowance, under)
  return allowance
}

describe('the share of requests that may be hedged', () => {
  it('is earned before it is spent: the twentieth request at the soonest', () => {
    const allowance = earned(newAllowance(), 19)
    expect(takeHedge(allowance, hedge(), FREE, 0)).toBe('share')
    earned(allowance, 1)
    expect(takeHedge(allowance, hedge(), FREE, 0)).toBe('taken')
    expect(takeHedge(allowance, hedge(), FREE, 0)).toBe('share')
  })

  it('is never more than 5 %, whatever a policy says, and never more than the policy says', () => {
    const shares = fc.double({ min: 0.001, max: 1, noNaN: true })
    fc.assert(
      fc.property(shares, fc.array(fc.boolean(), { maxLength: 2_000 }), (extraRequests, slow) => {
        const allowance = newAllowance()
        let taken = 0
        slow.forEach((isSlow, i) => {
          earnHedge(allowance, hedge({ extraRequests }))
          if (isSlow && takeHedge(allowance, hedge({ extraRequests }), FREE, 0) === 'taken') taken++
          expect(taken).toBeLessThanOrEqual((i + 1) * Math.min(extraRequests, 0.05) + 1e-6)
        })
      }),
      { numRuns: 50 },
    )
  })

  it('is saved up for ten at most, so that a quiet day does not become a storm', () => {
    const allowance = earned(newAllowance(), 100_000)
    let taken = 0
    while (takeHedge(allowance, hedge(), FREE, 0) === 'taken') taken++
    expect(taken).toBe(10)
  })

  it('of one policy is not spent by another', () => {
    const allowance = earned(newAllowance(), 1_000)
    expect(takeHedge(allowance, hedge({ extraRequests: 0.01 }), FREE, 0)).toBe('share')
    for (let i = 0; i < 1_000; i++) earnHedge(allowance, hedge({ extraRequests: 0.001 + i / 1e6 }))
    expect(allowance.tokens.size).toBeLessThanOrEqual(32)
  })
})

describe('the cost of lost attempts', () => {
  it('is at most 1 % of what the tenant paid in the last 24 hours', () => {
    const allowance = earned(newAllowance(), 1_000)
    expect(takeHedge(allowance, hedge(), ours(1n), 0)).toBe('spend')
    notePaid(allowance, 10_000n, 0)
    expect(takeHedge(allowance, hedge(), ours(101n), 0)).toBe('spend')
    expect(takeHedge(allowance, hedge(), ours(60n), 0)).toBe('taken')
    expect(takeHedge(allowance, hedge(), ours(41n), 0)).toBe('spend')
    expect(takeHedge(allowance, hedge(), ours(1n), 24 * HOUR_MS)).toBe('spend')
    notePaid(allowance, 10_000n, 24 * HOUR_MS)
    expect(takeHedge(allowance, hedge(), ours(41n), 24 * HOUR_MS)).toBe('spend')
    expect(takeHedge(allowance, hedge(), ours(40n), 24 * HOUR_MS)).toBe('taken')
  })

  it('counts at its maximum until it is known, then as it is', () => {
    const allowance = earned(newAllowance(), 1_000)
    notePaid(allowance, 10_000n, 0)
    expect(takeHedge(allowance, hedge(), ours(100n), 0)).toBe('taken')
    expect(takeHedge(allowance, hedge(), ours(50n), 0)).toBe('spend')
    settleHedge(allowance, ours(100n), ours(50n), 1)
    expect(takeHedge(allowance, hedge(), ours(50n), 2)).toBe('taken')
  })

  it('is at most what the policy says where that is less, for BYOK credentials too', () => {
    const allowance = earned(newAllowance(), 1_000)
    notePaid(allowance, 1_000_000n, 0)
    const capped = hedge({ extraSpend: 70n, ownCost: true })
    expect(takeHedge(allowance, capped, ours(71n), 0)).toBe('spend')
    expect(takeHedge(allowance, capped, theirs(71n), 0)).toBe('spend')
    expect(takeHedge(allowance, capped, theirs(70n), 0)).toBe('taken')
    expect(takeHedge(allowance, hedge({ ownCost: true }), theirs(1_000_000n), 0)).toBe('taken')
  })

  it('takes no token where it is refused', () => {
    const allowance = earned(newAllowance(), 20)
    expect(takeHedge(allowance, hedge(), ours(1n), 0)).toBe('spend')
    notePaid(allowance, 100n, 0)
    expect(takeHedge(allowance, hedge(), ours(1n), 0)).toBe('taken')
  })

  it('never exceeds its part of what was paid in any 24 hours, and keeps a bounded memory', () => {
    const event = fc.record({
      gapMs: fc.integer({ min: 0, max: 3 * HOUR_MS }),
      paid: fc.bigInt({ min: 0n, max: 10_000n }),
      loss: fc.bigInt({ min: 0n, max: 200n }),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), (events) => {
        const allowance = earned(newAllowance(), 1_000)
        const losses: { atMs: number; nano: bigint }[] = []
        const payments: typeof losses = []
        let nowMs = 0
        for (const { gapMs, paid, loss } of events) {
          nowMs += gapMs
          notePaid(allowance, paid, nowMs)
          payments.push({ atMs: nowMs, nano: paid })
          earned(allowance, 20)
          if (takeHedge(allowance, hedge(), ours(loss), nowMs) !== 'taken') continue
          losses.push({ atMs: nowMs, nano: loss })
          expect(sumOf(losses, nowMs) * 100n).toBeLessThanOrEqual(sumOf(payments, nowMs))
          expect(allowance.hours.length).toBeLessThanOrEqual(25)
        }
      }),
    )
  })
})

/** Of the 24 hours before. */
function sumOf(events: readonly { readonly atMs: number; readonly nano: bigint }[], nowMs: number): bigint {
  return events.reduce((sum, { atMs, nano }) => (nowMs - atMs < 24 * HOUR_MS ? sum + nano : sum), 0n)
}
