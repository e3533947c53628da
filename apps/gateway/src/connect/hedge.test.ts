import { Fault, type Decision, type Hedge } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import type { Progress } from '../call/progress.ts'
import { hedgeDelayMs, reserveHedge } from './hedge.ts'
import { aProgress, aTarget, bringDown, fault, id, routedTo, someDependencies } from './failover.fixture.ts'
import { playOut, priceAt, PROMPT_TOKENS, type Scenario, type Script } from './hedge.fixture.ts'
import { RetryThrottle } from './retry-throttle.ts'

const A = 'acorn/m/x'
const B = 'birch/m/x'
const C = 'cedar/m/x'
const HEDGE: Hedge = { afterMs: null, extraRequests: 0.05, extraSpend: null, ownCost: false }

const answers = (atMs: number): Script => ({ does: 'answer', atMs, pieceMs: 1, cutAfter: null })
const fails = (atMs: number, how: Fault): Script => ({ does: 'fail', atMs, how })
const HANGS: Script = { does: 'hang' }

function scenario(scripts: Readonly<Record<string, Script>>, changes: Partial<Scenario> = {}): Scenario {
  return { scripts, hedge: HEDGE, p95Ms: 350, firstIsProbe: false, isAllowed: true, disconnectsAtMs: null, ...changes }
}

/** As `provider outcome`, a hedge marked with a plus. */
function storyOf({ progress }: { readonly progress: Progress }): string[] {
  return progress.attempts.map(({ provider, outcome, hedge }) => `${hedge ? '+' : ''}${provider} ${outcome}`)
}

describe('a first target that is slow to begin', () => {
  it('is hedged after its 95th percentile, and the attempt that begins first answers', async () => {
    const seen = await playOut(scenario({ [A]: answers(900), [B]: answers(100), [C]: answers(0) }))
    expect(storyOf(seen)).toEqual(['acorn lost', '+birch answered'])
    expect(seen.requested.map(({ atMs }) => atMs)).toEqual([0, 350])
    expect(seen.ended).toMatchObject([{ endpoint: B, firstTokenMs: 450, costNanoUsd: priceAt(B, PROMPT_TOKENS + 10) }])
    expect(seen.hedges.settled).toEqual(['won'])
  })

  it('answers itself where it begins first after all, and the hedge is cancelled', async () => {
    const seen = await playOut(scenario({ [A]: answers(400), [B]: answers(100) }))
    expect(storyOf(seen)).toEqual(['acorn answered', '+birch lost'])
    expect(seen.ended).toMatchObject([{ endpoint: A, firstTokenMs: 400 }])
    expect(seen.noted).toEqual([`begun ${A}`])
    expect(seen.hedges.settled).toEqual(['lost'])
  })

  it('is never hedged twice', async () => {
    const seen = await playOut(scenario({ [A]: HANGS, [B]: fails(50, fault('upstream_error')), [C]: answers(0) }))
    expect(storyOf(seen)).toEqual(['acorn failed', '+birch failed', 'cedar answered'])
    expect(seen.requested.map(({ atMs }) => atMs)).toEqual([0, 350, 2_000])
  })

  it('is not hedged where the policy does not hedge, or the budget is used up', async () => {
    const slow = { [A]: answers(900), [B]: answers(0) }
    expect(storyOf(await playOut(scenario(slow, { hedge: null })))).toEqual(['acorn answered'])
    expect(storyOf(await playOut(scenario(slow, { isAllowed: false })))).toEqual(['acorn answered'])
  })

  it('releases its probe when it loses, so that the next request may be one', async () => {
    const seen = await playOut(scenario({ [A]: HANGS, [B]: answers(100) }, { firstIsProbe: true }))
    expect(storyOf(seen)).toEqual(['acorn lost', '+birch answered'])
    expect(seen.noted).toEqual([`release ${A}`, `begun ${B}`])
  })
})

