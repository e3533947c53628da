import type { EndpointId } from '@turnpike/domain'
import { createLogger } from '@turnpike/server'
import {
  percentile,
  startFleet,
  startLoad,
  waitFor,
  type Fleet,
  type FleetKey,
  type FleetOptions,
  type History,
  type LoadOptions,
} from '@turnpike/testkit'
import { mkdtemp } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { gatewayConfig } from '../src/config.ts'
import { listen } from '../src/gateway.module.ts'
import { Gateway, type GatewayOptions } from '../src/gateway.ts'
import { openStores } from '../src/stores/stores.ts'
import type { TargetDirectory } from '../src/targets/target.ts'

/** The provider that most requests for the load's model go to first: the cheapest of six. */
export const PRIMARY = 'dogwood'
export const PROVIDERS = ['acorn', 'birch', 'cedar', 'dogwood', 'elm', 'fir'] as const
export const MODEL = 'sim/swift-8b'
/** Requests a second, and as many again while the gateway warms up. */
const RATE = 60
const WARM_UP_REQUESTS = 120
const log = createLogger({ name: 'gateway', level: 'fatal' })

/** What a simulated provider did with one request: its own log is the ground truth. */
export interface Generation {
  readonly seq: number
  readonly provider: string
  readonly callerRequestId: string | null
  readonly model: string
  readonly stream: boolean
  readonly status: number | null
  readonly tokensOut: number
  readonly tokensWritten: number
  readonly outcome: 'running' | 'finished' | 'aborted' | 'faulted'
}

export interface Upstreams {
  /** Base URL of a gateway in this process, `…/api/v1`. It was started for this test and has seen a few requests. */
  readonly api: string
  readonly fleet: Fleet
  readonly keys: readonly FleetKey[]
  /** Sets what a provider does, or all of them with `*`. */
  behave(provider: string, change: Readonly<Record<string, unknown>>, model?: string): Promise<void>
  /** Takes a provider down as a whole, or up again with null. */
  down(provider: string, how: 'refuse' | '500' | 'stall' | null): Promise<void>
  /** Sends what is for this provider elsewhere: a base URL up to the path. Null: to the simulator again. */
  reroute(provider: string, origin: string | null): void
  /** How the gateway stands to a provider's endpoint of the load's model: 0 healthy, -1 degraded, -2 down. */
  status(provider: string): number
  /** What the simulator did since the warm-up, in order. */
  generations(): Promise<Generation[]>
  metrics(): Promise<string>
}

/** One fleet of stores and simulated providers for a file, and a gateway for each test. */
export function useUpstreams(
  environment: Readonly<Record<string, string>> = {},
  options: GatewayOptions = {},
): () => Upstreams {
  let fleet: Fleet | null = null
  let running: Running | null = null
  beforeAll(async () => {
    const fleetOptions: FleetOptions = { gateways: 0, keys: 8 }
    fleet = await startFleet(fleetOptions)
  })
  beforeEach(async () => {
    if (!fleet) throw new Error('the fleet did not start')
    await calm(fleet)
    running = await startGateway(fleet, environment, options)
    const { upstreams } = running
    for (let place = 0; place < fleet.keys.length; place++) {
      const isKnown = async () => (await chat(upstreams, {}, {}, place)).status === 200
      await waitFor(isKnown, { withinMs: 10_000, what: 'the first use of a key' })
    }
    await load(upstreams, { rate: WARM_UP_REQUESTS }, async ({ finished }) => {
      await waitFor(() => finished() >= WARM_UP_REQUESTS, { withinMs: 20_000, what: 'the end of the warm-up' })
    })
    await ask(fleet, 'log', 'DELETE')
  })
  afterEach(() => running?.close())
  afterAll(() => fleet?.drop())
  return () => {
    if (!running) throw new Error('the gateway did not start')
    return running.upstreams
  }
}

/** Every provider answers at once, in 16 tokens. */
async function calm(fleet: Fleet): Promise<void> {
  await ask(fleet, 'down', 'DELETE')
  await ask(fleet, 'behaviour', 'DELETE')
  await ask(fleet, 'behaviour', 'PUT', { provider: '*', model: '*', instant: true, tokens: 16 })
}

interface Running {
  readonly upstreams: Upstreams
  readonly close: () => Promise<void>
}

async function startGateway(
  fleet: Fleet,
  environment: Readonly<Record<string, string>>,
  options: GatewayOptions,
): Promise<Running> {
  const config = gatewayConfig({
    GATEWAY_PORT: '0',
    OPS_PORT: '0',
    DATABASE_URL: fleet.postgres.gatewayUrl,
    REDIS_URL: fleet.redis.url,
    KEY_SECRETS: fleet.keySecrets,
    CREDENTIAL_SECRETS: fleet.credentialSecrets,
    JOURNAL_DIR: await mkdtemp(path.join(fleet.home, 'journal-')),
    SIMULATOR_URL: fleet.simulator,
    DRAIN_TIMEOUT_MS: '1000',
    ...environment,
  })
  const stores = await openStores(config, log)
  const origins = new Map<string, string>()
  const directory = () => elsewhere(stores.directory(), fleet.simulator, origins)
  const gateway = new Gateway(config, { ...stores, directory }, options)
  const { url, opsUrl, close } = await listen(gateway, log)
  await waitFor(async () => (await fetch(`${opsUrl}/readyz`)).ok, { withinMs: 10_000, what: 'a ready gateway' })
  return { close, upstreams: upstreamsOf(fleet, gateway, { url, opsUrl }, origins) }
}

