import { Controller, Get, Inject, Options, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import type { FastifyReply } from 'fastify'
import { Gateway } from '../gateway.ts'

/** For load balancers and scrapers: alive, ready, figures. */
@Controller()
export class HealthController {
  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Get('livez')
  @RouteConfig({ public: true })
  live(@Res() reply: FastifyReply): void {
    void reply.send({ status: 'ok' })
  }

  @Get('readyz')
  @RouteConfig({ public: true })
  ready(@Res() reply: FastifyReply): void {
    const { ready, reasons, livesOn } = this.gateway.readiness()
    void reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', reasons, livesOn })
  }

  @Get('metrics')
  @RouteConfig({ public: true })
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    void reply.type(this.gateway.metrics.contentType).send(await this.gateway.metrics.metrics())
  }

  /** Browsers ask first. Keys travel in headers and never in cookies, so any origin may. */
  @Options(['api/v1/*', 'v1/*'])
  @RouteConfig({ public: true })
  preflight(@Res() reply: FastifyReply): void {
    void reply
      .code(204)
      .headers({
        'access-control-allow-methods': 'GET, POST, OPTIONS',
        'access-control-allow-headers': '*, authorization',
        'access-control-max-age': '86400',
      })
      .send()
  }
}
