/** gRPC's retry throttling: an account has ten tokens, a failure takes one, a success returns a tenth. */
const TOKENS_MAX = 10
const TOKENS_PER_SUCCESS = 0.1
/** With half of its tokens or fewer an account gets first attempts only. */
const TOKENS_TO_RETRY = TOKENS_MAX / 2
/** So many of the requests under way may be retries (Envoy's retry budget); a quiet gateway may always do a few. */
const RETRY_SHARE_MAX = 0.2
const RETRIES_MIN = 3
/** A burst of failures passes within milliseconds; retries that wait longer would only pile up. */
const SLOT_WAIT_MS_MAX = 150
const WAITING_MAX = 100

/** Keeps retries from making an outage worse: failing providers get hardly more attempts than there are requests. */
export class RetryThrottle {
  /** Accounts with all their tokens are left out. */
  readonly #tokens = new Map<string, number>()
  readonly #lastResorts = new Set<string>()
  readonly #waiting = new Set<() => void>()
  #retries = 0
  #refused = 0

  /** @param inFlight requests under way in this process */
  constructor(private readonly inFlight: () => number) {}

  succeeded(account: string): void {
    const tokens = this.#tokens.get(account)
    if (tokens === undefined) return
    if (tokens + TOKENS_PER_SUCCESS >= TOKENS_MAX) this.#tokens.delete(account)
    else this.#tokens.set(account, tokens + TOKENS_PER_SUCCESS)
  }

  failed(account: string): void {
    this.#tokens.set(account, Math.max(0, (this.#tokens.get(account) ?? TOKENS_MAX) - 1))
  }

  mayRetry(account: string): boolean {
    return (this.#tokens.get(account) ?? TOKENS_MAX) > TOKENS_TO_RETRY
  }

  /** Runs a retry, within the budget where the account failed lately; `throttled` beyond it. */
  async asRetry<Outcome>(account: string, attempt: () => Promise<Outcome>): Promise<Outcome | 'throttled'> {
    if (!this.#tokens.has(account)) return attempt()
    if (!this.mayRetry(account) || !(await this.#takeSlot())) {
      this.#refused++
      return 'throttled'
    }
    try {
      return await attempt()
    } finally {
      this.#freeSlot()
    }
  }

  /**
   * Runs `attempt` at an endpoint that is down, since no other is left; null when another request is doing so: one at a time is enough.
   * @param model or, for a tenant's own account, that target, whose health concerns no other tenant
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

  #slots(): number {
    return Math.max(RETRIES_MIN, Math.floor(this.inFlight() * RETRY_SHARE_MAX))
  }

  /** Takes a slot among the retries under way; false when none came free in time. */
  async #takeSlot(): Promise<boolean> {
    if (this.#retries >= this.#slots()) return this.#waiting.size < WAITING_MAX && this.#waitForSlot()
    this.#retries++
    return true
  }

  /** Passes a slot to the retry that has waited longest. */
  #freeSlot(): void {
    this.#retries--
    for (const take of this.#waiting) {
      if (this.#retries >= this.#slots()) return
      this.#retries++
      take()
    }
  }

  #waitForSlot(): Promise<boolean> {
    return new Promise((resolve) => {
      const take = () => {
        clearTimeout(late)
        this.#waiting.delete(take)
        resolve(true)
      }
      const late = setTimeout(() => {
        this.#waiting.delete(take)
        resolve(false)
      }, SLOT_WAIT_MS_MAX)
      this.#waiting.add(take)
    })
  }
}
