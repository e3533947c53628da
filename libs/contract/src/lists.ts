import type { PolicyDocument } from '@turnpike/domain'

/**
 * Closed lists and limits for pages of the console: an entry without zod, which weighs more in a browser than all pages together.
 * Nothing here may import a package.
 */

/**
 * What a test call of a stored secret found: `ok` and `refused` by the provider; `limited`: it asks to wait; `unreachable`: no answer, or
 * none in time; `unknown`: another answer. The last three say nothing of the secret.
 */
export const TEST_RESULTS = ['ok', 'refused', 'unreachable', 'limited', 'unknown'] as const

/** Interval of the heartbeats in the stream of events, milliseconds. A client that misses two has lost the stream. */
export const EVENT_HEARTBEAT_MS = 15_000

/** Roles of members of an organisation. */
export const ROLES = ['owner', 'admin', 'developer', 'viewer'] as const

/** What usage is grouped by. */
export const USAGE_GROUPS = ['model', 'provider', 'key', 'none'] as const

/** In a filter by provider: requests that no provider answered. No slug is like it. */
export const NO_PROVIDER = '-'

export const WHAT_IF_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const

/** Shorter ones are found by trying; length counts for more than kinds of characters. */
export const PASSWORD_LENGTH_MIN = 10
/** bcrypt reads 72 bytes and silently ignores the rest, so a longer password is refused rather than cut. */
export const PASSWORD_BYTES_MAX = 72

/** Where a new policy may begin. */
export const POLICY_TEMPLATES = {
  cheapest: { objective: 'cost' },
  fastest: { objective: 'latency', preferred_max_latency: { p90: 3 } },
  steady: { objective: 'uptime', failover: { attempts: 4 } },
  resilient: {
    objective: 'balanced',
    failover: { on: ['outage', 'timeout', 'rate_limit', 'empty', 'context_length'], attempts: 6 },
  },
  private: { data_collection: 'deny', zdr: true },
} satisfies Record<string, PolicyDocument>
