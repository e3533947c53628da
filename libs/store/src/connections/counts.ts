import { createHmac } from 'node:crypto'
import type { Redis } from 'ioredis'
import { LRUCache } from 'lru-cache'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import type { KeySecrets } from '../key-path/seal.ts'

/** How often a subject, such as an address, was counted in its current window. */
export interface Count {
  readonly count: number
  readonly endsInMs: number
}

export interface SharedRedis {
  readonly redis: Redis
  /** Keys of the HMAC of subjects, which are people's addresses. Deployments that share a Redis count apart. */
  readonly secrets: KeySecrets
}

interface CountsOptions {
  /** Null: this process counts for itself. */
  readonly shared: SharedRedis | null
  readonly name: string
  /** Whole seconds. A window begins when its subject is counted first. */
  readonly windowMs: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/** While Redis does not answer, each process counts for itself, from zero. Never rejects. */
export class Counts {
  readonly #redis: RateLimiterRedis | null
  readonly #local: LocalCounts
  readonly #nameOf: (subject: string) => string

  constructor({ shared, name, windowMs, now = () => performance.now() }: CountsOptions) {
    // The reader of a count decides whether it is too high: `points` is not used.
    const options = { keyPrefix: `turnpike:count:${name}`, points: 1, duration: windowMs / 1_000 }
    this.#redis = shared && new RateLimiterRedis({ ...options, storeClient: shared.redis })
    this.#local = new LocalCounts(windowMs, now)
    this.#nameOf = (subject) =>
      shared ? createHmac('sha256', shared.secrets.signing.seal).update(subject).digest('base64url') : subject
  }

  /** Counts one more. */
  async add(subject: string): Promise<Count> {
    const name = this.#nameOf(subject)
    return this.#redis ? this.#redis.penalty(name).then(toCount, () => this.#local.add(name)) : this.#local.add(name)
  }

  /** Begins the window anew as well. Two at the same moment may count as one. */
  async addAndExtend(subject: string): Promise<void> {
    const name = this.#nameOf(subject)
    const { count } = await this.add(subject)
    await this.#redis?.set(name, count, this.#redis.duration).catch(() => undefined)
    this.#local.extend(name)
  }

  /** Null when the subject has no window. */
  async read(subject: string): Promise<Count | null> {
    const name = this.#nameOf(subject)
    const counted = await this.#redis?.get(name).catch(() => null)
    return counted ? toCount(counted) : this.#local.read(name)
  }

  /** Ends the subject's window. */
  async clear(subject: string): Promise<void> {
    const name = this.#nameOf(subject)
    this.#local.clear(name)
    await this.#redis?.delete(name).catch(() => undefined)
  }
}

function toCount({ consumedPoints, msBeforeNext }: { consumedPoints: number; msBeforeNext: number }): Count {
  return { count: consumedPoints, endsInMs: msBeforeNext }
}

/** About a megabyte. Beyond it the least recently counted subject is dropped. */
const LOCAL_SUBJECTS_MAX = 20_000

class LocalCounts {
  readonly #counts: LRUCache<string, number>

  constructor(windowMs: number, now: () => number) {
    this.#counts = new LRUCache({
      max: LOCAL_SUBJECTS_MAX,
      ttl: windowMs,
      ttlResolution: 0,
      noUpdateTTL: true,
      perf: { now },
    })
  }

  add(name: string): Count {
    const count = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, count)
    return { count, endsInMs: this.#counts.getRemainingTTL(name) }
  }

  extend(name: string): void {
    const count = this.#counts.get(name)
    if (count !== undefined) this.#counts.set(name, count, { noUpdateTTL: false })
  }

  read(name: string): Count | null {
    const count = this.#counts.get(name)
    return count === undefined ? null : { count, endsInMs: this.#counts.getRemainingTTL(name) }
  }

  clear(name: string): void {
    this.#counts.delete(name)
  }
}
