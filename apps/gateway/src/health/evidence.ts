import type { TenantId } from '@turnpike/domain'

/** Failures of one tenant that count in a run of failures. The breaker opens at five, so that it takes two tenants. */
const RUN_PER_TENANT_MAX = 3
/**
 * Failures of one tenant that count within the half-life: this many, and a quarter of what all others attempt. The breaker opens at half
 * of all attempts: where the others succeed, one tenant cannot open it.
 */
const FREE_FAILURES = 3
const SHARE_OF_OTHERS = 0.25
/** One failure of another tenant, until it is twice the half-life old. */
const OTHERS_FAILURES_MIN = 0.25
/** Counts are halved after this long, as the figures fade. */
const HALF_LIFE_MS = 10_000
/** Tenants counted one by one, per endpoint; failures of further ones do not count. */
const TENANTS_MAX = 1_000

/** Up to here a prompt's length hardly delays the first token. */
const TYPICAL_PROMPT_TOKENS_MAX = 20_000
/** Where all prompts are longer, theirs are the only figures there are. */
const TYPICAL_WITHIN_MS = 60_000

interface Count {
  attempts: number
  failures: number
  /** Failures that count in shared health. */
  counted: number
}

/**
 * Whose failures the shared health of one endpoint is made of. What a tenant sends may make its own attempts fail, so that it takes two
 * tenants to open the breaker, to start a cooldown, and to keep an endpoint down by failed probes.
 */
export class Evidence {
  readonly #counts = new Map<TenantId, Count>()
  #attempts = 0
  #failures = 0
  #halvedMs: number
  /** Failures of each tenant since the last success of any. */
  readonly #run = new Map<TenantId, number>()
  #limited: { readonly tenantId: TenantId; readonly untilMs: number } | null = null
  #failedProbe: TenantId | null = null
  #typicalMs = -Infinity

  constructor(nowMs: number) {
    this.#halvedMs = nowMs
  }

  /** A success of any tenant ends the run of failures. @param isNew the attempt was not counted before */
  succeeded(tenantId: TenantId, isNew: boolean, nowMs: number): void {
    if (isNew) this.#add(tenantId, nowMs)
    if (this.#run.size > 0) this.#run.clear()
    this.#failedProbe = null
  }

  /** Whether the first token of such a prompt says how fast the endpoint is for others. */
  isTypical(promptTokens: number, nowMs: number): boolean {
    if (promptTokens > TYPICAL_PROMPT_TOKENS_MAX) return nowMs - this.#typicalMs > TYPICAL_WITHIN_MS
    this.#typicalMs = nowMs
    return true
  }

  /** Whether a failure counts in shared health: not while no other tenant has any, nor beyond the tenant's part. */
  failureCounts(tenantId: TenantId, nowMs: number): boolean {
    const mine = this.#add(tenantId, nowMs)
    if (!mine) return false
    mine.failures++
    this.#failures++
    if (this.#failures - mine.failures < OTHERS_FAILURES_MIN) return false
    const inRun = (this.#run.get(tenantId) ?? 0) + 1
    this.#run.set(tenantId, inRun)
    const countedMax = FREE_FAILURES + (this.#attempts - mine.attempts) * SHARE_OF_OTHERS
    if (inRun > RUN_PER_TENANT_MAX || mine.counted >= countedMax) return false
    mine.counted++
    return true
  }

  /** Whether a second tenant is limited, which makes it a limit of the account. @param untilMs end of this tenant's cooldown */
  isLimitedForTwo(tenantId: TenantId, untilMs: number, nowMs: number): boolean {
    const known = this.#limited
    if (known && known.tenantId !== tenantId && known.untilMs > nowMs) return true
    this.#limited = { tenantId, untilMs }
    return false
  }

  /** The tenant's probe failed: the next one is better another's. */
  probeFailed(tenantId: TenantId): void {
    this.#failedProbe = tenantId
  }

  failedLastProbe(tenantId: TenantId): boolean {
    return this.#failedProbe === tenantId
  }

  /** Whether a new object would know as much. */
  isIdle(nowMs: number): boolean {
    this.#fade(nowMs)
    const isTypicalKnown = nowMs - this.#typicalMs <= TYPICAL_WITHIN_MS
    const isLimited = (this.#limited?.untilMs ?? 0) > nowMs
    return this.#counts.size === 0 && this.#failedProbe === null && !isTypicalKnown && !isLimited
  }

  /** @returns null for a tenant that is not counted by itself */
  #add(tenantId: TenantId, nowMs: number): Count | null {
    this.#fade(nowMs)
    this.#attempts++
    const known = this.#counts.get(tenantId)
    if (!known && this.#counts.size >= TENANTS_MAX) return null
    const mine = known ?? { attempts: 0, failures: 0, counted: 0 }
    if (!known) this.#counts.set(tenantId, mine)
    mine.attempts++
    return mine
  }

  #fade(nowMs: number): void {
    const halvings = Math.floor((nowMs - this.#halvedMs) / HALF_LIFE_MS)
    if (halvings < 1) return
    this.#halvedMs += halvings * HALF_LIFE_MS
    const left = 0.5 ** halvings
    this.#attempts = 0
    this.#failures = 0
    for (const [tenantId, count] of this.#counts) {
      count.attempts *= left
      count.failures *= left
      count.counted *= left
      if (count.attempts < OTHERS_FAILURES_MIN) this.#counts.delete(tenantId)
      this.#attempts += count.attempts
      this.#failures += count.failures
    }
    if (this.#counts.size === 0) this.#run.clear()
  }
}
