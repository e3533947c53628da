import { note, percentile } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import {
  chat,
  failuresOf,
  load,
  PRIMARY,
  PROVIDERS,
  sentTo,
  useUpstreams,
  type Upstreams,
} from './upstream-rig.fixture.ts'

/** So that silence is known in seconds. */
const current = useUpstreams({ UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '1000' })
const KNOWN_MS_MAX = 200
const AMPLIFICATION_MAX = 1.1

async function all(upstreams: Upstreams, how: 'refuse' | '500' | 'stall' | null): Promise<void> {
  await Promise.all(PROVIDERS.map((provider) => upstreams.down(provider, how)))
}

describe('all providers down', () => {
  it.for(['refuse', '500'] as const)(
    'D14 %s: refused at once, and providers are asked no more often than by callers',
    async (how, context) => {
      const upstreams = current()
      const requests = await load(upstreams, { retries: 2, rate: 40 }, async ({ phase }) => {
        await phase('before', 2_000)
        await all(upstreams, how)
        await phase('falling', 1_000)
        await phase('known', 4_000)
        await all(upstreams, null)
        await phase('healing', 1_000)
        await phase('after', 1_000)
      })
      const down = requests.filter(({ phase }) => phase === 'falling' || phase === 'known')
      const asked = down.flatMap(({ attempts }) => attempts)
      const refused = asked.filter(({ status }) => status !== 200)
      const sent = (await upstreams.generations()).filter(({ outcome }) => outcome !== 'finished').length
      const known = refused.filter(({ atMs }) => atMs > (refused[0]?.atMs ?? 0) + 1_000).map(({ ms }) => ms)
      const knownMs = percentile(known, 95)
      const before = requests
        .filter(({ phase }) => phase === 'before')
        .map(({ startedMs, endedMs }) => endedMs - startedMs)
      note(context, { asked: refused.length, sent, knownMs: Math.round(knownMs) })
      expect(new Set(refused.map(({ status, type }) => `${status} ${type}`))).toEqual(
        new Set(['503 no_healthy_provider']),
      )
      expect(sent).toBeLessThanOrEqual(AMPLIFICATION_MAX * refused.length)
      // What other programs do to this machine, they did to the answers before, too.
      expect(knownMs).toBeLessThanOrEqual(KNOWN_MS_MAX + percentile(before, 95))
      expect(failuresOf(requests.filter(({ phase }) => phase === 'after'))).toEqual({})
    },
  )

  it('D14 silent: all but one at a time are refused at once', async (context) => {
    const upstreams = current()
    await all(upstreams, 'stall')
    const requests = await load(upstreams, { streamed: 1, rate: 20 }, async ({ phase }) => {
      await phase('falling', 5_000)
      await phase('known', 3_000)
    })
    const known = requests.filter(({ phase }) => phase === 'known').map(({ startedMs, endedMs }) => endedMs - startedMs)
    const slow = known.filter((ms) => ms > KNOWN_MS_MAX).length
    note(context, { requests: requests.length, known: known.length, slow })
    expect(known.length).toBeGreaterThan(40)
    // One at a time finds out whether anybody is back: three in three seconds, and those that began before it was known.
    expect(slow).toBeLessThanOrEqual(6)
  })

  it('lists what was tried and what was passed over', async () => {
    const upstreams = current()
    await all(upstreams, '500')
    for (let i = 0; i < 40; i++) await chat(upstreams)
    const { status, json, ms } = await chat(upstreams)
    expect(status).toBe(503)
    expect(ms).toBeLessThan(KNOWN_MS_MAX)
    const { code, metadata } = json()['error'] as { code: string; metadata: Record<string, readonly unknown[]> }
    expect(code).toBe('no_healthy_provider')
    expect(metadata['attempts']).toMatchObject([{ status: 500, code: 'upstream_error' }])
    expect(metadata['skipped']).toContainEqual({ provider: 'fir', reason: 'down' })
  })
})

describe('a provider that comes and goes', () => {
  it('D18 is asked less and less, and hardly anybody waits for it', async (context) => {
    const upstreams = current()
    let failed = 0
    const requests = await load(upstreams, {}, async ({ phase }) => {
      for (let round = 0; round < 3; round++) {
        await upstreams.down(PRIMARY, '500')
        await phase('away', 5_000)
        await upstreams.down(PRIMARY, null)
        await phase('there', 5_000)
      }
      const generations = await upstreams.generations()
      failed = sentTo(
        generations.filter(({ status }) => status === 500),
        PRIMARY,
      )
    })
    note(context, { requests: requests.length, failed })
    expect(failuresOf(requests)).toEqual({})
    expect(failed).toBeLessThanOrEqual(12)
    const slow = requests.filter(({ startedMs, endedMs }) => endedMs - startedMs > 1_000).length
    expect(slow).toBeLessThanOrEqual(0.01 * requests.length)
  })
})
