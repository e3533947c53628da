import {
  judge,
  percentile,
  startFleet,
  startLoad,
  waitFor,
  watchProcesses,
  type Fleet,
  type FleetGateway,
  type FleetKey,
  type FleetOptions,
  type History,
  type Judgement,
  type JudgeOptions,
  type LoadOptions,
  type ProcessJudgement,
} from '@turnpike/testkit'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'

/** The load of a scenario: several kinds at once, at all gateways, with all keys, unless it says otherwise. */
export type Traffic = readonly (Partial<Omit<LoadOptions, 'rate'>> & Pick<LoadOptions, 'rate'>)[]

/** What stays on through every fault and after it: key checks, and real answers, half of them streamed. */
export const REFERENCE: Traffic = [
  { kind: 'identify', rate: 300 },
  { kind: 'chat', rate: 40, streamed: 0.5 },
]

/** A scenario under way. */
export interface Scene {
  /** What starts from now on belongs to that phase; resolves after so many milliseconds. */
  readonly phase: (name: string, ms?: number) => Promise<void>
  /** Requests that have ended so far. */
  readonly finished: () => number
}

export interface Outcome extends Judgement, ProcessJudgement {
  readonly history: History
  readonly requests: number
  /** What first attempts were answered that had to be followed by others, with how many of each. */
  readonly retried: readonly string[]
  /**
   * Of requests that started in these phases, as their clients saw it, retries included: the median over the 99th percentiles of
   * each second, so that what other programs do to this machine for a moment does not decide.
   */
  readonly p99Ms: (...phases: string[]) => number
  /** Digests that each gateway asked Postgres for. */
  readonly lookups: readonly number[]
  /** Queries for keys that one gateway had under way at most. */
  readonly inFlightMax: number
}

const HEALTHY_MS_MAX = 20_000
const ACQUAINTED_AT_ONCE = 20
/** No fleet has fewer keys. */
const KEYS_ALWAYS_KNOWN = 20
/** A second with fewer is the first or the last of its phase. */
const REQUESTS_OF_A_SECOND_MIN = 100
const WARM_UP: Traffic = [
  { kind: 'identify', rate: 500 },
  { kind: 'chat', rate: 100, streamed: 0.5 },
]
const WARM_UP_REQUESTS = 3_600

/** A fleet and its keys. */
export interface Rig {
  readonly fleet: Fleet
  /** Every gateway has served them. */
  readonly known: readonly FleetKey[]
  /** A key that nobody has used yet; another one each time. */
  readonly newcomer: () => FleetKey
}

interface RigOptions extends FleetOptions {
  /** Newcomers in all; default 0. */
  readonly unseen?: number
  /** Default true: so many requests first that latencies mean something. */
  readonly warmUp?: boolean
}

/** One fleet for a file of scenarios: started before the first, knowing all keys but the newcomers, and healthy before each. */
export function useFleet({ unseen = 0, warmUp = true, ...options }: RigOptions): () => Rig {
  let rig: Rig | null = null
  const current = () => {
    if (!rig) throw new Error('the fleet is not there yet')
    return rig
  }
  beforeAll(async () => {
    const fleet = await startFleet({ ...options, keys: options.keys + unseen })
    const known = fleet.keys.slice(0, options.keys)
    const newcomers = fleet.keys.slice(options.keys).values()
    rig = { fleet, known, newcomer: () => taken(newcomers.next().value) }
    await acquaint(fleet.gateways, known)
    if (!warmUp) return
    await underLoad(rig, { traffic: WARM_UP }, async ({ finished }) => {
      await waitFor(() => finished() >= WARM_UP_REQUESTS, { withinMs: 60_000, what: 'the end of the warm-up' })
    })
  })
  beforeEach(async () => {
    await mended(current().fleet)
    await healthy(current().fleet)
  })
  afterAll(() => rig?.fleet.drop())
  return current
}

/** What a scenario that failed has left cut off or dead is put right, so that it alone is red. */
async function mended({ gateways }: Fleet): Promise<void> {
  for (const gateway of gateways) {
    await Promise.all([gateway.redis.heal(), gateway.postgres.heal()])
    await gateway.start()
  }
}

function taken(key: FleetKey | undefined): FleetKey {
  if (!key) throw new Error('no key is left that nobody has used')
  return key
}

