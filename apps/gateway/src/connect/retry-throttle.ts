/** gRPC's retry throttling: a provider's account has ten tokens, a failure takes one, a success gives a tenth back. */
const TOKENS_MAX = 10
const TOKENS_PER_SUCCESS = 0.1
/** With half of its tokens or fewer an account gets first attempts only. */
const TOKENS_TO_RETRY = TOKENS_MAX / 2
/** Of the requests under way, so many may be retries (Envoy's retry budget), but a quiet gateway may always do a few. */
const RETRY_SHARE_MAX = 0.2
const RETRIES_MIN = 3
/** A burst of failures passes within milliseconds; a retry that would have to wait longer than this would only add to a heap. */
const PLACE_WAIT_MS_MAX = 150
const WAITING_MAX = 100

/**
 * Keeps retries from making an outage worse: what all providers together refuse is asked for hardly more often than by callers.
 * One per process.
 */
export class RetryThrottle {
  /** Accounts that have all their tokens are not kept. */
  readonly #tokens = new Map<string, number>()
  readonly #lastResorts = new Set<string>()
  readonly #inFlight: () => number
  readonly #waiting = new Set<() => void>()
  #retries = 0
  #refused = 0

  /** @param inFlight requests under way in this process */
  constructor(inFlight: () => number) {
    this.#inFlight = inFlight
  }

  succeeded(account: string): void {
    const tokens = this.#tokens.get(account)
    if (tokens === undefined) return
    if (tokens + TOKENS_PER_SUCCESS >= TOKENS_MAX) this.#tokens.delete(account)
    else this.#tokens.set(account, tokens + TOKENS_PER_SUCCESS)
  }

  failed(account: string): void {
    this.#tokens.set(account, Math.max(0, (this.#tokens.get(account) ?? TOKENS_MAX) - 1))
  }

  /** Whether a request that failed elsewhere may be tried at this account. */
  mayRetry(account: string): boolean {
    return (this.#tokens.get(account) ?? TOKENS_MAX) > TOKENS_TO_RETRY
  }

  /**
   * Runs `attempt` as a retry at this account; `throttled` when that would only add to an outage. An account where nothing failed
   * lately takes over whatever others drop; one with failures gets retries within the budget, which wait a moment for a place.
   */
  async asRetry<Outcome>(account: string, attempt: () => Promise<Outcome>): Promise<Outcome | 'throttled'> {
    if (!this.#tokens.has(account)) return attempt()
    if (!this.mayRetry(account) || !(await this.#place())) {
      this.#refused++
      return 'throttled'
    }
    try {
      return await attempt()
    } finally {
      this.#leave()
    }
  }

  /**
   * Runs `attempt` at an endpoint of this model though it is known to be down, since nothing else is left; null when another request
   * is doing so. One at a time is enough to see that it is back, and all others are told at once.
   * @param model or, where it goes by a tenant's own account, that target: what others may learn of it is nothing
   */
  async asLastResort<Outcome>(model: string, attempt: () => Promise<Outcome>): Promise<Outcome | null> {
    if (this.#lastResorts.has(model)) return null
    this.#lastResorts.add(model)
    try {
      return await attempt()
    } finally {
      this.#lastResorts.delete(model)
    }
  }

  /** Retries that were not made, since the process began. */
  refused(): number {
    return this.#refused
  }

  #places(): number {
    return Math.max(RETRIES_MIN, Math.floor(this.#inFlight() * RETRY_SHARE_MAX))
  }

  /** Takes a place among the retries under way; false when none came free in time. */
  async #place(): Promise<boolean> {
    if (this.#retries >= this.#places()) return this.#waiting.size < WAITING_MAX && this.#turn()
    this.#retries++
    return true
  }

  /** Gives a place to whoever has waited longest. */
  #leave(): void {
    this.#retries--
    for (const take of this.#waiting) {
      if (this.#retries >= this.#places()) return
      this.#retries++
      take()
    }
  }

  #turn(): Promise<boolean> {
    return new Promise((resolve) => {
      const take = () => {
        clearTimeout(late)
        this.#waiting.delete(take)
        resolve(true)
      }
      const late = setTimeout(() => {
        this.#waiting.delete(take)
        resolve(false)
      }, PLACE_WAIT_MS_MAX)
      this.#waiting.add(take)
    })
  }
}
