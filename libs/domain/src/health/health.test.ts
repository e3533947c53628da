import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDown } from './breaker.ts'
import { addToDigest, type Digest } from './digest.ts'
import {
  fadeTo,
  failureRate,
  firstTokenDeadlineMs,
  merge,
  observe,
  observeBeginning,
  UNKNOWN_HEALTH,
  type Health,
  type HealthChange,
  type Outcome,
} from './health.ts'
import type { EndpointId } from '../ids.ts'

const OK: Outcome = { ok: true, firstTokenMs: 200, tokensPerSecond: 50 }
const FAILED: Outcome = { ok: false }
const UNUSUAL = { firstTokenMs: null, tokensPerSecond: null }

describe('an endpoint', () => {
  it('is up before anything is known of it', () => {
    expect(isDown(UNKNOWN_HEALTH, 0)).toBe(false)
    expect(failureRate(UNKNOWN_HEALTH)).toBeCloseTo(0.02)
  })

  it('has figures that fade: ten seconds halve them', () => {
    const bad = after(times(4, FAILED))
    const later = observe(bad, OK, 10_000)
    expect(later.failures).toBeCloseTo(2)
    expect(later.attempts).toBeCloseTo(3)
    expect(failureRate(observe(bad, OK, 120_000))).toBeLessThan(0.03)
    expect(failureRate(fadeTo(bad, UNUSUAL, 120_000))).toBeLessThan(0.03)
  })
})

describe('its figures', () => {
  it('begin with the first success and then move towards newer ones', () => {
    const first = observe(UNKNOWN_HEALTH, OK, 0)
    expect([first.firstTokenMs, first.tokensPerSecond]).toEqual([200, 50])
    const second = observe(first, { ok: true, firstTokenMs: 400, tokensPerSecond: null }, 0)
    expect([second.firstTokenMs, second.tokensPerSecond]).toEqual([300, 50])
    const muchLater = observe(second, { ok: true, firstTokenMs: 1_000, tokensPerSecond: 10 }, 600_000)
    expect(muchLater.firstTokenMs).toBeCloseTo(1_000)
    expect(muchLater.tokensPerSecond).toBeCloseTo(10)
  })

  it('are not changed by a failure, which has no speed', () => {
    const known = observe(UNKNOWN_HEALTH, OK, 0)
    const failed = observe(known, FAILED, 5_000)
    expect([failed.firstTokenMs, failed.tokensPerSecond]).toEqual([200, 50])
  })

  it('include the first token of an answer before it ends, and count it once', () => {
    const begun = observeBeginning(observe(UNKNOWN_HEALTH, OK, 0), 1_000, 0)
    expect([begun.firstTokenMs, begun.attempts]).toEqual([600, 2])
    const ended = observe(begun, { ok: true, firstTokenMs: null, tokensPerSecond: 50, begun: true }, 0)
    expect([ended.firstTokenMs, ended.attempts]).toEqual([600, 2])
  })

  it('show within twenty slow answers that an endpoint became five times slower, however many were quick before', () => {
    const quick = after(times(2_000, { ok: true, firstTokenMs: 300, tokensPerSecond: null }))
    const slow = times(20, { ok: true, firstTokenMs: 1_500, tokensPerSecond: null })
    const browned = slow.reduce((health, outcome) => observe(health, outcome, 0), quick)
    expect(browned.firstTokenMs).toBeGreaterThan(1_000)
  })

  it('return to the usual figures without attempts, so that a slow endpoint is tried again', () => {
    const slow = observe(UNKNOWN_HEALTH, { ok: true, firstTokenMs: 2_500, tokensPerSecond: 10 }, 0)
    const usual = { firstTokenMs: 500, tokensPerSecond: 50 }
    expect(fadeTo(slow, usual, 9_000).firstTokenMs).toBe(2_500)
    let health = slow
    for (let nowMs = 1_000; nowMs <= 50_000; nowMs += 1_000) health = fadeTo(health, usual, nowMs)
    expect(health.firstTokenMs).toBeLessThan(650)
    expect(health.tokensPerSecond).toBeGreaterThan(45)
    expect(
      observe(health, { ok: true, firstTokenMs: 2_500, tokensPerSecond: 10 }, 50_000).firstTokenMs,
    ).toBeGreaterThan(2_300)
  })

  it('include the reports of other nodes like attempts of this one', () => {
    const own = after(times(10, { ok: true, firstTokenMs: 800, tokensPerSecond: 40 }))
    const reported = merge(UNKNOWN_HEALTH, changeOf(10, 0, 800), 0)
    expect(reported.attempts).toBe(own.attempts)
    expect(Math.abs((reported.firstTokenMs ?? 0) / 800 - 1)).toBeLessThan(0.05)
    expect(failureRate(merge(own, changeOf(10, 10, null), 0))).toBeGreaterThan(0.3)
  })

  it('stay finite and sane whatever happens in whatever order, and old values are never edited', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.nat(60_000)), { maxLength: 60 }), (story) => {
        let health: Health = Object.freeze({ ...UNKNOWN_HEALTH })
        let nowMs = 0
        for (const [next, passedMs] of story) {
          nowMs += passedMs
          health = Object.freeze(next(health, nowMs))
          expect(failureRate(health)).toBeGreaterThan(0)
          expect(failureRate(health)).toBeLessThan(1)
          expect(health.failures).toBeLessThanOrEqual(health.attempts)
          expect(health.firstTokenMs ?? 0).toBeLessThanOrEqual(65_000)
        }
      }),
    )
  })
})

