import { Controller, Get, Inject, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import type { FastifyReply } from 'fastify'
import { Control } from './control.ts'

/** For load balancers and scrapers: alive, ready, figures. */
@Controller()
export class HealthController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('livez')
  @RouteConfig({ access: 'public' })
  live(): { status: string } {
    return { status: 'ok' }
  }

  @Get('readyz')
  @RouteConfig({ access: 'public' })
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const { ready, postgres, reasons } = await this.control.readiness()
    const status = ready ? 'ready' : 'not ready'
    void reply.code(ready ? 200 : 503).send({ status, reasons, postgres: postgres ? 'ok' : 'away' })
  }

  @Get('metrics')
  @RouteConfig({ access: 'public' })
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    const { metrics } = this.control
    void reply.type(metrics.contentType).send(await metrics.metrics())
  }
}
