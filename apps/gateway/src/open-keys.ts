import type { Logger } from '@turnpike/server'
import { openKeyCache, openPool, openRedis, watchKeyEvents, type KeyCache, type KeySecrets } from '@turnpike/store'
import type { GatewayConfig } from './config.ts'

/** Few on purpose: nodes times these must stay well below what PostgreSQL takes, and a slow query must not delay a key. */
const POOL = { max: 4, statementTimeoutMs: 250, connectTimeoutMs: 300, applicationName: 'turnpike gateway keys' }

/** The key check with its own connections, and the two channels that tell it of changes. */
export function openKeys(
  config: GatewayConfig,
  secrets: KeySecrets,
  log: Logger,
): { keys: KeyCache; close: () => Promise<void> } {
  const pool = openPool(config.DATABASE_URL, POOL)
  const redis = config.REDIS_URL ? openRedis(config.REDIS_URL) : null
  const keys = openKeyCache({
    pool,
    redis,
    secrets,
    onStore: (store, state) =>
      log.warn({ store, state }, state === 'open' ? 'a store is left alone' : 'a store is in use again'),
  })
  const watch = watchKeyEvents({
    pool,
    redis,
    secrets,
    onEvents: (events) => keys.apply(events),
    onLost: (channel) => {
      keys.channelLost()
      log.warn({ channel }, 'changes of keys are not heard on this channel')
    },
    onBack: (channel) => {
      keys.channelBack()
      log.info({ channel }, 'changes of keys are heard again')
    },
  })
  return {
    keys,
    async close() {
      await watch.close()
      await keys.close()
      redis?.disconnect()
      await pool.end()
    },
  }
}
