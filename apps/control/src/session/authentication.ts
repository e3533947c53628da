import { permissionsOf, type Role, type Session, type SignIn, type SignUp } from '@turnpike/contract'
import { Fault } from '@turnpike/domain'
import {
  beginSession,
  findCredentials,
  findSession,
  readBalance,
  signUp,
  type Passwords,
  type PrismaClient,
  type SharedRedis,
  type SignedIn,
} from '@turnpike/store'
import type { Billing } from '@turnpike/billing'
import type { ControlConfig } from '../config.ts'
import { Failures, Limit, subjectOf } from '../limits.ts'

const MINUTE_MS = 60_000

/** Where a request came from, as far as it matters for signing in. */
export interface Visitor {
  readonly address: string
  readonly userAgent: string
}

/** A session that has just begun. */
export interface Begun {
  readonly token: string
  readonly session: Session
}

/** Signing up and in: who may begin a session, and how often one may try. */
export class Authentication {
  readonly #signUps: Limit
  readonly #signIns: Limit
  readonly #failures: Failures

  constructor(
    private readonly config: ControlConfig,
    private readonly prisma: PrismaClient,
    private readonly passwords: Passwords,
    private readonly billing: Billing,
    shared: SharedRedis | null,
  ) {
    this.#signUps = new Limit({ name: 'sign-ups', most: 10, withinMs: 60 * MINUTE_MS, shared })
    this.#signIns = new Limit({ name: 'sign-ins', most: 20, withinMs: MINUTE_MS, shared })
    this.#failures = new Failures(shared)
  }

  /**
   * Makes an account and begins its first session. A taken address is told, since the form would be a riddle otherwise; the
   * limit per address of the visitor keeps that from listing who has an account.
   */
  async signUp({ email, password, organisation }: SignUp, visitor: Visitor, nowMs: number): Promise<Begun> {
    await this.#signUps.take(subjectOf(visitor.address), 'Too many sign-ups from your network. Please try again later.')
    const passwordHash = await this.passwords.hash(password)
    const funds = this.config.SIGNUP_FUNDS
    const userId = await signUp(this.prisma, { email, passwordHash, organisation: organisation ?? null, funds }, nowMs)
    return this.#begin(userId, visitor, nowMs)
  }

  /** Begins a session. An unknown address and a wrong password take the same time and get the same answer. */
  async signIn({ email, password }: SignIn, visitor: Visitor, nowMs: number): Promise<Begun> {
    await this.#signIns.take(subjectOf(visitor.address), 'Too many sign-ins from your network. Please wait a minute.')
    await this.#failures.refuseTooSoon(email)
    const known = await findCredentials(this.prisma, email)
    const fits = await this.passwords.matches(password, known?.passwordHash ?? null)
    if (!known || !fits) {
      await this.#failures.note(email)
      throw new Fault('credentials_wrong', 'The e-mail address or the password is wrong.')
    }
    await this.#failures.clear(email)
    return this.#begin(known.userId, visitor, nowMs)
  }

  /** What the console is told of a session. */
  async sessionOf(signedIn: SignedIn): Promise<Session> {
    const { userId, email, emailVerified, tenantId, organisation, workspace, role } = signedIn
    const balance = await readBalance(this.prisma, tenantId, organisation.funds)
    return {
      user: { id: userId, email, emailVerified },
      organisation: { id: tenantId, name: organisation.name, funds: organisation.funds, balanceNano: String(balance) },
      workspace,
      role: role as Role,
      permissions: permissionsOf(role as Role),
      billing: this.billing.mode,
      apiBase: this.config.API_BASE_URL,
      mailboxUrl: this.config.MAILBOX_URL ?? null,
      product: this.config.PRODUCT,
    }
  }

  async #begin(userId: SignedIn['userId'], visitor: Visitor, nowMs: number): Promise<Begun> {
    const token = await beginSession(this.prisma, userId, visitor.userAgent, nowMs)
    const signedIn = await findSession(this.prisma, token, nowMs)
    if (!signedIn) throw new Error('a session that has just begun was not found')
    return { token, session: await this.sessionOf(signedIn) }
  }
}
