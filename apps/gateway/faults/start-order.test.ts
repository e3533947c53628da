import { mintKey, newSecretsText, openKeySecrets } from '@turnpike/store'
import { note, waitFor, type FleetGateway, type FleetKey } from '@turnpike/testkit'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  acquaint,
  failures,
  figuresOf,
  healthy,
  identify,
  passing,
  SERVED,
  underLoad,
  useFleet,
  type Outcome,
  type Rig,
  type Traffic,
} from './rig.fixture.ts'

type Store = 'redis' | 'postgres'

interface Start {
  /** Not there when the gateway starts; they come back in this order. */
  readonly missing: readonly Store[]
  /** What an earlier life of the gateway left. */
  readonly snapshot: boolean
}

const KEYS = 100
/** Instead of 30 s, so that keys are asked for, and written, all through a phase. */
const FRESH_MS = 2_000
const current = useFleet({
  ...{ gateways: 2, keys: KEYS, unseen: 20, snapshot: true },
  environment: { KEY_FRESH_MS: String(FRESH_MS) },
})

/** Half of the reference load, at the gateway that starts and nowhere else. */
const halfAt = ({ url }: FleetGateway): Traffic => [{ kind: 'identify', rate: 150, targets: [url] }]
const MISSING_MS = 2_000
const HEALED_MS_MAX = 5_000
const UNAVAILABLE = 503
const FORGED = mintKey(openKeySecrets(newSecretsText()), 'live').key

describe('a gateway that starts before its stores', () => {
  const starts: readonly Start[] = [
    { missing: ['redis'], snapshot: true },
    { missing: ['redis'], snapshot: false },
    { missing: ['postgres'], snapshot: true },
    { missing: ['postgres'], snapshot: false },
    { missing: ['redis', 'postgres'], snapshot: true },
    { missing: ['postgres', 'redis'], snapshot: true },
    { missing: ['redis', 'postgres'], snapshot: false },
    { missing: ['postgres', 'redis'], snapshot: false },
  ]

  it.for(starts.map((start) => [nameOf(start), start] as const))('A19 %s', async ([, start], context) => {
    const { fleet } = current()
    const { gateway } = roles(current())
    await gateway.stop()
    if (!start.snapshot) await rm(snapshotOf(current(), gateway), { force: true })
    await lose(gateway, start.missing)
    await gateway.start()
    const { pid } = gateway
    const stranger = current().newcomer()
    const observed = { newcomer: 0, mendingMs: 0, healedMs: NaN }
    const outcome = await underLoad(current(), { traffic: halfAt(gateway) }, async (scene) => {
      await scene.phase('missing', MISSING_MS)
      const answer = await identify(gateway, stranger.key)
      observed.newcomer = answer.status
      if (answer.status === UNAVAILABLE) expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
      expect(answer.ms).toBeLessThanOrEqual(1_000)
      expect((await identify(gateway, FORGED)).status).toBe(401)
      await scene.phase('healing')
      observed.mendingMs = performance.now()
      const healedMs = await mend(gateway, start.missing)
      await allServed(gateway, [stranger, ...current().known], healedMs)
      await waitFor(async () => (await gateway.ready()).ready, {
        withinMs: healedMs + HEALED_MS_MAX - performance.now(),
      })
      observed.healedMs = performance.now() - healedMs
      await healthy(current().fleet)
      await scene.phase('after', 1_500)
    })
    note(context, { ...figuresOf(outcome), newcomer: observed.newcomer, healedMs: Math.round(observed.healedMs) })
    expect(outcome).toMatchObject({ wrong401: 0, internal: 0, foreign: 0, dead: 0 })
    expect(gateway.pid).toBe(pid)
    expect(observed.newcomer).toBe(start.missing.includes('postgres') ? UNAVAILABLE : SERVED)
    const wanted = servesKnown(start) ? SERVED : UNAVAILABLE
    if (livesOnRedis(start)) expect(outcome.failed).toBe(0)
    else expect(statusesUntil(outcome, observed.mendingMs)).toEqual([wanted])
    expect(statusesIn(outcome, 'after')).toEqual([SERVED])
    expect(statusesIn(outcome, 'healing').filter((status) => status !== SERVED && status !== UNAVAILABLE)).toEqual([])
    expect(fleet.gateways.every((each) => each.alive())).toBe(true)
  })
})

