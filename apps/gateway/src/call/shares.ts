import type { TenantId } from '@turnpike/domain'

/** Why something is not to be had: it is used up, or the tenant has its share of what is left. */
type Refusal =
  | { readonly kind: 'used_up' }
  /** @param limit the most that the tenant may hold now */
  | { readonly kind: 'share_used'; readonly limit: number }

interface Room {
  /** In all. */
  readonly total: number
  /** Of that for tenants that hold nothing: so that those who came first leave room for who comes next. */
  readonly kept: number
  /** Of one tenant, however much is free. */
  readonly tenantMax: number
}

/** How much of what is free one tenant may hold: a third, so that alone it holds a quarter of all at most. */
const PART_OF_FREE = 3

/**
 * Shares something scarce of this process, such as slots or bytes, among tenants without knowing how many there will be. A tenant may
 * hold up to a third of what is free, so its share shrinks as others take theirs: k greedy tenants end with total ÷ (k + 3) each. What
 * is kept goes to tenants that hold nothing: as long as fewer than `kept` tenants hold anything, another one gets its first unit,
 * whatever the others did and in whatever order.
 */
export class Shares {
  #taken = 0
  readonly #ofTenant = new Map<TenantId, number>()

  constructor(private readonly room: Room) {}

  /** Why `tenant` cannot have `amount` more; null: it can. */
  refusal(tenant: TenantId, amount: number): Refusal | null {
    const { total, kept, tenantMax } = this.room
    const held = this.heldBy(tenant)
    const free = total - this.#taken
    const share = Math.floor(Math.max(0, free - kept) / PART_OF_FREE)
    // A first request is admitted whatever its share, for it may be larger than a third of little.
    const limit = Math.min(tenantMax, held === 0 ? Math.max(share, amount) : share)
    if (amount > free && held + amount <= tenantMax) return { kind: 'used_up' }
    return held + amount > limit ? { kind: 'share_used', limit } : null
  }

  take(tenant: TenantId, amount: number): void {
    this.#taken += amount
    this.#ofTenant.set(tenant, this.heldBy(tenant) + amount)
  }

  giveBack(tenant: TenantId, amount: number): void {
    this.#taken -= amount
    const left = this.heldBy(tenant) - amount
    if (left > 0) this.#ofTenant.set(tenant, left)
    else this.#ofTenant.delete(tenant)
  }

  heldBy(tenant: TenantId): number {
    return this.#ofTenant.get(tenant) ?? 0
  }

  /** Held by all. */
  get taken(): number {
    return this.#taken
  }
}
