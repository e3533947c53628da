import { Module, type DynamicModule } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { openOpsPort, trustedProxies, type Logger } from '@turnpike/server'
import { findSession } from '@turnpike/store'
import { AuditController } from './audit/audit.controller.ts'
import { serveConsole } from './console/console.ts'
import { Control } from './control.ts'
import { guardRoutes, BODY_BYTES_MAX } from './edge.ts'
import { EventsController } from './events/events.controller.ts'
import { FaultFilter } from './fault.filter.ts'
import { HealthController } from './health.controller.ts'
import { KeysController } from './keys/keys.controller.ts'
import { ManagedByokController } from './management/managed-byok.controller.ts'
import { ManagedPoliciesController } from './management/managed-policies.controller.ts'
import { ManagementController } from './management/management.controller.ts'
import { CatalogueDraftsController } from './models/catalogue-drafts.controller.ts'
import { ModelsController } from './models/models.controller.ts'
import { OrganisationController } from './organisation/organisation.controller.ts'
import { OwnEndpointsController } from './byok/endpoints.controller.ts'
import { ProviderKeysController } from './byok/provider-keys.controller.ts'
import { AttachmentsController } from './policies/attachments.controller.ts'
import { PoliciesController } from './policies/policies.controller.ts'
import { RequestsController } from './requests/requests.controller.ts'
import { PasswordsController } from './session/passwords.controller.ts'
import { SessionController } from './session/session.controller.ts'
import { SessionsController } from './session/sessions.controller.ts'
import { UsageController } from './usage/usage.controller.ts'
import { WhatIfController } from './what-if/what-if.controller.ts'

/** Nest receives finished objects and only routes HTTP requests to them. */
@Module({
  controllers: [
    SessionController,
    SessionsController,
    PasswordsController,
    KeysController,
    PoliciesController,
    AttachmentsController,
    ManagementController,
    ManagedPoliciesController,
    ManagedByokController,
    ProviderKeysController,
    OwnEndpointsController,
    RequestsController,
    UsageController,
    ModelsController,
    CatalogueDraftsController,
    AuditController,
    OrganisationController,
    WhatIfController,
    EventsController,
    HealthController,
  ],
})
class ControlModule {
  static around(control: Control): DynamicModule {
    return { module: ControlModule, providers: [{ provide: Control, useValue: control }] }
  }
}

/** Node's own limits are minutes or none: headers have 10 s, a body 15 s, checked every second. */
const HTTP_TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 1_000 }

/** How often a server that closes looks whether its last request is over. */
const CLOSE_CHECK_MS = 50

interface ControlServer {
  readonly url: string
  /** Of the port of operations. */
  readonly opsUrl: string
  /** Every route of the router, with who may use it. */
  readonly routes: readonly Route[]
  /** Ends event streams, lets running requests finish, then closes everything. */
  readonly close: () => Promise<void>
}

export interface Route {
  readonly method: string
  readonly path: string
  readonly access: string
}

/** Puts a control process behind a port. */
export async function listenOn(control: Control, log: Logger): Promise<ControlServer> {
  const { config, prisma } = control
  const proxies = trustedProxies(config.TRUSTED_PROXIES)
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    http: HTTP_TIMEOUTS,
    requestTimeout: HTTP_TIMEOUTS.requestTimeout,
    forceCloseConnections: 'idle',
    ...(proxies && { trustProxy: proxies }),
  })
  const server = adapter.getInstance()
  const routes: Route[] = []
  let underWay = 0
  server.addHook('onRequest', (_request, { raw }, done) => {
    underWay++
    raw.once('close', () => underWay--)
    done()
  })
  guardRoutes(server, config.PUBLIC_URL, {
    findSignedIn: (token) => findSession(prisma, token, Date.now()),
    identifyCaller: (headers) => control.management.identify(headers),
  })
  server.addHook('onRoute', ({ method, url, config: { access } = {} }) => {
    for (const one of [method].flat()) routes.push({ method: one, path: url, access: access ?? '' })
  })
  const app = await NestFactory.create<NestFastifyApplication>(ControlModule.around(control), adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  })
  app.useGlobalFilters(new FaultFilter(log, (notice) => control.eventStreams.refused(notice)))
  await app.init()
  // After Nest has set its error handler, which a route takes at its registration.
  if (config.CONSOLE_DIR !== undefined) await serveConsole(server, config.CONSOLE_DIR)
  await app.listen({ host: config.CONTROL_HOST, port: config.CONTROL_PORT })
  const ops = await openOpsPort({
    host: config.OPS_HOST,
    port: config.OPS_PORT,
    metrics: control.metrics,
    readiness: () => control.readiness(),
  })
  await control.listening
  return {
    url: await app.getUrl(),
    opsUrl: ops.url,
    routes,
    async close() {
      control.eventStreams.close()
      // Node also waits for connections that have sent nothing yet, which browsers open in advance.
      const closing = setInterval(() => underWay === 0 && server.server.closeAllConnections(), CLOSE_CHECK_MS)
      await app.close().finally(() => clearInterval(closing))
      await ops.close()
      await control.close()
    },
  }
}
