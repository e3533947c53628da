import { mintKey, newSecretsText, openKeySecrets } from '@turnpike/store'
import { limitMs, ratePerSecond, waitFor, type FleetGateway } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import {
  expectUnharmed,
  healthy,
  identify,
  SERVED,
  underLoad,
  useFleet,
  type Outcome,
  type Traffic,
} from '../faults/rig.fixture.ts'

const rig = useFleet({
  ...{ gateways: 2, keys: 60, unseen: 60, warmUp: false },
  // Instead of 30 s, so that keys come due within a phase.
  environment: { KEY_FRESH_MS: '2000' },
})

/** What callers get when the look-up of their key takes too long. */
const UNAVAILABLE = 503

/** Waits until the key is served. A machine too busy to look it up in time refuses it meanwhile, and never as invalid. */
async function served(gateway: FleetGateway, key: string): Promise<void> {
  await waitFor(
    async () => {
      const { status } = await identify(gateway, key)
      expect([SERVED, UNAVAILABLE]).toContain(status)
      return status === SERVED
    },
    { withinMs: limitMs(2_000), what: 'a look-up in PostgreSQL' },
  )
}

const traffic = (): Traffic => [
  { kind: 'identify', rate: ratePerSecond(100) },
  { kind: 'chat', rate: ratePerSecond(20), streamed: 0.5 },
]

describe('a valid key', () => {
  it('is served while Redis refuses, an unseen one from Postgres, and all is well again by itself', async () => {
    const { fleet, newcomer } = rig()
    const proxies = fleet.gateways.map(({ redis }) => redis)
    expectUnharmed(
      await outage(
        () => Promise.all(proxies.map((proxy) => proxy.set({ kind: 'refuse' }))),
        async () => {
          for (const gateway of fleet.gateways) await served(gateway, newcomer().key)
        },
        () => Promise.all(proxies.map((proxy) => proxy.heal())),
      ),
    )
  })

  it('is served while Redis is frozen and while it is empty', async () => {
    const { redis } = rig().fleet
    expectUnharmed(
      await outage(
        () => redis.freeze(),
        () => undefined,
        async () => {
          await redis.thaw()
          await redis.flush()
        },
      ),
    )
  })

  it('is served while both stores are down, when an unseen one is 503 within a second and a forged one 401', async () => {
    const { fleet, newcomer } = rig()
    const proxies = fleet.gateways.flatMap(({ redis, postgres }) => [redis, postgres])
    const strangers = openKeySecrets(newSecretsText())
    expectUnharmed(
      await outage(
        () => Promise.all(proxies.map((proxy) => proxy.set({ kind: 'refuse' }))),
        async () => {
          for (const gateway of fleet.gateways) {
            const unseen = await identify(gateway, newcomer().key)
            expect([unseen.status, unseen.code]).toEqual([503, 'auth_unavailable'])
            expect(Number(unseen.headers.get('retry-after'))).toBeGreaterThan(0)
            expect(unseen.ms).toBeLessThan(limitMs(1_000))
            expect((await identify(gateway, mintKey(strangers, 'live').key)).status).toBe(401)
          }
        },
        () => Promise.all(proxies.map((proxy) => proxy.heal())),
      ),
    )
  })

  it('first used by 300 callers at once is looked up once per node at most', async () => {
    const { fleet, newcomer } = rig()
    const { key } = newcomer()
    const before = await lookedUp()
    const use = (gateway: FleetGateway) => Promise.all(Array.from({ length: 150 }, () => identify(gateway, key)))
    const answers = await Promise.all(fleet.gateways.map(use))
    const after = await lookedUp()
    for (const [index, callers] of answers.entries()) {
      const refused = callers.filter(({ status }) => status === UNAVAILABLE).length
      expect(callers.filter(({ status }) => status === SERVED)).toHaveLength(150 - refused)
      // On a machine too busy to look a key up in time the callers so far are refused, and the next one asks again.
      expect((after[index] ?? NaN) - (before[index] ?? NaN)).toBeLessThanOrEqual(refused > 0 ? refused : 1)
    }
  })
})

/** One with the load on before, during and after it. */
function outage(begin: () => unknown, meanwhile: () => unknown, end: () => unknown): Promise<Outcome> {
  return underLoad(rig(), { traffic: traffic() }, async ({ phase }) => {
    await phase('before', 300)
    await phase('trouble')
    await begin()
    try {
      await phase('in trouble', 1_000)
      await meanwhile()
    } finally {
      await end()
    }
    await healthy(rig().fleet)
    await phase('after', 500)
  })
}

/** Keys that each gateway has looked up in Postgres for its callers. */
function lookedUp(): Promise<number[]> {
  const { gateways } = rig().fleet
  const digests = gateways.map((gateway) => gateway.metrics())
  return Promise.all(digests.map(async (figures) => (await figures).get('turnpike_key_postgres_digests_total') ?? NaN))
}
