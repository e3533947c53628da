import type { KeyId, TenantId, WorkspaceId } from './ids.ts'
import type { KeyKind } from './key.ts'
import type { NanoUsd } from './money/money.ts'
import type { Own } from './byok.ts'
import type { VersionedPolicy } from './policy/policy.ts'

/** Everything a request needs to know of who made it: what the key check answers and both cache tiers hold. */
export interface Caller {
  readonly tenantId: TenantId
  readonly workspaceId: WorkspaceId
  readonly keyId: KeyId
  readonly keyName: string
  readonly kind: KeyKind
  /** Grows with every change of the key; a lower version never replaces a higher one. */
  readonly version: number
  /** `operator`: real provider accounts, metered at cost. `simulated`: simulated endpoints only. */
  readonly funds: 'operator' | 'simulated' | 'credit'
  /** Balance when it was looked up; null for the operator, who is not charged. */
  readonly balance: NanoUsd | null
  /** Unix milliseconds; null means never. */
  readonly expiresAtMs: number | null
  readonly revoked: boolean
  /** Those of the organisation, the workspace and the key, the widest first; each only narrows the ones before. */
  readonly policies: readonly VersionedPolicy[]
  /** What its organisation brings along; absent: nothing. */
  readonly own?: Own
  /** How long a copy of this may be served while nobody can be asked; 0: never. The organisation chooses, an hour at most. */
  readonly staleMaxMs: number
}

/**
 * What a look-up can say. `unknown` means that nobody could be asked: it is answered with 503 and must never become
 * 401, 402, 403 or 404.
 */
export type Lookup<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly cause: unknown }
