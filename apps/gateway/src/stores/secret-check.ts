import type { Logger } from '@turnpike/server'
import { secretTroubles, watchKeySecrets, type KeySecrets, type Pool } from '@turnpike/store'

/** The key secrets, compared with the database all the time, and the alarm for keys of other secrets. */
export function openSecretCheck(pool: Pool, secrets: KeySecrets, node: string, log: Logger) {
  const alarmed = new Set<number>()
  const watch = watchKeySecrets({
    pool,
    secrets,
    node,
    onChange(state) {
      const reasons = secretTroubles(state)
      if (reasons.length > 0) log.error({ reasons }, 'the key secrets of this process do not fit the database')
      else log.info('the key secrets of this process fit the database')
    },
  })
  return {
    ...watch,
    /** A key was signed with a secret that this process does not hold or trust. Logged once per secret. */
    alarm(secretId: number) {
      // The id is one byte of the key: 256 lines at most, whatever is sent.
      if (alarmed.has(secretId)) return
      alarmed.add(secretId)
      log.error({ secretId }, 'a key was signed with a secret that this process does not hold; it cannot be checked')
    },
  }
}
