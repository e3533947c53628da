import { destinationOf, Fault, type OwnCredential, type OwnEndpoint, type TenantId } from '@turnpike/domain'
import type { SecretColumns } from '../changes/mutate-byok.ts'
import type { Pool } from '../connections/pools.ts'
import type { Transaction } from '../connections/prisma.ts'
import {
  openSecret,
  printOf,
  sealSecret,
  SecretUnopened,
  type KeyEncryptionKey,
  type KeyEncryptionKeys,
  type SecretPlace,
} from './secret-box.ts'

/** A secret; null for an endpoint that asks for none. Throws SecretUnopened, also without CREDENTIAL_SECRETS (null). */
export function openOwnSecret(
  keks: KeyEncryptionKeys | null,
  tenantId: TenantId,
  own: OwnCredential | OwnEndpoint,
): string | null {
  if (!own.sealed) return null
  if (!keks) throw new SecretUnopened('kek_missing', own.sealed.kek)
  return openSecret(keks, own.sealed, placeOf(tenantId, own))
}

/** Where its secret belongs. That of an endpoint is bound to the address that it has now. */
export function placeOf(tenantId: TenantId, own: OwnCredential | OwnEndpoint): SecretPlace {
  const { id: ownId, version } = own
  if ('boundTo' in own) return { tenantId, ownId, version, purpose: 'credential', boundTo: own.boundTo }
  return { tenantId, ownId, version, purpose: 'endpoint', boundTo: destinationOf(own.provider) ?? '' }
}

/** Columns that say which secret it is. */
interface SecretTraits extends SecretColumns {
  readonly lastFour: string
  readonly fingerprint: string
}

/** Shorter ones would be half shown by their last four characters. */
const SHOWN_LENGTH_MIN = 12

/** A new secret as its row keeps it. Throws Fault `store_unavailable` where none can be kept. */
export async function sealFor(
  transaction: Transaction,
  keks: KeyEncryptionKeys | null,
  secret: string,
  place: SecretPlace,
): Promise<SecretTraits> {
  const agreedKeks = await agreed(transaction, keks)
  return {
    ...sealSecret(agreedKeks, secret, place),
    lastFour: secret.length < SHOWN_LENGTH_MIN ? '' : secret.slice(-4),
    fingerprint: printOf(agreedKeks, place.tenantId, secret),
  }
}

const PURPOSE = 'credential'

/** Makes the fingerprint of the wrapping key known if no process did before. */
export async function agreed(transaction: Transaction, keks: KeyEncryptionKeys | null): Promise<KeyEncryptionKeys> {
  if (!keks) {
    throw new Fault(
      'store_unavailable',
      'Secrets cannot be stored here: the operator of this installation has not set CREDENTIAL_SECRETS.',
    )
  }
  const { id: secretId, fingerprint } = keks.wrapping
  await transaction.secretFingerprint.createMany({
    data: [{ purpose: PURPOSE, secretId, fingerprint: Uint8Array.from(fingerprint) }],
    skipDuplicates: true,
  })
  const known = await transaction.secretFingerprint.findUnique({
    where: { purpose_secretId: { purpose: PURPOSE, secretId } },
  })
  if (known && fingerprint.equals(known.fingerprint)) return keks
  throw new Fault(
    'store_unavailable',
    `Secrets cannot be stored here: entry ${secretId} of CREDENTIAL_SECRETS is not the one that the database knows by that number.`,
  )
}

/**
 * Numbers of key-encryption keys of this process that are not the ones which the database knows by them: nothing that is stored under
 * those can be opened. As a member of turnpike_app or turnpike_gateway.
 */
export async function compareCredentialSecrets(pool: Pool, keks: KeyEncryptionKeys): Promise<readonly number[]> {
  const { rows } = await pool.query<{ secret_id: number; fingerprint: Buffer }>(
    'SELECT secret_id, fingerprint FROM secret_fingerprints WHERE purpose = $1',
    [PURPOSE],
  )
  const differs = (key: KeyEncryptionKey) =>
    rows.some(({ secret_id, fingerprint }) => secret_id === key.id && !key.fingerprint.equals(fingerprint))
  return [...keks.byId.values()].filter(differs).map(({ id }) => id)
}
