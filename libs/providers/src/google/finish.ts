import type { ChatDelta, FinishReason } from '@turnpike/domain'

/** Why the answer ended; undefined while it goes on. Gemini says `STOP` after tool calls too. */
export function finishOf(native: unknown, calledTools: boolean): ChatDelta['finish'] {
  if (typeof native !== 'string' || native === '' || native === 'FINISH_REASON_UNSPECIFIED') return undefined
  if (native === 'STOP') return { reason: calledTools ? 'tool_calls' : 'stop', native }
  // What is left is a call or an answer that came out malformed, and kinds yet to come: none of them is a whole answer.
  return { reason: REASONS.get(native) ?? 'error', native }
}

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['MODEL_ARMOR', 'content_filter'],
  ['IMAGE_SAFETY', 'content_filter'],
  ['IMAGE_PROHIBITED_CONTENT', 'content_filter'],
  ['IMAGE_RECITATION', 'content_filter'],
])
