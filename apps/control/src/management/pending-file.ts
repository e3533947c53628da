import { ConfigError } from '@turnpike/server'
import {
  openRevocationFile,
  tellRevocations,
  type KeySecrets,
  type openRedis,
  type RevocationFile,
} from '@turnpike/store'

/** The file of revocations that wait for the database; null when none is set. Throws ConfigError when it cannot be used. */
export async function openPendingFile(path: string | undefined, secrets: KeySecrets): Promise<RevocationFile | null> {
  if (path === undefined) return null
  return openRevocationFile(path, secrets).catch((error: unknown) => {
    throw new ConfigError(`REVOCATION_FILE: ${error instanceof Error ? error.message : 'cannot be used.'}`)
  })
}

/** A Redis on the same network is connected well before this. */
const CONNECT_MS_MAX = 1_000

/**
 * A process that cannot start, because the database is away still, tells Redis of what waits before it ends: each try of whoever
 * starts it again renews what the gateways read. Never rejects; without Redis there is nobody to tell.
 */
export async function tellOnce(
  redis: ReturnType<typeof openRedis>,
  secrets: KeySecrets,
  file: RevocationFile,
): Promise<void> {
  if (file.pending.length === 0) return
  if (redis.status !== 'ready') {
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, CONNECT_MS_MAX)
      redis.once('ready', () => {
        clearTimeout(late)
        resolve()
      })
    })
  }
  await tellRevocations(redis, secrets, file.pending).catch(() => undefined)
}
