import { Fault, type TenantId } from '@turnpike/domain'
import type { Progress } from './progress.ts'
import type { Metric } from '@turnpike/server'

/** Answers read at once after disconnects; one organisation has a fifth of the slots at most. */
const READS_MAX = 50
const READS_PER_TENANT_MAX = 10
/** How long an answer is read after its caller disconnected. */
const READ_MS_MAX = 60_000

/** How a call is ended from outside. */
interface CallEnding {
  readonly abort: (reason: Fault) => void
  /** Stops the timer of the call's deadline. */
  readonly stopTimers: () => void
}

interface ReadToEnd {
  readonly stopTimers: () => void
  readonly stopClock: () => void
  tooLong: boolean
}

/** Answers read to their end after a disconnect, for exact usage. No attempt is begun after the disconnect. */
export class Disconnects {
  readonly #running = new Map<Progress, ReadToEnd>()
  readonly #counts = { complete: 0, too_long: 0, no_place: 0 }

  /** @param after calls back after so many milliseconds, unless its result is called before */
  constructor(private readonly after: (ms: number, then: () => void) => () => void) {}

  /** Ends the call at once, or lets it be read where the policy says so and a slot is free. */
  onDisconnect(progress: Progress, ending: CallEnding): void {
    const gone = new Fault('caller_gone', 'The caller hung up.')
    if (!this.#isReadToEnd(progress)) {
      ending.stopTimers()
      return ending.abort(gone)
    }
    progress.disconnected = gone
    const stopClock = this.after(READ_MS_MAX, () => {
      read.tooLong = true
      ending.abort(gone)
    })
    const read: ReadToEnd = { stopTimers: ending.stopTimers, stopClock, tooLong: false }
    this.#running.set(progress, read)
  }

  /** The call has ended, whatever its outcome. */
  end(progress: Progress): void {
    const read = this.#running.get(progress)
    if (!read) return
    this.#running.delete(progress)
    this.#counts[read.tooLong ? 'too_long' : 'complete']++
    read.stopClock()
    read.stopTimers()
  }

  get metrics(): readonly Metric[] {
    return [
      {
        name: 'turnpike_disconnected_reads',
        help: 'Answers that are read to their end after their caller disconnected.',
        read: () => this.#running.size,
      },
      {
        name: 'turnpike_disconnected_reads_total',
        help: 'Callers who disconnected under a policy that reads the answer to its end, by the outcome of the read.',
        label: 'outcome',
        readEach: () => ({ ...this.#counts }),
      },
    ]
  }

  #isReadToEnd({ routed, call }: Progress): boolean {
    if (!routed?.decision.readToEnd) return false
    const hasSlot = this.#running.size < READS_MAX && this.#runningOf(call.caller.tenantId) < READS_PER_TENANT_MAX
    if (!hasSlot) this.#counts.no_place++
    return hasSlot
  }

  #runningOf(tenant: TenantId): number {
    let count = 0
    for (const { call } of this.#running.keys()) if (call.caller.tenantId === tenant) count++
    return count
  }
}
