import type { Redis } from 'ioredis'
import { KeyCache, type KeyCacheOptions } from './cache.ts'
import type { RedisTier } from './redis-tier.ts'
import { claimLookup, readCached, readKeys, WrongValue, writeCached } from './records.ts'
import type { KeySecrets } from './seal.ts'
import type { Pool } from '../connections/pools.ts'
import { promptly } from '../connections/redis.ts'
import type { StoreTime } from '../connections/store-time.ts'

/**
 * The cache of keys over the real stores.
 * @param options.pool its own small pool, with a statement time-out of at most 250 ms, so that nothing else delays a key
 */
export function openKeyCache(
  options: {
    readonly pool: Pool
    readonly redis: Redis | null
    readonly secrets: KeySecrets
    /** Shared with `watchKeyEvents`, which sets it by Postgres. */
    readonly time: StoreTime
  } & Pick<KeyCacheOptions, 'onStore' | 'freshMs' | 'staleMs'>,
): KeyCache {
  const { pool, redis, secrets, time, ...rest } = options
  return new KeyCache({
    ...rest,
    clock: time,
    redis: redis && redisTier(redis, secrets, time),
    fromPostgres: (digests) => readKeys(pool, digests, time.wallMs()),
  })
}

/** After a wrong value the replies of this connection may be those of other requests, so it is closed and opened again. */
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
