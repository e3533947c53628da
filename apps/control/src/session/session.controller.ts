import { Body, Controller, Inject, Req, Res } from '@nestjs/common'
import {
  Nothing,
  SignIn,
  SignUp,
  Verify,
  VerifyLink,
  type SessionAnswer,
  type VerifyLinkAnswer,
} from '@turnpike/contract'
import { endSession, findSession, resendVerification, verifyByCode, verifyByLink } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { parse } from '../parse.ts'
import { Get, Person, Post } from '../routes.decorator.ts'
import { clientInfoOf, SESSION_COOKIE, SESSION_COOKIE_ATTRIBUTES, sendStartedSession } from './cookie.ts'

/** Signing up, proving the address, signing in and out. */
@Controller('console/v1')
export class SessionController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Post('public', 'sign-up')
  async signUp(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const started = await this.control.authentication.signUp(parse(SignUp, body), clientInfoOf(request), Date.now())
    sendStartedSession(reply.code(201), started)
  }

  @Post('public', 'sign-in')
  async signIn(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const started = await this.control.authentication.signIn(parse(SignIn, body), clientInfoOf(request), Date.now())
    sendStartedSession(reply.code(200), started)
  }

  @Post('session', 'sign-out')
  async signOut(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    parse(Nothing, body)
    const token = request.requestContext.token ?? ''
    await endSession(this.control.prisma, token)
    this.control.eventStreams.end(token)
    void reply.code(204).clearCookie(SESSION_COOKIE, SESSION_COOKIE_ATTRIBUTES).send()
  }

  @Get('session', 'session')
  async session(@Person() person: Person): Promise<SessionAnswer> {
    return { session: await this.control.authentication.sessionOf(person) }
  }

  @Post('session', 'verify')
  async verify(@Body() body: unknown, @Person() person: Person): Promise<SessionAnswer> {
    const { code } = parse(Verify, body)
    await verifyByCode(this.control.prisma, person.userId, code, this.control.config.SIGNUP_GRANT, Date.now())
    return { session: await this.control.authentication.sessionOf({ ...person, emailVerified: true }) }
  }

  @Post('session', 'verify/resend', 204)
  async resend(@Body() body: unknown, @Person() { userId, emailVerified }: Person): Promise<void> {
    parse(Nothing, body)
    if (!emailVerified) await resendVerification(this.control.prisma, userId, Date.now())
  }

  /** What the page behind the link in the mail sends when its button is pressed, with or without a session. */
  @Post('public', 'verify-link')
  async verifyLink(@Body() body: unknown, @Req() request: FastifyRequest): Promise<VerifyLinkAnswer> {
    const { token, code = null } = parse(VerifyLink, body)
    const { prisma, config } = this.control
    const presented = request.cookies[SESSION_COOKIE] ?? ''
    const signedIn = presented ? await findSession(prisma, presented, Date.now()) : null
    const opened = { token, code, userId: signedIn?.userId ?? null }
    return { state: await verifyByLink(prisma, opened, config.SIGNUP_GRANT, Date.now()) }
  }
}
