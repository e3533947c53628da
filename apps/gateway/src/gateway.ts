import {
  Fault,
  type Caller,
  type ChatRequest,
  type EmbeddingRequest,
  type EndpointFigures,
  type EndpointId,
  type RequestId,
  type TenantId,
} from '@turnpike/domain'
import { Egress, type EgressOptions, type Logger, type Registry } from '@turnpike/server'
import { authenticate, type PresentedKey, type RequestDetail } from '@turnpike/store'
import { createAdmission } from './call/admit.ts'
import { Affinity } from './route/affinity.ts'
import type { AttemptDeadlines } from './call/attempt.ts'
import type { Call } from './call/call.ts'
import type { GatewayConfig } from './config.ts'
import { connect, type ConnectDependencies } from './connect/failover.ts'
import { Disconnects } from './call/disconnects.ts'
import { embed, type Embedded } from './embed.ts'
import { explain } from './api/explain/explain.ts'
import type { ExplainBody } from './api/explain/explain.schema.ts'
import type { HealthBook } from './health/book.ts'
import { HedgeBudget } from './connect/hedge-budget.ts'
import { probe } from './health/probe.ts'
import { Meter, type Book } from './call/meter.ts'
import { createGatewayMetrics } from './metrics.ts'
import { showMetric } from '@turnpike/server'
import { withOpaqueUser } from './api/inference/opaque-user.ts'
import { RateLimitQueue } from './connect/rate-limit-queue.ts'
import { readinessOf, type LivesOn, type Readiness } from './http/readiness.ts'
import { withByok } from './targets/byok-target.ts'
import type { Metric } from '@turnpike/server'
import type { Sink } from './call/relay.ts'
import { resolve, type RoutingContext } from './route/resolve.ts'
import { serve, type Steps } from './serve.ts'
import { openStores, type Stores } from './stores/stores.ts'
import type { TargetDirectory, Target, EgressMode } from './targets/target.ts'
import { RetryThrottle } from './connect/retry-throttle.ts'
import { open } from './connect/upstream.ts'

export interface GatewayOptions {
  /** Addresses of a name, for tests; else the system's. */
  readonly lookup?: EgressOptions['lookup']
}

/** Everything a gateway process is made of, put together once. */
export class Gateway {
  readonly metrics: Registry
  readonly #steps: Steps
  readonly #ways: Readonly<Record<EgressMode, Egress>>
  readonly #health: HealthBook
  readonly #means: HedgingMeans
  readonly #affinity = new Affinity(now)
  readonly #inFlight: () => number
  /** Calls under way, to be ended when the process has waited long enough. */
  readonly live = new Set<AbortController>()
  /** Calls whose callers left. */
  readonly disconnects = new Disconnects(after)
  #shuttingDown = false

