import type { TenantId } from '@turnpike/domain'
import { LRUCache } from 'lru-cache'

/** gRPC's retry throttling: ten tokens, a failure takes one, a success returns a tenth. */
const TOKENS_MAX = 10
const TOKENS_PER_SUCCESS = 0.1
/** With half of the tokens or fewer there are first attempts only. */
const TOKENS_TO_RETRY = TOKENS_MAX / 2
/** Of an account's tokens one tenant can take this many, so that it takes three to end everybody's retries. */
const TOKENS_PER_TENANT_MAX = 2
/** Tenants with failures at an account, all accounts together; beyond it the least recently active one has all its tokens again. */
const TENANTS_MAX = 10_000
/** So many of a tenant's requests under way may be retries (Envoy's retry budget); a few always may. */
const RETRY_SHARE_MAX = 0.2
const RETRIES_MIN = 3
/** A burst of failures passes within milliseconds; retries that wait longer would only pile up. */
const SLOT_WAIT_MS_MAX = 150
/** Retries of one tenant that wait for a slot. */
const WAITING_MAX = 100
/** Requests at the endpoints of one model that are all down: one of each tenant, and this many in all. */
const LAST_RESORTS_MAX = 10

interface Retries {
  underWay: number
  readonly waiting: Set<() => void>
}

/**
 * Keeps retries from making an outage worse: failing providers get hardly more attempts than there are requests. A tenant's failures and
 * retries limit that tenant; failures of several limit all.
 */
export class RetryThrottle {
  /** By account, and by account and tenant. Those with all their tokens are left out. */
  readonly #tokens = new Map<string, number>()
  readonly #tenantTokens = new LRUCache<string, number>({ max: TENANTS_MAX })
  readonly #retries = new Map<TenantId, Retries>()
  readonly #lastResorts = new Map<string, Set<TenantId>>()
  #refused = 0

  /** @param inFlight requests of a tenant under way in this process */
  constructor(private readonly inFlight: (tenantId: TenantId) => number) {}

  succeeded(account: string, tenantId: TenantId): void {
    if (this.#tokens.size > 0) give(this.#tokens, account)
    if (this.#tenantTokens.size > 0) give(this.#tenantTokens, keyOf(account, tenantId))
  }

  failed(account: string, tenantId: TenantId): void {
    const key = keyOf(account, tenantId)
    const mine = this.#tenantTokens.get(key) ?? TOKENS_MAX
    this.#tenantTokens.set(key, Math.max(0, mine - 1))
    if (TOKENS_MAX - mine >= TOKENS_PER_TENANT_MAX) return
    this.#tokens.set(account, Math.max(0, (this.#tokens.get(account) ?? TOKENS_MAX) - 1))
  }

  mayRetry(account: string, tenantId: TenantId): boolean {
    const mine = this.#tenantTokens.get(keyOf(account, tenantId)) ?? TOKENS_MAX
    return mine > TOKENS_TO_RETRY && (this.#tokens.get(account) ?? TOKENS_MAX) > TOKENS_TO_RETRY
  }

  /** Runs a retry, within the budget where the account failed lately; `throttled` beyond it. */
  async asRetry<Outcome>(
    account: string,
    tenantId: TenantId,
    attempt: () => Promise<Outcome>,
  ): Promise<Outcome | 'throttled'> {
    if (!this.#tokens.has(account) && !this.#tenantTokens.has(keyOf(account, tenantId))) return attempt()
    if (!this.mayRetry(account, tenantId) || !(await this.#takeSlot(tenantId))) {
      this.#refused++
      return 'throttled'
    }
    try {
      return await attempt()
    } finally {
      this.#freeSlot(tenantId)
    }
  }

  /**
   * Runs `attempt` at an endpoint that is down, since no other is left; null when another request of the tenant is doing so, or enough
   * of others: to find out that it works again takes one.
   * @param model or, for a tenant's own account, that target, whose health concerns no other tenant
   */
  async asLastResort<Outcome>(
    model: string,
    tenantId: TenantId,
    attempt: () => Promise<Outcome>,
  ): Promise<Outcome | null> {
    const tenants = this.#lastResorts.get(model) ?? new Set()
    if (tenants.has(tenantId) || tenants.size >= LAST_RESORTS_MAX) return null
    this.#lastResorts.set(model, tenants.add(tenantId))
    try {
      return await attempt()
    } finally {
      tenants.delete(tenantId)
      if (tenants.size === 0) this.#lastResorts.delete(model)
    }
  }

  /** Retries that were not made, since the process began. */
  refused(): number {
    return this.#refused
  }

  #slots(tenantId: TenantId): number {
    return Math.max(RETRIES_MIN, Math.floor(this.inFlight(tenantId) * RETRY_SHARE_MAX))
  }

  /** Takes a slot among the tenant's retries under way; false when none came free in time. */
  async #takeSlot(tenantId: TenantId): Promise<boolean> {
    const mine = this.#retries.get(tenantId) ?? { underWay: 0, waiting: new Set() }
    this.#retries.set(tenantId, mine)
    if (mine.underWay >= this.#slots(tenantId)) return mine.waiting.size < WAITING_MAX && waitForSlot(mine)
    mine.underWay++
    return true
  }

  /** Passes a slot to the retry of the tenant that has waited longest. */
  #freeSlot(tenantId: TenantId): void {
    const mine = this.#retries.get(tenantId)
    if (!mine) return
    mine.underWay--
    for (const take of mine.waiting) {
      if (mine.underWay >= this.#slots(tenantId)) break
      mine.underWay++
      take()
    }
    if (mine.underWay === 0 && mine.waiting.size === 0) this.#retries.delete(tenantId)
  }
}

function keyOf(account: string, tenantId: TenantId): string {
  return `${tenantId} ${account}`
}

interface Tokens {
  get(key: string): number | undefined
  set(key: string, tokens: number): unknown
  delete(key: string): boolean
}

function give(all: Tokens, key: string): void {
  const tokens = all.get(key)
  if (tokens === undefined) return
  if (tokens + TOKENS_PER_SUCCESS >= TOKENS_MAX) all.delete(key)
  else all.set(key, tokens + TOKENS_PER_SUCCESS)
}

function waitForSlot({ waiting }: Retries): Promise<boolean> {
  return new Promise((resolve) => {
    const take = () => {
      clearTimeout(late)
      waiting.delete(take)
      resolve(true)
    }
    const late = setTimeout(() => {
      waiting.delete(take)
      resolve(false)
    }, SLOT_WAIT_MS_MAX)
    waiting.add(take)
  })
}
