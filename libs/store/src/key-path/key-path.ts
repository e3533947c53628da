import { openKeyCache } from './sources.ts'
import type { KeyCache, KeyCacheOptions } from './cache.ts'
import { openKeySampler, type KeySampler, type KeySamplerOptions } from './sampler.ts'
import type { KeySecrets } from './seal.ts'
import { watchKeyEvents, type ChannelState, type KeyWatchOptions } from './watch.ts'
import { openPool, type PoolOptions } from '../connections/pools.ts'
import { openRedis } from '../connections/redis.ts'
import { StoreTime } from '../connections/store-time.ts'

/** The key check of a process with everything it needs: its own connections, and both channels of changes. */
export interface KeyPath {
  readonly keys: KeyCache
  /** Compares cached keys with PostgreSQL all the time. */
  readonly sampler: Pick<KeySampler, 'stats'>
  /** Which channels are up now. */
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

/** Few on purpose: nodes times these must stay well below what PostgreSQL takes, and a slow query must not delay a key. */
const POOL: Omit<PoolOptions, 'applicationName'> = { max: 4, statementTimeoutMs: 250, connectTimeoutMs: 300 }

/** Opens it. Waits for no store: each may come later. */
export function openKeyPath(options: KeyPathOptions): KeyPath {
  const { databaseUrl, redisUrl, secrets, applicationName, onChannel, onChanges, onOpen, ...rest } = options
  const pool = openPool(databaseUrl, { ...POOL, applicationName })
  const redis = redisUrl ? openRedis(redisUrl) : null
  const time = new StoreTime()
  const keys = openKeyCache({ pool, redis, secrets, time, ...rest })
  onOpen?.(keys)
  const watch = watchKeyEvents({ keys, pool, redis, secrets, time, onChannel, ...(onChanges && { onChanges }) })
  const sampler = openKeySampler({ keys, pool, redis, secrets, time, ...rest })
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
