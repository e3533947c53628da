import { Module, type DynamicModule } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { openOpsPort, trustedProxies, type Logger } from '@turnpike/server'
import { AccountController } from './api/account/account.controller.ts'
import { BODY_BYTES_MAX } from './http/body.ts'
import { ChatController } from './api/chat/chat.controller.ts'
import { guardRoutes } from './http/edge.ts'
import { EmbeddingsController } from './api/embeddings/embeddings.controller.ts'
import { ExplainController } from './api/explain/explain.controller.ts'
import { FaultFilter } from './http/fault.filter.ts'
import { forwardManagement } from './http/forward-management.ts'
import { Gateway } from './gateway.ts'
import { noteRefused } from './http/refused.ts'
import { HealthController } from './http/health.controller.ts'
import { ModelsController } from './api/models/models.controller.ts'
import { PresetsController } from './api/presets/presets.controller.ts'

/** Nest receives finished objects and only makes them reachable over HTTP. */
@Module({
  controllers: [
    ChatController,
    EmbeddingsController,
    ExplainController,
    ModelsController,
    PresetsController,
    AccountController,
    HealthController,
  ],
})
class GatewayModule {
  static around(gateway: Gateway): DynamicModule {
    return { module: GatewayModule, providers: [{ provide: Gateway, useValue: gateway }] }
  }
}

/** Node's own limits are minutes or none: headers have 10 s, a body 30 s, checked every second. */
const HTTP_TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 }

/** A gateway behind its ports. */
interface GatewayServer {
  readonly url: string
  /** Of the port of operations, which closes last: balancers read there that the gateway is shutting down. */
  readonly opsUrl: string
  /** Waits for calls under way, then closes everything. */
  readonly close: () => Promise<void>
}

/** Listens on the gateway's ports. */
export async function listen(gateway: Gateway, log: Logger): Promise<GatewayServer> {
  const { config } = gateway
  const proxies = trustedProxies(config.TRUSTED_PROXIES)
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    http: HTTP_TIMEOUTS,
    requestTimeout: HTTP_TIMEOUTS.requestTimeout,
    // By then the calls under way are over; idle connections and unfinished bodies are left.
    forceCloseConnections: true,
    return503OnClosing: false,
    ...(proxies && { trustProxy: proxies }),
  })
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.around(gateway), adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  })
  guardRoutes(adapter.getInstance(), (request) => gateway.identify(request.headers))
  if (config.MANAGEMENT_URL !== undefined) forwardManagement(adapter.getInstance(), config.MANAGEMENT_URL)
  app.useGlobalFilters(new FaultFilter(log, (request, fault) => noteRefused(gateway, request, fault)))
  await app.listen({ host: config.GATEWAY_HOST, port: config.GATEWAY_PORT })
  const ops = await openOpsPort({
    host: config.OPS_HOST,
    port: config.OPS_PORT,
    metrics: gateway.metrics,
    readiness: () => gateway.readiness(),
  })
  return {
    url: await app.getUrl(),
    opsUrl: ops.url,
    async close() {
      await gateway.shutDown()
      await app.close()
      await ops.close()
      await gateway.close()
    },
  }
}
