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

export type OwnLimits = ReturnType<typeof openOwnLimits>

/**
 * A request could test a new secret, so these are limited too; each is counted on its own, so that whoever stores five may test all
 * five. Each throws Fault `rate_limited` with the time to wait.
 */
export function openOwnLimits(shared: SharedRedis | null) {
  /** @param what is limited, as the beginning of a sentence */
  const limit = (name: string, what: string, most: number) => {
    const perOrganisation = new Limit({ name, most, withinMs: A_MINUTE_MS, shared })
    const all = new Limit({ name: `${name}-of-all`, most: ALL_MAX, withinMs: A_MINUTE_MS, shared })
    const tooMany = (seconds: number) => `${what} ${most} times a minute at most. Try again in ${seconds} s.`
    const tooManyOfAll = (seconds: number) => `${what} too often just now. Try again in ${seconds} s.`
    return async (tenantId: TenantId): Promise<void> => {
      await perOrganisation.take(tenantId, tooMany)
      await all.take('all', tooManyOfAll)
    }
  }
  return {
    takeTest: limit('byok-tests', 'Keys are tested', TESTS_MAX),
    takeSecret: limit('byok-secrets', 'New secrets are stored', SECRETS_MAX),
    takeAddress: limit('byok-addresses', 'Addresses are looked up', ADDRESSES_MAX),
  }
}
