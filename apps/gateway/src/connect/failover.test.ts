import { Fault, FAILURE_KINDS } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import {
  aProgress,
  aTarget,
  bringDown,
  fault,
  faultOf,
  id,
  someDependencies,
  TENANT,
  tryOut,
} from './failover.fixture.ts'
import { RetryThrottle } from './retry-throttle.ts'

const A = 'acorn/m/x'
const B = 'birch/m/x'
const C = 'cedar/m/x'
const OTHER = 'acorn/m/y'
const unreached = (code = 'ECONNREFUSED') => fault('upstream_unreachable', { detail: { code, sent: false } })

describe('connect', () => {
  it('moves on from a provider’s fault to the next target, and records every attempt', async () => {
    const { outcome, requested, progress } = await tryOut({
      targets: [A, B, C],
      failures: { [A]: [fault('upstream_unreachable')], [B]: [fault('upstream_timeout')] },
    })
    expect(outcome).toBe(C)
    expect(requested).toEqual([A, B, C])
    expect(progress.attempts.map((attempt) => [attempt.outcome, attempt.fault])).toEqual([
      ['failed', 'upstream_unreachable'],
      ['failed', 'upstream_timeout'],
      ['answered', null],
    ])
  })

  it('returns the caller’s own fault at once, without another attempt', async () => {
    const own = fault('context_length_exceeded')
    const tried = await tryOut({ targets: [A, B], failures: { [A]: [own] } })
    expect(tried.outcome).toBe(own)
    expect(tried.requested).toEqual([A])
  })

  it('moves on from the caller’s fault where the policy names its kind', async () => {
    const { outcome } = await tryOut({
      targets: [A, B],
      failover: { on: ['context_length'] },
      failures: { [A]: [fault('context_length_exceeded')] },
    })
    expect(outcome).toBe(B)
  })

  it('reports a provider’s fault of a kind that the policy does not name, with what was tried', async () => {
    const tried = await tryOut({
      targets: [A, B],
      failover: { on: ['timeout'] },
      failures: { [A]: [fault('upstream_error', { detail: { status: 500 } })] },
    })
    expect(faultOf(tried).code).toBe('upstream_error')
    expect(faultOf(tried).facts.metadata?.['attempts']).toMatchObject([{ provider: 'acorn', status: 500 }])
    expect(tried.requested).toEqual([A])
  })

  it('keeps a lone provider’s own fault', async () => {
    expect(faultOf(await tryOut({ targets: [A], failures: { [A]: [fault('upstream_timeout')] } })).code).toBe(
      'upstream_timeout',
    )
  })

  it('says 503 with the attempts listed when every provider failed', async () => {
    const tried = await tryOut({
      targets: [A, B],
      failures: { [A]: [fault('upstream_error')], [B]: [fault('upstream_timeout')] },
    })
    expect(faultOf(tried).code).toBe('no_healthy_provider')
    expect(faultOf(tried).facts.metadata?.['attempts']).toMatchObject([
      { provider: 'acorn', code: 'upstream_error' },
      { provider: 'birch', code: 'upstream_timeout' },
    ])
  })

  it('tries no target once the caller has disconnected', async () => {
    const signal = AbortSignal.abort(new Fault('caller_gone', 'gone'))
    const tried = await tryOut({ targets: [A], progress: aProgress({ signal }) })
    expect(faultOf(tried).code).toBe('caller_gone')
    expect(tried.requested).toEqual([])
  })
})

describe('fallbacks', () => {
  it('come after all targets when a failure is of a kind that they are for', async () => {
    const { requested, outcome } = await tryOut({
      targets: [A, B],
      fallbacks: [OTHER],
      fallbackOn: ['outage'],
      failures: { [A]: [fault('upstream_error')], [B]: [fault('upstream_timeout')] },
    })
    expect([requested, outcome]).toEqual([[A, B, OTHER], OTHER])
  })

  it('come at once after a failure that all endpoints of the model share', async () => {
    const { requested } = await tryOut({
      targets: [A, B],
      fallbacks: [OTHER],
      fallbackOn: ['context_length'],
      failures: { [A]: [fault('context_length_exceeded')] },
    })
    expect(requested).toEqual([A, OTHER])
  })

  it('are left alone after failures of other kinds', async () => {
    const { requested } = await tryOut({
      targets: [A],
      fallbacks: [OTHER],
      fallbackOn: FAILURE_KINDS.filter((kind) => kind !== 'timeout'),
      failures: { [A]: [fault('upstream_timeout')] },
    })
    expect(requested).toEqual([A])
  })

  it('are tried instead of targets that are known to be down', async () => {
    const dependencies = someDependencies()
    await bringDown(dependencies, A)
    const scenario = { targets: [A], fallbacks: [OTHER], dependencies }
    expect((await tryOut({ ...scenario, fallbackOn: ['outage'] })).requested).toEqual([OTHER])
    expect((await tryOut({ ...scenario, fallbackOn: ['timeout'] })).requested).toEqual([A])
  })
})

