import { Body, Controller, Inject, Query, Req, Res } from '@nestjs/common'
import { Nothing, SignIn, SignUp, Verify, VerifyLink, type SessionAnswer } from '@turnpike/contract'
import { endSession, resendVerification, verifyByCode, verifyByLink } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { parse } from '../parse.ts'
import { Get, Person, Post } from '../routes.decorator.ts'
import type { StartedSession, ClientInfo } from './authentication.ts'
import { SESSION_COOKIE, SESSION_COOKIE_ATTRIBUTES } from './cookie.ts'
import { VERIFY_PAGE_HEADERS, verifyPage } from './verify-page.ts'

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

  /** The link in the mail: opened by a person, on whatever device the mail is read. */
  @Get('public', 'verify')
  async open(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const link = VerifyLink.safeParse(query)
    const { prisma, config } = this.control
    const verified = link.success && (await verifyByLink(prisma, link.data.token, config.SIGNUP_GRANT, Date.now()))
    void reply
      .code(verified ? 200 : 400)
      .headers(VERIFY_PAGE_HEADERS)
      .send(verifyPage(verified))
  }
}

function clientInfoOf(request: FastifyRequest): ClientInfo {
  return { address: request.ip, userAgent: request.headers['user-agent'] ?? '' }
}

function sendStartedSession(reply: FastifyReply, { token, session }: StartedSession): void {
  void reply.setCookie(SESSION_COOKIE, token, SESSION_COOKIE_ATTRIBUTES).send({ session } satisfies SessionAnswer)
}
