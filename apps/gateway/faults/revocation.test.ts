import { note, percentile, waitFor, type Fleet, type FleetGateway, type FleetKey } from '@turnpike/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startControl, type ControlProcess } from './control.fixture.ts'
import { eachOf, lastServedMs, openPublisher, REFUSED, type Publisher, type Span } from './publisher.fixture.ts'
import {
  acquaint,
  figuresOf,
  healthy,
  identify,
  passing,
  SERVED,
  underLoad,
  useFleet,
  type Traffic,
} from './rig.fixture.ts'
import { make, MUTATIONS, plantWorld, unmade, type Look } from './mutations.fixture.ts'
import { expectFair, expectRefused, figuresOfRevoked, revokeUnderLoad } from './revoking.fixture.ts'

/** Keys that stay in force throughout. */
const STAYING = 100
const REVOKED_IN_HEALTH = 1_000
const REVOKED_IN_TROUBLE = 60
const REVOKED_AWAY = 20

/** Half of the reference load. */
const HALF: Traffic = [
  { kind: 'identify', rate: 150 },
  { kind: 'chat', rate: 20, streamed: 0.5 },
]

describe('a revoked key', () => {
  const keys = STAYING + REVOKED_IN_HEALTH + 6 * REVOKED_IN_TROUBLE + REVOKED_AWAY
  const current = useFleet({ gateways: 2, keys })
  let control: ControlProcess
  let publisher: Publisher
  beforeAll(async () => {
    control = await startControl(current().fleet)
    publisher = await openPublisher(current().fleet)
  })
  afterAll(async () => {
    await publisher?.close()
    await control?.close()
  })
  let taken = STAYING
  const take = (count: number): FleetKey[] => current().known.slice(taken, (taken += count))
  const staying = () => current().known.slice(0, STAYING)

  it('A14 is refused by every node within a second of the answer to its revocation, under load', async (context) => {
    const doomed = take(REVOKED_IN_HEALTH)
    const outcome = await revokeUnderLoad(current(), {
      ...{ keys: [...staying(), ...doomed], doomed, boundMs: 2_000 },
      revoke: (key) => control.revoke(key),
    })
    note(context, figuresOfRevoked(outcome))
    expectFair(outcome)
    expect(percentile(outcome.servedMs, 99)).toBeLessThanOrEqual(1_000)
    expect(Math.max(...outcome.servedMs)).toBeLessThanOrEqual(2_000)
  })

  const troubles: readonly [string, Trouble][] = [
    [
      'with Redis down',
      async ({ redis }) => {
        await redis.kill()
        return () => redis.start()
      },
    ],
    [
      'while every subscription is killed again and again',
      ({ redis }) => repeatedly(100, () => redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')),
    ],
    ['while the cache is emptied again and again', ({ redis }) => repeatedly(200, () => redis.flush())],
  ]

  it.for(troubles)('A15 is refused by every node within three seconds %s', async ([, trouble], context) => {
    const { fleet } = current()
    const doomed = take(REVOKED_IN_TROUBLE)
    const outcome = await revokeUnderLoad(current(), {
      ...{ keys: [...staying(), ...doomed], doomed, boundMs: 3_000, atOnce: 15 },
      revoke: (key) => publisher.revoke(key),
      fault: () => trouble(fleet),
    })
    note(context, figuresOfRevoked(outcome))
    expectFair(outcome)
    expect(Math.max(...outcome.servedMs)).toBeLessThanOrEqual(3_000)
  })

  it('A15 is refused by every node within three seconds though its message was lost and nobody noticed', async (context) => {
    const silent = await openPublisher(current().fleet, { publishes: false })
    const doomed = take(REVOKED_IN_TROUBLE)
    try {
      const outcome = await revokeUnderLoad(current(), {
        ...{ keys: [...staying(), ...doomed], doomed, boundMs: 3_000, atOnce: 15, traffic: HALF },
        revoke: (key) => silent.revoke(key),
      })
      note(context, figuresOfRevoked(outcome))
      expectFair(outcome)
      expect(Math.max(...outcome.servedMs)).toBeLessThanOrEqual(3_000)
    } finally {
      await silent.close()
    }
  })

  it('A13 is not brought back by an older value in Redis, nor is an older name', async (context) => {
    const { fleet } = current()
    const [first] = fleet.gateways
    if (!first) throw new Error('a gateway was asked for')
    const old = new Map<string, string>()
    const inRedis: FleetKey[] = []
    const doomed = take(2 * REVOKED_IN_TROUBLE)
    // Redis was emptied a moment ago, and who knows a key has no reason to write it again. One that knows none has.
    await first.stop()
    await first.start()
    await acquaint([first], doomed)
    for (const key of doomed) {
      const place = `turnpike:key:${key.digest.toString('hex')}`
      const value = await fleet.redis.client.get(place)
      // A busy machine takes longer than a gateway waits for Redis, and then a key is not there.
      if (value === null) continue
      old.set(place, value)
      inRedis.push(key)
    }
    const half = Math.floor(inRedis.length / 2)
    const [revoked, renamed] = [inRedis.slice(0, half), inRedis.slice(half)]
    const asked = [...staying(), ...inRedis]
    expect(half).toBeGreaterThanOrEqual(REVOKED_IN_TROUBLE / 2)
    const putBack = () => fleet.redis.client.mset(old)
    const wrongNames = new Set<string>()
    const outcome = await revokeUnderLoad(current(), {
      ...{ keys: asked, doomed: revoked, boundMs: 1_000, atOnce: 15, traffic: HALF },
      revoke: (key) => publisher.revoke(key),
      fault: async () => {
        for (const key of renamed) await rename(publisher, key)
        return repeatedly(50, putBack)
      },
      async afterwards() {
        await putBack()
        await eachOf(renamed, 4, async (key) => {
          for (const gateway of fleet.gateways) wrongNames.add(await nameOf(gateway, key))
        })
      },
    })
    // One that knows nothing finds what is old in Redis, sealed by us and not an hour old.
    await putBack()
    const [, second] = fleet.gateways
    await second?.stop('SIGKILL')
    await second?.start()
    await expectRefused(fleet.gateways, revoked)
    for (const key of renamed) for (const gateway of fleet.gateways) wrongNames.add(await nameOf(gateway, key))
    note(context, { ...figuresOfRevoked(outcome), putBack: old.size })
    expectFair(outcome)
    expect([...wrongNames]).toEqual([NEW_NAME])
  })

  it('A18 whatever else changes what a key may do is in force on every node within a second', async (context) => {
    const { fleet } = current()
    const world = await plantWorld(fleet, publisher)
    const key = unmade(world)
    const slowest = { ms: 0, what: '' }
    const everywhere = (look: Look, wanted: string, what: string) =>
      waitFor(
        async () => (await Promise.all(fleet.gateways.map((each) => look(each, key)))).every((is) => is === wanted),
        {
          ...{ withinMs: 5_000, what: `“${wanted}” of a key: ${what}` },
        },
      )
    const outcome = await underLoad(current(), { keys: staying(), traffic: HALF }, async (scene) => {
      await scene.phase('changing')
      for (const { table, what, look, before, after, prepare, change } of MUTATIONS) {
        await prepare?.(world, key)
        await everywhere(look, before, `before ${table}, ${what}`)
        const { endedMs } = await change(world, key)
        await everywhere(look, after, `${table}, ${what}`)
        const ms = performance.now() - endedMs
        if (ms > slowest.ms) Object.assign(slowest, { ms, what: `${table}, ${what}` })
        await passing(SETTLED_MS)
        await everywhere(look, after, `for good: ${table}, ${what}`)
      }
    })
    note(context, {
      ...figuresOf(outcome),
      mutations: MUTATIONS.length,
      mostMs: Math.round(slowest.ms),
      slowest: slowest.what,
    })
    expectFair(outcome)
    expect(slowest.ms).toBeLessThanOrEqual(1_000)
    expect(new Set(MUTATIONS.map(({ table }) => table))).toEqual(await versionedTables(fleet))
  })

  it('A18 a key expires everywhere at its hour, neither before nor after', async (context) => {
    const { fleet } = current()
    const world = await plantWorld(fleet, publisher)
    const expiresAt = new Date(Date.now() + 4_000)
    const key = unmade(world, expiresAt)
    await make(world, key)
    const last = { ms: 0 }
    const outcome = await underLoad(current(), { keys: staying(), traffic: HALF }, async (scene) => {
      await scene.phase('expiring')
      for (const gateway of fleet.gateways) expect((await identify(gateway, key.key)).status).toBe(SERVED)
      while (Date.now() < expiresAt.getTime() - SKEW_MS) {
        for (const gateway of fleet.gateways) {
          const askedMs = Date.now()
          const { status } = await identify(gateway, key.key)
          if (Date.now() < expiresAt.getTime() - SKEW_MS) expect([status, askedMs]).toEqual([SERVED, askedMs])
        }
      }
      last.ms = await lastServedMs(fleet.gateways, key, performance.now() + expiresAt.getTime() - Date.now())
    })
    note(context, { ...figuresOf(outcome), servedMostMs: Math.round(last.ms) })
    expectFair(outcome)
    expect(last.ms).toBeLessThanOrEqual(1_000)
  })

  it('A18 an organisation that comes to allow no stale copies is served none, within a second', async (context) => {
    const { fleet } = current()
    const [cut] = fleet.gateways
    if (!cut) throw new Error('a gateway was asked for')
    const world = await plantWorld(fleet, publisher)
    const key = unmade(world)
    await make(world, key)
    for (const gateway of fleet.gateways) expect((await identify(gateway, key.key)).status).toBe(SERVED)
    const { tenantId } = key
    const outcome = await underLoad(current(), { keys: staying(), traffic: HALF }, async (scene) => {
      await scene.phase('changing')
      await publisher.change(tenantId, ({ organisations }) =>
        organisations.update(tenantId, { staleMaxS: 0 }, 'organisation.update'),
      )
      await scene.phase('received', 1_000)
      await scene.phase('cut off')
      await Promise.all([cut.redis.set({ kind: 'refuse' }), cut.postgres.set({ kind: 'refuse' })])
      try {
        await waitFor(async () => (await identify(cut, key.key)).status === UNAVAILABLE, { withinMs: 3_000 })
        await passing(1_000)
        expect((await identify(cut, key.key)).status).toBe(UNAVAILABLE)
      } finally {
        await Promise.all([cut.redis.heal(), cut.postgres.heal()])
      }
      await waitFor(async () => (await identify(cut, key.key)).status === SERVED, { withinMs: 5_000 })
      await healthy(current().fleet)
    })
    note(context, figuresOf(outcome))
    expectFair(outcome)
  })

  it('A16 is refused while Postgres is down, and stays so though the process that took it is killed and started again', async (context) => {
    const { fleet } = current()
    const doomed = take(REVOKED_AWAY)
    // A gateway that does not know a key cannot tell that it was revoked: it says 503 until Postgres is back.
    await acquaint(fleet.gateways, doomed)
    await control.acquaint()
    const statuses = new Set<number>()
    const durable = { ms: NaN }
    const outcome = await revokeUnderLoad(current(), {
      ...{ keys: [...staying(), ...doomed], doomed, boundMs: 3_000, traffic: HALF },
      async revoke(key) {
        const { status, ...span } = await control.revoke(key)
        statuses.add(status)
        return span
      },
      async fault() {
        await fleet.postgres.stop()
        return () => Promise.resolve()
      },
      async afterwards(scene) {
        await scene.phase('killed')
        await control.kill()
        await expectRefused(fleet.gateways, doomed)
        await scene.phase('started again')
        await control.start()
        await expectRefused(fleet.gateways, doomed)
        const backMs = performance.now()
        await fleet.postgres.start()
        await waitFor(async () => (await revokedCount(fleet, doomed)) === doomed.length, { withinMs: 20_000 })
        durable.ms = performance.now() - backMs
      },
    })
    note(context, { ...figuresOfRevoked(outcome), durableMs: Math.round(durable.ms) })
    expectFair(outcome)
    expect([...statuses]).toEqual([202])
    expect(Math.max(...outcome.servedMs)).toBeLessThanOrEqual(3_000)
  })
})

/** Longer than both channels need: the second one must change nothing. */
const SETTLED_MS = 200
/** The hour of this machine and that of Postgres, as a gateway knows it, differ by less. */
const SKEW_MS = 300
/** Tables with a version that are not changed in place, and presets, which are nothing to a key. */
const NEVER_EDITED = [
  'policy_versions',
  'preset_versions',
  'presets',
  'endpoint_prices',
  'key_events',
  'catalogue_version',
]

async function versionedTables({ postgres }: Fleet): Promise<Set<string>> {
  const { rows } = await postgres.pool.query<{ name: string }>(
    `SELECT c.table_name AS name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND c.column_name = 'version' AND t.table_type = 'BASE TABLE'
       AND c.table_name <> ALL ($1)`,
    [NEVER_EDITED],
  )
  return new Set(rows.map(({ name }) => name))
}

const NEW_NAME = 'another name'

function rename(publisher: Publisher, { tenantId, id }: FleetKey): Promise<Span> {
  return publisher.change(tenantId, ({ apiKeys }) => apiKeys.update(id, { name: NEW_NAME }, 'key.rename'))
}

async function nameOf(gateway: FleetGateway, { key }: FleetKey): Promise<string> {
  const reply = await fetch(`${gateway.url}/key`, { headers: { authorization: `Bearer ${key}` } })
  const text = await reply.text()
  return reply.ok ? (JSON.parse(text) as { data: { label: string } }).data.label : `${reply.status} ${text}`
}

/** How many of them are revoked in Postgres. */
async function revokedCount({ postgres }: Fleet, keys: readonly FleetKey[]): Promise<number> {
  const { rows } = await postgres.pool.query<{ count: string }>(
    `SELECT count(*)::text AS count FROM (SELECT set_config('role', 'turnpike_system', true)) s, api_keys
     WHERE id = ANY ($1) AND revoked_at IS NOT NULL`,
    [keys.map(({ id }) => id)],
  )
  return Number(rows[0]?.count)
}

describe('a gateway that is cut off from both stores', () => {
  /** Sixty minutes, scaled by 240, and the thirty seconds of freshness by 15. */
  const STALE_MS = 15_000
  const FRESH_MS = 2_000
  /** Taken in turn, each is asked for five times a second, and so again as soon as it is due. */
  const KEYS = 30
  const RATE = 150
  const current = useFleet({
    ...{ gateways: 2, keys: KEYS },
    environment: { KEY_STALE_MS: String(STALE_MS), KEY_FRESH_MS: String(FRESH_MS) },
  })

  it('A23 says so within ten seconds, serves known keys until they are too old, and harms nobody else', async (context) => {
    const { fleet, known } = current()
    const [cut, other] = fleet.gateways
    const [victim, ...keys] = known
    if (!cut || !other || !victim) throw new Error('two gateways and some keys were asked for')
    const publisher = await openPublisher(fleet)
    const traffic: Traffic = [
      // No retries: a retry may be answered in a later phase than the one in which its request is counted.
      { kind: 'identify', rate: RATE, targets: [cut.url], retries: 0, random: inTurn(keys.length) },
      { kind: 'identify', rate: RATE, targets: [other.url] },
    ]
    const at = { cutMs: 0, notReadyMs: NaN, lastServedMs: NaN, healedMs: 0, backMs: NaN, elsewhereMs: NaN }
    const outcome = await underLoad(current(), { traffic, keys }, async (scene) => {
      await scene.phase('before', 2_000)
      // It was verified a moment before the cut, as keys are that are in use.
      await waitFor(async () => (await identify(cut, victim.key)).status === SERVED, { withinMs: 1_000 })
      await passing(SETTLED_MS)
      await scene.phase('known')
      at.cutMs = performance.now()
      await Promise.all([cut.redis.set({ kind: 'blackHole' }), cut.postgres.set({ kind: 'blackHole' })])
      const { endedMs } = await publisher.revoke(victim)
      at.elsewhereMs = await lastServedMs([other], victim, endedMs)
      await waitFor(async () => !(await cut.ready()).ready, { withinMs: 15_000 })
      at.notReadyMs = performance.now() - at.cutMs
      await passing(at.cutMs + STALE_MS - FRESH_MS * (1 + JITTER) - MARGIN_MS - performance.now())
      await scene.phase('ageing')
      at.lastServedMs = (await lastBeforeUnavailable(cut, victim, STALE_MS)) - at.cutMs
      await passing(at.cutMs + STALE_MS + MARGIN_MS - performance.now())
      await scene.phase('too old', 2_000)
      await scene.phase('healing', LOOK_UP_MS_MAX)
      at.healedMs = performance.now()
      await Promise.all([cut.redis.heal(), cut.postgres.heal()])
      await waitFor(async () => (await identify(cut, victim.key)).status === REFUSED, { withinMs: 15_000 })
      await waitFor(async () => (await cut.ready()).ready, { withinMs: 15_000 })
      at.backMs = performance.now() - at.healedMs
      await healthy(current().fleet)
      await scene.phase('after', 3_000)
      await expectRefused([cut, other], [victim])
    })
    await publisher.close()
    const { requests } = outcome.history
    const askedOf = ({ url }: FleetGateway) => requests.filter(({ attempts }) => attempts[0]?.target === url)
    const answers = (gateway: FleetGateway) =>
      new Set(askedOf(gateway).flatMap(({ phase, attempts }) => attempts.map(({ status }) => `${phase}: ${status}`)))
    note(context, {
      ...figuresOf({ ...outcome, failed: askedOf(other).filter(({ ok }) => !ok).length }),
      ...rounded({ notReadyMs: at.notReadyMs, lastServedMs: at.lastServedMs, backMs: at.backMs }),
      elsewhereMs: Math.round(at.elsewhereMs),
    })
    expect(outcome).toMatchObject({ wrong401: 0, internal: 0, foreign: 0, dead: 0 })
    expect([...answers(other)].filter((answer) => !answer.endsWith(`: ${SERVED}`))).toEqual([])
    // While the copies of the cut gateway become too old, and until it is ready again, either answer is right.
    const decided = [...answers(cut)].filter((answer) => !/^(?:ageing|healing): (?:400|503)$/.test(answer))
    expect(decided.toSorted(), decided.join(', ')).toEqual(['after: 400', 'before: 400', 'known: 400', 'too old: 503'])
    expect(at.notReadyMs).toBeLessThanOrEqual(10_000)
    expect(at.elsewhereMs).toBeLessThanOrEqual(1_000)
    // Its age counts from when it was last verified, which is before the cut.
    expect(at.lastServedMs).toBeLessThanOrEqual(STALE_MS + MARGIN_MS)
    expect(at.backMs).toBeLessThanOrEqual(3_000)
  })
})

const UNAVAILABLE = 503
/** Of the time after which a copy is asked for again. */
const JITTER = 0.2
/** From a caller's question to its answer: what is under way when stores come back would be answered by them. */
const LOOK_UP_MS_MAX = 1_000
/** What two processes on a busy machine may disagree by. */
const MARGIN_MS = 500

/** Asks until the gateway answers that it cannot check the key. @returns when the key was served last, `performance.now()`; NaN: never */
async function lastBeforeUnavailable(gateway: FleetGateway, { key }: FleetKey, withinMs: number): Promise<number> {
  let lastMs = NaN
  const unavailable = async () => {
    const { status } = await identify(gateway, key)
    if (status === SERVED) lastMs = performance.now()
    return status === UNAVAILABLE
  }
  await waitFor(unavailable, { withinMs, what: 'the end of a stale copy' })
  return lastMs
}

/** Dice that show each of `sides` once a round. */
function inTurn(sides: number): () => number {
  let thrown = 0
  return () => ((thrown++ % sides) + 0.5) / sides
}

function rounded(figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, ms]) => [name, Math.round(ms)]))
}

/** Begins a fault for all; what it returns ends it. */
type Trouble = (fleet: Fleet) => Promise<() => Promise<void>>

/** Does it now and again that long after it was done, until the returned function is called. */
async function repeatedly(everyMs: number, work: () => Promise<unknown>): Promise<() => Promise<void>> {
  await work()
  const state = { running: Promise.resolve<unknown>(null) }
  const timer = setInterval(() => void (state.running = work()), everyMs)
  return async () => {
    clearInterval(timer)
    await state.running
  }
}
