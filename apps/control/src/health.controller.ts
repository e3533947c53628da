import { Controller } from '@nestjs/common'
import { Get } from './routes.decorator.ts'

/** For load balancers, of the process itself; readiness and figures are on the port of operations. */
@Controller()
export class HealthController {
  @Get('public', 'livez')
  live(): { status: string } {
    return { status: 'ok' }
  }
}
