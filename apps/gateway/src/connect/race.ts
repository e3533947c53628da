import type { Fault, LostCost } from '@turnpike/domain'
import { wasCancelled } from '../call/attempt.ts'
import type { Target } from '../targets/target.ts'

/** An attempt, under way or over. */
export interface Attempt {
  readonly target: Target
  readonly isProbe: boolean
  /** Asked beside another one, with leave that one of the two may cost so much for nothing; null: asked on its own account. */
  readonly leave: LostCost | null
  readonly startedMs: number
}

/** An attempt under way. */
export interface RunningAttempt<Opened> extends Attempt {
  /** Never rejects. */
  readonly ending: Promise<AttemptResult<Opened>>
  /** Cuts its line at once; nobody hears what it said. */
  readonly callOff: () => void
}

/** It has begun to answer, or failed. */
export type AttemptResult<Opened> = { readonly atMs: number } & (
  { readonly ok: true; readonly opened: Opened } | { readonly ok: false; readonly fault: Fault }
)

/** An attempt that is over; null where it was called off because the other one was faster. */
export interface FinishedAttempt<Opened> {
  readonly run: Attempt
  readonly ended: AttemptResult<Opened> | null
}

/** Calls `then` after so many milliseconds, unless what is returned is called before. */
export type After = (ms: number, then: () => void) => () => void

/** What a race is about, beside its first attempt. */
export interface Race<Opened> {
  readonly afterMs: number
  readonly after: After
  /** Begins a second attempt; null where there is nobody to ask. Called at most once. */
  readonly second: () => RunningAttempt<Opened> | null
  /** Whether another target might help after that fault. */
  readonly isRetryable: (fault: Fault) => boolean
}

/**
 * Waits for the first attempt and, when it is slow, for a second one beside it: whichever begins first wins, and the other is called
 * off before anybody hears of the winner. A failure leaves the field to the other, unless it is one of the first attempt that would
 * have been told at once without a second: a hedge can save a request and never spoil one.
 * @returns in the order of their start; at most one is `ok`
 */
export async function race<Opened>(
  first: RunningAttempt<Opened>,
  course: Race<Opened>,
): Promise<FinishedAttempt<Opened>[]> {
  const early = await within(first, course)
  if (early) return [{ run: first, ended: early }]
  const second = course.second()
  if (!second) return [{ run: first, ended: await first.ending }]
  const { isFirst, ended } = await Promise.race([
    first.ending.then((one) => ({ isFirst: true, ended: one })),
    second.ending.then((one) => ({ isFirst: false, ended: one })),
  ])
  const other = isFirst ? second : first
  const both = (rest: AttemptResult<Opened> | null) => [
    { run: first, ended: isFirst ? ended : rest },
    { run: second, ended: isFirst ? rest : ended },
  ]
  if (!ended.ok && !(isFirst && isOver(ended.fault, course))) return both(await other.ending)
  other.callOff()
  // Who left, or whose time is over, called both off.
  return both(!ended.ok && wasCancelled(ended.fault) ? ended : null)
}

/** The end of the first attempt, if it comes in time. */
function within<Opened>(
  first: RunningAttempt<Opened>,
  { afterMs, after }: Race<Opened>,
): Promise<AttemptResult<Opened> | null> {
  return new Promise((resolve) => {
    const cancel = after(afterMs, () => resolve(null))
    void first.ending.then((ended) => {
      cancel()
      resolve(ended)
    })
  })
}

function isOver<Opened>(fault: Fault, { isRetryable }: Race<Opened>): boolean {
  return !isRetryable(fault)
}
