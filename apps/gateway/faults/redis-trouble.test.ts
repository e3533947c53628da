import { mintKey, newSecretsText, openKeySecrets } from '@turnpike/store'
import { note, startLoad, type Fault, type FleetGateway } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { stateLines } from './log-lines.fixture.ts'
import { expectUnnoticed, figuresOfOutage, playOutage, type Break, type Outage } from './outage.fixture.ts'
import {
  boundMs,
  expectUnharmed,
  figuresOf,
  healthy,
  identify,
  SERVED,
  measured,
  passing,
  REFERENCE,
  tenths,
  underLoad,
  useFleet,
  type Traffic,
} from './rig.fixture.ts'

/** Instead of 30 s: a sixth, so that keys come due all through a phase. It is also what holds while a channel is lost. */
const FRESH_MS = 5_000
const KEYS = 400

const current = useFleet({ gateways: 2, keys: KEYS, unseen: 300, environment: { KEY_FRESH_MS: String(FRESH_MS) } })

/** Who the gateway thinks a key belongs to is part of these answers, so that an answer of another's shows. */
const NAMING: Traffic = [
  { kind: 'key', rate: 150 },
  { kind: 'identify', rate: 150 },
  { kind: 'chat', rate: 40, streamed: 0.5 },
]

function through(fault: Fault): Break {
  return async ({ fleet }) => {
    const proxies = fleet.gateways.map(({ redis }) => redis)
    await Promise.all(proxies.map((proxy) => proxy.set(fault)))
    return async () => void (await Promise.all(proxies.map((proxy) => proxy.heal())))
  }
}

const freeze: Break = async ({ fleet }) => {
  fleet.redis.freeze()
  return () => fleet.redis.thaw()
}

describe('Redis is away', () => {
  it('A7 refused: no request fails, none is slower or dearer, and new keys are served from Postgres', async (context) => {
    const served: number[] = []
    const during = async () => {
      for (let i = 0; i < 30; i++) {
        for (const gateway of current().fleet.gateways) {
          const { status, ms } = await identify(gateway, current().newcomer().key)
          expect(status).toBe(SERVED)
          served.push(ms)
        }
      }
    }
    await expectUnnoticed(context, () =>
      playOutage(current(), { store: 'redis', ms: 12_000, begin: through({ kind: 'refuse' }), during }),
    )
    note(context, { newKeyMs: tenths(Math.max(...served)) })
    expect(Math.max(...served)).toBeLessThanOrEqual(1_500)
  })

  it.for([100, 1_000, 30_000])(
    'A8 slow by %i ms a reply: it is left alone within 250 ms and missed by nobody',
    (ms, context) =>
      expectUnnoticed(context, () =>
        playOutage(current(), { store: 'redis', ms: 6_000, begin: through({ kind: 'latency', ms }) }),
      ),
  )

  it('A9 frozen: no queue of abandoned commands grows, in memory or anywhere', async (context) => {
    const { gateways } = current().fleet
    const failures: number[] = []
    const grownMiB: number[] = []
    await expectUnnoticed(context, async () => {
      const before = await Promise.all(gateways.map(redisFailures))
      // Sixty seconds, scaled as the freshness of keys is.
      const outage = await playOutage(current(), { store: 'redis', ms: 10_000, begin: freeze })
      const after = await Promise.all(gateways.map(redisFailures))
      failures.push(Math.max(...after.map((count, index) => count - (before[index] ?? NaN))))
      grownMiB.push(outage.grownMiB)
      return outage
    })
    note(context, { abandoned: Math.max(...failures) })
    // Those under way when it froze, and one probe at a time.
    expect(Math.max(...failures)).toBeLessThanOrEqual(100)
    expect(Math.min(...grownMiB)).toBeLessThanOrEqual(20)
  })

  it('A10 one second up, one second down: nothing fails, and each change is logged once', async (context) => {
    const { fleet } = current()
    const sinceMs = Date.now()
    const outcome = await underLoad(current(), {}, async ({ phase }) => {
      await phase('flapping')
      for (let flap = 0; flap < FLAPS; flap++) {
        const mend = await through({ kind: 'refuse' })(current())
        await passing(1_000)
        await mend()
        await passing(1_000)
      }
      await healthy(fleet)
      await phase('after', 2_000)
    })
    const logged = fleet.gateways.map((gateway) => stateLines(gateway, sinceMs))
    note(context, {
      ...figuresOf(outcome),
      p99Ms: tenths(outcome.p99Ms('flapping')),
      changesLogged: Math.max(...logged.map(({ length }) => length)),
      logBytesPerRequest: tenths(outcome.logBytesPerRequest),
    })
    expectUnharmed(outcome)
    for (const lines of logged) {
      for (const of of new Set(lines.map((line) => line.of))) {
        const states = lines.filter((line) => line.of === of).map(({ gone }) => gone)
        expect(states).toEqual(states.map((_, index) => index % 2 === 0))
        expect(states.length).toBeLessThanOrEqual(2 * FLAPS)
      }
    }
  })
})