describe('health', () => {
  it('never counts a rate limit, a refused credential, an empty answer or the caller’s mistake', async () => {
    const dependencies = someDependencies()
    for (const code of [
      'upstream_rate_limited',
      'upstream_credential_refused',
      'upstream_empty',
      'content_refused',
    ] as const) {
      await tryOut({ targets: [A], failures: { [A]: [fault(code)] }, dependencies })
    }
    expect(dependencies.health.states.get(id(A))?.consecutiveFailures ?? 0).toBe(0)
    await tryOut({ targets: [B], failures: { [B]: [fault('upstream_error')] }, dependencies })
    expect(dependencies.health.states.get(id(B))?.consecutiveFailures).toBe(1)
  })

  it('passes over what is known to be down, and lists it', async () => {
    const dependencies = someDependencies()
    await bringDown(dependencies, A)
    const tried = await tryOut({ targets: [A, B], failures: { [B]: [fault('upstream_error')] }, dependencies })
    expect(tried.requested).toEqual([B])
    expect(faultOf(tried).code).toBe('no_healthy_provider')
    expect(faultOf(tried).facts.metadata).toMatchObject({
      attempts: [{ provider: 'birch' }],
      skipped: [{ provider: 'acorn', reason: 'down' }],
    })
  })

  it('tries the best of those that are down when nothing else is left, one request at a time', async () => {
    const dependencies = someDependencies()
    await bringDown(dependencies, A, B)
    expect(await tryOut({ targets: [A, B], dependencies })).toMatchObject({ requested: [A], outcome: A })
    await bringDown(dependencies, A, B)
    void dependencies.throttle.asLastResort(aTarget(A).endpoint.model, TENANT, () => new Promise(() => {}))
    const tried = await tryOut({ targets: [A, B], dependencies })
    expect([tried.requested, faultOf(tried).code]).toEqual([[], 'no_healthy_provider'])
  })

  it('lets one request find out whether an endpoint is back, and believes its first content', async () => {
    const dependencies = someDependencies()
    await bringDown(dependencies, A)
    const later = { ...dependencies, nowMs: () => performance.now() + 60_000 }
    expect((await tryOut({ targets: [A, B], dependencies: later })).outcome).toBe(A)
    expect(dependencies.health.states.get(id(A))?.trippedMs).toBeNull()
  })

  it('lets the next request find out when the caller of the first one left', async () => {
    const dependencies = someDependencies()
    await bringDown(dependencies, A)
    const later = { ...dependencies, nowMs: () => performance.now() + 60_000 }
    await tryOut({ targets: [A, B], failures: { [A]: [fault('caller_gone')] }, dependencies: later })
    expect(dependencies.health.admit(id(A), later.nowMs(), false)).toBe('probe')
  })

  it.each([
    [401, 'takes an account that is unknown out of the way for a while', [B]],
    [402, 'takes an account that is empty out of the way for a while', [B]],
    [403, 'leaves an account in use after one request that was forbidden', [A]],
  ])('%i %s', async (status, _, next) => {
    const dependencies = someDependencies()
    const refused = fault('upstream_credential_refused', { detail: { status } })
    const first = await tryOut({ targets: [A, B], failures: { [A]: [refused] }, dependencies })
    expect(first.requested).toEqual([A, B])
    expect((await tryOut({ targets: [A, B], dependencies })).requested).toEqual(next)
  })
})

describe('rate limits', () => {
  const limited = (retryAfterMs?: number) =>
    fault('upstream_rate_limited', retryAfterMs === undefined ? {} : { retryAfterMs })

  it('are 429 with scope provider when every provider limits the rate, with the shortest of them', async () => {
    const dependencies = someDependencies()
    const failures = { [A]: [limited(60_000)], [B]: [limited(9_000)] }
    const tried = await tryOut({ targets: [A, B], failures, dependencies })
    expect(faultOf(tried).code).toBe('upstream_rate_limited')
    expect(faultOf(tried).facts.metadata).toMatchObject({ scope: 'provider' })
    expect(faultOf(tried).facts.retryAfterMs).toBeGreaterThan(8_900)
    expect(faultOf(tried).facts.retryAfterMs).toBeLessThanOrEqual(9_000)
    const next = await tryOut({ targets: [A, B], dependencies })
    expect([next.requested, faultOf(next).code]).toEqual([[], 'upstream_rate_limited'])
  })

  it('of a lone provider have scope provider too', async () => {
    const tried = await tryOut({ targets: [A], failures: { [A]: [limited(60_000)] } })
    expect(faultOf(tried).facts.metadata).toMatchObject({ scope: 'provider', attempts: [{ provider: 'acorn' }] })
  })

  it('that are short are waited for here, and the target is tried again', async () => {
    const failures = { [A]: [limited(60_000)], [B]: [limited(40)] }
    const beganMs = performance.now()
    const tried = await tryOut({ targets: [A, B], failures })
    expect(tried).toMatchObject({ requested: [A, B, B], outcome: B })
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(39)
  })

  it('are not waited for when something else is wrong too, or when it would take longer than the policy allows', async () => {
    const mixed = await tryOut({ targets: [A, B], failures: { [A]: [limited(40)], [B]: [fault('upstream_error')] } })
    expect([mixed.requested, faultOf(mixed).code]).toEqual([[A, B], 'no_healthy_provider'])
    const short = await tryOut({ targets: [A], failover: { totalMs: 500 }, failures: { [A]: [limited(1_000)] } })
    expect([short.requested, faultOf(short).code]).toEqual([[A], 'upstream_rate_limited'])
  })

  it('end the wait with the caller’s deadline', async () => {
    const ending = new AbortController()
    const progress = aProgress({ signal: ending.signal })
    const trying = tryOut({ targets: [A], failures: { [A]: [limited(1_500)] }, progress })
    ending.abort(new Fault('deadline_passed', 'too late'))
    expect(faultOf(await trying).code).toBe('deadline_passed')
  })
})

