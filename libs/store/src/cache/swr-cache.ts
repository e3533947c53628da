import { LRUCache } from 'lru-cache'
import type { Clock } from './clock.ts'
import { SingleFlight, type Flight } from './single-flight.ts'

/** No answer, and no entry young enough. */
interface Unknown {
  readonly kind: 'unknown'
  readonly cause: unknown
}

/** Loads one key from the origin and caches the answer. Rejects without an answer. */
type Load<A> = (flight: Flight) => Promise<A>

/** Milliseconds from when the origin verified a value. */
interface Ages {
  /** Monotonic milliseconds. */
  readonly verifiedMs: number
  /** Until it is revalidated; `EXPIRED`: before its first use. */
  readonly freshMs: number
  /** Until it is no longer served stale. */
  readonly staleMs: number
}

/** The `freshMs` of a value that is revalidated before its next use. */
export const EXPIRED = -Infinity

interface Entry<V> {
  readonly value: V
  readonly verifiedMs: number
  readonly staleUntilMs: number
  freshUntilMs: number
  /** When it is to be revalidated. */
  revalidateMs: number
  /** When it was last verified, or a revalidation failed. */
  triedMs: number
}

interface SwrCacheOptions<V> {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Beyond it the least recently used one is dropped. */
  readonly entriesMax: number
  /** The same limit by the size of the values. */
  readonly bytes?: { readonly max: number; readonly of: (value: V) => number }
  /** Varies a time, so that values loaded at once are not revalidated at once. */
  readonly spread?: (ms: number) => number
}

/** A revalidation that failed is not tried again before: an outage must not be paid for with every request. */
const RETRY_MS = 1_000

/**
 * Stale-while-revalidate in process memory. Fresh: the entry is served. Stale: it is served, and revalidated behind the request. Expired
 * or missing: the origin is asked first; without its answer an entry is served until it is too old. One load per key at a time.
 */
export class SwrCache<V extends { readonly answer: A }, A> {
  readonly #clock: SwrCacheOptions<V>['clock']
  readonly #spread: (ms: number) => number
  readonly #entries: LRUCache<string, Entry<V>>
  readonly #loads = new SingleFlight<A | Unknown>()
  #unverifiedBeforeMs = -Infinity
  #closed = false
  /** Look-ups answered by an entry, and those without an answer. */
  readonly counts = { fresh: 0, stale: 0, unknown: 0 }

  constructor({ clock, entriesMax, bytes, spread = (ms) => ms }: SwrCacheOptions<V>) {
    this.#clock = clock
    this.#spread = spread
    this.#entries = new LRUCache({
      max: entriesMax,
      ...(bytes && { maxSize: bytes.max, sizeCalculation: ({ value }) => bytes.of(value) }),
    })
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#entries.calculatedSize
  }

  get loads(): Pick<SingleFlight<A>, 'size' | 'joined'> {
    return this.#loads
  }

  /** The cached answer, or that of `load`. Never rejects. */
  lookup(key: string, load: Load<A>): Promise<A | Unknown> {
    const entry = this.#find(key)
    if (!entry) return this.#join(key, load, false)
    if (this.#isFresh(entry)) {
      this.counts.fresh++
      return Promise.resolve(entry.value.answer)
    }
    this.counts.stale++
    const revalidated = this.revalidate(key, load)
    return entry.freshUntilMs === EXPIRED ? revalidated : Promise.resolve(entry.value.answer)
  }

  /** Loads the key from the origin, cached or not. Never rejects. */
  revalidate(key: string, load: Load<A>): Promise<A | Unknown> {
    return this.#join(key, load, true)
  }

  put(key: string, value: V, { verifiedMs, freshMs, staleMs }: Ages): void {
    const freshUntilMs = verifiedMs + this.#spread(freshMs)
    this.#entries.set(key, {
      value,
      verifiedMs,
      staleUntilMs: verifiedMs + staleMs,
      freshUntilMs,
      revalidateMs: freshUntilMs,
      triedMs: this.#clock.monotonicMs(),
    })
  }

  /** The cached value, however old; does not count as use. */
  peek(key: string): V | undefined {
    return this.#entries.peek(key)?.value
  }

  delete(key: string): boolean {
    return this.#entries.delete(key)
  }

  /** Neither the entry nor a load under way answers later look-ups. Returns whether there was an entry. */
  invalidate(key: string): boolean {
    this.#loads.overtake(key)
    return this.#entries.delete(key)
  }

  /** Loads under way may have read old values, so none of them is cached as fresh. */
  expire(changed: (value: V) => boolean): void {
    this.#loads.overtakeAll()
    for (const entry of this.#entries.values()) {
      if (changed(entry.value)) entry.freshUntilMs = entry.revalidateMs = EXPIRED
    }
  }

  makeStale(): void {
    this.#unverifiedBeforeMs = this.#clock.monotonicMs()
  }

  /** The most recently used first. */
  *entries(): Generator<{ readonly key: string; readonly value: V; readonly verifiedMs: number }> {
    for (const [key, { value, verifiedMs }] of this.#entries.entries()) yield { key, value, verifiedMs }
  }

  /** Resolves when the loads under way have ended. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#loads.ended()
  }

  /** The entry, unless it is too old to be served at all. */
  #find(key: string): Entry<V> | null {
    const entry = this.#entries.get(key)
    if (!entry) return null
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < entry.staleUntilMs) return entry
    // A value that may never be served stale is still served while it is fresh.
    return nowMs < entry.freshUntilMs && entry.verifiedMs >= this.#unverifiedBeforeMs ? entry : null
  }

  #isFresh({ revalidateMs, triedMs }: Entry<V>): boolean {
    return this.#clock.monotonicMs() < revalidateMs && triedMs >= this.#unverifiedBeforeMs
  }

  #join(key: string, load: Load<A>, revalidates: boolean): Promise<A | Unknown> {
    if (this.#closed) return Promise.resolve({ kind: 'unknown', cause: new Error('this process ends') })
    return this.#loads.join(key, revalidates, async (flight) => {
      try {
        return await load(flight)
      } catch (cause) {
        return this.#serveStale(key, cause)
      }
    })
  }

  #serveStale(key: string, cause: unknown): A | Unknown {
    const entry = this.#find(key)
    if (!entry) {
      this.counts.unknown++
      return { kind: 'unknown', cause }
    }
    entry.triedMs = this.#clock.monotonicMs()
    entry.revalidateMs = entry.triedMs + this.#spread(RETRY_MS)
    return entry.value.answer
  }
}
