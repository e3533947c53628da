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
import { Egress, showMetric, type EgressOptions, type Logger, type Registry } from '@turnpike/server'
import { authenticate, outcomeOf, type PresentedKey, type RequestDetail } from '@turnpike/store'
import { explain } from './api/explain/explain.ts'
import type { ExplainBody } from './api/explain/explain.schema.ts'
import { createAdmission } from './call/admit.ts'
import type { Answer } from './call/answer.ts'
import type { Call } from './call/call.ts'
import { Disconnects } from './call/disconnects.ts'
import { endOfCall } from './call/end-of-call.ts'
import { Meter, type RequestLog } from './call/meter.ts'
import { Refusals } from './call/refusals.ts'
import type { Progress } from './call/progress.ts'
import type { Sink } from './call/relay.ts'
import type { GatewayConfig } from './config.ts'
import type { ConnectDependencies } from './connect/dependencies.ts'
import { Failover } from './connect/failover.ts'
import { connectMetrics } from './connect/connect-metrics.ts'
import { HedgeBudget } from './connect/hedge-budget.ts'
import { RateLimitQueue } from './connect/rate-limit-queue.ts'
import { RetryThrottle } from './connect/retry-throttle.ts'
import type { Open } from './connect/running-attempt.ts'
import { openEmbeddings, type VectorsAnswer } from './connect/upstream-embeddings.ts'
import { openChat } from './connect/upstream.ts'
import type { CallHealth, TenantHealth } from './health/tenant-health.ts'
import type { HealthTracker } from './health/tracker.ts'
import { probe } from './health/probe.ts'
import { readinessOf } from './http/readiness.ts'
import { createGatewayMetrics } from './metrics.ts'
import { Affinity } from './route/affinity.ts'
import { countedModel } from './route/counted-model.ts'
import { decide, resolve, type RoutingContext } from './route/resolve.ts'
import { serve, type Steps } from './serve.ts'
import { openStores, type Stores } from './stores/stores.ts'
import { withByok } from './targets/byok-target.ts'
import type { EgressMode, TargetDirectory } from './targets/target.ts'

export interface GatewayOptions {
  /** Addresses of a name, for tests; else the system's. */
  readonly lookup?: EgressOptions['lookup']
}

/** Everything a gateway process is made of, put together once. */
export class Gateway {
  readonly metrics: Registry
  readonly #steps: Steps
  readonly #egress: Readonly<Record<EgressMode, Egress>>
  readonly #health: HealthTracker
  readonly #tenantHealth: TenantHealth
  readonly #affinity = new Affinity(now)
  readonly #inFlight: () => number
  /** Calls under way, to be ended when the process has waited long enough. */
  readonly live = new Set<AbortController>()
  /** Calls whose callers disconnected. */
  readonly disconnects = new Disconnects(after)
  #shuttingDown = false

  /** Shows people requests that never became a call. */
  readonly refusals: Refusals

