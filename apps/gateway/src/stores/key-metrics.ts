import type { KeyCheck, KeyPath } from '@turnpike/store'
import type { Metric } from '@turnpike/server'

/** Why a key is refused by what is written in it alone. */
type RefusalCause = Exclude<KeyCheck['kind'], 'genuine'>

/** Counts the keys that are refused without any look-up. An attacker's keys end here, and nowhere else. */
interface RefusedKeys {
  count(cause: RefusalCause): void
  counts(): Readonly<Record<RefusalCause, number>>
}

export function countRefusedKeys(): RefusedKeys {
  const counts: Record<RefusalCause, number> = { malformed: 0, forged: 0, unknown_secret: 0 }
  return {
    count: (cause) => void counts[cause]++,
    counts: () => ({ ...counts }),
  }
}

/** What the comparison of cached keys with Postgres has found so far. */
interface Samples {
  stats(): {
    readonly sampled: Readonly<Record<'memory' | 'redis', number>>
    readonly inconsistent: Readonly<Record<'memory' | 'redis', number>>
    readonly postgresBehind: number
    readonly redisWrong: number
  }
}

interface KeyMetricsOptions {
  readonly keys: Pick<KeyPath['keys'], 'stats'>
  readonly channels: KeyPath['channels']
  readonly refusals: RefusedKeys
  readonly sampler: Samples
}

/** Every figure of the key check, tier by tier. What they mean to an operator is in docs/operations/key-check.md. */
export function keyMetrics({ keys, channels, refusals, sampler }: KeyMetricsOptions): Metric[] {
  const stats = () => keys.stats()
  return [
    {
      name: 'turnpike_key_refused_total',
      help: 'Keys refused by what is written in them, without a look-up.',
      label: 'cause',
      readEach: () => refusals.counts(),
      grows: true,
    },
    ...memoryMetrics(stats),
    ...redisMetrics(stats, sampler),
    ...postgresMetrics(stats),
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
    ...samplerMetrics(sampler),
  ]
}

const STATES = { closed: 0, half_open: 1, open: 2 } as const

type Stats = () => ReturnType<KeyPath['keys']['stats']>

function memoryMetrics(stats: Stats): Metric[] {
  return [
    {
      name: 'turnpike_key_lookups_total',
      help: 'Look-ups of genuine keys, by what answered. Each unknown one was a 503.',
      label: 'outcome',
      readEach: () => {
        const { fresh, stale, joined, negative, tombstoned, absent, unknown } = stats()
        return { fresh, stale, joined, negative, tombstoned, absent, unknown }
      },
      grows: true,
    },
    { name: 'turnpike_key_entries', help: 'Keys cached in memory.', read: () => stats().entries },
    { name: 'turnpike_key_lookups_in_flight', help: 'Keys being looked up now.', read: () => stats().lookupsInFlight },
    {
      name: 'turnpike_key_lowered_total',
      help: 'Older versions of a key that came after newer ones and were not taken.',
      read: () => stats().lowered,
      grows: true,
    },
  ]
}

function redisMetrics(stats: Stats, sampler: Samples): Metric[] {
  return [
    {
      name: 'turnpike_key_misses_total',
      help: 'Keys that Redis did not know, by why not.',
      label: 'cause',
      readEach: () => stats().misses,
      grows: true,
    },
    {
      name: 'turnpike_key_redis_hits_total',
      help: 'Keys that Redis knew.',
      read: () => stats().redisHits,
      grows: true,
    },
    {
      name: 'turnpike_key_redis_failures_total',
      help: 'Calls of Redis that failed or took too long.',
      read: () => stats().redisFailures,
      grows: true,
    },
    {
      name: 'turnpike_key_redis_wrong_total',
      help: 'Values in Redis that were not what was put there.',
      read: () => stats().redisWrong + sampler.stats().redisWrong,
      grows: true,
    },
    {
      name: 'turnpike_key_claims_lost_total',
      help: 'Look-ups left to another process that had the same key under way.',
      read: () => stats().claimsLost,
      grows: true,
    },
  ]
}

function postgresMetrics(stats: Stats): Metric[] {
  return [
    {
      name: 'turnpike_key_postgres_queries_total',
      help: 'Queries for keys.',
      read: () => stats().postgresQueries,
      grows: true,
    },
    {
      name: 'turnpike_key_postgres_digests_total',
      help: 'Keys in those queries; divided by them, the size of a batch.',
      read: () => stats().postgresDigests,
      grows: true,
    },
    {
      name: 'turnpike_key_permits_in_use',
      help: 'Queries for keys under way; 4 at most.',
      read: () => stats().permitsInUse,
    },
    { name: 'turnpike_key_waiting', help: 'Keys that wait for a query.', read: () => stats().waiting },
    {
      name: 'turnpike_key_unanswered_total',
      help: 'Keys for which Postgres gave no answer, by why not. A stale key was served where there was one.',
      label: 'cause',
      readEach: () => stats().unanswered,
      grows: true,
    },
  ]
}

function samplerMetrics(sampler: Samples): Metric[] {
  return [
    {
      name: 'turnpike_key_sampled_total',
      help: 'Cached keys compared with Postgres.',
      label: 'tier',
      readEach: () => sampler.stats().sampled,
      grows: true,
    },
    {
      name: 'turnpike_key_inconsistent_total',
      help: 'Cached keys that lacked a change 5 s after it; 0 unless something is badly wrong.',
      label: 'tier',
      readEach: () => sampler.stats().inconsistent,
      grows: true,
    },
    {
      name: 'turnpike_key_postgres_behind_total',
      help: 'Cached keys newer than what Postgres holds: it went back in time.',
      read: () => sampler.stats().postgresBehind,
      grows: true,
    },
  ]
}
