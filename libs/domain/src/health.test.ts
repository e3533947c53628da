import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureRate, isDown, observe, UNKNOWN_HEALTH, type Health, type Outcome } from './health.ts'

const OK: Outcome = { ok: true, firstTokenMs: 200, tokensPerSecond: 50 }
const FAILED: Outcome = { ok: false }

describe('an endpoint', () => {
  it('is up before anything is known of it', () => {
    expect(isDown(UNKNOWN_HEALTH, 0)).toBe(false)
    expect(failureRate(UNKNOWN_HEALTH)).toBeCloseTo(0.02)
  })

  it('is called down by the fifth failure in a row and not by the fourth', () => {
    expect(isDown(after(times(4, FAILED)), 0)).toBe(false)
    expect(isDown(after(times(5, FAILED)), 0)).toBe(true)
  })

  it('starts the count again after one success', () => {
    expect(isDown(after([...times(4, FAILED), OK, ...times(4, FAILED)]), 0)).toBe(false)
  })

  it('is called down when half of at least twenty attempts fail, though never five in a row', () => {
    const everyOther = Array.from({ length: 10 }, () => [OK, FAILED]).flat()
    expect(isDown(after(everyOther.slice(0, 18)), 0)).toBe(false)
    expect(isDown(after(everyOther), 0)).toBe(true)
  })

  it('is tried again after thirty seconds, and one failure more puts it back to last', () => {
    const down = after(times(5, FAILED))
    expect(isDown(down, 29_999)).toBe(true)
    expect(isDown(down, 30_000)).toBe(false)
    const again = observe(down, FAILED, 30_000)
    expect(isDown(again, 59_999)).toBe(true)
  })

  it('is up at once when a try succeeds', () => {
    const down = after(times(9, FAILED))
    expect(isDown(observe(down, OK, 1), 1)).toBe(false)
  })

  it('is forgiven with time: ten seconds halve what it did', () => {
    const bad = after(times(4, FAILED))
    const later = observe(bad, OK, 10_000)
    expect(later.failures).toBeCloseTo(2)
    expect(later.attempts).toBeCloseTo(3)
    expect(failureRate(observe(bad, OK, 120_000))).toBeLessThan(0.03)
  })
})

describe('its figures', () => {
  it('begin with the first success and then move towards what is seen now', () => {
    const first = observe(UNKNOWN_HEALTH, OK, 0)
    expect([first.firstTokenMs, first.tokensPerSecond]).toEqual([200, 50])
    const second = observe(first, { ok: true, firstTokenMs: 400, tokensPerSecond: null }, 0)
    expect([second.firstTokenMs, second.tokensPerSecond]).toEqual([300, 50])
    const muchLater = observe(second, { ok: true, firstTokenMs: 1_000, tokensPerSecond: 10 }, 600_000)
    expect(muchLater.firstTokenMs).toBeCloseTo(1_000)
    expect(muchLater.tokensPerSecond).toBeCloseTo(10)
  })

  it('are left alone by a failure, which says nothing of speed', () => {
    const known = observe(UNKNOWN_HEALTH, OK, 0)
    const failed = observe(known, FAILED, 5_000)
    expect([failed.firstTokenMs, failed.tokensPerSecond]).toEqual([200, 50])
  })

  it('stay finite and sane whatever happens in whatever order, and old values are never edited', () => {
    const outcome = fc.oneof(
      fc.constant(FAILED),
      fc.record({
        ok: fc.constant(true as const),
        firstTokenMs: fc.nat(60_000),
        tokensPerSecond: fc.option(fc.nat(1_000)),
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(outcome, fc.nat(60_000)), { maxLength: 60 }), (story) => {
        let health: Health = Object.freeze({ ...UNKNOWN_HEALTH })
        let nowMs = 0
        for (const [what, passedMs] of story) {
          nowMs += passedMs
          health = Object.freeze(observe(health, what, nowMs))
          expect(failureRate(health)).toBeGreaterThan(0)
          expect(failureRate(health)).toBeLessThan(1)
          expect(health.failures).toBeLessThanOrEqual(health.attempts)
          expect(health.firstTokenMs ?? 0).toBeLessThanOrEqual(60_000)
          if (what.ok) expect(isDown(health, nowMs)).toBe(false)
        }
      }),
    )
  })
})

function times(count: number, outcome: Outcome): Outcome[] {
  return Array.from({ length: count }, () => outcome)
}

function after(outcomes: readonly Outcome[]): Health {
  return outcomes.reduce((health, outcome) => observe(health, outcome, 0), UNKNOWN_HEALTH)
}
