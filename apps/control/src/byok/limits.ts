import type { TenantId } from '@turnpike/domain'
import type { SharedRedis } from '@turnpike/store'
import { Limit } from '../limits.ts'

const A_MINUTE_MS = 60_000
/** Enough to get a handful of keys right; too few to sort a list of stolen ones. */
const TESTS_MAX = 5
const SECRETS_MAX = 5
/** Enough for typing mistakes; too few to scan the names of a network. */
const ADDRESSES_MAX = 10
/** Limit of all organisations together, however many one person signs up. */
const ALL_MAX = 60

/**
 * How often secrets may be tested, new secrets stored (a request could test those), and addresses resolved. Each is counted on its own,
 * so that an organisation which stores five secrets may test all five.
 */
export class OwnLimits {
  readonly #tests: TenantLimit
  readonly #secrets: TenantLimit
  readonly #addresses: TenantLimit

  constructor(shared: SharedRedis | null) {
    this.#tests = new TenantLimit({ name: 'byok-tests', what: 'Keys are tested', most: TESTS_MAX, shared })
    this.#secrets = new TenantLimit({ name: 'byok-secrets', what: 'New secrets are stored', most: SECRETS_MAX, shared })
    this.#addresses = new TenantLimit({
      name: 'byok-addresses',
      what: 'Addresses are looked up',
      most: ADDRESSES_MAX,
      shared,
    })
  }

  /** Throws Fault `rate_limited` with the time to wait. */
  takeTest(tenantId: TenantId): Promise<void> {
    return this.#tests.take(tenantId)
  }

  /** Throws Fault `rate_limited` with the time to wait. */
  takeSecret(tenantId: TenantId): Promise<void> {
    return this.#secrets.take(tenantId)
  }

  /** Throws Fault `rate_limited` with the time to wait. */
  takeAddress(tenantId: TenantId): Promise<void> {
    return this.#addresses.take(tenantId)
  }
}

interface TenantLimitOptions {
  readonly name: string
  /** What is limited, as the beginning of a sentence. */
  readonly what: string
  readonly most: number
  readonly shared: SharedRedis | null
}

class TenantLimit {
  readonly #options: TenantLimitOptions
  readonly #perOrganisation: Limit
  readonly #all: Limit

  constructor(options: TenantLimitOptions) {
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
