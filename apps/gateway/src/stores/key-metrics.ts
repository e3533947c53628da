import type { KeyPath, RefusedKey } from '@turnpike/store'
import type { Metric } from '@turnpike/server'

/** Counts the keys that are refused without any look-up. An attacker's keys end here, and nowhere else. */
export function countRefusedKeys() {
  const counts: Record<RefusedKey['kind'], number> = { malformed: 0, forged: 0, unknown_secret: 0 }
  return {
    count: (cause: RefusedKey['kind']) => void counts[cause]++,
    counts: () => ({ ...counts }),
  }
}

interface KeyMetricsOptions extends Pick<KeyPath, 'channels' | 'sampler'> {
  readonly keys: Pick<KeyPath['keys'], 'stats'>
  readonly refusals: ReturnType<typeof countRefusedKeys>
}

/** Every figure of the key check. What they mean to an operator is in docs/operations/key-check.md. */
export function keyMetrics({ keys, channels, refusals, sampler }: KeyMetricsOptions): Metric[] {
  const stats = () => keys.stats()
  return [
    ...NUMBERS.map(({ name, field, help }) => ({ name, help, read: () => stats()[field] })),
    ...samplerMetrics(sampler),
    {
      name: 'turnpike_key_redis_wrong_total',
      help: 'Values in Redis that were not what was put there.',
      read: () => stats().redisWrong + sampler.stats().redisWrong,
    },
    {
      name: 'turnpike_key_refused_total',
      help: 'Keys refused by what is written in them, without a look-up.',
      label: 'cause',
      readEach: () => refusals.counts(),
    },
    {
      name: 'turnpike_key_lookups_total',
      help: 'Look-ups of genuine keys, by what answered. Each unknown one was a 503.',
      label: 'outcome',
      readEach: () => {
        const { fresh, stale, joined, negative, tombstoned, absent, unknown } = stats()
        return { fresh, stale, joined, negative, tombstoned, absent, unknown }
      },
    },
    {
      name: 'turnpike_key_misses_total',
      help: 'Keys that Redis did not know, by why not.',
      label: 'cause',
      readEach: () => stats().misses,
    },
    {
      name: 'turnpike_key_unanswered_total',
      help: 'Keys for which Postgres gave no answer, by why not. A stale key was served where there was one.',
      label: 'cause',
      readEach: () => stats().unanswered,
    },
    {
      name: 'turnpike_breaker_state',
      help: 'Whether a store is asked: 0 yes, 1 by one probe at a time, 2 no.',
      label: 'store',
      readEach: () => {
        const { redis, redisWrites, postgres } = stats()
        return { redis: STATES[redis], redis_writes: STATES[redisWrites], postgres: STATES[postgres] }
      },
    },
    {
      name: 'turnpike_key_channel_up',
      help: 'Whether a channel carries changes of keys: 1 yes, 0 no.',
      label: 'channel',
      readEach: () => {
        const { redis, postgres } = channels()
        return { ...(redis !== null && { redis: Number(redis) }), postgres: Number(postgres) }
      },
    },
  ]
}

/** What the comparison of cached keys with Postgres has found so far. */
function samplerMetrics(sampler: KeyPath['sampler']): Metric[] {
  return [
    {
      name: 'turnpike_key_postgres_behind_total',
      help: 'Cached keys newer than what Postgres holds: it went back in time.',
      read: () => sampler.stats().postgresBehind,
    },
    {
      name: 'turnpike_key_sampled_total',
      help: 'Cached keys compared with Postgres.',
      label: 'tier',
      readEach: () => sampler.stats().sampled,
    },
    {
      name: 'turnpike_key_inconsistent_total',
      help: 'Cached keys that lacked a change 5 s after it; 0 unless something is badly wrong.',
      label: 'tier',
      readEach: () => sampler.stats().inconsistent,
    },
  ]
}

/** Figures that are one number of the key check's statistics. */
const NUMBERS = [
  { name: 'turnpike_key_entries', field: 'entries', help: 'Keys cached in memory.' },
  { name: 'turnpike_key_lookups_in_flight', field: 'lookupsInFlight', help: 'Keys being looked up now.' },
  {
    name: 'turnpike_key_lowered_total',
    field: 'lowered',
    help: 'Older versions of a key that came after newer ones and were not taken.',
  },
  { name: 'turnpike_key_redis_hits_total', field: 'redisHits', help: 'Keys that Redis knew.' },
  {
    name: 'turnpike_key_redis_failures_total',
    field: 'redisFailures',
    help: 'Calls of Redis that failed or took too long.',
  },
  {
    name: 'turnpike_key_claims_lost_total',
    field: 'claimsLost',
    help: 'Look-ups left to another process that had the same key under way.',
  },
  { name: 'turnpike_key_postgres_queries_total', field: 'postgresQueries', help: 'Queries for keys.' },
  {
    name: 'turnpike_key_postgres_digests_total',
    field: 'postgresDigests',
    help: 'Keys in those queries; divided by them, the size of a batch.',
  },
  { name: 'turnpike_key_permits_in_use', field: 'permitsInUse', help: 'Queries for keys under way; 4 at most.' },
  { name: 'turnpike_key_waiting', field: 'waiting', help: 'Keys that wait for a query.' },
] as const

const STATES = { closed: 0, half_open: 1, open: 2 } as const
