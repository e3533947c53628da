import type { ChatDelta, FinishReason } from '@turnpike/domain'

/** Why the answer ended; undefined while it goes on. An unknown reason is an ordinary end. */
export function finishOf(native: unknown, calledTools: boolean): ChatDelta['finish'] {
  if (typeof native !== 'string' || native === '') return undefined
  const reason = REASONS.get(native) ?? 'stop'
  // Several servers report `stop` after tool calls. Clients run the tools only after `tool_calls`.
  return { reason: reason === 'stop' && calledTools ? 'tool_calls' : reason, native }
}

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['safety', 'content_filter'],
  ['error', 'error'],
  ['abort', 'error'],
  ['insufficient_system_resource', 'error'],
])
