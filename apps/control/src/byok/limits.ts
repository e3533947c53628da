import type { TenantId } from '@turnpike/domain'
import { Limit } from '../limits.ts'

const A_MINUTE_MS = 60_000
/** Enough to get a handful of keys right; too few to sort a list of stolen ones. */
const TESTS_MAX = 5
const SECRETS_MAX = 5
/** Enough for whoever mistypes; too few to learn the names of a network by. */
const ADDRESSES_MAX = 10
/** However many organisations somebody signs up. */
const PER_PROCESS = { most: 60, withinMs: A_MINUTE_MS }

/**
 * How often secrets may be tried, how often new ones may be stored, which is the way to try them by a request, and how often an address
 * is looked up. Each is counted by itself, so that who stores five may test five.
 */
export class OwnLimits {
  readonly #tests = new Turnstile('Keys are tested', TESTS_MAX)
  readonly #secrets = new Turnstile('New secrets are stored', SECRETS_MAX)
  readonly #addresses = new Turnstile('Addresses are looked up', ADDRESSES_MAX)

  /** Throws Fault `rate_limited` that says when to come again. */
  takeTest(tenantId: TenantId, nowMs: number): void {
    this.#tests.take(tenantId, nowMs)
  }

  /** Throws Fault `rate_limited` that says when to come again. */
  takeSecret(tenantId: TenantId, nowMs: number): void {
    this.#secrets.take(tenantId, nowMs)
  }

  /** Throws Fault `rate_limited` that says when to come again. */
  takeAddress(tenantId: TenantId, nowMs: number): void {
    this.#addresses.take(tenantId, nowMs)
  }
}

class Turnstile {
  readonly #perOrganisation: Limit
  readonly #perProcess = new Limit(PER_PROCESS)

  constructor(
    private readonly what: string,
    private readonly most: number,
  ) {
    this.#perOrganisation = new Limit({ most, withinMs: A_MINUTE_MS })
  }

  take(tenantId: TenantId, nowMs: number): void {
    const { what, most } = this
    this.#perOrganisation.take(tenantId, nowMs, (seconds) => {
      return `${what} ${most} times a minute at most. Try again in ${seconds} s.`
    })
    this.#perProcess.take('', nowMs, (seconds) => `${what} too often just now. Try again in ${seconds} s.`)
  }
}