  constructor(
    readonly config: GatewayConfig,
    readonly stores: Stores,
    options: GatewayOptions = {},
  ) {
    this.#ways = waysOf(config, options)
    this.#health = stores.health.book
    const probing = { book: this.#health, egress: this.#ways.open, directory: () => stores.directory(), nowMs: now }
    stores.health.start(config.HEALTH_PROBES === 'off' ? null : (endpoint) => probe(endpoint, probing))
    const admission = createAdmission()
    this.#inFlight = admission.inFlight
    this.#means = meansOf(config, this.#health, admission.inFlight)
    const { registry, finished } = createGatewayMetrics(admission.inFlight, stores)
    for (const metric of [...connectMetrics(this.#means), ...this.disconnects.metrics]) showMetric(metric, [registry])
    this.metrics = registry
    const book: Book = {
      begin: (begun) => stores.book.begin(begun),
      end: (record, call) => {
        finished(record)
        this.#affinity.learn(call, record)
        this.#means.hedges.paid(record.tenantId, record.costNanoUsd)
        return stores.book.end(record, call)
      },
    }
    this.#steps = {
      route: (call) => resolve(call, this.#world(call.caller), now(), Math.random()),
      admit: admission.admit,
      meter: (call) => new Meter(call, book, this.#health, now),
      connect: async (routed, request) => {
        const outgoing = withOpaqueUser(request, routed.call.caller.tenantId)
        const opening = (target: Target, patience: AttemptDeadlines, off: AbortSignal | null) =>
          open(target, routed.call, outgoing, this.#ways[target.egress], patience, off)
        const { opened, attempt } = await connect(routed, opening, this.#means)
        return { ...opened, attempt }
      },
    }
  }

  /** Key in, caller out; throws 401 on proof only, 503 when it cannot be told. */
  identify(credentials: PresentedKey): Promise<Caller> {
    const { keySecrets, keys, refused } = this.stores
    return authenticate(credentials, {
      secrets: keySecrets.trusted(),
      find: (digest) => keys.lookup(digest),
      nowMs: keys.wallMs(),
      onRefused: refused,
      prefixes: 'tp_live_ or tp_test_',
    })
  }

  serve(call: Call, request: ChatRequest, sink: Sink): Promise<void> {
    this.#refuseWhileDraining()
    return serve(call, request, this.#steps, sink).finally(() => this.disconnects.end(call))
  }

  embed(call: Call, request: EmbeddingRequest): Promise<Embedded> {
    this.#refuseWhileDraining()
    return embed(call, request, this.#steps, this.#ways, this.#means).finally(() => this.disconnects.end(call))
  }

  /** The catalogue and accounts in force; Fault `store_unavailable` before the first was read. */
  directory(): TargetDirectory {
    const directory = this.stores.directory()
    if (!directory)
      throw new Fault('store_unavailable', 'This gateway is starting and has not read its catalogue yet; please retry.')
    return directory
  }

  /** Where a request of this caller would go, and why. Nobody is asked and nothing is recorded. */
  explain(body: ExplainBody, caller: Caller): ReturnType<typeof explain> {
    return explain(body, caller, this.#world(caller), { nowMs: now(), wallMs: Date.now() })
  }

  /** What people are shown of an endpoint: uptime, percentiles, status. */
  figures(endpoint: EndpointId): EndpointFigures {
    return this.#health.figures(endpoint, now())
  }

  /** A finished request of a tenant: from memory while it is on its way to the database, else from there. */
  async findRequest(tenantId: TenantId, id: RequestId): Promise<RequestDetail | null> {
    const recent = this.stores.recent.get(id)
    if (recent) return recent.tenantId === tenantId ? { ...recent, attemptCount: recent.attempts.length } : null
    return this.stores.findRequest(tenantId, id)
  }

  /** Whether traffic should come here, and what this gateway lives on. */
  readiness(): Readiness & { readonly livesOn: LivesOn } {
    const channels = this.stores.channels()
    const catalogue = this.stores.catalogueSource()
    const secrets = this.stores.keySecrets.state()
    return {
      ...readinessOf({ shuttingDown: this.#shuttingDown, hasCatalogue: catalogue !== null, secrets, channels }, now()),
      livesOn: { catalogue, redis: channels.redis, postgres: channels.postgres },
    }
  }

  /** Refuses new work and waits for what is under way, as long as configured; what takes longer ends with an error in band. */
  async shutDown(): Promise<void> {
    this.#shuttingDown = true
    await this.#quiet(this.config.DRAIN_TIMEOUT_MS)
    for (const call of this.live)
      call.abort(new Fault('shutting_down', 'This gateway shut down before the answer was complete.'))
    await this.#quiet(FAREWELL_MS_MAX)
  }

  async close(): Promise<void> {
    await Promise.all([this.#ways.open.close(), this.#ways.guarded.close()])
    await this.stores.close()
  }

  #world(caller: Caller): RoutingContext {
    const { config, stores } = this
    if (caller.own) this.#health.renew(caller.own)
    const means = { secrets: stores.ownSecrets, simulatorUrl: config.SIMULATOR_URL }
    return {
      directory: withByok(this.directory(), caller, means),
      health: this.#health.pages,
      affinity: this.#affinity,
    }
  }

  async #quiet(withinMs: number): Promise<void> {
    const deadline = now() + withinMs
    while (this.#inFlight() > 0 && now() < deadline) await pause(DRAIN_POLL_MS)
  }

  #refuseWhileDraining(): void {
    if (this.#shuttingDown)
      throw new Fault('shutting_down', 'This gateway is shutting down; please retry, another one will answer.')
  }
}

/** Sockets to one provider. Each carries one request at a time. */
const CONNECTIONS_PER_ORIGIN_MAX = 2_048
/** To one endpoint of a tenant's: nobody's machine takes more, and no tenant shall take all sockets of this process. */
const CONNECTIONS_PER_OWN_ORIGIN_MAX = 256
const DRAIN_POLL_MS = 50
/** For the last events to leave. */
const FAREWELL_MS_MAX = 1_000

function waysOf(config: GatewayConfig, { lookup }: GatewayOptions): Readonly<Record<EgressMode, Egress>> {
  const shared = { connectTimeoutMs: config.UPSTREAM_CONNECT_TIMEOUT_MS, ...(lookup && { lookup }) }
  return {
    open: new Egress({ ...shared, connectionsMax: CONNECTIONS_PER_ORIGIN_MAX }),
    guarded: new Egress({
      ...shared,
      connectionsMax: CONNECTIONS_PER_OWN_ORIGIN_MAX,
      guard: { allow: config.EGRESS_ALLOW },
    }),
  }
}

type HedgingMeans = ConnectDependencies & { readonly hedges: HedgeBudget }

function meansOf(config: GatewayConfig, health: HealthBook, inFlight: () => number): HedgingMeans {
  return {
    health,
    throttle: new RetryThrottle(inFlight),
    hedges: new HedgeBudget(now),
    rateLimitQueue: new RateLimitQueue(now),
    deadlines: {
      firstTokenMs: config.UPSTREAM_FIRST_TOKEN_TIMEOUT_MS,
      wholeMs: config.UPSTREAM_WHOLE_TIMEOUT_MS,
      idleMs: config.UPSTREAM_IDLE_TIMEOUT_MS,
      totalMs: null,
    },
    nowMs: now,
    after,
    dice: Math.random,
  }
}

function connectMetrics({ throttle, rateLimitQueue, hedges }: HedgingMeans): Metric[] {
  return [
    {
      name: 'turnpike_retries_refused_total',
      help: 'Retries that were not made, so that an outage is not made worse.',
      read: () => throttle.refused(),
      grows: true,
    },
    {
      name: 'turnpike_rate_limit_waiting',
      help: 'Requests that wait for a short rate limit of their providers.',
      read: () => rateLimitQueue.count,
    },
    ...hedges.metrics,
  ]
}

function now(): number {
  return performance.now()
}

function after(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms)
  return () => clearTimeout(timer)
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds))
}

/** Builds a gateway: every object in dependency order, in plain TypeScript. `close()` undoes it in reverse. */
export async function buildGateway(config: GatewayConfig, log: Logger): Promise<Gateway> {
  return new Gateway(config, await openStores(config, log))
}
