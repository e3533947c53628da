import { Controller, Inject, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { Control } from './control.ts'
import { Get } from './routes.decorator.ts'

/** For load balancers and scrapers: alive, ready, figures. */
@Controller()
export class HealthController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('public', 'livez')
  live(): { status: string } {
    return { status: 'ok' }
  }

  @Get('public', 'readyz')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const { ready, postgres, reasons } = await this.control.readiness()
    const status = ready ? 'ready' : 'not ready'
    void reply.code(ready ? 200 : 503).send({ status, reasons, postgres: postgres ? 'ok' : 'away' })
  }

  @Get('public', 'metrics')
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    const { metrics } = this.control
    void reply.type(metrics.contentType).send(await metrics.metrics())
  }
}
