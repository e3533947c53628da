import { billingOf, type Billing } from '@turnpike/billing'
import type { Catalogue } from '@turnpike/domain'
import { ConfigError, createMetrics, showMetric, type Logger, type Registry } from '@turnpike/server'
import {
  compareCredentialSecrets,
  CONSOLE_CHANNEL,
  Listening,
  listRequests,
  openKeyEncryptionKeys,
  openKeySecrets,
  openPool,
  openPrisma,
  openRedis,
  openRevocationFile,
  publishKeyEvents,
  revokeKey,
  secretsByKek,
  secretTroubles,
  REFUSAL_CHANNEL,
  USAGE_CHANNEL,
  watchKeySecrets,
  whyUnreachable,
  type KeyEncryptionKeys,
  type KeySecrets,
  type KeySecretWatch,
  type Mutated,
  type Pool,
  type PrismaClient,
  type RevocationFile,
} from '@turnpike/store'
import { asConfigError, type ControlConfig } from './config.ts'
import { EventStreams } from './events/event-streams.ts'
import type { ReadRows } from './events/request-feed.ts'
import { Management } from './management/management.ts'
import { catalogueReader } from './models/catalogue-reader.ts'
import { openOwnLimits, type OwnLimits } from './byok/limits.ts'
import { TestRuns } from './byok/test-runs.ts'
import { rowsOf } from './requests/request-row.ts'
import { Authentication } from './session/authentication.ts'

/** Everything a control process is made of. */
export class Control {
  readonly metrics: Registry
  readonly authentication: Authentication
  readonly eventStreams: EventStreams
  readonly management: Management
  readonly catalogue: () => Promise<Catalogue>
  readonly ownLimits: OwnLimits
  readonly testRuns: TestRuns
  /** Whether the key secrets of this process fit those that the database knows. */
  readonly secretCheck: KeySecretWatch
  readonly #listening: Listening

  constructor(
    readonly config: ControlConfig,
    readonly secrets: KeySecrets,
    /** Null: credentials of tenants cannot be stored. */
    readonly credentialSecrets: KeyEncryptionKeys | null,
    readonly prisma: PrismaClient,
    /** For lists and sums, where rows are many. */
    readonly pool: Pool,
    private readonly redis: ReturnType<typeof openRedis> | null,
    billing: Billing,
    /** Null: revocations that wait for the database are not kept. */
    revocationFile: RevocationFile | null,
    private readonly log: Logger,
  ) {
    const shared = redis && { redis, secrets }
    this.authentication = new Authentication({ config, prisma, secrets, billing, shared })
    this.ownLimits = openOwnLimits(shared)
    this.catalogue = catalogueReader(pool)
    this.testRuns = new TestRuns({
      prisma,
      keks: credentialSecrets,
      catalogue: this.catalogue,
      limits: this.ownLimits,
      allow: config.EGRESS_ALLOW,
      simulatorUrl: config.SIMULATOR_URL,
    })
    const onRowsFailed = (error: unknown) => log.warn({ error }, 'rows for the event streams could not be read')
    this.eventStreams = new EventStreams(rowReader(pool, prisma), onRowsFailed)
    this.#listening = new Listening({
      url: config.DATABASE_URL,
      channels: [USAGE_CHANNEL, CONSOLE_CHANNEL, REFUSAL_CHANNEL],
      applicationName: 'turnpike control events',
      onNotice: (notice) => this.eventStreams.onNotice(notice),
      onListening: () => {
        this.eventStreams.catchUp()
        void this.#reportCredentialSecrets()
      },
      onLost: (error) => log.warn({ error }, 'the connection for notices was lost; opening another'),
    })
    this.secretCheck = watchKeySecrets({
      pool,
      secrets,
      node: 'control',
      onChange(state) {
        const reasons = secretTroubles(state)
        if (reasons.length > 0) log.error({ reasons }, 'the key secrets of this process do not fit the database')
        else log.info('the key secrets of this process fit the database')
      },
    })
    this.management = new Management({
      config,
      secrets,
      trusted: () => this.secretCheck.trusted(),
      redis,
      log,
      file: revocationFile,
      revoke: (author, { keyId, atMs }) => this.published(revokeKey(prisma, author, keyId, atMs)),
    })
    this.metrics = metricsOf(this.eventStreams, this.management)
  }

  /** Resolves after the first attempts to subscribe to changes and to compare the key secrets. */
  get listening(): Promise<unknown> {
    return Promise.all([this.#listening.tried, this.secretCheck.tried])
  }

  /** Publishes a mutation to the gateways. Without Redis their poll finds it within a second. */
  async published<T>(mutation: Promise<Mutated<T>>): Promise<T> {
    const { value, events } = await mutation
    if (this.redis && events.length > 0) {
      await publishKeyEvents(this.redis, this.secrets, events).catch((error: unknown) => {
        this.log.warn({ error }, 'Redis did not take a change of keys; gateways poll it')
      })
    }
    return value
  }

  async readiness(): Promise<Readiness> {
    const postgres = (await whyUnreachable(this.pool)) === null
    const reasons = [
      ...(postgres ? [] : ['postgres_away: Postgres does not answer.']),
      ...secretTroubles(this.secretCheck.state()),
    ]
    return { ready: reasons.length === 0, postgres, reasons }
  }

  /** In reverse order of construction. */
  async close(): Promise<void> {
    this.eventStreams.close()
    await this.#listening.close()
    await this.secretCheck.close()
    await this.management.close()
    await this.testRuns.close()
    this.redis?.disconnect()
    await this.pool.end()
    await this.prisma.$disconnect()
  }

  /** Logs which stored secrets cannot be opened here, at each connection: the database may know others than before. */
  async #reportCredentialSecrets(): Promise<void> {
    const { pool, credentialSecrets: keks, log } = this
    try {
      const differing = keks ? await compareCredentialSecrets(pool, keks) : []
      const missing = (await secretsByKek(pool)).filter(({ kek }) => !keks?.byId.has(kek))
      if (differing.length > 0) {
        log.error({ keks: differing }, 'CREDENTIAL_SECRETS are not the ones that the database knows by these numbers')
      }
      if (missing.length > 0) {
        log.error({ missing }, 'stored credentials need key-encryption keys that CREDENTIAL_SECRETS does not hold')
      }
    } catch (error) {
      log.warn({ error }, 'the key-encryption keys could not be compared with the database')
    }
  }
}

