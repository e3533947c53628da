import type { Redis } from 'ioredis'
import { StoreTime } from '../cache/clock.ts'
import { openPool, type PoolOptions } from '../connections/pools.ts'
import { openRedis, promptly } from '../connections/redis.ts'
import { KeyCache, type KeyCacheOptions } from './cache.ts'
import { claimLookup, readCached, readKeys, WrongValue, writeCached } from './records.ts'
import type { RedisTier } from './redis-tier.ts'
import { KeySampler, type KeySamplerOptions } from './sampler.ts'
import type { KeySecrets } from './seal.ts'
import { watchKeyEvents, type ChannelState, type KeyWatchOptions } from './watch.ts'

/** The key check of a process, with its own connections and both channels of changes. */
export interface KeyPath {
  readonly keys: KeyCache
  readonly sampler: Pick<KeySampler, 'stats'>
  channels(): ChannelState
  close(): Promise<void>
}

export interface KeyPathOptions
  extends
    Pick<KeyCacheOptions, 'onStore' | 'freshMs' | 'staleMs'>,
    Pick<KeySamplerOptions, 'onInconsistent' | 'onPostgresBehind'> {
  readonly databaseUrl: string
  readonly redisUrl: string | undefined
  readonly secrets: KeySecrets
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string
  readonly onChannel: KeyWatchOptions['onChannel']
  readonly onChanges?: NonNullable<KeyWatchOptions['onChanges']>
  /** Called before the cache is used: the place to restore what an earlier process cached. */
  readonly onOpen?: (keys: KeyCache) => void
}

/** Nodes times these connections must stay well below what PostgreSQL takes, and a slow query must not delay a key. */
const POOL: Omit<PoolOptions, 'applicationName'> = { max: 4, statementTimeoutMs: 250, connectTimeoutMs: 300 }

/** Waits for no store: each may come later. */
export function openKeyPath(options: KeyPathOptions): KeyPath {
  const { databaseUrl, redisUrl, secrets, applicationName, onChannel, onChanges, onOpen, ...rest } = options
  const pool = openPool(databaseUrl, { ...POOL, applicationName })
  const redis = redisUrl ? openRedis(redisUrl) : null
  const time = new StoreTime()
  const stores = { pool, redis, secrets, time }
  const keys = openKeyCache({ ...stores, ...rest })
  onOpen?.(keys)
  const watch = watchKeyEvents({ ...stores, keys, onChannel, ...(onChanges && { onChanges }) })
  const sampler = openKeySampler({ ...stores, keys, ...rest })
  return {
    keys,
    sampler,
    channels: () => watch.channels(),
    async close() {
      await Promise.all([watch.close(), sampler.close()])
      await keys.close()
      redis?.disconnect()
      await pool.end()
    },
  }
}

type KeyStores = Pick<KeyWatchOptions, 'pool' | 'redis' | 'secrets' | 'time'>

/** The cache over the real stores. */
export function openKeyCache(options: KeyStores & Pick<KeyCacheOptions, 'onStore' | 'freshMs' | 'staleMs'>): KeyCache {
  const { pool, redis, secrets, time, ...rest } = options
  return new KeyCache({
    ...rest,
    clock: time,
    redis: redis && redisTier(redis, secrets, time),
    fromPostgres: (digests) => readKeys(pool, digests, time.wallMs()),
  })
}

/** After a wrong value the connection's replies may be those of other requests, so it is opened again. */
function redisTier(redis: Redis, secrets: KeySecrets, time: StoreTime): RedisTier {
  return {
    fromRedis: async (digest) => {
      try {
        return await promptly(time, readCached(redis, secrets, digest, time.wallMs()))
      } catch (error) {
        if (error instanceof WrongValue) redis.disconnect(true)
        throw error
      }
    },
    claim: (digest) => promptly(time, claimLookup(redis, digest)),
    toRedis: (digest, record) => promptly(time, writeCached(redis, secrets, digest, record)),
  }
}

/** The sampler of a cache over the real stores. Redis is read by the connection that the cache reads by. */
export function openKeySampler(
  options: KeyStores & Pick<KeySamplerOptions, 'keys' | 'onInconsistent' | 'onPostgresBehind'>,
): KeySampler {
  const { pool, redis, secrets, time, ...rest } = options
  return new KeySampler({
    ...rest,
    clock: time,
    fromPostgres: (digests) => readKeys(pool, digests, time.wallMs()),
    fromRedis: redis && ((digest) => promptly(time, readCached(redis, secrets, digest, time.wallMs()))),
  })
}
