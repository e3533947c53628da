import { Controller, Get, Options, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import type { FastifyReply } from 'fastify'

/** For load balancers and browsers; readiness and figures are on the port of operations. */
@Controller()
export class HealthController {
  @Get('livez')
  @RouteConfig({ public: true, unlimited: true })
  live(@Res() reply: FastifyReply): void {
    void reply.send({ status: 'ok' })
  }

  /** Browsers ask first. Keys travel in headers and never in cookies, so any origin may. */
  @Options(['api/v1/*', 'v1/*'])
  @RouteConfig({ public: true, unlimited: true })
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
