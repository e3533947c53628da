import type { Fault, LostCost } from '@turnpike/domain'
import type { AttemptDeadlines } from '../call/attempt.ts'
import { wasCancelled } from '../call/attempt.ts'
import type { Target } from '../targets/target.ts'

/**
 * Sends a request to one target and resolves when the target has begun to answer.
 * @param cancelled cancels this attempt at once, also after it began to answer; null: only the call's own signal does
 */
export type Open<Opened> = (
  target: Target,
  deadlines: AttemptDeadlines,
  cancelled: AbortSignal | null,
) => Promise<Opened>

/** An attempt under way. */
export interface RunningAttempt<Opened> {
  readonly target: Target
  readonly isProbe: boolean
  /** What the loser of the hedged pair may cost; null: this attempt is no hedge. */
  readonly reservation: LostCost | null
  readonly startedMs: number
  /** Never rejects. */
  readonly result: Promise<AttemptResult<Opened>>
  /** Closes the connection at once. @returns the result that counts instead of the attempt's own */
  readonly cancel: () => AttemptResult<Opened>
}

/** An attempt that began to answer, failed, or lost to the other one of a hedged pair. */
export type AttemptResult<Opened> = Omit<RunningAttempt<Opened>, 'result' | 'cancel'> & { readonly endMs: number } & (
    | { readonly outcome: 'answered'; readonly opened: Opened }
    | { readonly outcome: 'failed'; readonly fault: Fault }
    | { readonly outcome: 'lost' }
  )

/** Calls `then` after so many milliseconds, unless what is returned is called before. */
export type After = (ms: number, then: () => void) => () => void

interface HedgeOptions<Opened> {
  readonly afterMs: number
  readonly after: After
  /** Starts the hedge; null where there is no target for it. Called at most once. */
  readonly hedge: () => RunningAttempt<Opened> | null
  /** Whether another target might help after that fault. */
  readonly isRetryable: (fault: Fault) => boolean
}

/**
 * Waits for the first attempt and, when it is slow, for a hedge besides: the one that begins to answer first wins, and the other is
 * cancelled before the answer is passed on. After a failure the other decides, unless the first failed with a fault that ends the call
 * without a hedge: a hedge can save a request and never spoil one. @returns in the order of their start; at most one `answered`
 */
export async function hedged<Opened>(
  first: RunningAttempt<Opened>,
  options: HedgeOptions<Opened>,
): Promise<AttemptResult<Opened>[]> {
  const early = await within(first, options)
  if (early) return [early]
  const second = options.hedge()
  if (!second) return [await first.result]
  const { isFirst, result } = await Promise.race([
    first.result.then((one) => ({ isFirst: true, result: one })),
    second.result.then((one) => ({ isFirst: false, result: one })),
  ])
  const other = isFirst ? second : first
  const both = (rest: AttemptResult<Opened>) => (isFirst ? [result, rest] : [rest, result])
  if (result.outcome === 'failed' && !(isFirst && !options.isRetryable(result.fault))) return both(await other.result)
  const lost = other.cancel()
  // Disconnect, deadline and shutdown cancel both attempts.
  const isOver = result.outcome === 'failed' && wasCancelled(result.fault)
  return both(isOver ? { ...lost, outcome: 'failed', fault: result.fault, endMs: result.endMs } : lost)
}

/** The result of the first attempt, if it comes in time. */
function within<Opened>(
  first: RunningAttempt<Opened>,
  { afterMs, after }: HedgeOptions<Opened>,
): Promise<AttemptResult<Opened> | null> {
  return new Promise((resolve) => {
    const stop = after(afterMs, () => resolve(null))
    void first.result.then((result) => {
      stop()
      resolve(result)
    })
  })
}
