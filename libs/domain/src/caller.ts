import type { KeyId, TenantId, WorkspaceId } from './ids.ts'
import type { KeyKind } from './key.ts'
import type { NanoUsd } from './money/money.ts'
import type { Own } from './byok.ts'
import type { VersionedPolicy } from './policy/policy.ts'

/** Who makes a request, with policies and balance: what the key check and both cache tiers hold. */
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
  readonly own?: Own
  /** How long a stale copy may be served while no store answers; 0: never. The organisation chooses, an hour at most. */
  readonly staleMaxMs: number
}

/** The result of a look-up. `unknown`: no store answered; refused with 503, never with 401, 402, 403 or 404. */
export type Lookup<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly cause: unknown }
