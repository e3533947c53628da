import { Module, type DynamicModule } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { Logger } from '@turnpike/server'
import { AccountController } from './api/account/account.controller.ts'
import { BODY_BYTES_MAX } from './http/body.ts'
import { ChatController } from './api/chat/chat.controller.ts'
import { guardRoutes } from './http/edge.ts'
import { EmbeddingsController } from './api/embeddings/embeddings.controller.ts'
import { ExplainController } from './api/explain/explain.controller.ts'
import { FaultFilter } from './http/fault.filter.ts'
import { forwardManagement } from './http/forward-management.ts'
import { Gateway } from './gateway.ts'
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

/** Listens on the gateway's port. `close` waits for calls under way, then closes everything. */
export async function listen(gateway: Gateway, log: Logger): Promise<{ url: string; close: () => Promise<void> }> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    http: HTTP_TIMEOUTS,
    requestTimeout: HTTP_TIMEOUTS.requestTimeout,
    // By then the calls under way are over; idle connections and unfinished bodies are left.
    forceCloseConnections: true,
    return503OnClosing: false,
  })
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.around(gateway), adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  })
  guardRoutes(adapter.getInstance(), (request) => gateway.identify(request.headers))
  const { MANAGEMENT_URL } = gateway.config
  if (MANAGEMENT_URL !== undefined) forwardManagement(adapter.getInstance(), MANAGEMENT_URL)
  app.useGlobalFilters(new FaultFilter(log))
  await app.listen({ host: gateway.config.GATEWAY_HOST, port: gateway.config.GATEWAY_PORT })
  return {
    url: await app.getUrl(),
    async close() {
      await gateway.shutDown()
      await app.close()
      await gateway.close()
    },
  }
}
