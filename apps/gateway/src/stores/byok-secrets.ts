import type { Logger } from '@turnpike/server'
import { compareCredentialSecrets, openKeyEncryptionKeys, type Pool } from '@turnpike/store'
import type { GatewayConfig } from '../config.ts'
import { OwnSecrets } from '../targets/byok-secrets.ts'

/** Opens the settings' key-encryption keys, and logs once which the database does not know. Waits for nothing. */
export function openOwnSecrets(config: GatewayConfig, pool: Pool, log: Logger): OwnSecrets {
  const keks = config.CREDENTIAL_SECRETS === undefined ? null : openKeyEncryptionKeys(config.CREDENTIAL_SECRETS)
  if (keks) {
    compareCredentialSecrets(pool, keks).then(
      (foreign) => {
        if (foreign.length > 0)
          log.error({ keks: foreign }, 'key-encryption keys are not those that the database knows')
      },
      (error: unknown) => log.warn({ error }, 'key-encryption keys cannot be compared with the database'),
    )
  }
  return new OwnSecrets({
    keks,
    onUnopened: (trouble) => log.error(trouble, 'a stored credential of a tenant cannot be opened'),
  })
}
