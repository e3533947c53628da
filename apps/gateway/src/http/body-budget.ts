import { Fault, type TenantId } from '@turnpike/domain'

/** Bytes of bodies that one process receives at once. */
const BYTES_MAX = 512 * 1024 * 1024
/** Of one tenant: six of the largest. */
const TENANT_BYTES_MAX = 128 * 1024 * 1024

/** Memory for bodies that are being received. It is taken when they are announced, since a body may take its time to come. */
export class BodyBudget {
  #taken = 0
  readonly #ofTenant = new Map<TenantId, number>()

  constructor(
    private readonly bytesMax = BYTES_MAX,
    private readonly tenantBytesMax = TENANT_BYTES_MAX,
  ) {}

  /**
   * Takes the bytes of a body that is about to be received. Throws Fault `rate_limited` or `overloaded`.
   * @returns gives them back; a second call does nothing
   */
  take(tenant: TenantId, bytes: number): () => void {
    const taken = this.#ofTenant.get(tenant) ?? 0
    if (taken + bytes > this.tenantBytesMax) {
      throw new Fault('rate_limited', 'Your organisation is sending as many bytes at once as it may; please retry.', {
        metadata: { scope: 'tenant', limit_bytes: this.tenantBytesMax },
      })
    }
    if (this.#taken + bytes > this.bytesMax) {
      throw new Fault('overloaded', 'This gateway is receiving as many bytes as it can hold; please retry shortly.')
    }
    this.#taken += bytes
    this.#ofTenant.set(tenant, taken + bytes)
    let isHeld = true
    return () => {
      if (isHeld) this.#giveBack(tenant, bytes)
      isHeld = false
    }
  }

  /** Bytes taken at this moment. */
  get taken(): number {
    return this.#taken
  }

  #giveBack(tenant: TenantId, bytes: number): void {
    this.#taken -= bytes
    const left = (this.#ofTenant.get(tenant) ?? 0) - bytes
    if (left > 0) this.#ofTenant.set(tenant, left)
    else this.#ofTenant.delete(tenant)
  }
}
