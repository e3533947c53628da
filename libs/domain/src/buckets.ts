interface Bucket {
  left: number
  atMs: number
}

interface Allowance {
  /** At once. */
  readonly burst: number
  readonly perSecond: number
  /** Subjects that are remembered; past that the one that took longest ago is forgotten, which is the likeliest to be full again. */
  readonly subjectsMax: number
}

/** Token buckets of many subjects, in a table of bounded size. A bucket may be overdrawn once: what is taken is known better afterwards. */
export class Buckets {
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>()

  constructor(
    private readonly allowance: Allowance,
    private readonly nowMs: () => number,
  ) {}

  /** Takes an amount as long as there is anything left. @returns null, or the milliseconds to wait for, and then nothing was taken */
  take(subject: string, amount: number): number | null {
    const { burst, perSecond } = this.allowance
    const bucket = this.#at(subject)
    if (bucket.left <= 0) return Math.ceil(((Math.min(amount, burst) - bucket.left) / perSecond) * 1_000)
    bucket.left -= amount
    return null
  }

  /** Corrects what was taken: a negative amount is given back. */
  correct(subject: string, amount: number): void {
    const bucket = this.#at(subject)
    bucket.left = Math.min(this.allowance.burst, bucket.left - amount)
  }

  /** Subjects that are remembered now. */
  get size(): number {
    return this.#buckets.size
  }

  #at(subject: string): Bucket {
    const { burst, perSecond, subjectsMax } = this.allowance
    const nowMs = this.nowMs()
    const bucket = this.#buckets.get(subject) ?? { left: burst, atMs: nowMs }
    bucket.left = Math.min(burst, bucket.left + ((nowMs - bucket.atMs) / 1_000) * perSecond)
    bucket.atMs = nowMs
    this.#buckets.delete(subject)
    this.#buckets.set(subject, bucket)
    if (this.#buckets.size > subjectsMax) {
      const [oldest = subject] = this.#buckets.keys()
      this.#buckets.delete(oldest)
    }
    return bucket
  }
}
