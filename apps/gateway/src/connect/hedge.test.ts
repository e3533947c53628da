import { Fault, type Decision, type Hedge } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import type { Routed } from '../call/call.ts'
import { hedgeDelayMs, reserveHedge } from './hedge.ts'
import { aCall, aTarget, bringDown, fault, id, someMeans } from './failover.fixture.ts'
import { playOut, priceAt, PROMPT_TOKENS, type Play, type Script } from './hedge.fixture.ts'
import { RetryThrottle } from './retry-throttle.ts'

const A = 'acorn/m/x'
const B = 'birch/m/x'
const C = 'cedar/m/x'
const HEDGE: Hedge = { afterMs: null, extraRequests: 0.05, extraSpend: null, ownCost: false }

const answers = (atMs: number): Script => ({ does: 'answer', atMs, pieceMs: 1, cutAfter: null })
const fails = (atMs: number, how: Fault): Script => ({ does: 'fail', atMs, how })
const HANGS: Script = { does: 'hang' }

function play(scripts: Readonly<Record<string, Script>>, changes: Partial<Play> = {}): Play {
  return { scripts, hedge: HEDGE, p95Ms: 350, firstIsProbe: false, isAllowed: true, leavesAtMs: null, ...changes }
}

/** As `provider outcome`, a second one marked with a plus. */
function storyOf({ call }: { call: { attempts: Routed['call']['attempts'] } }): string[] {
  return call.attempts.map(({ provider, outcome, hedge }) => `${hedge ? '+' : ''}${provider} ${outcome}`)
}

describe('a first target that is slow to begin', () => {
  it('has a second one beside it after its 95th percentile, and the one that begins first answers', async () => {
    const seen = await playOut(play({ [A]: answers(900), [B]: answers(100), [C]: answers(0) }))
    expect(storyOf(seen)).toEqual(['acorn lost', '+birch answered'])
    expect(seen.asked.map(({ atMs }) => atMs)).toEqual([0, 350])
    expect(seen.ended).toMatchObject([{ endpoint: B, firstTokenMs: 450, costNanoUsd: priceAt(B, PROMPT_TOKENS + 10) }])
    expect(seen.hedges.settled).toEqual(['won'])
  })

  it('answers itself where it begins first after all, and the second one is called off', async () => {
    const seen = await playOut(play({ [A]: answers(400), [B]: answers(100) }))
    expect(storyOf(seen)).toEqual(['acorn answered', '+birch lost'])
    expect(seen.ended).toMatchObject([{ endpoint: A, firstTokenMs: 400 }])
    expect(seen.told).toEqual([`begun ${A}`])
    expect(seen.hedges.settled).toEqual(['lost'])
  })

  it('has never a third one beside it', async () => {
    const seen = await playOut(play({ [A]: HANGS, [B]: fails(50, fault('upstream_error')), [C]: answers(0) }))
    expect(storyOf(seen)).toEqual(['acorn failed', '+birch failed', 'cedar answered'])
    expect(seen.asked.map(({ atMs }) => atMs)).toEqual([0, 350, 2_000])
  })

  it('is left alone where the policy does not hedge, or the allowance is used up', async () => {
    const slow = { [A]: answers(900), [B]: answers(0) }
    expect(storyOf(await playOut(play(slow, { hedge: null })))).toEqual(['acorn answered'])
    expect(storyOf(await playOut(play(slow, { isAllowed: false })))).toEqual(['acorn answered'])
  })

  it('lets its probe go when it loses, so that the next request may be one', async () => {
    const seen = await playOut(play({ [A]: HANGS, [B]: answers(100) }, { firstIsProbe: true }))
    expect(storyOf(seen)).toEqual(['acorn lost', '+birch answered'])
    expect(seen.told).toEqual([`release ${A}`, `begun ${B}`])
  })
})

