import { Fault } from '@turnpike/domain'
import { networkOf } from '@turnpike/server'

/** Requests without a key that one network may make at once: a page that shows every model asks for each. */
const BURST_MAX = 200
/** And per second for as long as it likes. A kept answer costs about 0.1 ms, so that a network takes 0.2 % of a core. */
const PER_SECOND_MAX = 20
/** Networks that are remembered: about 10 MB. Past that the one that asked longest ago is forgotten. */
const NETWORKS_MAX = 50_000

/** What one network has left, and when that was so. */
interface Bucket {
  left: number
  atMs: number
}

/** Limits what needs no key, by the caller's network: a token bucket each, in a table of bounded size. */
export class AddressLimit {
  /** In the order of their last request. */
  readonly #buckets = new Map<string, Bucket>()

  constructor(
    private readonly nowMs: () => number,
    private readonly networksMax = NETWORKS_MAX,
  ) {}

  /** Throws Fault `rate_limited` with the wait when the network of `address` has nothing left. */
  take(address: string): void {
    const network = networkOf(address)
    const nowMs = this.nowMs()
    const bucket = this.#buckets.get(network) ?? { left: BURST_MAX, atMs: nowMs }
    bucket.left = Math.min(BURST_MAX, bucket.left + ((nowMs - bucket.atMs) / 1_000) * PER_SECOND_MAX)
    bucket.atMs = nowMs
    this.#buckets.delete(network)
    this.#buckets.set(network, bucket)
    if (this.#buckets.size > this.networksMax) this.#forgetOldest()
    if (bucket.left < 1) throw tooMany((1 - bucket.left) / PER_SECOND_MAX)
    bucket.left--
  }

  /** Networks that are remembered now. */
  get size(): number {
    return this.#buckets.size
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys()
    if (oldest !== undefined) this.#buckets.delete(oldest)
  }
}

function tooMany(waitSeconds: number): Fault {
  return new Fault('rate_limited', 'Too many requests without a key from your network; please retry more slowly.', {
    retryAfterMs: Math.ceil(waitSeconds * 1_000),
    metadata: { scope: 'address', limit_per_second: PER_SECOND_MAX },
  })
}
