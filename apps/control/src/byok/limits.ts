import type { TenantId } from '@turnpike/domain'
import type { SharedRedis } from '@turnpike/store'
import { Limit } from '../limits.ts'

const A_MINUTE_MS = 60_000
/** Enough to get a handful of keys right; too few to sort a list of stolen ones. */
const TESTS_MAX = 5
const SECRETS_MAX = 5
/** Enough for whoever mistypes; too few to learn the names of a network by. */
const ADDRESSES_MAX = 10
/** Of all organisations together, however many somebody signs up. */
const ALL_MAX = 60

/**
 * How often secrets may be tried, how often new ones may be stored, which is the way to try them by a request, and how often an address
 * is looked up. Each is counted by itself, so that who stores five may test five.
 */
export class OwnLimits {
  readonly #tests: Turnstile
  readonly #secrets: Turnstile
  readonly #addresses: Turnstile

  constructor(shared: SharedRedis | null) {
    this.#tests = new Turnstile({ name: 'byok-tests', what: 'Keys are tested', most: TESTS_MAX, shared })
    this.#secrets = new Turnstile({ name: 'byok-secrets', what: 'New secrets are stored', most: SECRETS_MAX, shared })
    this.#addresses = new Turnstile({
      name: 'byok-addresses',
      what: 'Addresses are looked up',
      most: ADDRESSES_MAX,
      shared,
    })
  }

  /** Throws Fault `rate_limited` that says when to come again. */
  takeTest(tenantId: TenantId): Promise<void> {
    return this.#tests.take(tenantId)
  }

  /** Throws Fault `rate_limited` that says when to come again. */
  takeSecret(tenantId: TenantId): Promise<void> {
    return this.#secrets.take(tenantId)
  }

  /** Throws Fault `rate_limited` that says when to come again. */
  takeAddress(tenantId: TenantId): Promise<void> {
    return this.#addresses.take(tenantId)
  }
}

interface TurnstileOptions {
  readonly name: string
  /** What is limited, as the beginning of a sentence. */
  readonly what: string
  readonly most: number
  readonly shared: SharedRedis | null
}

class Turnstile {
  readonly #options: TurnstileOptions
  readonly #perOrganisation: Limit
  readonly #all: Limit

  constructor(options: TurnstileOptions) {
    const { name, most, shared } = options
    this.#options = options
    this.#perOrganisation = new Limit({ name, most, withinMs: A_MINUTE_MS, shared })
    this.#all = new Limit({ name: `${name}-of-all`, most: ALL_MAX, withinMs: A_MINUTE_MS, shared })
  }

  async take(tenantId: TenantId): Promise<void> {
    const { what, most } = this.#options
    await this.#perOrganisation.take(tenantId, (seconds) => {
      return `${what} ${most} times a minute at most. Try again in ${seconds} s.`
    })
    await this.#all.take('all', (seconds) => `${what} too often just now. Try again in ${seconds} s.`)
  }
}
