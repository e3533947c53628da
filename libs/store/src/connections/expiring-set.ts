import { LRUCache } from 'lru-cache'

interface ExpiringSetOptions {
  /** Members at most; beyond it the least recently used one is dropped. */
  readonly max: number
  readonly ttlMs: number
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/** Texts that expire, a bounded number of them. */
export class ExpiringSet {
  readonly #options: ExpiringSetOptions
  readonly #until: LRUCache<string, number>

  constructor(options: ExpiringSetOptions) {
    this.#options = options
    this.#until = new LRUCache({ max: options.max })
  }

  add(text: string): void {
    this.#until.set(text, this.#options.now() + this.#options.ttlMs)
  }

  has(text: string): boolean {
    return (this.#until.get(text) ?? -Infinity) > this.#options.now()
  }

  /** Those that have not expired, the most recently used first. */
  members(): string[] {
    const nowMs = this.#options.now()
    return [...this.#until.entries()].flatMap(([text, untilMs]) => (untilMs > nowMs ? [text] : []))
  }

  delete(text: string): void {
    this.#until.delete(text)
  }
}
