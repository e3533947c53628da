import { note, waitFor } from '@turnpike/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerWell, startProvider, type Asking } from './upstream-provider.fixture.ts'
import {
  chat,
  failuresOf,
  load,
  PRIMARY,
  PROVIDERS,
  sentTo,
  useUpstreams,
  type Generation,
  type Upstreams,
} from './upstream-rig.fixture.ts'

const current = useUpstreams({ HEALTH_PROBES: 'off' })

/** What the promise says, and what is left of it for requests that explore. */
const MOVED_MIN = 0.8
const BACK_MIN = 0.8
const TOKENS_PER_SECOND = 2_000

describe('a provider that becomes five times slower', () => {
  it('D16 loses four fifths of its traffic within ten seconds under `latency`, and has it back within a minute', async (context) => {
    const upstreams = current()
    await upstreams.behave('*', { instant: false, firstTokenMs: 200, tokensPerSecond: TOKENS_PER_SECOND })
    await upstreams.behave(PRIMARY, { firstTokenMs: 60 })
    const options = { streamed: 1, rate: 40, body: { provider: { sort: 'latency' } } }
    const shares: number[] = []
    const since = async (seen: number) => (await upstreams.generations()).slice(seen)
    const requests = await load(upstreams, options, async ({ phase }) => {
      const shareOf = async (name: string, ms: number) => {
        const seen = (await upstreams.generations()).length
        await phase(name, ms)
        shares.push(shareAt(await since(seen)))
      }
      await phase('learning', 5_000)
      await shareOf('before', 3_000)
      await upstreams.behave(PRIMARY, { firstTokenMs: 300 })
      await phase('noticing', 4_000)
      await shareOf('slow', 6_000)
      await upstreams.behave(PRIMARY, { firstTokenMs: 60 })
      await phase('healed', 45_000)
      await shareOf('back', 10_000)
    })
    const [before = 0, slow = 1, back = 0] = shares
    note(context, { requests: requests.length, before, slow, back })
    expect(failuresOf(requests)).toEqual({})
    expect(before).toBeGreaterThan(0.8)
    expect(slow).toBeLessThanOrEqual((1 - MOVED_MIN) * before)
    expect(back).toBeGreaterThanOrEqual(BACK_MIN * before)
  }, 150_000)
})

describe('a provider that was down', () => {
  it('D19 is asked by exactly one of 500 that arrive at once, and then has a growing share', async (context) => {
    const upstreams = current()
    const held: Asking[] = []
    let mood: 'fails' | 'holds' | 'answers' = 'fails'
    const provider = await startProvider((asking) => {
      if (mood === 'fails') asking.response.writeHead(500).end('{}')
      else if (mood === 'holds') held.push(asking)
      else answerWell(asking)
    })
    onTestFinished(() => {
      upstreams.reroute(PRIMARY, null)
      return provider.close()
    })
    upstreams.reroute(PRIMARY, provider.origin)
    await load(upstreams, {}, async () => {
      const isDown = () => upstreams.status(PRIMARY) === -2
      await waitFor(isDown, { withinMs: 10_000, what: 'the provider to be called down' })
    })
    const probed = provider.asked.length
    mood = 'holds'
    const dueMs = performance.now() + DOWN_MS_MAX
    await waitFor(() => performance.now() >= dueMs, { withinMs: DOWN_MS_MAX + 5_000 })
    const burst = Promise.all(Array.from({ length: 500 }, (_, i) => chat(upstreams, {}, {}, i % upstreams.keys.length)))
    const others = async () => (await upstreams.generations()).length
    await waitFor(async () => (await others()) >= 499 && held.length > 0, { withinMs: 20_000, what: 'the other 499' })
    expect(provider.asked.length - probed).toBe(1)
    mood = 'answers'
    for (const asking of held) answerWell(asking)
    const statuses = (await burst).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    const [early, late] = await rampOf(upstreams, provider.asked)
    note(context, { early, late })
    expect(early).toBeGreaterThan(0)
    expect(early).toBeLessThan(EARLY_MAX * late)
  })
})

/** An endpoint that fell is left alone for 20 s, a fifth more or less. */
const DOWN_MS_MAX = 24_500

/** With a fifth of its weight it gets a third of what it gets later; this many requests keep the dice four deviations below this. */
const EARLY_MAX = 0.6
const RAMP_RATE = 200

/** How many requests it gets in its first two seconds, and in two after its ramp of ten. */
async function rampOf(upstreams: Upstreams, asked: readonly Asking[]): Promise<[number, number]> {
  let early = 0
  let late = 0
  await load(upstreams, { rate: RAMP_RATE }, async ({ phase }) => {
    const count = async (name: string) => {
      const before = asked.length
      await phase(name, 2_000)
      return asked.length - before
    }
    early = await count('early')
    await phase('ramp', 9_000)
    late = await count('late')
  })
  return [early, late]
}

function shareAt(generations: readonly Generation[]): number {
  const all = PROVIDERS.reduce((sum, provider) => sum + sentTo(generations, provider), 0)
  return Math.round((sentTo(generations, PRIMARY) / all) * 100) / 100
}
