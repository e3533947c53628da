import { Body, Controller, Inject, Req, Res } from '@nestjs/common'
import { ChangePassword, ForgotPassword, ResetPassword } from '@turnpike/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { parse } from '../parse.ts'
import { Person, Post } from '../routes.decorator.ts'
import { clientInfoOf, sendStartedSession } from './cookie.ts'

/** Choosing a new password: by mail when the old one is lost, or in the settings. */
@Controller('console/v1/password')
export class PasswordsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Post('public', 'forgot', 204)
  async forgot(@Body() body: unknown, @Req() request: FastifyRequest): Promise<void> {
    const { email } = parse(ForgotPassword, body)
    await this.control.authentication.requestReset(email, clientInfoOf(request))
  }

  @Post('public', 'reset')
  async reset(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { token, password } = parse(ResetPassword, body)
    const client = clientInfoOf(request)
    const started = await this.control.authentication.resetPassword(token, password, client, Date.now())
    sendStartedSession(reply.code(200), started)
  }

  @Post('session', 'change', 204)
  async change(@Body() body: unknown, @Person() person: Person): Promise<void> {
    await this.control.authentication.changePassword(person, parse(ChangePassword, body))
  }
}
