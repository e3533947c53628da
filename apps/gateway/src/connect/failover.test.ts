import { Fault, FAILURE_KINDS } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { aCall, aTarget, bringDown, fault, faultOf, id, someMeans, tryOut } from './failover.fixture.ts'
import { RetryThrottle } from './retry-throttle.ts'

const A = 'acorn/m/x'
const B = 'birch/m/x'
const C = 'cedar/m/x'
const OTHER = 'acorn/m/y'
const unreached = (code = 'ECONNREFUSED') => fault('upstream_unreachable', { detail: { code, sent: false } })

describe('connect', () => {
  it('moves on from a provider’s fault to the next target, and records every attempt', async () => {
    const { outcome, asked, call } = await tryOut({
      targets: [A, B, C],
      failures: { [A]: [fault('upstream_unreachable')], [B]: [fault('upstream_timeout')] },
    })
    expect(outcome).toBe(C)
    expect(asked).toEqual([A, B, C])
    expect(call.attempts.map((attempt) => [attempt.outcome, attempt.fault])).toEqual([
      ['failed', 'upstream_unreachable'],
      ['failed', 'upstream_timeout'],
      ['answered', null],
    ])
  })

  it('returns the caller’s own fault at once, without asking anybody else', async () => {
    const own = fault('context_length_exceeded')
    const tried = await tryOut({ targets: [A, B], failures: { [A]: [own] } })
    expect(tried.outcome).toBe(own)
    expect(tried.asked).toEqual([A])
  })

  it('moves on from the caller’s fault where the policy names its kind', async () => {
    const { outcome } = await tryOut({
      targets: [A, B],
      failover: { on: ['context_length'] },
      failures: { [A]: [fault('context_length_exceeded')] },
    })
    expect(outcome).toBe(B)
  })

  it('tells a provider’s fault of a kind that the policy does not name, with what was tried', async () => {
    const tried = await tryOut({
      targets: [A, B],
      failover: { on: ['timeout'] },
      failures: { [A]: [fault('upstream_error', { detail: { status: 500 } })] },
    })
    expect(faultOf(tried).code).toBe('upstream_error')
    expect(faultOf(tried).facts.metadata?.['attempts']).toMatchObject([{ provider: 'acorn', status: 500 }])
    expect(tried.asked).toEqual([A])
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

  it('tries nobody once the caller has gone', async () => {
    const signal = AbortSignal.abort(new Fault('caller_gone', 'gone'))
    const tried = await tryOut({ targets: [A], call: aCall({ signal }) })
    expect(faultOf(tried).code).toBe('caller_gone')
    expect(tried.asked).toEqual([])
  })
})

describe('fallbacks', () => {
  it('come after all targets when a failure is of a kind that they are for', async () => {
    const { asked, outcome } = await tryOut({
      targets: [A, B],
      fallbacks: [OTHER],
      fallbackOn: ['outage'],
      failures: { [A]: [fault('upstream_error')], [B]: [fault('upstream_timeout')] },
    })
    expect([asked, outcome]).toEqual([[A, B, OTHER], OTHER])
  })

  it('come at once after a failure that all endpoints of the model share', async () => {
    const { asked } = await tryOut({
      targets: [A, B],
      fallbacks: [OTHER],
      fallbackOn: ['context_length'],
      failures: { [A]: [fault('context_length_exceeded')] },
    })
    expect(asked).toEqual([A, OTHER])
  })

  it('are left alone after failures of other kinds', async () => {
    const { asked } = await tryOut({
      targets: [A],
      fallbacks: [OTHER],
      fallbackOn: FAILURE_KINDS.filter((kind) => kind !== 'timeout'),
      failures: { [A]: [fault('upstream_timeout')] },
    })
    expect(asked).toEqual([A])
  })

  it('are asked instead of targets that are known to be down', async () => {
    const means = someMeans()
    await bringDown(means, A)
    const trial = { targets: [A], fallbacks: [OTHER], means }
    expect((await tryOut({ ...trial, fallbackOn: ['outage'] })).asked).toEqual([OTHER])
    expect((await tryOut({ ...trial, fallbackOn: ['timeout'] })).asked).toEqual([A])
  })
})

describe('health', () => {
  it('never counts a rate limit, a refused credential, an empty answer or the caller’s mistake', async () => {
    const means = someMeans()
    for (const code of [
      'upstream_rate_limited',
      'upstream_credential_refused',
      'upstream_empty',
      'content_refused',
    ] as const) {
      await tryOut({ targets: [A], failures: { [A]: [fault(code)] }, means })
    }
    expect(means.health.pages.get(id(A))?.consecutiveFailures ?? 0).toBe(0)
    await tryOut({ targets: [B], failures: { [B]: [fault('upstream_error')] }, means })
    expect(means.health.pages.get(id(B))?.consecutiveFailures).toBe(1)
  })

  it('passes over what is known to be down, and lists it', async () => {
    const means = someMeans()
    await bringDown(means, A)
    const tried = await tryOut({ targets: [A, B], failures: { [B]: [fault('upstream_error')] }, means })
    expect(tried.asked).toEqual([B])
    expect(faultOf(tried).code).toBe('no_healthy_provider')
    expect(faultOf(tried).facts.metadata).toMatchObject({
      attempts: [{ provider: 'birch' }],
      skipped: [{ provider: 'acorn', reason: 'down' }],
    })
  })

  it('asks the best of those that are down when nothing else is left, one request at a time', async () => {
    const means = someMeans()
    await bringDown(means, A, B)
    expect(await tryOut({ targets: [A, B], means })).toMatchObject({ asked: [A], outcome: A })
    await bringDown(means, A, B)
    void means.throttle.asLastResort(aTarget(A).endpoint.model, () => new Promise(() => {}))
    const tried = await tryOut({ targets: [A, B], means })
    expect([tried.asked, faultOf(tried).code]).toEqual([[], 'no_healthy_provider'])
  })

  it('lets one request find out whether an endpoint is back, and believes its first content', async () => {
    const means = someMeans()
    await bringDown(means, A)
    const later = { ...means, nowMs: () => performance.now() + 60_000 }
    expect((await tryOut({ targets: [A, B], means: later })).outcome).toBe(A)
    expect(means.health.pages.get(id(A))?.trippedMs).toBeNull()
  })

  it('lets the next request find out when the caller of the first one left', async () => {
    const means = someMeans()
    await bringDown(means, A)
    const later = { ...means, nowMs: () => performance.now() + 60_000 }
    await tryOut({ targets: [A, B], failures: { [A]: [fault('caller_gone')] }, means: later })
    expect(means.health.admit(id(A), later.nowMs(), false)).toBe('probe')
  })

  it('takes a refused account out of the way for a while, but not over one request that was forbidden', async () => {
    const means = someMeans()
    const refused = (status: number) => fault('upstream_credential_refused', { detail: { status } })
    expect((await tryOut({ targets: [A, B], failures: { [A]: [refused(401)] }, means })).asked).toEqual([A, B])
    expect((await tryOut({ targets: [A, B], means })).asked).toEqual([B])
    await tryOut({ targets: [C, B], failures: { [C]: [refused(403)] }, means })
    expect((await tryOut({ targets: [C, B], means })).asked).toEqual([C])
  })
})

describe('rate limits', () => {
  const limited = (retryAfterMs?: number) =>
    fault('upstream_rate_limited', retryAfterMs === undefined ? {} : { retryAfterMs })

  it('are 429 with scope provider when every provider asks for patience, with the shortest of them', async () => {
    const means = someMeans()
    const failures = { [A]: [limited(60_000)], [B]: [limited(9_000)] }
    const tried = await tryOut({ targets: [A, B], failures, means })
    expect(faultOf(tried).code).toBe('upstream_rate_limited')
    expect(faultOf(tried).facts.metadata).toMatchObject({ scope: 'provider' })
    expect(faultOf(tried).facts.retryAfterMs).toBeGreaterThan(8_900)
    expect(faultOf(tried).facts.retryAfterMs).toBeLessThanOrEqual(9_000)
    const next = await tryOut({ targets: [A, B], means })
    expect([next.asked, faultOf(next).code]).toEqual([[], 'upstream_rate_limited'])
  })

  it('of a lone provider have scope provider too', async () => {
    const tried = await tryOut({ targets: [A], failures: { [A]: [limited(60_000)] } })
    expect(faultOf(tried).facts.metadata).toMatchObject({ scope: 'provider', attempts: [{ provider: 'acorn' }] })
  })

  it('that are short are waited for here, and the target is asked again', async () => {
    const failures = { [A]: [limited(60_000)], [B]: [limited(40)] }
    const beganMs = performance.now()
    const tried = await tryOut({ targets: [A, B], failures })
    expect(tried).toMatchObject({ asked: [A, B, B], outcome: B })
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(39)
  })

  it('are not waited for when something else is wrong too, or when it would take longer than the policy allows', async () => {
    const mixed = await tryOut({ targets: [A, B], failures: { [A]: [limited(40)], [B]: [fault('upstream_error')] } })
    expect([mixed.asked, faultOf(mixed).code]).toEqual([[A, B], 'no_healthy_provider'])
    const short = await tryOut({ targets: [A], failover: { totalMs: 500 }, failures: { [A]: [limited(1_000)] } })
    expect([short.asked, faultOf(short).code]).toEqual([[A], 'upstream_rate_limited'])
  })

  it('end the wait with the caller’s deadline', async () => {
    const ending = new AbortController()
    const call = aCall({ signal: ending.signal })
    const trying = tryOut({ targets: [A], failures: { [A]: [limited(1_500)] }, call })
    ending.abort(new Fault('deadline_passed', 'too late'))
    expect(faultOf(await trying).code).toBe('deadline_passed')
  })
})

describe('retries', () => {
  it('come back to a target that could not be reached, once, a moment later, when nobody else is left', async () => {
    const beganMs = performance.now()
    const { asked, outcome } = await tryOut({ targets: [A, B], failures: { [A]: [unreached()], [B]: [unreached()] } })
    expect([asked, outcome]).toEqual([[A, B, B], B])
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(24)
  })

  it('never send what may have been read to the same target again', async () => {
    const reset = fault('upstream_unreachable', { detail: { code: 'UND_ERR_SOCKET' } })
    expect((await tryOut({ targets: [A], failures: { [A]: [reset] } })).asked).toEqual([A])
    expect((await tryOut({ targets: [A], failures: { [A]: [unreached('ETIMEDOUT')] } })).asked).toEqual([A])
  })

  it('stop at an account that fails too often, so that an outage of all is not made worse', async () => {
    const means = someMeans()
    const down = () => Array.from({ length: 2 }, () => unreached())
    let attempts = 0
    for (let i = 0; i < 500; i++) {
      const failures = { [A]: down(), [B]: down(), [C]: down() }
      attempts += (await tryOut({ targets: [A, B, C], failures, means })).asked.length
    }
    expect(attempts).toBeLessThanOrEqual(550)
  })

  it('wait for a place where something failed lately, and are not made when none comes free', async () => {
    const throttle = new RetryThrottle(() => 1)
    const means = someMeans({ throttle })
    const { provider } = aTarget(B).endpoint
    throttle.failed(provider)
    const ends: (() => void)[] = []
    for (let i = 0; i < 3; i++) void throttle.asRetry(provider, () => new Promise<void>((end) => ends.push(end)))
    const failures = { [A]: [fault('upstream_error')], [C]: [fault('upstream_error')] }
    const tried = await tryOut({ targets: [A, B], failures, means })
    expect(tried.asked).toEqual([A])
    expect(faultOf(tried).facts.metadata?.['skipped']).toEqual([{ provider: 'birch', reason: 'throttled' }])
    const waiting = tryOut({ targets: [C, B], failures, means })
    setImmediate(() => ends[0]?.())
    expect((await waiting).outcome).toBe(B)
  })
})

describe('time', () => {
  it('ends for a request when its policy says so, with the attempts listed', async () => {
    let ms = 0
    const means = someMeans({ nowMs: () => (ms += 40) })
    const tried = await tryOut({
      targets: [A, B],
      failover: { totalMs: 100 },
      failures: { [A]: [fault('upstream_error')] },
      call: aCall({ startedMs: 0 }),
      means,
    })
    expect(faultOf(tried).code).toBe('deadline_passed')
    expect(faultOf(tried).facts.metadata?.['attempts']).toMatchObject([{ provider: 'acorn' }])
    expect(tried.patience[0]?.totalMs).toBeLessThan(100)
  })

  it('is what an endpoint usually needs, the policy’s word instead, and the longest for the last target', async () => {
    const means = someMeans()
    for (let i = 0; i < 60; i++) means.health.begun(id(A), 200, performance.now())
    means.health.tick(performance.now())
    const failures = { [A]: [fault('upstream_timeout')] }
    const usual = await tryOut({ targets: [A, B], failures, means })
    expect(usual.patience.map(({ firstTokenMs }) => firstTokenMs)).toEqual([2_000, 30_000])
    const alone = await tryOut({ targets: [A], means })
    expect(alone.patience.map(({ firstTokenMs }) => firstTokenMs)).toEqual([30_000])
    const told = await tryOut({ targets: [A, B], failover: { firstTokenMs: 700 }, failures, means })
    expect(told.patience.map(({ firstTokenMs }) => firstTokenMs)).toEqual([700, 700])
  })
})
