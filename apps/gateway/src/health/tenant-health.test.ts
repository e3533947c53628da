import { isDown, ownTarget, type EndpointId, type OwnId, type TargetId, type TenantId } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { TenantHealth, type CallHealth } from './tenant-health.ts'
import { HealthTracker } from './tracker.ts'

const acorn = 'acorn/m' as EndpointId
const FAILED = { ok: false, kind: 'outage' } as const
const OK = { ok: true, firstTokenMs: null, tokensPerSecond: 50 } as const

function aWorld() {
  const shared = new HealthTracker({ dice: () => 0.5 })
  const tenants = new TenantHealth(shared, () => 0.5)
  const of = (name: string, changes: { isScripted?: boolean; promptTokens?: number } = {}) =>
    tenants.of({ tenantId: name as TenantId, isScripted: false, promptTokens: 100, ...changes })
  return { shared, tenants, of, ada: of('ada'), bob: of('bob') }
}

function fail(health: CallHealth, times: number, nowMs = 0, target: TargetId = acorn) {
  for (let i = 0; i < times; i++) health.note(target, FAILED, nowMs)
}

const isDownFor = (health: CallHealth, nowMs: number) => {
  const state = health.states.get(acorn)
  return state !== undefined && isDown(state, nowMs)
}

describe('failures of one tenant', () => {
  it('lead that tenant away after five, and no other', () => {
    const { ada, bob } = aWorld()
    fail(ada, 4)
    expect(isDownFor(ada, 1)).toBe(false)
    fail(ada, 200)
    expect([isDownFor(ada, 1), isDownFor(bob, 1)]).toEqual([true, false])
    expect([ada.admit(acorn, 1, false), bob.admit(acorn, 1, false)]).toEqual(['skip', 'go'])
  })

  it('change no figure that others are routed by', () => {
    const { shared, ada, bob } = aWorld()
    for (let i = 0; i < 20; i++) bob.note(acorn, OK, i)
    const before = shared.states.get(acorn)
    fail(ada, 500, 20)
    expect(shared.states.get(acorn)).toEqual(before)
  })

  it('open the shared breaker together with those of a second tenant, within three more of each', () => {
    const { ada, bob, of } = aWorld()
    fail(ada, 3)
    fail(bob, 3)
    fail(ada, 3)
    expect(isDownFor(of('eve'), 1)).toBe(true)
  })

  it('do not open it beside a second tenant with a single failure and other successes', () => {
    const { ada, bob, of } = aWorld()
    for (let second = 0; second < 60; second++) {
      const nowMs = second * 1_000
      for (let i = 0; i < 10; i++) bob.note(acorn, OK, nowMs)
      if (second % 7 === 0) fail(bob, 1, nowMs)
      fail(ada, 100, nowMs)
      expect(isDownFor(of('eve'), nowMs), `second ${second}`).toBe(false)
    }
  })

  it('ask for one probe of the operator’s, whose failure opens the shared breaker', () => {
    const { ada, bob, tenants, shared } = aWorld()
    fail(ada, 100)
    expect([tenants.takeProbes(1), tenants.takeProbes(2)]).toEqual([[acorn], []])
    fail(ada, 100, 9_000)
    expect(tenants.takeProbes(9_000)).toEqual([])
    fail(ada, 100, 10_001)
    expect(tenants.takeProbes(10_001)).toEqual([acorn])
    shared.note(acorn, { ...FAILED, proof: true }, 10_100)
    expect(isDownFor(bob, 10_101)).toBe(true)
  })
})