describe('a hedge', () => {
  it.each([
    ['the provider fails', fault('upstream_error'), ['note']],
    ['it limits our rate', fault('upstream_rate_limited', { retryAfterMs: 60_000 }), ['startCooldown']],
    ['it refuses what the first one takes', fault('context_length_exceeded'), []],
  ])('spoils nothing when %s', async (_, how, noted) => {
    const seen = await playOut(scenario({ [A]: answers(900), [B]: fails(50, how) }))
    expect(storyOf(seen)).toEqual(['acorn answered', '+birch failed'])
    expect(seen.ended).toMatchObject([{ endpoint: A, status: 200 }])
    expect(seen.noted).toEqual([`begun ${A}`, ...noted.map((what) => `${what} ${B}`)])
    expect(seen.hedges.settled).toEqual(['failed'])
  })

  it('goes on when the first attempt fails, and counts as the next one', async () => {
    const failing = fails(400, fault('upstream_error'))
    const saved = await playOut(scenario({ [A]: failing, [B]: answers(200) }))
    expect(storyOf(saved)).toEqual(['acorn failed', '+birch answered'])
    const both = await playOut(scenario({ [A]: failing, [B]: fails(200, fault('upstream_timeout')), [C]: HANGS }))
    expect(storyOf(both)).toEqual(['acorn failed', '+birch failed', 'cedar failed'])
    expect(both.fault?.facts.metadata?.['attempts']).toMatchObject([
      { provider: 'acorn', code: 'upstream_error' },
      { provider: 'birch', code: 'upstream_timeout', hedge: true },
      { provider: 'cedar' },
    ])
  })

  it('is cancelled when the first attempt fails with what the caller has to mend', async () => {
    const seen = await playOut(scenario({ [A]: fails(400, fault('context_length_exceeded')), [B]: answers(200) }))
    expect(storyOf(seen)).toEqual(['acorn failed', '+birch lost'])
    expect([seen.fault?.code, seen.connectionsLeft]).toEqual(['context_length_exceeded', 0])
    expect(seen.hedges.settled).toEqual(['cancelled'])
  })

  it('ends with the first attempt when the caller disconnects, or the time of the request is over', async () => {
    const left = await playOut(scenario({ [A]: HANGS, [B]: HANGS }, { disconnectsAtMs: 400 }))
    expect(storyOf(left)).toEqual(['acorn cancelled', '+birch cancelled'])
    expect(left.ended).toMatchObject([{ fault: 'caller_gone', costNanoUsd: 0n }])
    expect([left.connectionsLeft, left.pending, left.hedges.settled]).toEqual([0, 0, ['cancelled']])
    expect(left.noted).toEqual([])
  })
})

describe('the target of a hedge', () => {
  const routed = (targets: readonly string[], changes: Partial<Decision> = {}) => {
    const candidates = targets.map((endpoint) => ({ endpoint: id(endpoint), expectedNano: 50n }))
    return routedTo(targets.map(id), {
      candidates: candidates as unknown as Decision['candidates'],
      hedge: HEDGE,
      ...changes,
    })
  }
  /** For a tenant that has paid enough. */
  const paidFor = ({ call }: Progress) => {
    const dependencies = someDependencies()
    for (let i = 0; i < 100; i++) dependencies.hedges.earn(call.caller.tenantId, HEDGE)
    dependencies.hedges.paid(call.caller.tenantId, 1_000_000n)
    return dependencies
  }

  it('is none while fewer than 200 first tokens of the first target are known', () => {
    const dependencies = someDependencies()
    const delayMs = (changes: Partial<Decision> = {}, progress = aProgress(), deadlineMs = 30_000) =>
      hedgeDelayMs(progress, routed([A, B], changes), id(A), deadlineMs, dependencies)
    const begin = (times: number) => {
      for (let i = 0; i < times; i++) dependencies.health.begun(id(A), 500, performance.now())
      dependencies.health.tick(performance.now())
    }
    begin(199)
    expect(delayMs()).toBeNull()
    begin(1)
    expect(delayMs()).toBeGreaterThan(475)
    expect(delayMs()).toBeLessThan(525)
    expect(delayMs({ hedge: { ...HEDGE, afterMs: 800 } })).toBe(800)
    expect(delayMs({ hedge: null })).toBeNull()
    expect(delayMs({ targets: [id(A)] })).toBeNull()
    expect(delayMs({}, aProgress({ streamed: false }))).toBeNull()
    expect(delayMs({}, aProgress(), 500)).toBeNull()
  })

  it('is one that is up: not down, not in cooldown, not waiting for a probe, and not of an account that fails', async () => {
    const progress = aProgress()
    const hedge = (dependencies = paidFor(progress)) =>
      reserveHedge(progress, routed([A, B, C]), aTarget(A), dependencies)?.target.id
    expect(hedge()).toBe(B)
    const down = { ...paidFor(progress), throttle: new RetryThrottle(() => 1) }
    await bringDown(down, B)
    down.throttle = new RetryThrottle(() => 1)
    expect(hedge(down)).toBe(C)
    expect(hedge({ ...down, nowMs: () => performance.now() + 60_000 })).toBe(C)
    const cooling = paidFor(progress)
    cooling.health.startCooldown(id(B), performance.now() + 60_000, performance.now())
    expect(hedge(cooling)).toBe(C)
    const failing = paidFor(progress)
    for (let i = 0; i < 5; i++) failing.throttle.failed(aTarget(B).account, progress.call.caller.tenantId)
    expect(hedge(failing)).toBe(C)
  })

  it('is none once the caller has disconnected', () => {
    const progress = aProgress({ signal: AbortSignal.abort(new Fault('caller_gone', 'gone')) })
    expect(reserveHedge(progress, routed([A, B]), aTarget(A), paidFor(progress))).toBeNull()
  })
})