describe('a gateway that is killed', () => {
  it('A19 with both stores there: clients that retry notice nothing', async (context) => {
    const { fleet } = current()
    const { gateway } = roles(current())
    const back = { ms: NaN }
    const outcome = await underLoad(current(), {}, async (scene) => {
      await scene.phase('before', 1_000)
      await scene.phase('killed')
      await gateway.stop('SIGKILL')
      await passing(1_000)
      const startedMs = performance.now()
      await gateway.start()
      await waitFor(async () => (await gateway.ready()).ready, { withinMs: HEALED_MS_MAX })
      back.ms = performance.now() - startedMs
      await scene.phase('after', 3_000)
      await healthy(current().fleet)
    })
    note(context, { ...figuresOf(outcome), readyMs: Math.round(back.ms) })
    expect(outcome).toMatchObject({ wrong401: 0, failed: 0, internal: 0, foreign: 0 })
    expect(fleet.gateways.every((each) => each.alive())).toBe(true)
  })

  it('A19 with both stores gone: it serves what its last snapshot knows, and heals by itself', async (context) => {
    const { gateway } = roles(current())
    // A stop writes the snapshot, so that the killed one has left what the one before it knew: all keys.
    await acquaint([gateway], current().known)
    await gateway.stop()
    await gateway.start()
    await healthy(current().fleet)
    await lose(gateway, ['redis', 'postgres'])
    await gateway.stop('SIGKILL')
    await gateway.start()
    const { pid } = gateway
    const observed = { healedMs: NaN }
    const outcome = await underLoad(current(), { traffic: halfAt(gateway) }, async (scene) => {
      await scene.phase('missing', MISSING_MS)
      const healedMs = await mend(gateway, ['redis', 'postgres'])
      await waitFor(async () => (await gateway.ready()).ready, { withinMs: HEALED_MS_MAX })
      observed.healedMs = performance.now() - healedMs
      await healthy(current().fleet)
      await scene.phase('after', 1_500)
    })
    note(context, { ...figuresOf(outcome), healedMs: Math.round(observed.healedMs) })
    expect(failures(outcome.history)).toEqual([])
    expect(outcome.retried.join('; ')).toBe('')
    expect(outcome).toMatchObject({ wrong401: 0, internal: 0, foreign: 0, dead: 0 })
    expect(statusesIn(outcome, 'missing', 'after')).toEqual([SERVED])
    expect(gateway.pid).toBe(pid)
  })
})

function nameOf({ missing, snapshot }: Start): string {
  const gone = missing.length === 1 ? `without ${missing[0]}` : 'without both stores'
  const back = missing.length === 1 ? 'that comes later' : `of which ${missing[0]} comes first`
  const answers = servesKnown({ missing, snapshot }) ? 'serves known keys' : 'answers 503 to all'
  return `${gone}, ${back}, and ${snapshot ? 'with' : 'without'} a snapshot: ${answers}, never a wrong 401, and heals by itself`
}

/** What Redis holds, what a snapshot holds, and what Postgres says: each is enough. */
function servesKnown({ missing, snapshot }: Start): boolean {
  return snapshot || missing.length === 1
}

/** Redis alone knows the keys, and a reply of it that is late on a busy machine is a 503 that the client tries again. */
function livesOnRedis({ missing, snapshot }: Start): boolean {
  return !snapshot && missing.length === 1 && missing[0] === 'postgres'
}

/** The one that starts again and again, and the one that goes on and keeps Redis filled. */
function roles({ fleet: { gateways } }: Rig) {
  const [gateway, other] = gateways
  if (!gateway || !other) throw new Error('two gateways were asked for')
  return { gateway, other }
}

/** The path that the fleet gives a gateway for its snapshot. */
function snapshotOf({ fleet }: Rig, gateway: FleetGateway): string {
  return path.join(fleet.home, `gateway-${fleet.gateways.indexOf(gateway) + 1}`, 'snapshot', 'keys')
}

async function lose(gateway: FleetGateway, stores: readonly Store[]): Promise<void> {
  for (const store of stores) await gateway[store].set({ kind: 'refuse' })
}

/** One after the other, a second apart. @returns when the last one came, `performance.now()` */
async function mend(gateway: FleetGateway, stores: readonly Store[]): Promise<number> {
  for (const [index, store] of stores.entries()) {
    if (index > 0) await passing(1_000)
    await gateway[store].heal()
  }
  return performance.now()
}

async function allServed(gateway: FleetGateway, keys: readonly FleetKey[], sinceMs: number): Promise<void> {
  for (const { key } of keys) {
    await waitFor(async () => (await identify(gateway, key)).status === SERVED, {
      ...{ withinMs: sinceMs + HEALED_MS_MAX - performance.now(), what: 'the service of a key' },
    })
  }
}

/** The statuses of attempts that were answered before `endMs`. */
function statusesUntil({ history }: Outcome, endMs: number): number[] {
  const attempts = history.requests.flatMap((request) => request.attempts)
  return distinct(attempts.filter(({ atMs, ms }) => atMs + ms < endMs).map(({ status }) => status))
}

function statusesIn({ history }: Outcome, ...phases: string[]): number[] {
  const inPhases = history.requests.filter(({ phase }) => phases.includes(phase))
  return distinct(inPhases.flatMap(({ attempts }) => attempts.map(({ status }) => status)))
}

function distinct(statuses: readonly number[]): number[] {
  return [...new Set(statuses)].toSorted((a, b) => a - b)
}
