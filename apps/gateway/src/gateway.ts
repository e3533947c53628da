import {
  Fault,
  type Caller,
  type ChatRequest,
  type EmbeddingRequest,
  type RequestId,
  type TenantId,
} from '@turnpike/domain'
import { Egress, type Logger, type Registry } from '@turnpike/server'
import type { RequestDetail } from '@turnpike/store'
import { createAdmission } from './admit.ts'
import type { Call } from './call.ts'
import type { GatewayConfig } from './config.ts'
import { connect } from './connect.ts'
import { embed, type Embedded } from './embed.ts'
import { HealthBook } from './health-book.ts'
import { identify, type Credentials } from './identify.ts'
import { Meter, type Book } from './meter.ts'
import { createGatewayMetrics } from './metrics.ts'
import { withOpaqueUser } from './opaque-user.ts'
import { readinessOf, type LivesOn, type Readiness } from './readiness.ts'
import type { Sink } from './relay.ts'
import { resolve } from './resolve.ts'
import { serve, type Steps } from './serve.ts'
import { openStores, type Stores } from './stores.ts'
import type { Reach } from './target.ts'
import { open, type UpstreamLimits } from './upstream.ts'

/** Everything a gateway process is made of, put together once. */
export class Gateway {
  readonly metrics: Registry
  readonly #steps: Steps
  readonly #egress: Egress
  readonly #health: HealthBook
  readonly #limits: UpstreamLimits
  readonly #inFlight: () => number
  /** Calls under way, to be ended when the process has waited long enough. */
  readonly live = new Set<AbortController>()
  #draining = false

  constructor(
    readonly config: GatewayConfig,
    readonly stores: Stores,
  ) {
    this.#egress = new Egress({
      connectTimeoutMs: config.UPSTREAM_CONNECT_TIMEOUT_MS,
      connectionsMax: CONNECTIONS_PER_ORIGIN_MAX,
    })
    this.#limits = {
      firstTokenTimeoutMs: config.UPSTREAM_FIRST_TOKEN_TIMEOUT_MS,
      wholeTimeoutMs: config.UPSTREAM_WHOLE_TIMEOUT_MS,
      idleTimeoutMs: config.UPSTREAM_IDLE_TIMEOUT_MS,
    }
    this.#health = new HealthBook(stores.minutes)
    const admission = createAdmission()
    this.#inFlight = admission.inFlight
    const { registry, finished } = createGatewayMetrics(admission.inFlight, stores)
    this.metrics = registry
    const book: Book = {
      begin: (begun) => stores.book.begin(begun),
      end(record) {
        finished(record)
        return stores.book.end(record)
      },
    }
    this.#steps = {
      route: (call) => resolve(call, this.reach(), this.#health, now(), Math.random()),
      admit: admission.admit,
      meter: (call) => new Meter(call, book, this.#health, now),
      connect: async (routed, request) => {
        const outgoing = withOpaqueUser(request, routed.call.caller.tenantId)
        const opening = (target: Parameters<typeof open>[0]) =>
          open(target, routed.call, outgoing, this.#egress, this.#limits)
        const { opened, attempt } = await connect(routed, opening, this.#health, now)
        return { ...opened, attempt }
      },
    }
  }

  /** Key in, caller out; throws 401 on proof only, 503 when it cannot be told. */
  identify(credentials: Credentials): Promise<Caller> {
    const { keySecrets, keys, refused } = this.stores
    return identify(credentials, keySecrets.trusted(), (digest) => keys.lookup(digest), keys.wallMs(), refused)
  }

  serve(call: Call, request: ChatRequest, sink: Sink): Promise<void> {
    this.#refuseWhileDraining()
    return serve(call, request, this.#steps, sink)
  }

  embed(call: Call, request: EmbeddingRequest): Promise<Embedded> {
    this.#refuseWhileDraining()
    return embed(call, request, this.#steps, {
      egress: this.#egress,
      health: this.#health,
      limits: this.#limits,
      nowMs: now,
    })
  }

  /** The catalogue and accounts in force; Fault `store_unavailable` before the first was read. */
  reach(): Reach {
    const reach = this.stores.reach()
    if (!reach)
      throw new Fault('store_unavailable', 'This gateway is starting and has not read its catalogue yet; please retry.')
    return reach
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
      ...readinessOf({ draining: this.#draining, hasCatalogue: catalogue !== null, secrets, channels }, now()),
      livesOn: { catalogue, redis: channels.redis, postgres: channels.postgres },
    }
  }

  /** Refuses new work and waits for what is under way, as long as configured; what takes longer ends with an error in band. */
  async drain(): Promise<void> {
    this.#draining = true
    await this.#quiet(this.config.DRAIN_TIMEOUT_MS)
    for (const call of this.live)
      call.abort(new Fault('draining', 'This gateway shut down before the answer was complete.'))
    await this.#quiet(FAREWELL_MS_MAX)
  }

  async close(): Promise<void> {
    await this.#egress.close()
    await this.stores.close()
  }

  async #quiet(withinMs: number): Promise<void> {
    const deadline = now() + withinMs
    while (this.#inFlight() > 0 && now() < deadline) await pause(DRAIN_POLL_MS)
  }

  #refuseWhileDraining(): void {
    if (this.#draining)
      throw new Fault('draining', 'This gateway is shutting down; please retry, another one will answer.')
  }
}

/** Sockets to one provider. Each carries one request at a time. */
const CONNECTIONS_PER_ORIGIN_MAX = 2_048
const DRAIN_POLL_MS = 50
/** For the last events to leave. */
const FAREWELL_MS_MAX = 1_000

function now(): number {
  return performance.now()
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds))
}

/** Builds a gateway: every object in dependency order, in plain TypeScript. `close()` undoes it in reverse. */
export async function buildGateway(config: GatewayConfig, log: Logger): Promise<Gateway> {
  return new Gateway(config, await openStores(config, log))
}
