import { Fault } from '@turnpike/domain'

/** How long a provider may keep an answered connection open. Read to its close, it can be used again. */
const TAIL_MS_MAX = 2_000
/** Why a connection was cut after a complete answer. */
const FINISHED = Symbol('finished')

/** The limits of one connection: two signals, the times for first content and whole answer, the tail. */
export class UpstreamConnection {
  readonly #controller = new AbortController()
  readonly #follow = () => this.#controller.abort(this.call.reason)
  readonly #cut = () => {
    // The answer of a cancelled attempt is not read, so that reading it does not close the connection.
    this.close()
    this.#controller.abort(this.cancelled?.reason)
  }
  #timer: NodeJS.Timeout
  readonly #total: NodeJS.Timeout | null

  /**
   * @param beginMs until the first content @param totalMs until the end; null: only the call's own deadline counts
   * @param cancelled cancels this attempt, also when it has begun to answer; null: only `call` does
   */
  constructor(
    private readonly call: AbortSignal,
    beginMs: number,
    totalMs: number | null,
    private readonly cancelled: AbortSignal | null = null,
  ) {
    call.throwIfAborted()
    cancelled?.throwIfAborted()
    call.addEventListener('abort', this.#follow)
    cancelled?.addEventListener('abort', this.#cut)
    this.#timer = setTimeout(() => this.#controller.abort(tooLate(beginMs)), beginMs)
    this.#total = totalMs === null ? null : setTimeout(() => this.#controller.abort(overTime()), totalMs)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get finished(): boolean {
    return this.#controller.signal.reason === FINISHED
  }

  started(): void {
    clearTimeout(this.#timer)
  }

  /** The provider has two seconds to close, then the connection is cut. */
  drainTail(): void {
    this.#stopTimers()
    this.#timer = setTimeout(() => this.#controller.abort(FINISHED), TAIL_MS_MAX)
  }

  close(): void {
    this.#stopTimers()
    this.call.removeEventListener('abort', this.#follow)
    this.cancelled?.removeEventListener('abort', this.#cut)
  }

  /** An abort surfaces as a transport error; its reason is what happened. An answer that overflows its decoder is the provider's fault. */
  reasonFor(thrown: unknown): unknown {
    if (this.#controller.signal.aborted && !this.finished) return this.#controller.signal.reason
    if (!(thrown instanceof RangeError)) return thrown
    return new Fault('upstream_garbled', 'The provider’s answer is too large or too deep to be read.', {
      cause: thrown,
    })
  }

  #stopTimers(): void {
    clearTimeout(this.#timer)
    if (this.#total) clearTimeout(this.#total)
  }
}

function tooLate(deadlineMs: number): Fault {
  return new Fault('upstream_timeout', `The provider sent nothing within ${deadlineMs} ms.`)
}

/** The policy's own time for a request is over. */
export function overTime(): Fault {
  return new Fault(
    'deadline_passed',
    'The time that the routing policy allows for a request (failover.total_ms) is over.',
  )
}