describe('the deadline of a first token', () => {
  it('is not guessed from fewer than fifty', () => {
    expect(firstTokenDeadlineMs(digestOf(49, 3_000))).toBeNull()
    expect(firstTokenDeadlineMs(digestOf(50, 3_000))).not.toBeNull()
  })

  it('is half as long again as what is slow for the endpoint, between two seconds and two minutes', () => {
    expect(firstTokenDeadlineMs(digestOf(100, 4_000))).toBeGreaterThan(5_700)
    expect(firstTokenDeadlineMs(digestOf(100, 4_000))).toBeLessThan(6_300)
    expect(firstTokenDeadlineMs(digestOf(100, 50))).toBe(2_000)
    expect(firstTokenDeadlineMs(digestOf(100, 600_000))).toBe(120_000)
  })
})

const step = fc.oneof(
  fc.constant((health: Health, nowMs: number) => observe(health, FAILED, nowMs)),
  fc.constant((health: Health, nowMs: number) => fadeTo(health, { firstTokenMs: 300, tokensPerSecond: 30 }, nowMs)),
  fc.nat(60_000).map((ms) => (health: Health, nowMs: number) => observeBeginning(health, ms, nowMs)),
  fc.nat(60_000).map((ms) => (health: Health, nowMs: number) => merge(health, changeOf(3, 1, ms), nowMs)),
  fc.tuple(fc.nat(60_000), fc.option(fc.nat(1_000))).map(
    ([firstTokenMs, tokensPerSecond]) =>
      (health: Health, nowMs: number) =>
        observe(health, { ok: true, firstTokenMs, tokensPerSecond }, nowMs),
  ),
)

function changeOf(attempts: number, failures: number, firstTokenMs: number | null): HealthChange {
  const digest = firstTokenMs === null ? {} : digestOf(attempts - failures, firstTokenMs)
  const endpoint = 'a/m' as EndpointId
  return { endpoint, attempts, failures, firstTokenMs: digest, tokensPerSecond: {}, downForMs: 0, coolForMs: 0 }
}

function digestOf(count: number, figure: number): Digest {
  const digest: Digest = {}
  for (let i = 0; i < count; i++) addToDigest(digest, figure)
  return digest
}

function times(count: number, outcome: Outcome): Outcome[] {
  return Array.from({ length: count }, () => outcome)
}

function after(outcomes: readonly Outcome[]): Health {
  return outcomes.reduce((health, outcome) => observe(health, outcome, 0), UNKNOWN_HEALTH)
}
