import type { Redis } from 'ioredis'
import { KeyCache, type KeyCacheOptions } from './key-cache.ts'
import type { RedisTier } from './key-copies.ts'
import { readCached, readKeys, WrongValue, writeCached } from './key-records.ts'
import type { KeySecrets } from './key-seal.ts'
import type { Pool } from './pools.ts'

/**
 * The cache of keys over the real stores.
 * @param options.pool its own small pool, with a statement time-out of at most 250 ms, so that nothing else delays a key
 */
export function openKeyCache(options: {
  readonly pool: Pool
  readonly redis: Redis | null
  readonly secrets: KeySecrets
  readonly onStore?: KeyCacheOptions['onStore']
}): KeyCache {
  const { pool, redis, secrets, onStore } = options
  return new KeyCache({
    redis: redis && redisTier(redis, secrets),
    fromPostgres: (digests) => readKeys(pool, digests),
    ...(onStore && { onStore }),
  })
}

/** After a wrong value nobody knows whose replies come down this connection, so it is closed and opened again. */
function redisTier(redis: Redis, secrets: KeySecrets): RedisTier {
  return {
    fromRedis: async (digest) => {
      try {
        return await readCached(redis, secrets, digest, Date.now())
      } catch (error) {
        if (error instanceof WrongValue) redis.disconnect(true)
        throw error
      }
    },
    toRedis: (digest, record) => writeCached(redis, secrets, digest, record),
  }
}