describe('the outage of 17 February 2026: connections drop, calls fail, and the cache comes back empty', () => {
  const flushed: Break = async (rig) => {
    const mend = await through({ kind: 'refuse' })(rig)
    return async () => {
      await rig.fleet.redis.flush()
      await mend()
    }
  }

  it('A5 under twice the load and with clients that retry, no valid key is refused', async (context) => {
    const traffic = REFERENCE.map((kind) => ({ ...kind, rate: 2 * kind.rate }))
    // Thirteen minutes, scaled more than anything else here.
    await expectUnnoticed(context, () => playOutage(current(), { store: 'redis', ms: 10_000, begin: flushed, traffic }))
  })

  it('A6 with a flood of forged keys on top, which are looked up in no store', async (context) => {
    const { gateways } = current().fleet
    const strangers = openKeySecrets(newSecretsText())
    const keys = Array.from({ length: 1_000 }, () => mintKey(strangers, 'live').key)
    const targets = gateways.map(({ url }) => url)
    let forged = 0
    const play = async () => {
      const before = await Promise.all(gateways.map(forgeriesRefused))
      // A load that the machine carries beside the other one; 3,000 a second were sent then.
      const flood = startLoad({ targets, keys, rate: FLOOD_RATE, kind: 'identify' })
      try {
        return await playOutage(current(), { store: 'redis', ms: 8_000, begin: flushed })
      } finally {
        const { requests } = await flood.stop()
        const answers = new Set(requests.flatMap(({ attempts }) => attempts.map(({ status }) => status)))
        const after = await Promise.all(gateways.map(forgeriesRefused))
        forged = after.reduce((sum, count, index) => sum + count - (before[index] ?? NaN), 0)
        expect(answers).toEqual(new Set([401]))
        expect(forged).toBe(requests.length)
      }
    }
    const result = await measured(play, (outage) => outage.p99Ms('trouble') <= floodedMs(outage))
    note(context, { ...figuresOfOutage(result), forged })
    expectUnharmed(result)
    expect(result.p99Ms('trouble')).toBeLessThanOrEqual(floodedMs(result))
    expect(result.closedMs).toBeLessThanOrEqual(5_000)
    // Good keys alone are looked up: each when it comes due, and when a channel was lost.
    const begun = result.history.requests.map(({ startedMs }) => startedMs)
    const lastedMs = begun.reduce((most, ms) => Math.max(most, ms)) - begun.reduce((least, ms) => Math.min(least, ms))
    expect(Math.max(...result.lookups)).toBeLessThanOrEqual(KEYS * (2 + lastedMs / (0.8 * FRESH_MS)))
  })
})

