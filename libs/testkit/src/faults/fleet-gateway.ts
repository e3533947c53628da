import path from 'node:path'
import { readMetrics } from './metrics-text.ts'
import { steadyPort } from './ports.ts'
import { postgresTap, type LookupCounts } from './postgres-tap.ts'
import { startProgram, type RunningProgram } from './processes.ts'
import { startFaultProxy, type FaultProxy, type Target } from './proxy.ts'

/** A built gateway as a process of its own, behind proxies of its own. Its address stays when it is started again. */
export interface FleetGateway {
  /** Base URL of the API, `…/api/v1`. */
  readonly url: string
  /** Without a path. */
  readonly root: string
  /** Of the port of operations of the process that runs now or ran last. */
  readonly opsUrl: string
  /** Of the process that runs now or ran last. */
  readonly pid: number
  readonly redis: FaultProxy
  readonly postgres: FaultProxy
  /** Queries of `auth_lookup` that it has sent to Postgres, over all its lives. */
  lookups(): number
  /** The same with digests and queries in flight. `inFlightMax` may be set to start a new measurement. */
  readonly asked: LookupCounts
  alive(): boolean
  start(): Promise<void>
  /** SIGTERM, the default, lets it drain. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  freeze(): void
  thaw(): Promise<void>
  /** Everything `/metrics` says: `name{label="x"}` → value. */
  metrics(): Promise<Map<string, number>>
  /** The end of what it printed, 8 million characters at most. */
  log(): string
  /** Everything it printed, over all its lives. */
  logBytes(): number
  /** What `/readyz` says; not ready when it does not answer within 2 s. */
  ready(): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }>
  close(): Promise<void>
}

interface GatewayOptions {
  readonly name: string
  readonly environment: Readonly<Record<string, string>>
  /** The stores' targets, and their URLs for a given port of a proxy. */
  readonly redis: { readonly target: Target; readonly urlAt: (port: number) => string }
  readonly postgres: { readonly target: Target; readonly urlAt: (port: number) => string }
  readonly random: () => number
}

/** Room for what requests leave behind within a moment, as the image and the standalone product start it. */
const NODE_ARGS = ['--max-semi-space-size=32']
const LOG_CHARACTERS_MAX = 8_000_000
const ANSWER_MS_MAX = 2_000

/** Starts `dist/gateway/main.js`, which `npm run build` makes. */
export async function startFleetGateway(options: GatewayOptions): Promise<FleetGateway> {
  const asked: LookupCounts = { lookups: 0, digests: 0, inFlight: 0, inFlightMax: 0 }
  const redis = await startFaultProxy(options.redis.target, options.random)
  const postgres = await startFaultProxy(options.postgres.target, options.random, postgresTap(asked))
  const port = await steadyPort()
  const root = `http://127.0.0.1:${port}`
  const log = boundedLog()
  const launch = () =>
    startProgram(
      {
        name: options.name,
        file: path.resolve('dist/gateway/main.js'),
        nodeArgs: NODE_ARGS,
        environment: {
          GATEWAY_PORT: String(port),
          OPS_PORT: '0',
          REDIS_URL: options.redis.urlAt(redis.port),
          DATABASE_URL: options.postgres.urlAt(postgres.port),
          NODE_NAME: options.name,
          ...options.environment,
        },
      },
      (chunk) => log.add(chunk),
    )
  let running: RunningProgram = await launch()
  /** Of the process that runs now; every life has another. */
  const opsUrl = () => String(running.ready['ops'])
  const stop = (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => running.stop(signal)
  return {
    url: `${root}/api/v1`,
    root,
    get opsUrl() {
      return opsUrl()
    },
    get pid() {
      return running.pid
    },
    redis,
    postgres,
    asked,
    lookups: () => asked.lookups,
    alive: () => running.alive(),
    async start() {
      if (!running.alive()) running = await launch()
    },
    stop,
    freeze: () => running.freeze(),
    thaw: () => running.thaw(),
    metrics: async () => readMetrics(await (await ask(`${opsUrl()}/metrics`)).text()),
    log: () => log.text(),
    logBytes: () => log.bytes(),
    ready: () => readiness(opsUrl()),
    async close() {
      await stop('SIGKILL')
      await Promise.all([redis.close(), postgres.close()])
    },
  }
}

function boundedLog() {
  let text = ''
  let bytes = 0
  return {
    add(chunk: Buffer) {
      bytes += chunk.length
      text += chunk.toString()
      if (text.length > 2 * LOG_CHARACTERS_MAX) text = text.slice(-LOG_CHARACTERS_MAX)
    },
    text: () => text.slice(-LOG_CHARACTERS_MAX),
    bytes: () => bytes,
  }
}

function ask(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
}

async function readiness(opsUrl: string): Promise<{ ready: boolean; reasons: string[] }> {
  try {
    const reply = await ask(`${opsUrl}/readyz`)
    const { reasons } = (await reply.json()) as { reasons: string[] }
    return { ready: reply.status === 200, reasons }
  } catch {
    return { ready: false, reasons: ['no answer'] }
  }
}
