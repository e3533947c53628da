import { Body, Controller, Inject, Param, Req, Res } from '@nestjs/common'
import { Nothing, type SessionList } from '@turnpike/contract'
import { Fault } from '@turnpike/domain'
import { endAllSessions, endSessionOf, listSessions } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { parse } from '../parse.ts'
import { Get, Person, Post } from '../routes.decorator.ts'
import { SESSION_COOKIE, SESSION_COOKIE_ATTRIBUTES } from './cookie.ts'

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Where a person is signed in, for that person to see and to end. */
@Controller('console/v1/sessions')
export class SessionsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('session')
  async list(@Person() { userId, sessionId }: Person): Promise<SessionList> {
    const sessions = await listSessions(this.control.prisma, userId, Date.now())
    const data = sessions.map(({ id, userAgent, network, createdAt, lastSeenAt }) => ({
      ...{ id, userAgent, network, isThis: id === sessionId },
      createdAt: createdAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
    }))
    return { data }
  }

  @Post('session', ':id/end', 204)
  async end(@Param('id') id: string, @Body() body: unknown, @Person() { userId }: Person): Promise<void> {
    parse(Nothing, body)
    const ended = ID.test(id) && (await endSessionOf(this.control.prisma, userId, id))
    if (!ended) throw new Fault('object_unknown', 'You have no such session.')
  }

  @Post('session', 'end-all')
  async endAll(
    @Body() body: unknown,
    @Person() { userId }: Person,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    parse(Nothing, body)
    await endAllSessions(this.control.prisma, userId)
    this.control.eventStreams.end(request.requestContext.token ?? '')
    void reply.code(204).clearCookie(SESSION_COOKIE, SESSION_COOKIE_ATTRIBUTES).send()
  }
}
