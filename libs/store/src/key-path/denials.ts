import type { Caller, KeyId, TenantId } from '@turnpike/domain'
import { LRUCache } from 'lru-cache'

/** A revocation by the key's id, before Postgres has taken it. */
export interface Denial {
  readonly tenantId: TenantId
  readonly keyId: KeyId
}

/** Longer than any stale key is served, anywhere. */
const TTL_MS = 65 * 60_000

/**
 * What was revoked, by digest (tombstones) or by id; only time takes a member away. Apart from the cached keys, so that a flood of good
 * keys cannot push a revocation out.
 */
export class KeyDenials {
  readonly #digests: ExpiringSet
  readonly #ids: ExpiringSet

  constructor(now: () => number, denialsMax: number) {
    this.#digests = new ExpiringSet(denialsMax, TTL_MS, now)
    this.#ids = new ExpiringSet(denialsMax, TTL_MS, now)
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

  restore({
    tombstones,
    denied,
  }: {
    readonly tombstones: readonly string[]
    readonly denied: readonly string[]
  }): void {
    for (const hex of tombstones) this.#digests.add(hex)
    for (const name of denied) this.#ids.add(name)
  }
}

function nameOf({ tenantId, keyId }: Denial | Caller): string {
  return `${tenantId} ${keyId}`
}

/** Texts that expire. Beyond `max` the least recently used one is dropped. */
export class ExpiringSet {
  readonly #until: LRUCache<string, number>

  /** @param now monotonic milliseconds */
  constructor(
    max: number,
    private readonly ttlMs: number,
    private readonly now: () => number,
  ) {
    this.#until = new LRUCache({ max })
  }

  add(text: string): void {
    this.#until.set(text, this.now() + this.ttlMs)
  }

  has(text: string): boolean {
    return (this.#until.get(text) ?? -Infinity) > this.now()
  }

  /** The most recently used first. */
  members(): string[] {
    const nowMs = this.now()
    return [...this.#until.entries()].flatMap(([text, untilMs]) => (untilMs > nowMs ? [text] : []))
  }

  delete(text: string): void {
    this.#until.delete(text)
  }
}
