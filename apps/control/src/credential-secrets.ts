import type { Logger } from '@turnpike/server'
import {
  compareCredentialSecrets,
  openKeyEncryptionKeys,
  secretsByKek,
  type KeyEncryptionKeys,
  type Pool,
} from '@turnpike/store'
import type { ControlConfig } from './config.ts'

/** The key-encryption keys of this process; null when it has none. Throws an Error that names no secret. */
export function credentialSecretsOf({ CREDENTIAL_SECRETS }: ControlConfig): KeyEncryptionKeys | null {
  return CREDENTIAL_SECRETS === undefined ? null : openKeyEncryptionKeys(CREDENTIAL_SECRETS)
}

/** Logs, by number, which stored secrets this process cannot open. Those cannot be used meanwhile; everything else works. */
export async function reportCredentialSecrets(pool: Pool, keks: KeyEncryptionKeys | null, log: Logger): Promise<void> {
  const differing = keks ? await compareCredentialSecrets(pool, keks) : []
  const missing = (await secretsByKek(pool)).filter(({ kek }) => !keks?.byId.has(kek))
  if (differing.length > 0) {
    log.error({ keks: differing }, 'CREDENTIAL_SECRETS are not the ones that the database knows by these numbers')
  }
  if (missing.length > 0) {
    log.error({ missing }, 'stored credentials need key-encryption keys that CREDENTIAL_SECRETS does not hold')
  }
}
