import { Buckets, Fault, type TenantId } from '@turnpike/domain'

/** Milliseconds of the event loop that one tenant's bodies may take to be read at once: some of the worst. */
const BURST_MS_MAX = 1_000
/** And per second for as long as it likes, so that three quarters of the event loop are left for everybody else. */
const MS_PER_SECOND_MAX = 250
/** Tenants that are remembered: about 2 MB. */
const TENANTS_MAX = 10_000
/** What a body takes at least, before it is known: strings, which are the most of a long body, are read at a megabyte in 2 ms. */
const MS_PER_BYTE = 2 / 1_000_000
/** Shorter bodies are not counted: the worst of them takes less than a millisecond, and their number is limited by requests under way. */
const UNCOUNTED_BYTES_MAX = 16 * 1024

/** Time of the event loop that is spent on reading bodies, by tenant. It is taken by size before a body comes, and corrected after it was read. */
export class ParseBudget {
  readonly #buckets: Buckets

  constructor(private readonly nowMs: () => number) {
    const allowance = { burst: BURST_MS_MAX, perSecond: MS_PER_SECOND_MAX, subjectsMax: TENANTS_MAX }
    this.#buckets = new Buckets(allowance, nowMs)
  }

  /**
   * Takes the time of a body that is about to be received. Throws Fault `rate_limited` with the wait.
   * @returns reads the body, and corrects what was taken by the time that it took; null for a short one, which is not counted
   */
  take(tenant: TenantId, bytes: number): Reader | null {
    if (bytes <= UNCOUNTED_BYTES_MAX) return null
    const expectedMs = bytes * MS_PER_BYTE
    const retryAfterMs = this.#buckets.take(tenant, expectedMs)
    if (retryAfterMs !== null) {
      throw new Fault('rate_limited', 'Your organisation’s bodies take as long to be read as they may; please retry.', {
        retryAfterMs,
        metadata: { scope: 'tenant', limit_ms_per_second: MS_PER_SECOND_MAX },
      })
    }
    return (read) => {
      const beganMs = this.nowMs()
      try {
        return read()
      } finally {
        this.#buckets.correct(tenant, this.nowMs() - beganMs - expectedMs)
      }
    }
  }
}

/** Runs `read` and passes on what it returns or throws. */
export type Reader = <T>(read: () => T) => T
