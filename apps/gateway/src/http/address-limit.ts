import { Buckets, Fault } from '@turnpike/domain'
import { networkOf } from '@turnpike/server'

/** Requests without a key that one network may make at once: a page that shows every model asks for each. */
const BURST_MAX = 200
/** And per second for as long as it likes: an answer that is kept costs a fraction of a millisecond. */
const PER_SECOND_MAX = 20
/** Networks that are remembered: about 10 MB. */
const NETWORKS_MAX = 50_000

/** Limits what needs no key, by the caller's network. */
export class AddressLimit {
  readonly #buckets: Buckets

  constructor(nowMs: () => number, networksMax = NETWORKS_MAX) {
    this.#buckets = new Buckets({ burst: BURST_MAX, perSecond: PER_SECOND_MAX, subjectsMax: networksMax }, nowMs)
  }

  /** Throws Fault `rate_limited` with the wait when the network of `address` has nothing left. */
  take(address: string): void {
    const retryAfterMs = this.#buckets.take(networkOf(address), 1)
    if (retryAfterMs === null) return
    throw new Fault('rate_limited', 'Too many requests without a key from your network; please retry more slowly.', {
      retryAfterMs,
      metadata: { scope: 'address', limit_per_second: PER_SECOND_MAX },
    })
  }

  /** Networks that are remembered now. */
  get size(): number {
    return this.#buckets.size
  }
}
