import type { ChatDelta } from '@turnpike/domain'
import type { Target } from './target.ts'

/** A provider that has begun to answer. */
export interface Answer {
  readonly target: Target
  /** Place of its attempt in the call's list. */
  readonly attempt: number
  /** All deltas up to and including the first content; the whole answer when it is not streamed. */
  readonly head: readonly ChatDelta[]
  /** What follows, as it comes. Empty when it is not streamed. Throws a Fault, or what the call's signal was aborted with. */
  readonly rest: AsyncIterable<readonly ChatDelta[]>
}

/** What follows an answer that came whole. */
export const NOTHING: Answer['rest'] = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}
