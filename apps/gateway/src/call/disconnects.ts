import { Fault, type TenantId } from '@turnpike/domain'
import type { Call } from './call.ts'
import type { Metric } from '@turnpike/server'

/** Answers that one process reads for nobody at once; one organisation has a fifth of the places at most. */
const DRAINS_MAX = 50
const DRAINS_PER_TENANT_MAX = 10
/** How long an answer may go on after its caller left. */
const DRAIN_MS_MAX = 60_000

/** How a call ends that did not end by itself. */
export interface CallEnding {
  readonly abort: (reason: Fault) => void
  /** Lets go of what would end the call in time. */
  readonly over: () => void
}

interface ReadToEnd {
  readonly over: () => void
  readonly stopClock: () => void
  tooLong: boolean
}

/**
 * Answers that are read to their end after the caller hung up, as a policy's `disconnect: read_to_end` wants it, so that their usage is the
 * provider's own figure. What has begun goes on; nothing new is begun for a caller who left.
 */
export class Disconnects {
  readonly #under = new Map<Call, ReadToEnd>()
  readonly #after: (ms: number, then: () => void) => () => void
  readonly #counts = { complete: 0, too_long: 0, no_place: 0 }

  /** @param after calls back after so many milliseconds, unless what it returns is called before */
  constructor(after: (ms: number, then: () => void) => () => void) {
    this.#after = after
  }

  /** The caller hung up: the answer is ended at once, or read on where the policy says so and there is a place for it. */
  leave(call: Call, ending: CallEnding): void {
    const gone = new Fault('caller_gone', 'The caller hung up.')
    if (!this.#mayGoOn(call)) {
      ending.over()
      return ending.abort(gone)
    }
    call.disconnected = gone
    const stopClock = this.#after(DRAIN_MS_MAX, () => {
      drain.tooLong = true
      ending.abort(gone)
    })
    const drain: ReadToEnd = { over: ending.over, stopClock, tooLong: false }
    this.#under.set(call, drain)
  }

  /** The call has ended, whatever became of it. */
  end(call: Call): void {
    const drain = this.#under.get(call)
    if (!drain) return
    this.#under.delete(call)
    this.#counts[drain.tooLong ? 'too_long' : 'complete']++
    drain.stopClock()
    drain.over()
  }

  get metrics(): readonly Metric[] {
    return [
      {
        name: 'turnpike_disconnected_reads',
        help: 'Answers that are read to their end though their caller hung up.',
        read: () => this.#under.size,
      },
      {
        name: 'turnpike_disconnected_reads_total',
        help: 'Callers who hung up and whose policy wants the answer read to its end, by what came of it.',
        label: 'outcome',
        readEach: () => ({ ...this.#counts }),
        grows: true,
      },
    ]
  }

  #mayGoOn({ routed, caller }: Call): boolean {
    if (!routed?.decision.readToEnd) return false
    const hasPlace = this.#under.size < DRAINS_MAX && this.#ofTenant(caller.tenantId) < DRAINS_PER_TENANT_MAX
    if (!hasPlace) this.#counts.no_place++
    return hasPlace
  }

  #ofTenant(tenant: TenantId): number {
    let count = 0
    for (const { caller } of this.#under.keys()) if (caller.tenantId === tenant) count++
    return count
  }
}
