import type { TenantId } from '@turnpike/domain'

/** Waiting in one process at most: each holds a caller's connection, and more than this would come out as a new storm. */
export const WAITING_MAX = 100
/** The longest wait for providers that limit their rates. A caller with a longer wait ahead is better told so. */
export const WAIT_MS_MAX = 2_000

interface Slot {
  readonly tenant: TenantId
  readonly untilMs: number
  readonly leave: (served: boolean) => void
}

/**
 * Where requests wait out a short rate limit of their providers, instead of their callers doing it. First come, first served
 * within a tenant; tenants take turns, and when it is full the one with most places gives its last one up.
 */
export class RateLimitQueue {
  /** In order of arrival, per tenant. */
  readonly #places = new Map<TenantId, Slot[]>()
  readonly #nowMs: () => number
  #count = 0
  #timer: NodeJS.Timeout | undefined
  #nextMs = Infinity

  /** @param nowMs monotonic clock */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Requests that wait now. */
  get count(): number {
    return this.#count
  }

  /**
   * Resolves to true when that time has come and it is this tenant's turn; to false when there is no room, or none any more, or
   * the signal is aborted. @param untilMs at most `WAIT_MS_MAX` from now
   */
  wait(tenant: TenantId, untilMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || untilMs - this.#nowMs() > WAIT_MS_MAX || !this.#makeRoom(tenant))
      return Promise.resolve(false)
    return new Promise((resolve) => {
      const giveUp = () => place.leave(false)
      const place: Slot = {
        tenant,
        untilMs,
        leave: (served) => {
          signal.removeEventListener('abort', giveUp)
          this.#remove(place)
          resolve(served)
        },
      }
      signal.addEventListener('abort', giveUp)
      const places = this.#places.get(tenant)
      if (places) places.push(place)
      else this.#places.set(tenant, [place])
      this.#count++
      if (untilMs < this.#nextMs) this.#wakeAt(untilMs)
    })
  }

  /** Whether a place is free, or was freed by the tenant that held most of them. */
  #makeRoom(tenant: TenantId): boolean {
    if (this.#count < WAITING_MAX) return true
    let fullest: Slot[] = []
    for (const places of this.#places.values()) if (places.length > fullest.length) fullest = places
    const mine = this.#places.get(tenant)?.length ?? 0
    if (fullest.length <= mine + 1) return false
    fullest.at(-1)?.leave(false)
    return true
  }

  #remove(place: Slot): void {
    const places = this.#places.get(place.tenant) ?? []
    places.splice(places.indexOf(place), 1)
    if (places.length === 0) this.#places.delete(place.tenant)
    this.#count--
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#timer)
    this.#nextMs = atMs
    // Whole milliseconds: a timer may come a fraction early, and would find nobody.
    this.#timer = setTimeout(() => this.#serve(), Math.ceil(atMs - this.#nowMs()))
  }

  /** Lets go whose time has come, a tenant at a time. */
  #serve(): void {
    const nowMs = this.#nowMs()
    for (let served = true; served;) {
      served = false
      for (const places of [...this.#places.values()]) {
        const place = places.find(({ untilMs }) => untilMs <= nowMs)
        place?.leave(true)
        served ||= place !== undefined
      }
    }
    this.#nextMs = Infinity
    let earliestMs = Infinity
    for (const places of this.#places.values()) {
      for (const { untilMs } of places) earliestMs = Math.min(earliestMs, untilMs)
    }
    if (earliestMs < Infinity) this.#wakeAt(earliestMs)
  }
}