describe('a second target', () => {
  it.each([
    ['the provider fails', fault('upstream_error'), ['note']],
    ['it limits our rate', fault('upstream_rate_limited', { retryAfterMs: 60_000 }), ['cool']],
    ['it refuses what the first one takes', fault('context_length_exceeded'), []],
  ])('spoils nothing when %s', async (_, how, told) => {
    const seen = await playOut(play({ [A]: answers(900), [B]: fails(50, how) }))
    expect(storyOf(seen)).toEqual(['acorn answered', '+birch failed'])
    expect(seen.ended).toMatchObject([{ endpoint: A, status: 200 }])
    expect(seen.told).toEqual([`begun ${A}`, ...told.map((what) => `${what} ${B}`)])
    expect(seen.hedges.settled).toEqual(['failed'])
  })

  it('goes on when the first one fails, and counts as the next try', async () => {
    const failing = fails(400, fault('upstream_error'))
    const saved = await playOut(play({ [A]: failing, [B]: answers(200) }))
    expect(storyOf(saved)).toEqual(['acorn failed', '+birch answered'])
    const both = await playOut(play({ [A]: failing, [B]: fails(200, fault('upstream_timeout')), [C]: HANGS }))
    expect(storyOf(both)).toEqual(['acorn failed', '+birch failed', 'cedar failed'])
    expect(both.fault?.facts.metadata?.['attempts']).toMatchObject([
      { provider: 'acorn', code: 'upstream_error' },
      { provider: 'birch', code: 'upstream_timeout', hedge: true },
      { provider: 'cedar' },
    ])
  })

  it('is called off when the first one says what the caller has to mend', async () => {
    const seen = await playOut(play({ [A]: fails(400, fault('context_length_exceeded')), [B]: answers(200) }))
    expect(storyOf(seen)).toEqual(['acorn failed', '+birch lost'])
    expect([seen.fault?.code, seen.linesLeft]).toEqual(['context_length_exceeded', 0])
    expect(seen.hedges.settled).toEqual(['called_off'])
  })

  it('ends with the first one when the caller leaves, or the time of the request is over', async () => {
    const left = await playOut(play({ [A]: HANGS, [B]: HANGS }, { leavesAtMs: 400 }))
    expect(storyOf(left)).toEqual(['acorn cancelled', '+birch cancelled'])
    expect(left.ended).toMatchObject([{ fault: 'caller_gone', costNanoUsd: 0n }])
    expect([left.linesLeft, left.pending, left.hedges.settled]).toEqual([0, 0, ['called_off']])
    expect(left.told).toEqual([])
  })
})

describe('what may be asked beside it', () => {
  const routed = (targets: readonly string[], changes: Partial<Decision> = {}, call = aCall()): Routed => {
    const candidates = targets.map((endpoint) => ({ endpoint: id(endpoint), expectedNano: 50n }))
    const decision = { targets: targets.map(id), candidates, hedge: HEDGE, ...changes } as unknown as Decision
    return { call, decision, directory: { target: aTarget } as unknown as Routed['directory'] }
  }
  /** A tenant that has paid enough. */
  const richMeans = (call = aCall()) => {
    const means = someMeans()
    for (let i = 0; i < 100; i++) means.hedges.earn(call.caller.tenantId, HEDGE)
    means.hedges.paid(call.caller.tenantId, 1_000_000n)
    return means
  }

  it('is nobody while fewer than 200 first tokens of the first one are known', () => {
    const means = someMeans()
    const delayMs = (changes: Partial<Decision> = {}, call = aCall(), deadlineMs = 30_000) =>
      hedgeDelayMs(routed([A, B], changes, call), id(A), deadlineMs, means)
    const hear = (times: number) => {
      for (let i = 0; i < times; i++) means.health.begun(id(A), 500, performance.now())
      means.health.tick(performance.now())
    }
    hear(199)
    expect(delayMs()).toBeNull()
    hear(1)
    expect(delayMs()).toBeGreaterThan(475)
    expect(delayMs()).toBeLessThan(525)
    expect(delayMs({ hedge: { ...HEDGE, afterMs: 800 } })).toBe(800)
    expect(delayMs({ hedge: null })).toBeNull()
    expect(delayMs({ targets: [id(A)] })).toBeNull()
    expect(delayMs({}, aCall({ streamed: false }))).toBeNull()
    expect(delayMs({}, aCall(), 500)).toBeNull()
  })

  it('is who is up: not down, not asking for patience, not waiting for a probe, and not of an account that fails', async () => {
    const call = aCall()
    const second = (means = richMeans(call)) => reserveHedge(routed([A, B, C], {}, call), aTarget(A), means)?.target.id
    expect(second()).toBe(B)
    const down = { ...richMeans(call), throttle: new RetryThrottle(() => 1) }
    await bringDown(down, B)
    down.throttle = new RetryThrottle(() => 1)
    expect(second(down)).toBe(C)
    expect(second({ ...down, nowMs: () => performance.now() + 60_000 })).toBe(C)
    const cooling = richMeans(call)
    cooling.health.cool(id(B), performance.now() + 60_000, performance.now())
    expect(second(cooling)).toBe(C)
    const failing = richMeans(call)
    for (let i = 0; i < 5; i++) failing.throttle.failed(aTarget(B).account)
    expect(second(failing)).toBe(C)
  })

  it('is nobody once the caller has left', () => {
    const call = aCall({ signal: AbortSignal.abort(new Fault('caller_gone', 'gone')) })
    expect(reserveHedge(routed([A, B], {}, call), aTarget(A), richMeans(call))).toBeNull()
  })
})
