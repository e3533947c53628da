import { Fault } from '@turnpike/domain'
import type { Logger } from '@turnpike/server'
import { isStoreUnavailable, type Revocation, type RevocationFile } from '@turnpike/store'

interface Rhythm {
  /** Doubles up to `retryMsMax` while Postgres is away. */
  readonly retryMs: number
  readonly retryMsMax: number
  /** Between two publications, which replace what FLUSHALL or an eviction removed from Redis. */
  readonly publishMs: number
}

const RHYTHM: Rhythm = { retryMs: 1_000, retryMsMax: 5_000, publishMs: 10_000 }

export interface PendingOptions {
  readonly file: RevocationFile
  /** Denies the keys in this process, at once. */
  readonly deny: (revocation: Revocation) => void
  /** Publishes to every gateway over Redis. Rejects unless Redis accepted it. */
  readonly publish: (revocations: readonly Revocation[]) => Promise<void>
  /** Revokes in Postgres. Rejects while that is away. */
  readonly carryOut: (revocation: Revocation) => Promise<void>
  /** Redis need not keep these any longer. */
  readonly forget: (revocations: readonly Revocation[]) => Promise<void>
  readonly log: Logger
  readonly rhythm?: Rhythm
}

/**
 * Accepted while Postgres was away: each is on disk before its request is answered, is published repeatedly, and is carried out when
 * Postgres is back, by this process or the next one that opens the file.
 */
export class PendingRevocations {
  readonly #options: PendingOptions
  readonly #rhythm: Rhythm
  /** Monotonic milliseconds. */
  #publishedMs = -Infinity
  #carryOutMs = -Infinity
  #waitMs: number
  #timer: NodeJS.Timeout | null = null
  #round: Promise<void> = Promise.resolve()
  #refused = false
  #closed = false

  constructor(options: PendingOptions) {
    this.#options = options
    this.#rhythm = options.rhythm ?? RHYTHM
    this.#waitMs = this.#rhythm.retryMs
    for (const revocation of options.file.pending) options.deny(revocation)
  }

  get count(): number {
    return this.#options.file.pending.length
  }

  /** Resolves when the revocations of an earlier process were published, or Redis failed. */
  async start(): Promise<void> {
    await this.#publishAll()
    this.#next()
  }

  /**
   * Resolves when the revocation is on disk and published: from then on it is in force, whatever happens to this process. Throws Fault
   * `store_unavailable` when either fails; a revocation that is on disk by then is still carried out once a store accepts it.
   */
  async accept(revocation: Revocation): Promise<void> {
    const { file, publish, deny } = this.#options
    try {
      await file.add(revocation)
      deny(revocation)
      await publish([revocation])
    } catch (cause) {
      this.#publishedMs = -Infinity
      if (cause instanceof Fault) throw cause
      throw new Fault('store_unavailable', 'No store could take this revocation just now. Please try again.', { cause })
    } finally {
      this.#next()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#round
    await this.#options.file.close()
  }

  /** Another round in a while, if anything waits and none is due. */
  #next(): void {
    if (this.#closed || this.#timer || this.count === 0) return
    this.#timer = setTimeout(() => {
      this.#round = this.#go().finally(() => {
        this.#timer = null
        this.#next()
      })
    }, this.#rhythm.retryMs)
  }

  async #go(): Promise<void> {
    const nowMs = performance.now()
    if (nowMs >= this.#publishedMs + this.#rhythm.publishMs) await this.#publishAll()
    if (nowMs >= this.#carryOutMs) await this.#carryOutAll()
  }

  async #publishAll(): Promise<void> {
    const { file, publish } = this.#options
    const beganMs = performance.now()
    try {
      await publish(file.pending)
      this.#publishedMs = beganMs
    } catch {
      // The next round tries again. Redis coming and going is logged where keys are looked up.
    }
  }

  async #carryOutAll(): Promise<void> {
    const { file, forget, log } = this.#options
    const { done, failure } = await this.#carryOutEach()
    if (failure) {
      this.#carryOutMs = performance.now() + this.#waitMs
      this.#waitMs = Math.min(this.#waitMs * 2, this.#rhythm.retryMsMax)
    } else {
      this.#waitMs = this.#rhythm.retryMs
    }
    this.#logRefusal(failure)
    if (done.length === 0) return
    await file.remove(done).catch((error: unknown) => {
      log.error({ error }, 'the file of pending revocations cannot be written')
    })
    // A denial that stays in Redis concerns a key that is revoked anyway, and expires by itself.
    await forget(done).catch(() => undefined)
    log.info({ count: done.length }, 'pending revocations were carried out')
  }

  /** One that Postgres refuses does not hold up the others. */
  async #carryOutEach(): Promise<{ done: Revocation[]; failure: unknown }> {
    const done: Revocation[] = []
    let failure: unknown = null
    for (const revocation of this.#options.file.pending) {
      if (this.#closed) break
      try {
        await this.#options.carryOut(revocation)
        done.push(revocation)
      } catch (error) {
        failure = error
        if (isStoreUnavailable(error)) break
      }
    }
    return { done, failure }
  }

  /** Logs a refusal by the database once until it ends; that it is away is no news here. */
  #logRefusal(failure: unknown): void {
    const refused = failure !== null && !isStoreUnavailable(failure)
    if (refused && !this.#refused) {
      this.#options.log.error({ error: failure }, 'a pending revocation cannot be carried out')
    }
    this.#refused = refused
  }
}
