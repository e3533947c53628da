import { lookUpByNameServers } from '@turnpike/server'
import { note, startNameServer, type NameServer } from '@turnpike/testkit'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { answerWell, startProvider, type Asking, type OwnProvider } from './upstream-provider.fixture.ts'
import { failuresOf, load, percentileMs, PRIMARY, sentTo, useUpstreams, type Phases } from './upstream-rig.fixture.ts'

let names: NameServer
beforeAll(async () => {
  names = await startNameServer()
})
afterAll(() => names.close())
const current = useUpstreams({}, { lookup: (host) => lookUpByNameServers([names.address])(host) })

/** Half of the load that other scenarios have. */
const RATE = 30
/** Any other one. */
const NAMELESS = 'elm'
const HOST = 'provider.test'
const FIRST_CONTACT_MS_MAX = 1_500
const ADDED_MS_MAX = 150
/** An address is used for so long before its name is asked for again. */
const FRESH_MS = 30_000

/** A provider that closes its line after each answer: every request goes by the name. */
function aProvider(at: { readonly host: string; readonly port: number }): Promise<OwnProvider> {
  return startProvider(closing, { at })
}

function closing(asking: Asking): void {
  asking.response.setHeader('connection', 'close')
  answerWell(asking)
}

function portOf({ origin }: OwnProvider): number {
  return Number(new URL(origin).port)
}

/** Nobody else may answer, so that no failover hides what a name costs. */
function only(provider: string) {
  return { rate: RATE / 2, body: { provider: { only: [provider] } } }
}

describe('D25 the name of a provider', () => {
  it('moves to another address: it is followed, and nobody notices', async (context) => {
    const upstreams = current()
    const old = await aProvider({ host: '127.0.0.1', port: 0 })
    const port = portOf(old)
    const moved = await aProvider({ host: '127.0.0.2', port })
    onTestFinished(() => moved.close())
    names.say(HOST, { addresses: ['127.0.0.1'] })
    upstreams.reroute(PRIMARY, `http://${HOST}:${port}`)
    let before = 0
    const requests = await load(upstreams, only(PRIMARY), async ({ phase }) => {
      // Fifteen requests a second: the old address goes between two of them, and takes none along that it is answering.
      await phase('before', 2_033)
      before = moved.asked.length
      names.say(HOST, { addresses: ['127.0.0.2'] })
      await old.close()
      await phase('moved', 3_000)
    })
    const addedMs = percentileMs(requests, 'moved', 95) - percentileMs(requests, 'before', 95)
    note(context, { requests: requests.length, addedMs: Math.round(addedMs), lookups: names.asked.length })
    expect(failuresOf(requests)).toEqual({})
    expect([before, old.asked.length > 0, moved.asked.length > 0]).toEqual([0, true, true])
    expect(addedMs).toBeLessThanOrEqual(ADDED_MS_MAX)
  })

  it.for([
    ['does not exist any more', { fails: 'no such name' }],
    ['is answered after 30 s', { addresses: ['127.0.0.1'], afterMs: 30_000 }],
    ['is not answered', null],
  ] as const)('%s: the known addresses serve, without waiting', async ([, answer], context) => {
    const upstreams = current()
    const provider = await aProvider({ host: '127.0.0.1', port: 0 })
    onTestFinished(() => provider.close())
    names.say(HOST, { addresses: ['127.0.0.1'] })
    upstreams.reroute(PRIMARY, `http://${HOST}:${portOf(provider)}`)
    // The same provider without a name: what else happens on this machine happens to both.
    upstreams.reroute(NAMELESS, provider.origin)
    let lookups = 0
    const playing = (change: () => void) =>
      async function play({ phase }: Phases): Promise<void> {
        await phase('before', 2_000)
        change()
        await phase('fresh', FRESH_MS)
        await phase('stale', 8_000)
      }
    const trouble = () => {
      lookups = names.asked.length
      names.say(HOST, answer)
    }
    const [named, nameless] = await Promise.all([
      load(upstreams, only(PRIMARY), playing(trouble)),
      load(
        upstreams,
        only(NAMELESS),
        playing(() => undefined),
      ),
    ])
    lookups = names.asked.length - lookups
    const added = (p: number) => Math.round(percentileMs(named, 'stale', p) - percentileMs(nameless, 'stale', p))
    note(context, { requests: named.length, addedMs: added(95), longestAddedMs: added(100), lookups })
    expect(failuresOf([...named, ...nameless])).toEqual({})
    expect(provider.asked).toHaveLength(named.length + nameless.length)
    // It was asked for in the meantime, and not by each request.
    expect(lookups).toBeGreaterThan(0)
    expect(lookups).toBeLessThan(20)
    expect(added(95)).toBeLessThanOrEqual(ADDED_MS_MAX)
    // Not a single one waited for the name: that takes as long as a line may take.
    expect(added(100)).toBeLessThan(FIRST_CONTACT_MS_MAX)
  })

  it('is answered after 30 s at first contact: that costs 1.5 s, and later nothing', async (context) => {
    const upstreams = current()
    names.say(HOST, { addresses: ['127.0.0.1'], afterMs: 30_000 })
    // As slow as real ones: whoever takes over has many at once.
    await upstreams.behave('*', { instant: false, firstTokenMs: 300, tokensPerSecond: 1_000 })
    let sent = 0
    const requests = await load(upstreams, { rate: RATE }, async ({ phase }) => {
      await phase('before', 2_000)
      upstreams.reroute(PRIMARY, `http://${HOST}:9`)
      sent = sentTo(await upstreams.generations(), PRIMARY)
      await phase('contact', 2_000)
      await phase('avoided', 4_000)
    })
    const beforeMs = percentileMs(requests, 'before', 100)
    const contactMs = percentileMs(requests, 'contact', 95)
    const addedMs = percentileMs(requests, 'avoided', 95) - percentileMs(requests, 'before', 95)
    note(context, { requests: requests.length, contactMs: Math.round(contactMs), addedMs: Math.round(addedMs) })
    expect(failuresOf(requests)).toEqual({})
    expect(sent).toBeGreaterThan(0)
    expect(contactMs).toBeGreaterThan(FIRST_CONTACT_MS_MAX)
    expect(contactMs).toBeLessThanOrEqual(FIRST_CONTACT_MS_MAX + ADDED_MS_MAX + beforeMs)
    expect(addedMs).toBeLessThanOrEqual(ADDED_MS_MAX)
  })
})
