import type { BreakerState } from '../../connections/breaker.ts'
import type { Clock } from '../../cache/clock.ts'
import type { KeyStore } from '../cache.ts'

const PERMITS_MAX = 4
/** From here on a refresh waits for a permit, and may be given up while its query is under way. */
const PERMITS_OF_REFRESHES_MAX = 3
/**
 * For how long two look-ups of a key may overlap: after such a jam, after lost time, and after a change of the key, which leaves
 * the look-up under way behind and begins one of its own.
 */
const OVERLAP_MS = 2_000
/** After this a breaker gives its probe up, which a frozen process makes possible. */
const PROBE_MS_MAX = 5_000

interface TrafficOptions {
  readonly clock: Clock
  readonly fail: (what: string) => void
  readonly stateOf: (store: KeyStore) => BreakerState
  /** When this process last received a change of that key. */
  readonly changedMs: (hex: string) => number
  /** When this process last lost time; Infinity while it does. */
  readonly warpMs: () => number
}

/** What one process has under way at its stores, held against what it may have. */
export class Traffic {
  readonly #options: TrafficOptions
  /** By store and digest. */
  readonly #lookups = new Set<string>()
  readonly #probes = new Map<KeyStore, number>()
  #permits = 0
  #jamMs = -Infinity
  /** The most that was seen. */
  permitsMost = 0

  constructor(options: TrafficOptions) {
    this.#options = options
  }

  /** A call that the store's breaker has just admitted. */
  async admitted<T>(store: KeyStore, act: () => Promise<T>): Promise<T> {
    const { clock, fail, stateOf } = this.#options
    if (stateOf(store) !== 'half_open') return act()
    const nowMs = clock.monotonicMs()
    if (nowMs - (this.#probes.get(store) ?? -Infinity) < PROBE_MS_MAX) fail(`${store}: two probes at a time`)
    this.#probes.set(store, nowMs)
    try {
      return await act()
    } finally {
      this.#probes.delete(store)
    }
  }

  /** A look-up of these keys. */
  lookup<T>(store: 'redis' | 'postgres', digests: readonly Buffer[], act: () => Promise<T>): Promise<T> {
    return this.admitted(store, () => this.#apart(store, digests, act))
  }

  /** A query that needs a permit. */
  async permitted<T>(act: () => Promise<T>): Promise<T> {
    this.#permits++
    this.permitsMost = Math.max(this.permitsMost, this.#permits)
    this.#noteJam()
    if (this.#permits > PERMITS_MAX) this.#options.fail(`${this.#permits} queries in flight`)
    try {
      return await act()
    } finally {
      this.#noteJam()
      this.#permits--
    }
  }

  async #apart<T>(store: string, digests: readonly Buffer[], act: () => Promise<T>): Promise<T> {
    const hexes = digests.map((digest) => digest.toString('hex'))
    for (const hex of hexes) {
      const place = `${store} ${hex}`
      if (this.#lookups.has(place) && !this.#mayOverlap(hex))
        this.#options.fail(`${store}: a key looked up twice at a time`)
      this.#lookups.add(place)
    }
    try {
      return await act()
    } finally {
      for (const hex of hexes) this.#lookups.delete(`${store} ${hex}`)
    }
  }

  #noteJam(): void {
    if (this.#permits >= PERMITS_OF_REFRESHES_MAX) this.#jamMs = this.#options.clock.monotonicMs()
  }

  #mayOverlap(hex: string): boolean {
    const { clock, changedMs, warpMs } = this.#options
    return clock.monotonicMs() - Math.max(this.#jamMs, warpMs(), changedMs(hex)) < OVERLAP_MS
  }
}
