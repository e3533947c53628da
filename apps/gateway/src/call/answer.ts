import type { ChatDelta } from '@turnpike/domain'
import type { Target } from '../targets/target.ts'

/** A provider that has begun to answer. */
export interface Answer {
  readonly target: Target
  /** Place of its attempt in the call's list. */
  readonly attempt: number
  /** All deltas up to and including the first content; the whole answer when it is not streamed. */
  readonly head: readonly ChatDelta[]
  /** What follows, as it comes. Empty when it is not streamed. Throws a Fault, or what the call's signal was aborted with. */
  readonly rest: AsyncIterable<readonly ChatDelta[]>
  /** Length of the request that it answers, as it was sent. */
  readonly sentBytes: number
}

/**
 * Whether an answer that is over, or whose next thing is its end, holds nothing a caller can see. One that was stopped at its bound
 * or by a filter is no empty answer: the next provider would do the same, and charge for it again.
 */
export function isEmpty(deltas: readonly ChatDelta[]): boolean {
  return !deltas.some(
    ({ text, refusal, reasoning, toolCalls, finish, wire }) =>
      text ||
      refusal ||
      reasoning?.length ||
      toolCalls?.length ||
      finish?.reason === 'length' ||
      finish?.reason === 'content_filter' ||
      (wire && holdsMedia(wire)),
  )
}

/** Pictures and sounds, for which the hub has no word: they reach callers of OpenAI's dialect as they came. Asked of every delta. */
export function holdsMedia(wire: Fields): boolean {
  const choice = fieldsOf(Array.isArray(wire['choices']) ? wire['choices'][0] : null)
  const { audio, images } = fieldsOf(choice['delta'] ?? choice['message'])
  return Boolean(audio) || (Array.isArray(images) && images.length > 0)
}

type Fields = Readonly<Record<string, unknown>>
const NO_FIELDS: Fields = {}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : NO_FIELDS
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

/** What follows an answer that came whole. */
export const NOTHING: Answer['rest'] = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}
