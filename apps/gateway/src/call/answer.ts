import type { ChatDelta, Usage } from '@turnpike/domain'
import type { Target } from '../targets/target.ts'

/** A provider that has begun to answer. */
export interface Answer {
  readonly target: Target
  /** All deltas up to and including the first content; the whole answer when it is not streamed. */
  readonly head: readonly ChatDelta[]
  /** What follows; empty when it is not streamed. Throws a Fault, or the reason of the call's signal. */
  readonly rest: AsyncIterable<readonly ChatDelta[]>
  /** Length of the request that it answers, as it was sent. */
  readonly sentBytes: number
  /** Counts that are billed where the provider reports none. */
  readonly assumedUsage?: Partial<Usage>
}

/**
 * Whether a complete answer holds nothing that a caller can see. An answer that was stopped at its bound or by a filter is not empty:
 * the next provider would do the same, and charge for it again.
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

/** Images and sounds, which deltas do not model: callers of OpenAI's dialect get them as they came. */
export function holdsMedia(wire: Fields): boolean {
  const choice = fieldsOf(Array.isArray(wire['choices']) ? wire['choices'][0] : null)
  const { audio, images } = fieldsOf(choice['delta'] ?? choice['message'])
  return Boolean(audio) || (Array.isArray(images) && images.length > 0)
}

type Fields = Readonly<Record<string, unknown>>
const NO_FIELDS: Fields = {}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : NO_FIELDS
}

/** The rest of an answer that came whole. */
export const NOTHING: Answer['rest'] = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}
