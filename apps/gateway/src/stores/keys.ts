import type { Logger } from '@turnpike/server'
import { openKeyPath, type KeyCache, type KeyPath, type KeyPathOptions, type KeySecrets } from '@turnpike/store'
import type { GatewayConfig } from '../config.ts'

/** The key check of this gateway, which tells the log of every store and channel that goes or comes back, once. */
export function openKeys(
  config: GatewayConfig,
  secrets: KeySecrets,
  log: Logger,
  onOpen: (keys: KeyCache) => void = () => undefined,
  onChanges: NonNullable<KeyPathOptions['onChanges']> = () => undefined,
): KeyPath {
  return openKeyPath({
    secrets,
    onOpen,
    onChanges,
    databaseUrl: config.DATABASE_URL,
    redisUrl: config.REDIS_URL,
    applicationName: 'turnpike gateway keys',
    freshMs: config.KEY_FRESH_MS,
    staleMs: config.KEY_STALE_MS,
    onStore: (store, state, trouble) => {
      if (state === 'open') log.warn({ store, state, trouble }, 'a store is left alone')
      else log.warn({ store, state }, 'a store is in use again')
    },
    onInconsistent: (found) => log.error(found, 'a copy of a key missed a change'),
    onPostgresBehind: (found) => log.error(found, 'a copy of a key is newer than PostgreSQL'),
    onChannel: (channel, heard) => {
      if (heard) log.info({ channel }, 'changes of keys are heard again')
      else log.warn({ channel }, 'changes of keys are not heard on this channel')
    },
  })
}