function upstreamsOf(
  fleet: Fleet,
  gateway: Gateway,
  { url, opsUrl }: { url: string; opsUrl: string },
  origins: Map<string, string>,
): Upstreams {
  return {
    api: `${url}/api/v1`,
    fleet,
    keys: fleet.keys,
    behave: async (provider, change, model = '*') =>
      void (await ask(fleet, 'behaviour', 'PUT', { provider, model, ...change })),
    down: async (provider, how) => void (await ask(fleet, 'down', 'PUT', { provider, how })),
    reroute(provider, origin) {
      if (origin === null) origins.delete(provider)
      else origins.set(provider, origin)
    },
    status: (provider) => gateway.figures(`${provider}/${MODEL}` as EndpointId).status,
    generations: async () => ((await ask(fleet, 'log', 'GET')) as { entries: Generation[] }).entries,
    metrics: async () => (await fetch(`${opsUrl}/metrics`)).text(),
  }
}

/** The same endpoints, some of them at other addresses. */
function elsewhere(
  directory: TargetDirectory | null,
  simulator: string,
  origins: ReadonlyMap<string, string>,
): TargetDirectory | null {
  if (!directory || origins.size === 0) return directory
  return {
    ...directory,
    target(id) {
      const target = directory.target(id)
      const origin = origins.get(target.provider.slug)
      return origin === undefined ? target : { ...target, baseUrl: target.baseUrl.replace(simulator, origin) }
    },
  }
}

async function ask({ simulator }: Fleet, what: string, method: string, body?: unknown): Promise<unknown> {
  const reply = await fetch(`${simulator}/admin/${what}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!reply.ok) throw new Error(`${method} ${what}: ${reply.status} ${await reply.text()}`)
  return reply.json()
}

export interface Phases {
  /** What starts from now on belongs to that phase; resolves after so many milliseconds. */
  readonly phase: (name: string, ms: number) => Promise<void>
  readonly finished: () => number
}

/** Plays a scenario with chats coming in from its first moment to its last, half of them streamed, without retries of the clients. */
export async function load(
  { api, keys }: Upstreams,
  options: Partial<LoadOptions>,
  play: (phases: Phases) => Promise<void>,
): Promise<History['requests']> {
  const running = startLoad({
    targets: [api],
    keys: keys.map(({ key }) => key),
    rate: RATE,
    kind: 'chat',
    streamed: 0.5,
    retries: 0,
    ...options,
  })
  let history: History | null = null
  try {
    await play({
      finished: () => running.finished(),
      phase: async (name, ms) => {
        running.mark(name)
        const endsMs = performance.now() + ms
        await waitFor(() => performance.now() >= endsMs, { withinMs: ms + 5_000 })
      },
    })
  } finally {
    history = await running.stop()
  }
  return history.requests
}

/** What was not served, and why, with how many of each. */
export function failuresOf(requests: History['requests']): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { ok, phase, attempts } of requests) {
    if (ok) continue
    const what = `${phase}: ${attempts.map(({ status, type }) => `${status} ${type}`).join(', ')}`
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}

/** Of the requests of a phase, as their clients saw it. @param p 0 to 100 */
export function percentileMs(requests: History['requests'], phase: string, p: number): number {
  const times = requests
    .filter((request) => request.phase === phase)
    .map(({ startedMs, endedMs }) => endedMs - startedMs)
  return percentile(times, p)
}

/** How many requests a provider was sent. */
export function sentTo(generations: readonly Generation[], provider: string): number {
  return generations.filter((generation) => generation.provider === provider).length
}

/** Nobody is charged and nothing is generated again for a stream that had begun: no request appears after its first token. */
export function expectNothingTwice(generations: readonly Generation[]): void {
  const committed = new Set<string>()
  const twice: Generation[] = []
  for (const generation of generations) {
    const { callerRequestId, stream, tokensWritten } = generation
    if (callerRequestId === null || !stream) continue
    if (committed.has(callerRequestId)) twice.push(generation)
    if (tokensWritten > 0) committed.add(callerRequestId)
  }
  expect(twice).toEqual([])
}

/** One chat, read to its end. @param key which of the fleet's keys */
export async function chat(
  { api, keys }: Upstreams,
  body: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
  key = 0,
): Promise<{ status: number; text: string; json: () => Record<string, unknown>; ms: number; headers: Headers }> {
  const beganMs = performance.now()
  const reply = await fetch(`${api}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys[key]?.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'hello' }], ...body }),
  })
  const text = await reply.text()
  return {
    status: reply.status,
    headers: reply.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
    ms: performance.now() - beganMs,
  }
}