export interface SceneOptions {
  /** Default: the reference load. */
  readonly traffic?: Traffic
  /** Default: the known ones. */
  readonly keys?: readonly FleetKey[]
  readonly judging?: Omit<JudgeOptions, 'validKeys'>
}

/** Plays a scenario with the load on from its first moment to its last, and asks the oracles. */
export async function underLoad(
  { fleet, known }: Pick<Rig, 'fleet' | 'known'>,
  options: SceneOptions,
  play: (scene: Scene) => Promise<void>,
): Promise<Outcome> {
  const { gateways } = fleet
  const keys = (options.keys ?? known).map(({ key }) => key)
  const processes = await watchProcesses(gateways)
  const before = gateways.map(({ asked }) => asked.digests)
  for (const { asked } of gateways) asked.inFlightMax = asked.inFlight
  const targets = gateways.map(({ url }) => url)
  const loads = (options.traffic ?? REFERENCE).map((kind) => startLoad({ targets, keys, ...kind }))
  const requests = []
  try {
    await play({
      finished: () => loads.reduce((sum, load) => sum + load.finished(), 0),
      phase: (name, ms = 0) => {
        for (const load of loads) load.mark(name)
        return passing(ms)
      },
    })
  } finally {
    for (const ended of await Promise.all(loads.map((load) => load.stop()))) requests.push(...ended.requests)
  }
  const history = { requests }
  return {
    ...judge(history, { ...options.judging, validKeys: new Set(fleet.keys.map(({ key }) => key)) }),
    ...(await processes.judge(requests.length)),
    history,
    requests: requests.length,
    retried: tally(requests.filter(({ attempts }) => attempts.length > 1)),
    p99Ms: (...phases) => steadyP99Ms(history, phases),
    lookups: gateways.map(({ asked }, index) => asked.digests - (before[index] ?? 0)),
    inFlightMax: Math.max(...gateways.map(({ asked }) => asked.inFlightMax)),
  }
}

/** The longest that one request in a hundred may take under a fault: a fifth and 5 ms more than without it, in the same run. */
export function boundMs(outcome: Outcome, ...healthyPhases: string[]): number {
  return 1.2 * outcome.p99Ms(...healthyPhases) + 5
}

/** Measures once more when the first time was slow, for other programs share the machine. Counts must hold each time. */
export async function measured<T extends Outcome>(
  play: () => Promise<T>,
  isQuick: (outcome: T) => boolean,
): Promise<T> {
  const first = await play()
  return isQuick(first) ? first : play()
}

const RECOVERY_MS_MAX = 30_000
const RECOVERY_PHASE_MS = 3_000

/**
 * Keeps the load on until requests are as quick again as they were before.
 * @param outcome with phases `before` and `after` @param mendedMs `performance.now()` of the mending
 * @param onLoad receives the outcome of each further load
 * @returns milliseconds since the mending; Infinity when half a minute was not enough
 */
export async function recovered(
  rig: Pick<Rig, 'fleet' | 'known'>,
  options: SceneOptions,
  outcome: Outcome,
  mendedMs: number,
  onLoad: (latest: Outcome) => void = () => undefined,
): Promise<number> {
  for (let latest = outcome; ;) {
    const lastedMs = performance.now() - mendedMs
    if (latest.p99Ms('after') <= boundMs(outcome, 'before')) return lastedMs
    if (lastedMs > RECOVERY_MS_MAX) return Infinity
    latest = await underLoad(rig, options, ({ phase }) => phase('after', RECOVERY_PHASE_MS))
    onLoad(latest)
    expectUnharmed(latest)
  }
}

/** What every scenario shows in the table. */
export function figuresOf({ requests, failed, wrong401, lookups, inFlightMax }: Outcome) {
  return { requests, failed, wrong401, lookups: lookups.reduce((sum, count) => sum + count, 0), inFlightMax }
}

/**
 * What must hold whatever breaks: no request was refused or answered 503, nothing of ours broke, and the log stayed short.
 * A retry of the client would hide a failed attempt, so every attempt counts.
 */
export function expectUnharmed(outcome: Outcome, { inFlightMax = 4 } = {}): void {
  expect(outcome).toMatchObject({ wrong401: 0, internal: 0, foreign: 0, served_after_revocation: 0, dead: 0 })
  expect(failures(outcome.history)).toEqual([])
  expect(outcome.retried).toEqual([])
  expect(outcome.logBytesPerRequest).toBeLessThanOrEqual(200)
  expect(outcome.inFlightMax).toBeLessThanOrEqual(inFlightMax)
}

