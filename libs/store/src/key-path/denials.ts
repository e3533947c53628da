import type { Caller, KeyId, TenantId } from '@turnpike/domain'
import { ExpiringSet } from '../connections/expiring-set.ts'

/** A revocation that is known by the key's id before Postgres has taken it. */
export interface Denial {
  readonly tenantId: TenantId
  readonly keyId: KeyId
}

/** Longer than any stale key is served, anywhere. */
const TTL_MS = 65 * 60_000

/**
 * What was revoked: by digest (tombstones) or by id. Apart from the cached keys, so that a flood of good keys cannot push a revocation
 * out, and asked before anything is believed. Deny wins: nothing but time takes a member away.
 */
export class KeyDenials {
  readonly #digests: ExpiringSet
  readonly #ids: ExpiringSet

  constructor(now: () => number, denialsMax: number) {
    this.#digests = new ExpiringSet({ max: denialsMax, ttlMs: TTL_MS, now })
    this.#ids = new ExpiringSet({ max: denialsMax, ttlMs: TTL_MS, now })
  }

  hasDigest(hex: string): boolean {
    return this.#digests.has(hex)
  }

  addDigest(hex: string): void {
    this.#digests.add(hex)
  }

  /** Ids are unique, but a denial counts for its own tenant only: no tenant can end another's key by naming it. */
  hasId(key: Denial | Caller): boolean {
    return this.#ids.has(nameOf(key))
  }

  addId(denial: Denial): void {
    this.#ids.add(nameOf(denial))
  }

  snapshot(): { tombstones: string[]; denied: string[] } {
    return { tombstones: this.#digests.members(), denied: this.#ids.members() }
  }

  restore(snapshot: { readonly tombstones: readonly string[]; readonly denied: readonly string[] }): void {
    for (const hex of snapshot.tombstones) this.#digests.add(hex)
    for (const name of snapshot.denied) this.#ids.add(name)
  }
}

function nameOf({ tenantId, keyId }: Denial | Caller): string {
  return `${tenantId} ${keyId}`
}
