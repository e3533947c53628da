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
import { networkOf } from '@turnpike/server'
import type { ControlConfig } from '../config.ts'
import { Failures, Limit } from '../limits.ts'

const MINUTE_MS = 60_000

export interface ClientInfo {
  readonly address: string
  readonly userAgent: string
}

export interface StartedSession {
  readonly token: string
  readonly session: Session
}

/** Who may start a session, and how often a client may try. */
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

  /** Says that an e-mail address is taken, as a form must; the limit keeps clients from listing accounts. */
  async signUp({ email, password, organisation }: SignUp, client: ClientInfo, nowMs: number): Promise<StartedSession> {
    await this.#signUps.take(networkOf(client.address), 'Too many sign-ups from your network. Please try again later.')
    const passwordHash = await this.passwords.hash(password)
    const funds = this.config.SIGNUP_FUNDS
    const userId = await signUp(this.prisma, { email, passwordHash, organisation: organisation ?? null, funds }, nowMs)
    return this.#startSession(userId, client, nowMs)
  }

  /** An unknown address and a wrong password take the same time and get the same response. */
  async signIn({ email, password }: SignIn, client: ClientInfo, nowMs: number): Promise<StartedSession> {
    await this.#signIns.take(networkOf(client.address), 'Too many sign-ins from your network. Please wait a minute.')
    await this.#failures.refuseTooSoon(email)
    const known = await findCredentials(this.prisma, email)
    const fits = await this.passwords.matches(password, known?.passwordHash ?? null)
    if (!known || !fits) {
      await this.#failures.note(email)
      throw new Fault('credentials_wrong', 'The e-mail address or the password is wrong.')
    }
    await this.#failures.clear(email)
    return this.#startSession(known.userId, client, nowMs)
  }

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

  async #startSession(userId: SignedIn['userId'], client: ClientInfo, nowMs: number): Promise<StartedSession> {
    const token = await beginSession(this.prisma, userId, client.userAgent, nowMs)
    const signedIn = await findSession(this.prisma, token, nowMs)
    if (!signedIn) throw new Error('a session that was just started was not found')
    return { token, session: await this.sessionOf(signedIn) }
  }
}
