import type { KnownDevice, SharedRedis } from '@turnpike/store'
import { Failures, Limit } from '../limits.ts'

const MINUTE_MS = 60_000
/** A person mistypes; a wait of minutes stops a program. Nobody but that network, or that device, waits. */
const OWN_SOURCE = { free: 5, delayMsMax: 5 * MINUTE_MS }
/** Many people share a network, and some of them mistype. */
const NETWORK = { free: 30, delayMsMax: 5 * MINUTE_MS }
/** Others cause it, so that it is short. A device that the person knows never waits for it, and a reset by mail makes one. */
const ACCOUNT = { free: 20, delayMsMax: 30_000 }

const WAIT = 'Too many wrong passwords. Please wait a moment, or choose a new password by mail.'

/** Where a sign-in comes from. */
export type SignInSource =
  { readonly kind: 'device'; readonly device: KnownDevice } | { readonly kind: 'stranger'; readonly network: string }

/**
 * Limits of signing in. The subject of each is who tries, never the account alone: wrong passwords from elsewhere do not make wait a
 * device on which its person has signed in before.
 */
export class SignInLimits {
  readonly #tries: Limit
  readonly #byDevice: Failures
  readonly #byNetwork: Failures
  readonly #byAccountAndNetwork: Failures
  readonly #byAccount: Failures

  constructor(shared: SharedRedis | null) {
    this.#tries = new Limit({ name: 'sign-ins', most: 20, withinMs: MINUTE_MS, shared })
    this.#byDevice = new Failures({ name: 'failures-device', shared, ...OWN_SOURCE })
    this.#byNetwork = new Failures({ name: 'failures-network', shared, ...NETWORK })
    this.#byAccountAndNetwork = new Failures({ name: 'failures-account-network', shared, ...OWN_SOURCE })
    this.#byAccount = new Failures({ name: 'failures-account', shared, ...ACCOUNT })
  }

  /** Before anything is looked up. Throws Fault `rate_limited`. */
  async takeTry(source: SignInSource): Promise<void> {
    const subject = source.kind === 'device' ? `device ${source.device.deviceId}` : source.network
    const place = source.kind === 'device' ? 'this device' : 'your network'
    await this.#tries.take(subject, `Too many sign-ins from ${place}. Please wait a minute.`)
  }

  /** Before the password is hashed. Throws Fault `rate_limited`, for an address that nobody has as well. */
  async refuseTooSoon(email: string, source: SignInSource): Promise<void> {
    await Promise.all(this.#subjects(email, source).map(([failures, subject]) => failures.refuseTooSoon(subject, WAIT)))
  }

  async noteFailure(email: string, source: SignInSource): Promise<void> {
    await Promise.all(this.#subjects(email, source).map(([failures, subject]) => failures.note(subject)))
  }

  /** Of the source only: a right password does not give those who guess elsewhere a new start. */
  async clear(email: string, source: SignInSource): Promise<void> {
    if (source.kind === 'device') await this.#byDevice.clear(source.device.deviceId)
    else await this.#byAccountAndNetwork.clear(`${email} ${source.network}`)
  }

  #subjects(email: string, source: SignInSource): [Failures, string][] {
    if (source.kind === 'device') return [[this.#byDevice, source.device.deviceId]]
    return [
      [this.#byAccountAndNetwork, `${email} ${source.network}`],
      [this.#byNetwork, source.network],
      [this.#byAccount, email],
    ]
  }
}