/** What became of requests that were not served, with how many of each. */
export function failures({ requests }: History): string[] {
  return tally(requests.filter(({ ok }) => !ok))
}

function tally(requests: History['requests']): string[] {
  const counts = new Map<string, number>()
  for (const { phase, attempts } of requests) {
    const what = `${phase}: ${attempts.map(({ status, type }) => `${status} ${type}`).join(', ')}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts].map(([what, count]) => `${count} × ${what}`)
}

/** Every gateway has served every key, and knows it: a few at a time, for a cold process is slow. */
export async function acquaint(gateways: readonly FleetGateway[], keys: readonly FleetKey[]): Promise<void> {
  for (const gateway of gateways) {
    for (let from = 0; from < keys.length; from += ACQUAINTED_AT_ONCE) {
      await Promise.all(keys.slice(from, from + ACQUAINTED_AT_ONCE).map(({ key }) => untilServed(gateway, key)))
    }
  }
}

/** As a client does that tries again. */
export async function untilServed(gateway: FleetGateway, key: string): Promise<void> {
  await waitFor(async () => (await identify(gateway, key)).status === SERVED, {
    withinMs: HEALTHY_MS_MAX,
    what: 'the first service of a key',
  })
}

/** What `identify` is answered for a key that is in force. */
export const SERVED = 400

/** Asks for a generation that cannot be: 400 once the key is accepted, and no store but the key's is asked. */
export async function identify(gateway: FleetGateway, key: string, signal?: AbortSignal) {
  const beganMs = performance.now()
  const reply = await fetch(`${gateway.url}/generation?id=none`, {
    headers: { authorization: `Bearer ${key}` },
    ...(signal && { signal }),
  })
  const { error } = (await reply.json()) as { error: { code: string } }
  return { status: reply.status, code: error.code, headers: reply.headers, ms: performance.now() - beganMs }
}

/** All gateways are ready, ask all stores and receive from all channels. Keys are used meanwhile, since a store is tried when it is needed. */
export async function healthy(of: Fleet | Pick<Rig, 'fleet'>): Promise<void> {
  const { gateways, keys } = 'fleet' in of ? of.fleet : of
  let used = 0
  let ailing: string[] = []
  const well = async () => {
    const { key = '' } = keys[used++ % KEYS_ALWAYS_KNOWN] ?? {}
    await Promise.all(gateways.map((gateway) => identify(gateway, key)))
    ailing = (await Promise.all(gateways.map(ailments))).flat()
    return ailing.length === 0
  }
  await waitFor(well, { withinMs: HEALTHY_MS_MAX, what: 'health' }).catch((cause: unknown) => {
    throw new Error(`The fleet is not well again: ${ailing.join(', ') || 'a gateway does not answer'}.`, { cause })
  })
}

async function ailments(gateway: FleetGateway): Promise<string[]> {
  const [{ reasons }, metrics] = await Promise.all([gateway.ready(), gateway.metrics()])
  const not = (name: string, well: number) => {
    const figures = [...metrics].filter(([figure]) => figure.startsWith(`${name}{`))
    if (figures.length === 0) return [`no ${name}`]
    return figures.filter(([, value]) => value !== well).map(([figure]) => figure)
  }
  return [
    ...reasons.map((reason) => JSON.stringify(reason)),
    ...not('turnpike_breaker_state', 0),
    ...not('turnpike_key_channel_up', 1),
  ]
}

/** Resolves when that time has passed. */
export async function passing(ms: number): Promise<void> {
  const endsMs = performance.now() + ms
  await waitFor(() => performance.now() >= endsMs, { withinMs: ms + 10_000, what: 'the end of a phase' })
}

function steadyP99Ms({ requests }: History, phases: readonly string[]): number {
  const seconds = new Map<number, number[]>()
  for (const { phase, startedMs, endedMs } of requests) {
    if (!phases.includes(phase)) continue
    const second = Math.floor(startedMs / 1_000)
    seconds.set(second, [...(seconds.get(second) ?? []), endedMs - startedMs])
  }
  const whole = [...seconds.values()].filter((times) => times.length >= REQUESTS_OF_A_SECOND_MIN)
  return percentile(
    whole.map((times) => percentile(times, 99)),
    50,
  )
}

/** A figure as the table shows it. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10
}
