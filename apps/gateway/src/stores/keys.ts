import type { Logger } from '@turnpike/server'
import { openKeyPath, type KeyPath, type KeyPathOptions, type KeySecrets } from '@turnpike/store'
import type { GatewayConfig } from '../config.ts'

/** The key check of this gateway, which logs every store and channel that is lost or back, once. */
export function openKeys(
  config: GatewayConfig,
  secrets: KeySecrets,
  log: Logger,
  hooks: Pick<KeyPathOptions, 'onOpen' | 'onChanges'>,
): KeyPath {
  return openKeyPath({
    secrets,
    ...hooks,
    databaseUrl: config.DATABASE_URL,
    redisUrl: config.REDIS_URL,
    applicationName: 'turnpike gateway keys',
    freshMs: config.KEY_FRESH_MS,
    staleMs: config.KEY_STALE_MS,
    onStore: (store, state, trouble) => {
      if (state === 'open') log.warn({ store, state, trouble }, 'the breaker of a store is open')
      else log.warn({ store, state }, 'the breaker of a store is closed again')
    },
    onInconsistent: (found) => log.error(found, 'a cached key missed a change'),
    onPostgresBehind: (found) => log.error(found, 'a cached key is newer than PostgreSQL'),
    onChannel: (channel, isUp) => {
      if (isUp) log.info({ channel }, 'changes of keys are received again')
      else log.warn({ channel }, 'changes of keys are not received on this channel')
    },
  })
}