describe('what is no fact of the endpoint', () => {
  it.each([
    ['a scripted provider', { isScripted: true }, {}],
    ['a limit of the tenant’s own', {}, { ownLimit: true }],
  ])('%s counts for its tenant only, whatever others saw', (_what, changes, outcome) => {
    const { shared, tenants, bob, of } = aWorld()
    fail(bob, 1)
    const before = shared.states.get(acorn)
    const eve = of('eve', changes)
    for (let i = 0; i < 50; i++) eve.note(acorn, { ...FAILED, ...outcome }, 0)
    expect([isDownFor(eve, 1), isDownFor(bob, 1)]).toEqual([true, false])
    expect(shared.states.get(acorn)).toEqual(before)
    expect(tenants.takeProbes(1)).toEqual([])
  })

  it('a scripted call is never the probe for all', () => {
    const { ada, bob, of } = aWorld()
    for (const health of [ada, bob, ada, bob]) fail(health, 3)
    expect(of('eve', { isScripted: true }).admit(acorn, 60_000, false)).toBe('skip')
    expect(of('eve').admit(acorn, 60_000, false)).toBe('probe')
  })

  it('a long prompt says nothing of the first token of others, unless all are long', () => {
    const { shared, ada, of } = aWorld()
    ada.begun(acorn, 300, 0)
    const long = of('eve', { promptTokens: 100_000 })
    for (let i = 0; i < 50; i++) long.begun(acorn, 30_000, 1_000)
    expect(shared.states.get(acorn)?.firstTokenMs).toBe(300)
    for (let i = 0; i < 200; i++) long.begun(acorn, 30_000, 61_000)
    expect(shared.states.get(acorn)?.firstTokenMs).toBeGreaterThan(20_000)
  })
})

describe('a probe', () => {
  it('that failed is left to others and the operator next, so that no tenant keeps an endpoint down', () => {
    const { shared, ada, bob, tenants } = aWorld()
    for (const health of [ada, bob, ada, bob]) fail(health, 3)
    const firstMs = shared.states.get(acorn)?.downUntilMs ?? 0
    expect(bob.admit(acorn, firstMs + 119_000, false)).toBe('probe')
    bob.note(acorn, FAILED, firstMs + 119_001)
    const nextMs = shared.states.get(acorn)?.downUntilMs ?? 0
    expect(bob.admit(acorn, nextMs, false)).toBe('skip')
    expect(tenants.takeProbes(nextMs)).toEqual([acorn])
    expect(ada.admit(acorn, nextMs, false)).toBe('probe')
    ada.release(acorn)
    expect(bob.admit(acorn, nextMs + 1_200, false)).toBe('probe')
  })
})

describe('a rate limit', () => {
  it('is a cooldown for the tenant that met it, and for all when a second one meets it', () => {
    const { ada, bob, of } = aWorld()
    for (let i = 0; i < 9; i++) ada.startCooldown(acorn, 60_000, i)
    expect([isDownFor(ada, 10), isDownFor(bob, 10)]).toEqual([true, false])
    bob.startCooldown(acorn, 60_000, 10)
    expect(isDownFor(of('eve'), 11)).toBe(true)
  })

  it('of a scripted provider is for its tenant only', () => {
    const { ada, bob, of } = aWorld()
    ada.startCooldown(acorn, 60_000, 0)
    of('eve', { isScripted: true }).startCooldown(acorn, 60_000, 0)
    expect(isDownFor(bob, 1)).toBe(false)
  })
})

it('attempts at a tenant’s own target are all the evidence there is of it', () => {
  const { shared, ada } = aWorld()
  const own = ownTarget(acorn, 'own-1' as OwnId)
  fail(ada, 5, 0, own)
  expect(isDown(shared.states.get(own) ?? never(), 1)).toBe(true)
})

it('what one tenant alone has seen is forgotten two minutes after its last failure', () => {
  const { ada, tenants, shared } = aWorld()
  fail(ada, 5)
  expect(tenants.downForOne()).toBe(1)
  expect(ada.admit(acorn, 30_000, false)).toBe('probe')
  ada.note(acorn, OK, 30_100)
  tenants.tick(30_200)
  expect(tenants.downForOne()).toBe(0)
  tenants.tick(151_000)
  expect(ada.states).toBe(shared.states)
})

function never(): never {
  throw new Error('there is no record')
}
