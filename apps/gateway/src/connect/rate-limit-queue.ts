import type { TenantId } from '@turnpike/domain'

/** Waiting at once: each holds a caller's connection, and more would come out as a burst. */
export const WAITING_MAX = 100
/** The longest wait for a rate limit. A caller with a longer wait ahead is better refused. */
export const WAIT_MS_MAX = 2_000

interface Slot {
  readonly tenant: TenantId
  readonly untilMs: number
  readonly end: (served: boolean) => void
}

/**
 * Where requests wait out a short rate limit, so that their callers need not retry. First come, first served within a tenant; tenants
 * take turns, and in a full queue the tenant with most slots loses its latest one.
 */
export class RateLimitQueue {
  /** In order of arrival, per tenant. */
  readonly #slots = new Map<TenantId, Slot[]>()
  #count = 0
  #timer: NodeJS.Timeout | undefined
  #nextMs = Infinity

  /** @param nowMs monotonic clock */
  constructor(private readonly nowMs: () => number) {}

  /** Requests that wait now. */
  get count(): number {
    return this.#count
  }

  /**
   * Resolves to true when that time has come and it is this tenant's turn; to false when there is no slot, or the slot was lost, or
   * the signal is aborted. @param untilMs at most `WAIT_MS_MAX` from now
   */
  wait(tenant: TenantId, untilMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || untilMs - this.nowMs() > WAIT_MS_MAX || !this.#makeSlot(tenant)) return Promise.resolve(false)
    return new Promise((resolve) => {
      const giveUp = () => slot.end(false)
      const slot: Slot = {
        tenant,
        untilMs,
        end: (served) => {
          signal.removeEventListener('abort', giveUp)
          this.#remove(slot)
          resolve(served)
        },
      }
      signal.addEventListener('abort', giveUp)
      const slots = this.#slots.get(tenant)
      if (slots) slots.push(slot)
      else this.#slots.set(tenant, [slot])
      this.#count++
      if (untilMs < this.#nextMs) this.#wakeAt(untilMs)
    })
  }

  /** Whether a slot is free, or was taken from the tenant that held most of them. */
  #makeSlot(tenant: TenantId): boolean {
    if (this.#count < WAITING_MAX) return true
    let fullest: Slot[] = []
    for (const slots of this.#slots.values()) if (slots.length > fullest.length) fullest = slots
    const mine = this.#slots.get(tenant)?.length ?? 0
    if (fullest.length <= mine + 1) return false
    fullest.at(-1)?.end(false)
    return true
  }

  #remove(slot: Slot): void {
    const slots = this.#slots.get(slot.tenant) ?? []
    slots.splice(slots.indexOf(slot), 1)
    if (slots.length === 0) this.#slots.delete(slot.tenant)
    this.#count--
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#timer)
    this.#nextMs = atMs
    // Whole milliseconds: a timer may come a fraction early, and would find no request to serve.
    this.#timer = setTimeout(() => this.#serve(), Math.ceil(atMs - this.nowMs()))
  }

  /** Serves requests whose time has come, one of each tenant at a time. */
  #serve(): void {
    const nowMs = this.nowMs()
    for (let served = true; served;) {
      served = false
      for (const slots of [...this.#slots.values()]) {
        const slot = slots.find(({ untilMs }) => untilMs <= nowMs)
        slot?.end(true)
        served ||= slot !== undefined
      }
    }
    this.#nextMs = Infinity
    const earliestMs = Math.min(...[...this.#slots.values()].flat().map(({ untilMs }) => untilMs))
    if (earliestMs < Infinity) this.#wakeAt(earliestMs)
  }
}
