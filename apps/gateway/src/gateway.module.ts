import { Module, type DynamicModule } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { Logger } from '@turnpike/server'
import { AccountController } from './api/account/account.controller.ts'
import { BODY_BYTES_MAX } from './http/body.ts'
import { ChatController } from './api/chat/chat.controller.ts'
import { armEdge } from './http/edge.ts'
import { EmbeddingsController } from './api/embeddings/embeddings.controller.ts'
import { ExplainController } from './api/explain/explain.controller.ts'
import { FaultFilter } from './http/fault.filter.ts'
import { forwardManagement } from './http/forward-management.ts'
import { Gateway } from './gateway.ts'
import { HealthController } from './http/health.controller.ts'
import { ModelsController } from './api/models/models.controller.ts'
import { PresetsController } from './api/presets/presets.controller.ts'

/** The rim: Nest receives finished objects and knows only how to reach them over HTTP. */
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
export class GatewayModule {
  static around(gateway: Gateway): DynamicModule {
    return { module: GatewayModule, providers: [{ provide: Gateway, useValue: gateway }] }
  }
}

/** Node's own limits are minutes or none: headers have 10 s, a body 30 s, checked every second. */
const PATIENCE = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 }

/** Puts a gateway behind a port. `close` drains, then lets go of everything. */
export async function listen(gateway: Gateway, log: Logger): Promise<{ url: string; close: () => Promise<void> }> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    http: PATIENCE,
    requestTimeout: PATIENCE.requestTimeout,
    // By then the requests under way are over; what is left are idle lines and bodies nobody will finish.
    forceCloseConnections: true,
    return503OnClosing: false,
  })
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.around(gateway), adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  })
  armEdge(adapter.getInstance(), (request) => gateway.identify(request.headers))
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
