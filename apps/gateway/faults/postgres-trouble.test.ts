import { mintKey, newSecretsText, openKeySecrets } from '@turnpike/store'
import { note, waitFor, type Fault, type FleetGateway } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { simulatorLog, usageSince } from './ground-truth.fixture.ts'
import { expectUnnoticed, playOutage, type Break, type Outage } from './outage.fixture.ts'
import {
  expectUnharmed,
  figuresOf,
  identify,
  passing,
  SERVED,
  tenths,
  underLoad,
  untilServed,
  useFleet,
} from './rig.fixture.ts'

/** Instead of 30 s: a sixth, so that keys come due all through a phase. */
const FRESH_MS = 5_000
const rig = useFleet({ gateways: 2, keys: 400, unseen: 600, environment: { KEY_FRESH_MS: String(FRESH_MS) } })

const AWAY = { openedMs: 250, processorRatio: Infinity }

const stopped: Break = async ({ fleet }) => {
  await fleet.postgres.stop()
  return () => fleet.postgres.start()
}

function through(fault: Fault): Break {
  return async ({ fleet }) => {
    const proxies = fleet.gateways.map(({ postgres }) => postgres)
    await Promise.all(proxies.map((proxy) => proxy.set(fault)))
    return async () => void (await Promise.all(proxies.map((proxy) => proxy.heal())))
  }
}

/** Postgres and Redis. */
const bothRefused: Break = async ({ fleet }) => {
  const proxies = fleet.gateways.flatMap(({ postgres, redis }) => [postgres, redis])
  await Promise.all(proxies.map((proxy) => proxy.set({ kind: 'refuse' })))
  return async () => void (await Promise.all(proxies.map((proxy) => proxy.heal())))
}

describe('Postgres is away', () => {
  it('A20 stopped: known keys are served, new ones get 503 with Retry-After, forged ones are refused', async (context) => {
    const keys = newAndForgedKeys()
    const inRedis = Array.from({ length: 20 }, () => rig().newcomer().key)
    const [first, second] = pair(rig().fleet.gateways)
    for (const key of inRedis) await untilServed(first, key)
    const during = async () => {
      await keys.ask()
      // What one node learned, the other one finds in Redis.
      for (const key of inRedis) await untilServed(second, key)
    }
    await expectUnnoticed(
      context,
      () => playOutage(rig(), { store: 'postgres', ms: 8_000, begin: stopped, during }),
      AWAY,
    )
    note(context, keys.figures())
  })

  it('A21 and Redis too: the same, and afterwards usage and ledger are exact', async (context) => {
    const { fleet } = rig()
    const keys = newAndForgedKeys()
    const sinceMs = Date.now()
    const outages: Outage[] = []
    const before = await simulatorLog(fleet.simulator)
    await expectUnnoticed(
      context,
      async () => {
        const outage = await playOutage(rig(), {
          store: 'postgres',
          ms: 10_000,
          begin: bothRefused,
          during: () => keys.ask(),
        })
        outages.push(outage)
        return outage
      },
      AWAY,
    )
    const answered = outages
      .flatMap(({ history, meanwhile }) => [...history.requests, ...meanwhile])
      .filter(isChat).length
    const generated = (await simulatorLog(fleet.simulator)).entries.slice(before.entries.length)
    const usage = await waitFor(
      async () => {
        const found = await usageSince(fleet.postgres.pool, sinceMs)
        return found.answered >= answered ? found : null
      },
      { withinMs: 15_000, what: 'the journals to be empty' },
    )
    note(context, { ...keys.figures(), answered, billed: usage.answered, ledgerNano: String(usage.ledgerNano) })
    expect(usage.answered).toBe(answered)
    expect(usage.completionTokens).toBe(generated.reduce((sum, { tokensOut }) => sum + tokensOut, 0))
    expect(usage.chargedNano).toBe(usage.costNano)
    expect(usage.ledgerNano).toBe(0n)
  })
})

