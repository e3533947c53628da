import { Fault, type TenantId } from '@turnpike/domain'
import { Shares } from '../call/shares.ts'

/** Bytes of bodies that one process receives at once. */
const BYTES_MAX = 512 * 1024 * 1024
/** Of that for tenants that send no body yet: three of the largest. */
const FIRST_BODIES_KEPT_BYTES = 64 * 1024 * 1024
/** Of one tenant while nobody else sends: five of the largest. */
const TENANT_BYTES_MAX = 100 * 1024 * 1024

/** Memory for bodies that are being received. It is taken when they are announced, since a body may take its time to come. */
export class BodyBudget {
  readonly #bytes: Shares

  constructor(total = BYTES_MAX, kept = FIRST_BODIES_KEPT_BYTES, tenantMax = TENANT_BYTES_MAX) {
    this.#bytes = new Shares({ total, kept, tenantMax })
  }

  /**
   * Takes the bytes of a body that is about to be received. Throws Fault `rate_limited` or `overloaded`.
   * @returns gives them back; a second call does nothing
   */
  take(tenant: TenantId, bytes: number): () => void {
    const refused = this.#bytes.refusal(tenant, bytes)
    if (refused?.kind === 'used_up') {
      throw new Fault('overloaded', 'This gateway is receiving as many bytes as it can hold; please retry shortly.')
    }
    if (refused) {
      throw new Fault('rate_limited', 'Your organisation is sending as many bytes at once as it may; please retry.', {
        metadata: { scope: 'tenant', limit_bytes: refused.limit },
      })
    }
    this.#bytes.take(tenant, bytes)
    let isHeld = true
    return () => {
      if (isHeld) this.#bytes.giveBack(tenant, bytes)
      isHeld = false
    }
  }

  /** Bytes taken at this moment. */
  get taken(): number {
    return this.#bytes.taken
  }
}