interface Readiness {
  readonly ready: boolean
  /** Whether the database answers. */
  readonly postgres: boolean
  /** Why not: a code for programs, a colon, a sentence for people. */
  readonly reasons: readonly string[]
}

/** Connections of one process: people looking at screens. */
const POOL = { max: 8, statementTimeoutMs: 10_000, connectTimeoutMs: 2_000, applicationName: 'turnpike control' }

/**
 * Throws ConfigError when the settings do not fit together or the database refuses them. While the database is away the process starts
 * and waits: it accepts revocations, and gateways keep the pending ones.
 */
export async function buildControl(config: ControlConfig, log: Logger): Promise<Control> {
  const { CREDENTIAL_SECRETS, REVOCATION_FILE, STRIPE_SECRET_KEY: secretKey } = config
  const stripe = { secretKey, webhookSecret: config.STRIPE_WEBHOOK_SECRET, product: config.PRODUCT }
  const billing = await asConfigError('', () => billingOf(stripe))
  const secrets = await asConfigError('', () => openKeySecrets(config.KEY_SECRETS))
  const keks = CREDENTIAL_SECRETS ? await asConfigError('', () => openKeyEncryptionKeys(CREDENTIAL_SECRETS)) : null
  const file = REVOCATION_FILE
    ? await asConfigError('REVOCATION_FILE: ', () => openRevocationFile(REVOCATION_FILE, secrets))
    : null
  const redis = config.REDIS_URL === undefined ? null : openRedis(config.REDIS_URL)
  const onIdleError = (error: Error) => log.warn({ error }, 'an idle connection to Postgres broke')
  const options = { ...POOL, onIdleError }
  const pool = openPool(config.DATABASE_URL, options)
  const notReached = await whyUnreachable(pool)
  if (notReached && !notReached.isUnavailable) {
    redis?.disconnect()
    await file?.close()
    throw new ConfigError(`DATABASE_URL: PostgreSQL cannot be used there (${notReached.reason}).`)
  }
  if (notReached) log.error({ reason: notReached.reason }, 'PostgreSQL does not answer; not ready until it does')
  const prisma = await openPrisma(config.DATABASE_URL, options)
  return new Control(config, secrets, keks, prisma, pool, redis, billing, file, log)
}

/** Rows of a tenant that one query returns. */
const ROWS_MAX = 50

function rowReader(pool: Pool, prisma: PrismaClient): ReadRows {
  return async (tenantId, fromMs) => {
    const { requests } = await listRequests(pool, tenantId, { limit: ROWS_MAX, filter: { fromMs } })
    return rowsOf(prisma, tenantId, requests)
  }
}

function metricsOf(streams: EventStreams, management: Management): Registry {
  const registry = createMetrics('control')
  showMetric({ name: 'turnpike_console_streams', help: 'Open event streams.', read: () => streams.count }, [registry])
  const help = 'Revocations that were accepted and are not in the database yet.'
  showMetric({ name: 'turnpike_revocations_pending', help, read: () => management.pendingCount }, [registry])
  return registry
}
