import { Fault, type Decision, type EndpointId, type FaultCode } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import type { Call } from './call.ts'
import { connect } from './connect.ts'
import { HealthBook } from './health-book.ts'
import type { Reach, Target } from './target.ts'

const ids = (...names: string[]) => names as EndpointId[]
const target = (id: EndpointId) => ({ endpoint: { id, provider: id.split('/')[0], model: 'm/m' } }) as unknown as Target

function aCall(signal = new AbortController().signal): Call {
  return { attempts: [], startedMs: 0, signal } as unknown as Call
}

/** Each target answers with its name, or fails with the code it is given. */
function attempt(
  targets: EndpointId[],
  failures: Record<string, FaultCode>,
  call = aCall(),
  health = new HealthBook(),
) {
  const tried: string[] = []
  const open = (asked: Target) => {
    tried.push(asked.endpoint.id)
    const code = failures[asked.endpoint.id]
    return code ? Promise.reject(new Fault(code, `${asked.endpoint.id} says no`)) : Promise.resolve(asked.endpoint.id)
  }
  const decision = { targets } as unknown as Decision
  const reach = { target } as unknown as Reach
  return { tried, call, health, connected: connect({ call, decision, reach }, open, health, () => 5) }
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof Fault)) throw new Error('expected a fault')
  return thrown
}

describe('connect', () => {
  it('moves on from a provider’s fault to the next target, and records every attempt', async () => {
    const { connected, tried, call } = attempt(ids('a/m', 'b/m', 'c/m'), {
      'a/m': 'upstream_unreachable',
      'b/m': 'upstream_timeout',
    })
    expect(await connected).toMatchObject({ opened: 'c/m', attempt: 2 })
    expect(tried).toEqual(['a/m', 'b/m', 'c/m'])
    expect(call.attempts.map(({ outcome, fault }) => [outcome, fault])).toEqual([
      ['failed', 'upstream_unreachable'],
      ['failed', 'upstream_timeout'],
      ['answered', null],
    ])
  })

  it('returns the caller’s own fault at once, without asking anybody else', async () => {
    const { connected, tried } = attempt(ids('a/m', 'b/m'), { 'a/m': 'context_length_exceeded' })
    expect((await faultOf(connected)).code).toBe('context_length_exceeded')
    expect(tried).toEqual(['a/m'])
  })

  it('keeps a lone provider’s own fault', async () => {
    const { connected } = attempt(ids('a/m'), { 'a/m': 'upstream_timeout' })
    expect((await faultOf(connected)).code).toBe('upstream_timeout')
  })

  it('says 503 with the attempts listed when every provider failed', async () => {
    const { connected } = attempt(ids('a/m', 'b/m'), { 'a/m': 'upstream_error', 'b/m': 'upstream_rate_limited' })
    const fault = await faultOf(connected)
    expect(fault.code).toBe('no_healthy_provider')
    expect(fault.facts.metadata?.['attempts']).toMatchObject([
      { provider: 'a', code: 'upstream_error' },
      { provider: 'b', code: 'upstream_rate_limited' },
    ])
  })

  it('says 429 with scope provider when every provider asks for patience', async () => {
    const { connected } = attempt(ids('a/m', 'b/m'), { 'a/m': 'upstream_rate_limited', 'b/m': 'upstream_rate_limited' })
    const fault = await faultOf(connected)
    expect(fault.code).toBe('upstream_rate_limited')
    expect(fault.facts.metadata).toMatchObject({ scope: 'provider' })
  })

  it('never holds a rate limit, a refused credential or the caller’s mistake against an endpoint’s health', async () => {
    const health = new HealthBook()
    for (const code of ['upstream_rate_limited', 'upstream_credential_refused', 'content_refused'] as const) {
      await attempt(ids('a/m'), { 'a/m': code }, aCall(), health).connected.catch(() => {})
    }
    expect(health.pages.size).toBe(0)
    await attempt(ids('a/m'), { 'a/m': 'upstream_error' }, aCall(), health).connected.catch(() => {})
    expect(health.pages.get(ids('a/m')[0] as EndpointId)?.consecutiveFailures).toBe(1)
  })

  it('tries nobody once the caller has gone', async () => {
    const gone = AbortSignal.abort(new Fault('caller_gone', 'gone'))
    const { connected, tried } = attempt(ids('a/m'), {}, aCall(gone))
    expect((await faultOf(connected)).code).toBe('caller_gone')
    expect(tried).toEqual([])
  })
})
