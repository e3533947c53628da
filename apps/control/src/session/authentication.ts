import {
  permissionsOf,
  type ChangePassword,
  type Role,
  type Session,
  type SignIn,
  type SignUp,
} from '@turnpike/contract'
import { Fault, type UserId } from '@turnpike/domain'
import {
  beginSession,
  changePassword,
  endSession,
  findCredentials,
  findSession,
  openDevice,
  passwordHashOf,
  Passwords,
  readBalance,
  requestReset,
  resetPassword,
  sealDevice,
  signUp,
  type KeySecrets,
  type PrismaClient,
  type SharedRedis,
  type SignedIn,
} from '@turnpike/store'
import type { Billing } from '@turnpike/billing'
import type { ControlConfig } from '../config.ts'
import { Failures, Limit } from '../limits.ts'
import { SignInLimits, type SignInSource } from './sign-in-limits.ts'

const HOUR_MS = 3_600_000
/** In the settings nobody waits but the session that guesses. */
const PRESENT_PASSWORD = { free: 5, delayMsMax: 5 * 60_000 }

export interface ClientInfo {
  /** As `networkOf` names it. */
  readonly network: string
  readonly userAgent: string
  /** Tokens of the cookies that came with the request; empty without. */
  readonly session: string
  readonly device: string
}

export interface StartedSession {
  readonly token: string
  /** For the cookie by which the device is known later. */
  readonly device: string
  readonly session: Session
}

interface AuthenticationParts {
  readonly config: ControlConfig
  readonly prisma: PrismaClient
  /** They seal the cookies of known devices. */
  readonly secrets: KeySecrets
  readonly billing: Billing
  /** Null: limits count in this process alone. */
  readonly shared: SharedRedis | null
}

/** Who may start a session, and how often a client may try. */
export class Authentication {
  private readonly config: ControlConfig
  private readonly prisma: PrismaClient
  private readonly secrets: KeySecrets
  private readonly billing: Billing
  private readonly passwords: Passwords
  readonly #signUps: Limit
  readonly #resetMails: Limit
  readonly #resets: Limit
  readonly #signIns: SignInLimits
  readonly #presentPassword: Failures

  constructor({ config, prisma, secrets, billing, shared }: AuthenticationParts) {
    this.config = config
    this.prisma = prisma
    this.secrets = secrets
    this.billing = billing
    this.passwords = new Passwords(config.PASSWORD_COST)
    this.#signUps = new Limit({ name: 'sign-ups', most: 10, withinMs: HOUR_MS, shared })
    this.#resetMails = new Limit({ name: 'reset-mails', most: 10, withinMs: HOUR_MS, shared })
    this.#resets = new Limit({ name: 'resets', most: 30, withinMs: HOUR_MS, shared })
    this.#signIns = new SignInLimits(shared)
    this.#presentPassword = new Failures({ name: 'failures-session', shared, ...PRESENT_PASSWORD })
  }

  /** Answers alike whether or not somebody has the address, which only a mail to it tells. */
  async signUp({ email, password, organisation }: SignUp, client: ClientInfo, nowMs: number): Promise<StartedSession> {
    await this.#signUps.take(client.network, 'Too many sign-ups from your network. Please try again later.')
    const passwordHash = await this.passwords.hash(password, 'stranger')
    const funds = this.config.SIGNUP_FUNDS
    const userId = await signUp(this.prisma, { email, passwordHash, organisation: organisation ?? null, funds }, nowMs)
    return this.#startSession(userId, client, nowMs)
  }

  /** An unknown address and a wrong password take the same time and get the same response. */
  async signIn({ email, password }: SignIn, client: ClientInfo, nowMs: number): Promise<StartedSession> {
    const stranger: SignInSource = { kind: 'stranger', network: client.network }
    const device = openDevice(this.secrets, client.device, nowMs)
    await this.#signIns.takeTry(device ? { kind: 'device', device } : stranger)
    const known = await findCredentials(this.prisma, email)
    const isKnownDevice = device !== null && device.userId === known?.userId
    // A device is known to one person; at other accounts it is a stranger, and counts as one.
    if (device && !isKnownDevice) await this.#signIns.takeTry(stranger)
    const source: SignInSource = isKnownDevice ? { kind: 'device', device } : stranger
    await this.#signIns.refuseTooSoon(email, source)
    const place = isKnownDevice ? 'known' : 'stranger'
    const fits = await this.passwords.matches(password, known?.passwordHash ?? null, place)
    if (!known || !fits) {
      await this.#signIns.noteFailure(email, source)
      throw new Fault('credentials_wrong', 'The e-mail address or the password is wrong.')
    }
    await this.#signIns.clear(email, source)
    return this.#startSession(known.userId, client, nowMs)
  }

  /** Queues the mail; whether anybody has the address is found out by the worker that sends it. */
  async requestReset(email: string, client: ClientInfo): Promise<void> {
    await this.#resetMails.take(client.network, 'Too many resets from your network. Please try again later.')
    await requestReset(this.prisma, email)
  }

  /** Ends all sessions of the person, and starts one here: the device is known from then on. */
  async resetPassword(token: string, password: string, client: ClientInfo, nowMs: number): Promise<StartedSession> {
    await this.#resets.take(client.network, 'Too many resets from your network. Please try again later.')
    const userId = await resetPassword(this.prisma, token, () => this.passwords.hash(password, 'known'), nowMs)
    return this.#startSession(userId, client, nowMs)
  }

  /** Ends the person's other sessions. Throws Fault `request_invalid` naming the field when the present password is wrong. */
  async changePassword({ userId, sessionId }: SignedIn, { current, password }: ChangePassword): Promise<void> {
    await this.#presentPassword.refuseTooSoon(sessionId, 'Too many wrong passwords. Please wait a moment.')
    if (!(await this.passwords.matches(current, await passwordHashOf(this.prisma, userId), 'known'))) {
      await this.#presentPassword.note(sessionId)
      const problem = 'This is not your present password.'
      throw new Fault('request_invalid', problem, { fields: { current: problem } })
    }
    const passwordHash = await this.passwords.hash(password, 'known')
    await changePassword(this.prisma, { userId, sessionId }, passwordHash)
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

  /** Ends the session that the browser had: its token may be somebody else's. */
  async #startSession(userId: UserId, client: ClientInfo, nowMs: number): Promise<StartedSession> {
    const token = await beginSession(this.prisma, userId, client, nowMs)
    if (client.session) await endSession(this.prisma, client.session)
    const signedIn = await findSession(this.prisma, token, nowMs)
    if (!signedIn) throw new Error('a session that was just started was not found')
    return { token, device: sealDevice(this.secrets, userId, nowMs), session: await this.sessionOf(signedIn) }
  }
}
