import { note, type Fleet, type FleetGateway, type FleetKey } from '@turnpike/testkit'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastServedMs, openPublisher, type Publisher } from './publisher.fixture.ts'
import { make, plantWorld, unmade, type World } from './mutations.fixture.ts'
import { figuresOf, healthy, identify, passing, SERVED, underLoad, useFleet, type Traffic } from './rig.fixture.ts'
import { expectFair, expectRefused } from './revoking.fixture.ts'

const HOUR_MS = 3_600_000
/** The one whose clock is wrong. */
const NODE = 'gateway-2'
/** A key may live so much longer than it should. */
const LATE_MS_MAX = 5_000
const LIFE_MS = 4_000
/** The hour of this machine and that of Postgres, as a gateway knows it, differ by less. */
const SKEW_MS = 300

const HALF: Traffic = [
  { kind: 'identify', rate: 150 },
  { kind: 'chat', rate: 20, streamed: 0.5 },
]

const clock = wrongClock(NODE)
afterAll(() => clock.remove())

describe('a node whose clock is wrong', () => {
  /** Instead of 30 s, so that keys are asked for again all the time. */
  const environment = { KEY_FRESH_MS: '2000', NODE_OPTIONS: `--import=${clock.file}` }
  const current = useFleet({ gateways: 2, keys: 60, snapshot: true, environment })
  let publisher: Publisher
  let world: World
  beforeAll(async () => {
    publisher = await openPublisher(current().fleet)
    world = await plantWorld(current().fleet, publisher)
  })
  afterAll(() => publisher?.close())

  it.for([
    ['an hour ahead', HOUR_MS],
    ['an hour behind', -HOUR_MS],
    ['a day ahead', 24 * HOUR_MS],
    ['a day behind', -24 * HOUR_MS],
  ] as const)('A24 %s: no key ends early there, and none lives on', async ([, offsetMs], context) => {
    const { fleet } = current()
    const [, wrong] = fleet.gateways
    const [someone] = current().known
    if (!wrong || !someone) throw new Error('two gateways and a key were asked for')
    const lived = { jumpedMs: NaN, startedMs: NaN }
    const outcome = await underLoad(current(), { traffic: HALF }, async (scene) => {
      await scene.phase('before', 1_000)
      await scene.phase('jumped')
      clock.set(offsetMs)
      await passing(2 * clock.everyMs)
      expect(await hourOf(wrong, someone)).toBeCloseTo((Date.now() + offsetMs) / HOUR_MS, 2)
      lived.jumpedMs = await lifeOf(fleet, world)
      const revoked = unmade(world)
      await make(world, revoked)
      for (const gateway of fleet.gateways) expect((await identify(gateway, revoked.key)).status).toBe(SERVED)
      const { endedMs } = await publisher.revoke(revoked)
      expect(await lastServedMs(fleet.gateways, revoked, endedMs)).toBeLessThanOrEqual(1_000)
      await healthy(current())
      await scene.phase('after', 1_000)
      await expectRefused(fleet.gateways, [revoked])
    })
    const wrongValues = await Promise.all(fleet.gateways.map(redisWrong))
    // A gateway that starts with a wrong clock knows no other hour until Postgres reports one.
    await wrong.stop()
    await wrong.start()
    await healthy(current())
    lived.startedMs = await lifeOf(fleet, world)
    clock.set(0)
    note(context, {
      ...figuresOf(outcome),
      ...{ livedOnMs: Math.round(lived.jumpedMs), afterStartMs: Math.round(lived.startedMs) },
      redisWrong: wrongValues.reduce((sum, count) => sum + count, 0),
    })
    expectFair(outcome)
    expect(Math.max(lived.jumpedMs, lived.startedMs)).toBeLessThanOrEqual(LATE_MS_MAX)
    // What a node with a wrong clock puts into Redis is of use to the others.
    expect(wrongValues).toEqual([0, 0])
  })
})

/** Makes a key that soon expires; it is served everywhere until then. @returns how much later it was served last, milliseconds */
async function lifeOf({ gateways }: Fleet, world: World): Promise<number> {
  const endsMs = Date.now() + LIFE_MS
  const key = unmade(world, new Date(endsMs))
  await make(world, key)
  while (Date.now() < endsMs - SKEW_MS) {
    for (const gateway of gateways) {
      const { status, code } = await identify(gateway, key.key)
      if (Date.now() < endsMs - SKEW_MS) expect([status, code]).toEqual([SERVED, 'request_invalid'])
    }
  }
  return lastServedMs(gateways, key, performance.now() + endsMs - Date.now())
}

/** The hour by a gateway's clock, from the time in its answers; in hours since 1970. */
async function hourOf({ url }: FleetGateway, { key }: FleetKey): Promise<number> {
  const reply = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sim/swift-8b', messages: [{ role: 'user', content: 'what time is it' }] }),
  })
  return (((await reply.json()) as { created: number }).created * 1_000) / HOUR_MS
}

async function redisWrong(gateway: FleetGateway): Promise<number> {
  return (await gateway.metrics()).get('turnpike_key_redis_wrong_total') ?? NaN
}

/** A module for `--import` that puts the clock of one node wrong, by as much as a file beside it says. */
function wrongClock(node: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'turnpike-clock-'))
  const [file, offset] = [path.join(folder, 'clock.mjs'), path.join(folder, 'offset')]
  const everyMs = 100
  writeFileSync(offset, '0')
  writeFileSync(
    file,
    `import { readFileSync } from 'node:fs'
     if (process.env.NODE_NAME === ${JSON.stringify(node)}) {
       const RealDate = Date
       const now = RealDate.now
       let offsetMs = 0
       const read = () => (offsetMs = Number(readFileSync(${JSON.stringify(offset)}, 'utf8')) || 0)
       read()
       setInterval(read, ${everyMs}).unref()
       globalThis.Date = class extends RealDate {
         constructor(...parts) {
           if (parts.length === 0) super(now() + offsetMs)
           else super(...parts)
         }
         static now() {
           return now() + offsetMs
         }
       }
     }`,
  )
  return {
    file,
    everyMs,
    set: (ms: number) => writeFileSync(offset, String(ms)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