describe('retries', () => {
  it('come back to a target that could not be reached, once, a moment later, when no other target is left', async () => {
    const beganMs = performance.now()
    const { requested, outcome } = await tryOut({
      targets: [A, B],
      failures: { [A]: [unreached()], [B]: [unreached()] },
    })
    expect([requested, outcome]).toEqual([[A, B, B], B])
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(24)
  })

  it('do not come back to a target whose account has no retries left, not even after a wait', async () => {
    const dependencies = someDependencies()
    for (let i = 0; i < 5; i++) dependencies.throttle.failed(aTarget(A).account, TENANT)
    const { requested, outcome } = await tryOut({ targets: [A], failures: { [A]: [unreached()] }, dependencies })
    expect([requested, outcome]).toMatchObject([[A], { code: 'upstream_unreachable' }])
    // A retry that waited, and was refused only then, would be counted.
    expect(dependencies.throttle.refused()).toBe(0)
  })

  it('never send what may have been read to the same target again', async () => {
    const reset = fault('upstream_unreachable', { detail: { code: 'UND_ERR_SOCKET' } })
    expect((await tryOut({ targets: [A], failures: { [A]: [reset] } })).requested).toEqual([A])
    expect((await tryOut({ targets: [A], failures: { [A]: [unreached('ETIMEDOUT')] } })).requested).toEqual([A])
  })

  it('stop at an account that fails too often, so that an outage of all is not made worse', async () => {
    const dependencies = someDependencies()
    const down = () => Array.from({ length: 2 }, () => unreached())
    let attempts = 0
    for (let i = 0; i < 500; i++) {
      const failures = { [A]: down(), [B]: down(), [C]: down() }
      attempts += (await tryOut({ targets: [A, B, C], failures, dependencies })).requested.length
    }
    expect(attempts).toBeLessThanOrEqual(550)
  })

  it('wait for a slot where something failed lately, and are not made when none comes free', async () => {
    const throttle = new RetryThrottle(() => 1)
    const dependencies = someDependencies({ throttle })
    const { provider } = aTarget(B).endpoint
    throttle.failed(provider, TENANT)
    const ends: (() => void)[] = []
    for (let i = 0; i < 3; i++)
      void throttle.asRetry(provider, TENANT, () => new Promise<void>((end) => ends.push(end)))
    const failures = { [A]: [fault('upstream_error')], [C]: [fault('upstream_error')] }
    const tried = await tryOut({ targets: [A, B], failures, dependencies })
    expect(tried.requested).toEqual([A])
    expect(faultOf(tried).facts.metadata?.['skipped']).toEqual([{ provider: 'birch', reason: 'throttled' }])
    const waiting = tryOut({ targets: [C, B], failures, dependencies })
    setImmediate(() => ends[0]?.())
    expect((await waiting).outcome).toBe(B)
  })
})

describe('time', () => {
  it('ends for a request when its policy says so, with the attempts listed', async () => {
    let ms = 0
    const dependencies = someDependencies({ nowMs: () => (ms += 40) })
    const tried = await tryOut({
      targets: [A, B],
      failover: { totalMs: 100 },
      failures: { [A]: [fault('upstream_error')] },
      progress: aProgress({ startedMs: 0 }),
      dependencies,
    })
    expect(faultOf(tried).code).toBe('deadline_passed')
    expect(faultOf(tried).facts.metadata?.['attempts']).toMatchObject([{ provider: 'acorn' }])
    expect(tried.deadlines[0]?.totalMs).toBeLessThan(100)
  })

  it('is what an endpoint usually needs, the policy’s bound instead, and the longest for the last target', async () => {
    const dependencies = someDependencies()
    for (let i = 0; i < 60; i++) dependencies.health.begun(id(A), 200, performance.now())
    dependencies.health.tick(performance.now())
    const failures = { [A]: [fault('upstream_timeout')] }
    const usual = await tryOut({ targets: [A, B], failures, dependencies })
    expect(usual.deadlines.map(({ firstTokenMs }) => firstTokenMs)).toEqual([2_000, 30_000])
    const alone = await tryOut({ targets: [A], dependencies })
    expect(alone.deadlines.map(({ firstTokenMs }) => firstTokenMs)).toEqual([30_000])
    const bounded = await tryOut({ targets: [A, B], failover: { firstTokenMs: 700 }, failures, dependencies })
    expect(bounded.deadlines.map(({ firstTokenMs }) => firstTokenMs)).toEqual([700, 700])
  })
})