describe('Redis says something else than what was put there', () => {
  const wrongly: readonly Fault[] = [
    { kind: 'resetAfter', bytes: 300 },
    { kind: 'slice', bytes: 1 },
    // Many more than one byte in a thousand, so that hundreds are hit in this short time.
    { kind: 'corrupt', probability: 0.2 },
  ]

  it.for(wrongly)('A11 $kind: no gateway dies, and nobody is taken for somebody else', async (fault, context) => {
    const { fleet } = current()
    const before = fleet.gateways.map(({ redis }) => redis.stats().corrupted)
    const outcome = await underLoad(current(), { traffic: NAMING }, async ({ phase }) => {
      await phase('wrong')
      const mend = await through(fault)(current())
      await passing(6_000)
      await mend()
      await healthy(fleet)
      await phase('after', 2_000)
    })
    note(context, {
      ...figuresOf(outcome),
      foreign: outcome.foreign,
      corrupted: sumOf(fleet.gateways.map(({ redis }, index) => redis.stats().corrupted - (before[index] ?? 0))),
      p99Ms: tenths(outcome.p99Ms('wrong')),
    })
    expectUnharmed(outcome)
  })

  it('A12 the replies of others: nobody is taken for somebody else, and each that mattered is counted', async (context) => {
    const { fleet } = current()
    const swapped = () => sumOf(fleet.gateways.map(({ redis }) => redis.stats().swapped))
    const wrong = async () => sumOf(await Promise.all(fleet.gateways.map(redisWrong)))
    const [swapsBefore, wrongBefore] = [swapped(), await wrong()]
    const outcome = await underLoad(current(), { traffic: NAMING }, async ({ phase }) => {
      await phase('wrong')
      // Ten times one in a hundred, so that enough are exchanged in this short time.
      const mend = await through({ kind: 'swapReplies', probability: 0.1 })(current())
      await passing(10_000)
      await mend()
      await healthy(fleet)
      await phase('after', 2_000)
    })
    const [swaps, wrongs] = [swapped() - swapsBefore, (await wrong()) - wrongBefore]
    note(context, {
      ...figuresOf(outcome),
      foreign: outcome.foreign,
      swaps,
      wrongs,
      p99Ms: tenths(outcome.p99Ms('wrong')),
    })
    expectUnharmed(outcome)
    expect(wrongs).toBeGreaterThan(0)
    // An exchange is wrong for two; a miss that came instead of a value looks like any other miss.
    expect(wrongs).toBeLessThanOrEqual(2 * swaps)
  })
})

describe('Redis reads and does not write', () => {
  const full: Break = async ({ fleet }) => {
    await fleet.redis.client.config('SET', 'maxmemory-policy', 'noeviction')
    await fleet.redis.client.config('SET', 'maxmemory', '1')
    return async () => void (await fleet.redis.client.config('SET', 'maxmemory', '0'))
  }
  const replica: Break = async ({ fleet }) => {
    // Of a primary that nobody reaches, as after a failover that went wrong.
    await fleet.redis.client.call('REPLICAOF', '127.0.0.1', '1')
    return async () => void (await fleet.redis.client.call('REPLICAOF', 'NO', 'ONE'))
  }

  it.for([
    ['C3 full, and evicting nothing', full],
    ['C4 a replica after a failover', replica],
  ] as const)('%s: reads go on, and no request fails', async ([, begin], context) => {
    const { fleet } = current()
    const states: (number | undefined)[] = []
    const during = async () => {
      for (let i = 0; i < 10; i++) {
        for (const gateway of fleet.gateways) {
          expect((await identify(gateway, current().newcomer().key)).status).toBe(SERVED)
        }
      }
      await passing(3_000)
      for (const gateway of fleet.gateways)
        states.push((await gateway.metrics()).get('turnpike_breaker_state{store="redis"}'))
    }
    const result = await measured(
      () => playOutage(current(), { store: 'redis', ms: 5_000, begin, during }),
      (outage) => outage.p99Ms('trouble') <= boundMs(outage, 'before', 'after'),
    )
    const { openedMs: _opened, closedMs: _closed, ...figures } = figuresOfOutage(result)
    note(context, figures)
    expectUnharmed(result)
    expect(result.p99Ms('trouble')).toBeLessThanOrEqual(boundMs(result, 'before', 'after'))
    expect(new Set(states)).toEqual(new Set([0]))
  })
})

const FLAPS = 8

/** With a flood on top, a request may take half as long again. */
function floodedMs(outage: Outage): number {
  return 1.5 * outage.p99Ms('before', 'after') + 5
}

const FLOOD_RATE = 600

async function redisFailures(gateway: FleetGateway): Promise<number> {
  return (await gateway.metrics()).get('turnpike_key_redis_failures_total') ?? NaN
}

async function redisWrong(gateway: FleetGateway): Promise<number> {
  return (await gateway.metrics()).get('turnpike_key_redis_wrong_total') ?? NaN
}

async function forgeriesRefused(gateway: FleetGateway): Promise<number> {
  return (await gateway.metrics()).get('turnpike_key_refused_total{cause="forged"}') ?? NaN
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
