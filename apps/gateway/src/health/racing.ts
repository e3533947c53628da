import {
  addToDigest,
  addToWindow,
  advance,
  countOf,
  newWindow,
  quantile,
  type Digest,
  type FirstTokens,
} from '@turnpike/domain'

/**
 * First tokens of one target as a hedge needs them: those that came, and those that were called off before they could. Without the
 * latter the slowest would be missing from what is learned, the 95th percentile would sink, and hedges would come sooner and sooner.
 */
export class Racing {
  /** Five minutes: how many first tokens this node saw, and how long those had waited that were called off. */
  readonly #window = newWindow(30_000, 10)
  #fresh: Digest | null = null
  /** As of the last tick; null where nothing is known. */
  usual: FirstTokens | null = null

  /** A first attempt was called off after so many milliseconds without a first token: it would have taken longer. */
  lost(ms: number): void {
    addToDigest((this.#fresh ??= {}), ms)
  }

  /** Once a second. @param known first tokens that this node saw since the last time */
  settle(known: number, nowMs: number): void {
    const lost = this.#fresh
    this.#fresh = null
    if (known === 0 && !lost) return void advance(this.#window, nowMs)
    addToWindow(this.#window, { attempts: known, failures: 0, firstTokenMs: lost ?? {}, tokensPerSecond: {} }, nowMs)
  }

  /** @param all first tokens of the five minutes, of all nodes; each of them is taken to have called as many off as this one */
  refresh(all: Digest): void {
    const { attempts, firstTokenMs: lost } = this.#window.sum
    const samples = countOf(all)
    const nodes = attempts > 0 ? samples / attempts : 1
    const both: Digest = { ...all }
    for (const bucket in lost) both[bucket] = (both[bucket] ?? 0) + (lost[bucket] ?? 0) * nodes
    const p95Ms = quantile(both, 0.95)
    this.usual = p95Ms === null ? null : { samples, p95Ms }
  }
}
