import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import { Nothing, SignIn, SignUp, Verify, VerifyLink, type SessionAnswer } from '@turnpike/contract'
import { endSession, resendVerification, verifyByCode, verifyByLink } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'
import type { StartedSession, ClientInfo } from './authentication.ts'
import { SESSION_COOKIE, SESSION_COOKIE_ATTRIBUTES } from './cookie.ts'
import { VERIFY_PAGE_HEADERS, verifyPage } from './verify-page.ts'

/** Signing up, proving the address, signing in and out. */
@Controller('console/v1')
export class SessionController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Post('sign-up')
  @RouteConfig({ access: 'public' })
  async signUp(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const started = await this.control.authentication.signUp(parse(SignUp, body), clientInfoOf(request), Date.now())
    sendStartedSession(reply.code(201), started)
  }

  @Post('sign-in')
  @RouteConfig({ access: 'public' })
  async signIn(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const started = await this.control.authentication.signIn(parse(SignIn, body), clientInfoOf(request), Date.now())
    sendStartedSession(reply.code(200), started)
  }

  @Post('sign-out')
  @RouteConfig({ access: 'session' })
  async signOut(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    parse(Nothing, body)
    const token = request.requestContext.token ?? ''
    await endSession(this.control.prisma, token)
    this.control.eventStreams.end(token)
    void reply.code(204).clearCookie(SESSION_COOKIE, SESSION_COOKIE_ATTRIBUTES).send()
  }

  @Get('session')
  @RouteConfig({ access: 'session' })
  async session(@Req() request: FastifyRequest): Promise<SessionAnswer> {
    return { session: await this.control.authentication.sessionOf(signedInOf(request)) }
  }

  @Post('verify')
  @HttpCode(200)
  @RouteConfig({ access: 'session' })
  async verify(@Body() body: unknown, @Req() request: FastifyRequest): Promise<SessionAnswer> {
    const { code } = parse(Verify, body)
    const signedIn = signedInOf(request)
    await verifyByCode(this.control.prisma, signedIn.userId, code, this.control.config.SIGNUP_GRANT, Date.now())
    return { session: await this.control.authentication.sessionOf({ ...signedIn, emailVerified: true }) }
  }

  @Post('verify/resend')
  @RouteConfig({ access: 'session' })
  async resend(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    parse(Nothing, body)
    const { userId, emailVerified } = signedInOf(request)
    if (!emailVerified) await resendVerification(this.control.prisma, userId, Date.now())
    void reply.code(204).send()
  }

  /** The link in the mail: opened by a person, on whatever device the mail is read. */
  @Get('verify')
  @RouteConfig({ access: 'public' })
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
