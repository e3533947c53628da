import type { KeyId, TenantId } from '@turnpike/domain'

/** A revocation that was accepted before Postgres took it: known by the key's id, since its digest could not be looked up. */
export interface Revocation {
  readonly tenantId: TenantId
  readonly keyId: KeyId
  /** Wall clock, milliseconds: when it was asked for, and from when the key counts as revoked. */
  readonly atMs: number
}

const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const KEY_ID = /^[0-9a-f]{16}$/

/** Reads one; null when it is none. */
export function revocationOf(json: unknown): Revocation | null {
  const { tenantId, keyId, atMs } = recordOf(json)
  if (typeof tenantId !== 'string' || !TENANT_ID.test(tenantId)) return null
  if (typeof keyId !== 'string' || !KEY_ID.test(keyId)) return null
  if (typeof atMs !== 'number' || !Number.isSafeInteger(atMs) || atMs < 0) return null
  return { tenantId: tenantId as TenantId, keyId: keyId as KeyId, atMs }
}

/** One revocation per key and organisation: by its key alone, one organisation could overwrite another's. */
export function nameOfRevocation({ tenantId, keyId }: Revocation): string {
  return `${tenantId} ${keyId}`
}

function recordOf(json: unknown): Record<string, unknown> {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
}
