import { billingOf, type Billing, type BillingSettings } from '@turnpike/billing'
import type { Catalogue } from '@turnpike/domain'
import { ConfigError, createMetrics, Gauge, type Logger, type Registry } from '@turnpike/server'
import {
  CONSOLE_CHANNEL,
  keyNames,
  Listening,
  listRequests,
  openKeySecrets,
  openPool,
  openPrisma,
  openRedis,
  Passwords,
  publishKeyEvents,
  USAGE_CHANNEL,
  whyNotReached,
  type KeySecrets,
  type Mutated,
  type Pool,
  type PrismaClient,
} from '@turnpike/store'
import type { ControlConfig } from './config.ts'
import { Live } from './events/live.ts'
import type { ReadRows } from './events/feed.ts'
import { catalogueReader } from './models/catalogue-reader.ts'
import { rowOf } from './requests/request-row.ts'
import { Entrance } from './session/entrance.ts'

/** Everything a control process is made of. */
export class Control {
  readonly metrics: Registry
  readonly entrance: Entrance
  readonly live: Live
  readonly catalogue: () => Promise<Catalogue>
  readonly #listening: Listening

  constructor(
    readonly config: ControlConfig,
    readonly secrets: KeySecrets,
    readonly prisma: PrismaClient,
    /** For lists and sums, where rows are many. */
    readonly pool: Pool,
    private readonly redis: ReturnType<typeof openRedis> | null,
    billing: Billing,
    private readonly log: Logger,
  ) {
    this.entrance = new Entrance(config, prisma, new Passwords(), billing)
    this.catalogue = catalogueReader(pool)
    this.live = new Live(rowReader(pool, prisma), (error) => {
      log.warn({ error }, 'rows for the event streams could not be read')
    })
    this.#listening = this.#listen()
    this.metrics = metricsOf(this.live)
  }

  /** Resolves when changes are heard of. */
  get listening(): Promise<void> {
    return this.#listening.ready
  }

  /** Waits for a mutation and tells the gateways. Without Redis they learn of it by their poll, within its second. */
  async published<T>(mutation: Promise<Mutated<T>>): Promise<T> {
    const { value, events } = await mutation
    if (this.redis && events.length > 0) {
      await publishKeyEvents(this.redis, this.secrets, events).catch((error: unknown) => {
        this.log.warn({ error }, 'Redis did not take a change of keys; gateways poll it')
      })
    }
    return value
  }

  /** Whether the database answers. */
  async isReady(): Promise<boolean> {
    return this.pool.query('SELECT 1').then(
      () => true,
      () => false,
    )
  }

  /** Undoes the construction in reverse. */
  async close(): Promise<void> {
    this.live.close()
    await this.#listening.close()
    this.redis?.disconnect()
    await this.pool.end()
    await this.prisma.$disconnect()
  }

  #listen(): Listening {
    return new Listening({
      url: this.config.DATABASE_URL,
      channels: [USAGE_CHANNEL, CONSOLE_CHANNEL],
      applicationName: 'turnpike control events',
      onNotice: (notice) => this.live.hear(notice),
      onListening: () => this.live.catchUp(),
      onLost: (error) => this.log.warn({ error }, 'the line for notices was lost; opening another'),
    })
  }
}

/** Connections of one process: people looking at screens. */
const POOL = { max: 8, statementTimeoutMs: 10_000, connectTimeoutMs: 2_000, applicationName: 'turnpike control' }

/**
 * Builds a control process: every object in dependency order, in plain TypeScript; `close()` undoes it in reverse.
 * Throws ConfigError when the settings do not fit together or the database does not answer.
 */
export async function buildControl(config: ControlConfig, log: Logger): Promise<Control> {
  const billing = orConfigError(() => billingOf(billingSettings(config)))
  const secrets = orConfigError(() => openKeySecrets(config.KEY_SECRETS))
  const options = {
    ...POOL,
    onIdleError: (error: Error) => log.warn({ error }, 'an idle connection to Postgres broke'),
  }
  const pool = openPool(config.DATABASE_URL, options)
  const problem = await whyNotReached(pool)
  if (problem !== null) throw new ConfigError(`DATABASE_URL: PostgreSQL cannot be used there (${problem}).`)
  const prisma = await openPrisma(config.DATABASE_URL, options)
  const redis = config.REDIS_URL === undefined ? null : openRedis(config.REDIS_URL)
  return new Control(config, secrets, prisma, pool, redis, billing, log)
}

function billingSettings({ STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, PRODUCT }: ControlConfig): BillingSettings {
  return { secretKey: STRIPE_SECRET_KEY, webhookSecret: STRIPE_WEBHOOK_SECRET, product: PRODUCT }
}

/** Settings that are judged deeper inside refuse with plain errors, whose messages name no secret. */
function orConfigError<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : 'The settings do not fit.')
  }
}

/** Rows that one look at a tenant brings at most. */
const ROWS_MAX = 50

function rowReader(pool: Pool, prisma: PrismaClient): ReadRows {
  return async (tenantId, fromMs) => {
    const { requests } = await listRequests(pool, tenantId, { limit: ROWS_MAX, filter: { fromMs } })
    const names = await keyNames(prisma, tenantId, [...new Set(requests.map(({ keyId }) => keyId))])
    return requests.map((request) => rowOf(request, names))
  }
}

function metricsOf(live: Live): Registry {
  const registry = createMetrics('control')
  const streams: Gauge = new Gauge({
    name: 'turnpike_console_streams',
    help: 'Open event streams.',
    registers: [],
    collect: () => streams.set(live.count),
  })
  registry.registerMetric(streams)
  return registry
}
