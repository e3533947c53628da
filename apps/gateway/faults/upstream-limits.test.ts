import { note } from '@turnpike/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerWell, startProvider, type Asking, type OwnProvider } from './upstream-provider.fixture.ts'
import {
  chat,
  failuresOf,
  load,
  percentileMs,
  PRIMARY,
  PROVIDERS,
  useUpstreams,
  type Upstreams,
} from './upstream-rig.fixture.ts'

const current = useUpstreams()

/** Requests that were under way when the first refusal came. */
const UNDER_WAY_MS = 150

/** A provider that asked for three seconds is then asked again for certain, though the dice choose who is. */
const LIMITED_MS = 5_000

/** What `Retry-After` holds, and for how many milliseconds the provider is then left alone at least. */
const HINTS: readonly (readonly [string, () => string | null, number])[] = [
  ['1 second', () => '1', 1_000],
  ['60 seconds', () => '60', 60_000],
  // Whole seconds: a date is up to one second sooner than it was meant.
  ['a date', () => new Date(Date.now() + 3_000).toUTCString(), 2_000],
  ['nonsense', () => 'soon', 1_000],
  ['nothing', () => null, 1_000],
]

describe('a provider that limits our rate', () => {
  it.for(HINTS)('D5 is left alone as long as it asks: %s', async ([, hint, coolMs], context) => {
    const upstreams = current()
    const provider = await limiting(upstreams, hint)
    const requests = await load(upstreams, {}, async ({ phase }) => phase('limited', LIMITED_MS))
    const [first = NaN, ...others] = provider.asked.map(({ atMs }) => atMs)
    const early = others.filter((atMs) => atMs > first + UNDER_WAY_MS && atMs < first + coolMs)
    note(context, { requests: requests.length, asked: provider.asked.length })
    expect(failuresOf(requests)).toEqual({})
    expect(first).toBeGreaterThan(0)
    expect(early).toEqual([])
    expect(others.some((atMs) => atMs >= first + coolMs)).toBe(coolMs < LIMITED_MS)
    expect(upstreams.status(PRIMARY)).not.toBe(-2)
  })

  it('D5 is used again as soon as it may be', async () => {
    const upstreams = current()
    let isLimiting = true
    const provider = await limiting(
      upstreams,
      () => '1',
      () => isLimiting,
    )
    const requests = await load(upstreams, {}, async ({ phase }) => {
      await phase('limited', 500)
      isLimiting = false
      await phase('over', 2_500)
    })
    expect(failuresOf(requests)).toEqual({})
    expect(provider.asked.length).toBeGreaterThan(10)
  })
})

describe('all providers that limit our rate', () => {
  it('D15 are 429 with scope provider and the shortest of their hints, and are left alone', async (context) => {
    const upstreams = current()
    const hints = Object.entries({ acorn: 60, birch: 60, cedar: 60, dogwood: 20, elm: 60, fir: 60 })
    for (const [provider, retryAfterSeconds] of hints) {
      await upstreams.behave(provider, { faults: ['status:429'], retryAfterSeconds })
    }
    const requests = await load(upstreams, {}, async ({ phase }) => {
      await phase('first', 500)
      await phase('known', 3_000)
    })
    const sent = (await upstreams.generations()).length
    note(context, { requests: requests.length, sent, p99Ms: Math.round(percentileMs(requests, 'known', 99)) })
    expect(new Set(requests.flatMap(({ attempts }) => attempts.map(({ status }) => status)))).toEqual(new Set([429]))
    expect(sent).toBeLessThanOrEqual(30)
    const { status, headers, json } = await chat(upstreams)
    expect(status).toBe(429)
    expect(json()['error']).toMatchObject({ code: 'upstream_rate_limited', metadata: { scope: 'provider' } })
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(25)
  })

  it('are waited for here when it takes a second, so that no caller gets an error', async (context) => {
    const upstreams = current()
    for (const provider of PROVIDERS) {
      await upstreams.behave(provider, { faults: ['status:429'], retryAfterSeconds: 1 })
    }
    const requests = await load(upstreams, { rate: 30 }, async ({ phase }) => {
      await phase('limited', 300)
      for (const provider of PROVIDERS) await upstreams.behave(provider, { faults: [] })
      await phase('over', 2_000)
    })
    const longestMs = Math.max(percentileMs(requests, 'limited', 100), percentileMs(requests, 'over', 100))
    note(context, { requests: requests.length, longestMs: Math.round(longestMs) })
    expect(failuresOf(requests)).toEqual({})
    expect(longestMs).toBeGreaterThan(500)
    expect(longestMs).toBeLessThan(2_000)
  })
})

/** The primary answers 429 with this hint, while it limits; else well. */
async function limiting(
  upstreams: Upstreams,
  hint: () => string | null,
  isLimiting: () => boolean = () => true,
): Promise<OwnProvider> {
  const provider = await startProvider((asking: Asking) => {
    if (!isLimiting()) return answerWell(asking)
    const retryAfter = hint()
    if (retryAfter !== null) asking.response.setHeader('retry-after', retryAfter)
    asking.response.writeHead(429).end('{"error":{"message":"Too many requests"}}')
  })
  onTestFinished(() => {
    upstreams.reroute(PRIMARY, null)
    return provider.close()
  })
  upstreams.reroute(PRIMARY, provider.origin)
  return provider
}