describe('Postgres is there and does not answer', () => {
  it.for([
    ['A22 five seconds slow', through({ kind: 'latency', ms: 5_000 })],
    ['B9 a black hole, for open connections and new ones', through({ kind: 'blackHole' })],
  ] as const)('%s: known keys are no slower, and new keys get 503 within a second', async ([, begin], context) => {
    const keys = newAndForgedKeys()
    await expectUnnoticed(
      context,
      () => playOutage(rig(), { store: 'postgres', ms: 8_000, begin, during: () => keys.ask() }),
      AWAY,
    )
    note(context, keys.figures())
  })

  it('B7 frozen backends are given up for new ones, and new keys are served again at once', async (context) => {
    const { fleet, newcomer } = rig()
    const waited: number[] = []
    const outcome = await underLoad(rig(), {}, async ({ phase }) => {
      await phase('before', 1_000)
      const { rows } = await fleet.postgres.pool.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'turnpike gateway keys'`,
      )
      await phase('frozen')
      for (const { pid } of rows) process.kill(pid, 'SIGSTOP')
      try {
        const beganMs = performance.now()
        for (const gateway of fleet.gateways) {
          await waitFor(async () => (await identify(gateway, newcomer().key)).status === SERVED, { withinMs: 5_000 })
        }
        waited.push(performance.now() - beganMs)
        await passing(2_000)
      } finally {
        for (const { pid } of rows) process.kill(pid, 'SIGCONT')
      }
      await phase('after', 2_000)
    })
    note(context, {
      ...figuresOf(outcome),
      p99Ms: tenths(outcome.p99Ms('frozen')),
      newKeyMs: tenths(Math.max(...waited)),
    })
    // What was asked of a frozen backend is asked for as long as that is frozen.
    expectUnharmed(outcome, { inFlightMax: 8 })
    expect(Math.max(...waited)).toBeLessThanOrEqual(3_000)
  })

  it('B2 sessions ended again and again: nobody notices, a new key neither', async (context) => {
    const { fleet, newcomer } = rig()
    const statuses: number[] = []
    const outcome = await underLoad(rig(), {}, async ({ phase }) => {
      await phase('ended')
      for (let round = 0; round < 10; round++) {
        await fleet.postgres.terminateBackends()
        for (const gateway of fleet.gateways) statuses.push((await identify(gateway, newcomer().key)).status)
        await passing(500)
      }
    })
    note(context, { ...figuresOf(outcome), p99Ms: tenths(outcome.p99Ms('ended')) })
    // A query whose session was ended is asked again, before its proxy has seen the end of the first.
    expectUnharmed(outcome, { inFlightMax: 12 })
    expect(new Set(statuses)).toEqual(new Set([SERVED]))
  })
})

/** Keys that only Postgres knows and keys that are forged, asked at every gateway while Postgres is away. */
function newAndForgedKeys() {
  const others = openKeySecrets(newSecretsText())
  const times: number[] = []
  return {
    async ask() {
      // The first of them find out how things are.
      for (let round = 0; round < 10; round++) {
        await Promise.all(
          rig().fleet.gateways.map(async (gateway) => {
            const unknown = await identify(gateway, rig().newcomer().key)
            expect([unknown.status, unknown.code]).toEqual([503, 'auth_unavailable'])
            expect(Number(unknown.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
            expect(Number(unknown.headers.get('retry-after'))).toBeLessThanOrEqual(5)
            times.push(unknown.ms)
            const forged = await identify(gateway, mintKey(others, 'live').key)
            expect(forged.status).toBe(401)
          }),
        )
        await passing(200)
      }
      expect(Math.max(...times)).toBeLessThanOrEqual(1_000)
    },
    figures: () => ({ unknownMs: tenths(Math.max(...times)) }),
  }
}

function pair(gateways: readonly FleetGateway[]): readonly [FleetGateway, FleetGateway] {
  const [first, second] = gateways
  if (!first || !second) throw new Error('this takes two gateways')
  return [first, second]
}

function isChat({ ok, attempts }: Outage['history']['requests'][number]): boolean {
  return ok && attempts.some(({ status, type }) => status === 200 && type === null)
}
