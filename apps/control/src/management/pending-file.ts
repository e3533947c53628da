import { ConfigError } from '@turnpike/server'
import { openRevocationFile, type KeySecrets, type RevocationFile } from '@turnpike/store'

/** The file of revocations that wait for the database; null when none is set. Throws ConfigError when it cannot be used. */
export async function openPendingFile(path: string | undefined, secrets: KeySecrets): Promise<RevocationFile | null> {
  if (path === undefined) return null
  return openRevocationFile(path, secrets).catch((error: unknown) => {
    throw new ConfigError(`REVOCATION_FILE: ${error instanceof Error ? error.message : 'cannot be used.'}`)
  })
}
