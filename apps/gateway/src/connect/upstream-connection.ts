import { Fault } from '@turnpike/domain'

/** After the dialect's end, how long the provider may keep the line before it is cut. Reading to the close lets it be used again. */
const LINGER_MS_MAX = 2_000
/** Why a line was cut that had said everything. */
const FINISHED = Symbol('finished')

/**
 * One connection's life: the call's own abort, that of this attempt alone, the time for a first content and for all of it, and the cut
 * after the end.
 */
export class UpstreamConnection {
  readonly #controller = new AbortController()
  readonly #call: AbortSignal
  readonly #off: AbortSignal | null
  readonly #follow = () => this.#controller.abort(this.#call.reason)
  readonly #cut = () => {
    // Nobody reads on, so that nobody else would hang up.
    this.close()
    this.#controller.abort(this.#off?.reason)
  }
  #timer: NodeJS.Timeout
  readonly #total: NodeJS.Timeout | null

  /**
   * @param beginMs until the first content @param totalMs until the end; null: only the call's own deadline counts
   * @param off calls this attempt off, whatever it has said; null: nobody will
   */
  constructor(call: AbortSignal, beginMs: number, totalMs: number | null, off: AbortSignal | null = null) {
    call.throwIfAborted()
    off?.throwIfAborted()
    this.#call = call
    this.#off = off
    call.addEventListener('abort', this.#follow)
    off?.addEventListener('abort', this.#cut)
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

  /** The answer is complete: the provider has a moment to close, then the line is cut. */
  drainTail(): void {
    this.#rest()
    this.#timer = setTimeout(() => this.#controller.abort(FINISHED), LINGER_MS_MAX)
  }

  close(): void {
    this.#rest()
    this.#call.removeEventListener('abort', this.#follow)
    this.#off?.removeEventListener('abort', this.#cut)
  }

  /** What really happened: an abort shows up as a transport error, and its reason is the truth. */
  reasonFor(thrown: unknown): unknown {
    return this.#controller.signal.aborted && !this.finished ? this.#controller.signal.reason : thrown
  }

  #rest(): void {
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