  constructor(
    readonly config: GatewayConfig,
    readonly stores: Stores,
    options: GatewayOptions = {},
  ) {
    this.#egress = egressByMode(config, options)
    this.#health = stores.health.tracker
    this.#tenantHealth = stores.health.tenants
    const probing = {
      tracker: this.#health,
      egress: this.#egress.unrestricted,
      directory: () => stores.directory(),
      nowMs: now,
    }
    stores.health.start(
      config.HEALTH_PROBES === 'off' ? null : (endpoint, isForOne) => probe(endpoint, probing, isForOne),
    )
    const { admit, inFlight, inFlightOf } = createAdmission()
    this.#inFlight = inFlight
    const connecting = connectDependencies(config, inFlightOf)
    const { registry, finished } = createGatewayMetrics(inFlight, stores)
    for (const metric of [...connectMetrics(connecting), ...this.disconnects.metrics]) showMetric(metric, [registry])
    this.metrics = registry
    const log: RequestLog = {
      begin: (begun) => stores.book.begin(begun),
      end: endOfCall({
        count: finished,
        learn: ({ call, resolved }, record) =>
          this.#affinity.learn({ caller: call.caller, conversation: call.conversation, ...resolved }, record),
        paid: (tenantId, cost) => connecting.hedges.paid(tenantId, cost),
        log: stores.book,
      }),
    }
    this.refusals = new Refusals({
      record: (record) => stores.book.end(record),
      notify: stores.notifyRefusal,
      nowMs: now,
    })
    const dropped = { help: 'Refused requests beyond the limits of recording.', read: () => this.refusals.dropped }
    showMetric({ name: 'turnpike_refusals_unrecorded_total', ...dropped }, [registry])
    this.#steps = {
      meter: (progress) => new Meter(progress, log, this.#healthOf(progress.call), now),
      resolve: (call) => resolve(call, this.#routingContext(call.caller), now()),
      route: (call, resolved) => decide(call, resolved, this.#routingContext(call.caller), now(), Math.random()),
      admit,
      connect: (progress, routed, open) =>
        new Failover(progress, routed, open, { ...connecting, health: this.#healthOf(progress.call) }).connect(),
    }
  }

  /** Throws 401 only for a key that is proven invalid, 503 when that cannot be decided. */
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

  serveChat(progress: Progress, request: ChatRequest, sink: Sink): Promise<void> {
    return this.#serve(
      progress,
      (target, deadlines, cancelled) =>
        openChat(target, progress.call, request, this.#egress[target.egress], deadlines, cancelled),
      sink,
    )
  }

  serveEmbeddings(progress: Progress, request: EmbeddingRequest, sink: Sink<VectorsAnswer>): Promise<void> {
    return this.#serve(
      progress,
      (target, deadlines) => openEmbeddings(target, progress, request, this.#egress[target.egress], deadlines),
      sink,
    )
  }

  /** Under which a request is counted unless another model answers. */
  countedModel(requested: string, caller: Caller): string {
    return countedModel(requested, caller, this.stores.directory()?.catalogue ?? null)
  }

  /** Throws Fault `store_unavailable` before the first catalogue was read. */
  directory(): TargetDirectory {
    const directory = this.stores.directory()
    if (!directory)
      throw new Fault('store_unavailable', 'This gateway is starting and has not read its catalogue yet; please retry.')
    return directory
  }

  /** Where a request of this caller would go, and why. Nothing is sent or recorded. */
  explain(body: ExplainBody, caller: Caller): ReturnType<typeof explain> {
    return explain(body, caller, this.#routingContext(caller), now(), Date.now())
  }

  /** What an endpoint is shown with: uptime, percentiles, status. */
  figures(endpoint: EndpointId): EndpointFigures {
    return this.#health.figures(endpoint, now())
  }

  /** From memory while it is on its way to the database, else from there. */
  async findRequest(tenantId: TenantId, id: RequestId): Promise<RequestDetail | null> {
    const recent = this.stores.recent.get(id)
    if (recent?.tenantId === tenantId) {
      return { ...recent, outcome: outcomeOf(recent), attemptCount: recent.attempts.length }
    }
    return recent ? null : this.stores.findRequest(tenantId, id)
  }

  /** Whether this gateway should get traffic, and which stores it runs on, to look into an outage. */
  readiness() {
    const channels = this.stores.channels()
    const catalogue = this.stores.catalogueSource()
    const secrets = this.stores.keySecrets.state()
    return {
      ...readinessOf({ shuttingDown: this.#shuttingDown, hasCatalogue: catalogue !== null, secrets, channels }, now()),
      livesOn: { catalogue, redis: channels.redis, postgres: channels.postgres },
    }
  }

  /** Refuses new calls and waits for those under way; calls that take longer end with an error in band. */
  async shutDown(): Promise<void> {
    this.#shuttingDown = true
    await this.#untilIdle(this.config.DRAIN_TIMEOUT_MS)
    for (const call of this.live)
      call.abort(new Fault('shutting_down', 'This gateway shut down before the answer was complete.'))
    await this.#untilIdle(LAST_EVENTS_MS_MAX)
  }

  async close(): Promise<void> {
    await Promise.all([this.#egress.unrestricted.close(), this.#egress.restricted.close()])
    await this.stores.close()
  }

  async #serve<Reply extends Answer>(progress: Progress, open: Open<Reply>, sink: Sink<Reply>): Promise<void> {
    if (this.#shuttingDown)
      throw new Fault('shutting_down', 'This gateway is shutting down; please retry, another one will answer.')
    try {
      await serve(progress, this.#steps, open, sink)
    } finally {
      this.disconnects.end(progress)
    }
  }

  #routingContext(caller: Caller): RoutingContext {
    const { config, stores } = this
    if (caller.own) this.#health.renew(caller.own)
    const byok = { secrets: stores.ownSecrets, simulatorUrl: config.SIMULATOR_URL }
    return {
      directory: withByok(this.directory(), caller, byok),
      health: this.#tenantHealth.view(caller.tenantId),
      ...(caller.own && { refused: this.#health.refusedOf(caller.own, now()) }),
      affinity: this.#affinity,
    }
  }

  #healthOf({ caller, simulation, routeRequest }: Call): CallHealth {
    const isScripted = Object.keys(simulation).length > 0
    return this.#tenantHealth.of({ tenantId: caller.tenantId, isScripted, promptTokens: routeRequest.promptTokens })
  }

  async #untilIdle(withinMs: number): Promise<void> {
    const deadline = now() + withinMs
    while (this.#inFlight() > 0 && now() < deadline) await pause(DRAIN_POLL_MS)
  }
}

/** Connections to one provider. Each carries one request at a time. */
const CONNECTIONS_PER_ORIGIN_MAX = 2_048
/** To one endpoint of a tenant: so that no tenant takes all connections of this process. */
const CONNECTIONS_PER_OWN_ORIGIN_MAX = 256
const DRAIN_POLL_MS = 50
/** For the last events of aborted calls to leave. */
const LAST_EVENTS_MS_MAX = 1_000

function egressByMode(config: GatewayConfig, { lookup }: GatewayOptions): Readonly<Record<EgressMode, Egress>> {
  const shared = { connectTimeoutMs: config.UPSTREAM_CONNECT_TIMEOUT_MS, ...(lookup && { lookup }) }
  return {
    unrestricted: new Egress({ ...shared, connectionsMax: CONNECTIONS_PER_ORIGIN_MAX }),
    restricted: new Egress({
      ...shared,
      connectionsMax: CONNECTIONS_PER_OWN_ORIGIN_MAX,
      restricted: { allow: config.EGRESS_ALLOW },
    }),
  }
}

function connectDependencies(config: GatewayConfig, inFlightOf: (tenantId: TenantId) => number) {
  return {
    throttle: new RetryThrottle(inFlightOf),
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
  } satisfies Omit<ConnectDependencies, 'health'>
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

/** Builds a gateway in plain TypeScript. `close()` undoes it in reverse. */
export async function buildGateway(config: GatewayConfig, log: Logger): Promise<Gateway> {
  return new Gateway(config, await openStores(config, log))
}
