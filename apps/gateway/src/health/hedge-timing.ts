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
 * First tokens of one target as hedges need them: those that came, and lower bounds for attempts that lost to a hedge before. Without
 * the latter the slowest would be missing, the 95th percentile would sink, and hedges would come sooner and sooner.
 */
export class HedgeTiming {
  /** Five minutes: how many first tokens this node saw, and how long lost attempts had waited. */
  readonly #window = newWindow(30_000, 10)
  #fresh: Digest | null = null
  /** As of the last tick; null where nothing is known. */
  usual: FirstTokens | null = null

  /** A first attempt lost to its hedge without a first token: it would have taken longer. */
  addLost(ms: number): void {
    addToDigest((this.#fresh ??= {}), ms)
  }

  /** Once a second. @param known first tokens that this node saw since the last time */
  settle(known: number, nowMs: number): void {
    const lost = this.#fresh
    this.#fresh = null
    if (known === 0 && !lost) return void advance(this.#window, nowMs)
    addToWindow(this.#window, { attempts: known, failures: 0, firstTokenMs: lost ?? {}, tokensPerSecond: {} }, nowMs)
  }

  /** @param all first tokens of all nodes; every node is taken to have as many lost attempts as this one */
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
