import type { ApiKey } from '@turnpike/contract'

/** Whether a key is accepted. @param nowMs the present, milliseconds since the epoch */
export function statusOf({ revokedAt, expiresAt }: ApiKey, nowMs: number): 'active' | 'expired' | 'revoked' {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? 'expired' : 'active'
}
