import type { ChatDelta, FinishReason, ReasoningBlock, ToolCallDelta } from '@turnpike/domain'
import { createCounter } from '../counter.ts'
import { answerIn } from '../explain.ts'
import { garbled, isFrame, known, listOf, textOf, within, type Frame } from '../frame.ts'

const FORMAT = 'anthropic-claude-v1'

/** Blocks that the hub has no word for are passed over, as in a stream. */
export function decodeWhole(body: unknown): ChatDelta {
  const message = answerIn(body)
  if (!Array.isArray(message['content'])) throw garbled('a message without content')
  let text = ''
  const reasoning: ReasoningBlock[] = []
  const toolCalls: ToolCallDelta[] = []
  for (const block of listOf(message['content']).map(within)) {
    const thinking = thought(block, reasoning.length)
    if (thinking) reasoning.push(thinking)
    else if (block['type'] === 'text') text += textOf(block['text']) ?? ''
    else if (block['type'] === 'tool_use') toolCalls.push(toolCall(block, toolCalls.length))
  }
  return {
    ...(text !== '' && { text }),
    ...(reasoning.length > 0 && { reasoning }),
    ...(toolCalls.length > 0 && { toolCalls }),
    ...headOf(message),
    ...endOf(message),
    ...createUsageReader().read(message['usage']),
  }
}

/** A call as its block holds it; the input is whole only where the block is. */
export function toolCall(block: Frame, index: number): ToolCallDelta {
  return {
    index,
    id: textOf(block['id']) ?? `toolu_${crypto.randomUUID()}`,
    name: textOf(block['name']) ?? '',
    arguments: JSON.stringify(block['input'] ?? {}),
  }
}

/** The thought in a block or in a piece of one; null where there is none. A seal may come alone. */
export function thought(block: Frame, index: number): ReasoningBlock | null {
  if (block['type'] === 'redacted_thinking') {
    const data = textOf(block['data'])
    return data === undefined ? null : { kind: 'encrypted', data, format: FORMAT, index }
  }
  if (block['type'] !== 'thinking') return null
  const text = textOf(block['thinking'])
  const signature = textOf(block['signature'])
  if (text === undefined && signature === undefined) return null
  return { kind: 'text', text: text ?? '', ...(signature !== undefined && { signature }), format: FORMAT, index }
}

export function headOf(message: Frame): ChatDelta {
  return known({ upstreamId: textOf(message['id']), upstreamModel: textOf(message['model']) })
}

/** How the message ended, if it did. A refusal's explanation is the caller's to read. */
export function endOf(message: Frame): ChatDelta {
  const native = textOf(message['stop_reason'])
  if (native === undefined) return {}
  const refusal = native === 'refusal' ? textOf(within(message['stop_details'])['explanation']) : undefined
  return { ...known({ refusal }), finish: { reason: REASONS.get(native) ?? 'stop', native } }
}

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['tool_use', 'tool_calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content_filter'],
])

/**
 * Upstream, input excludes what was read from and written to the cache; our prompt count includes both. A later part may
 * repeat counts (they are cumulative) or leave them out, so the last figure of each is kept.
 */
export function createUsageReader() {
  let input: number | undefined
  let cacheRead: number | undefined
  let cacheWrite: number | undefined
  return {
    /** The counts known so far, as a delta; an empty one when `reported` holds none. */
    read: (reported: unknown): Pick<ChatDelta, 'usage' | 'usageInvalid'> => {
      if (!isFrame(reported)) return {}
      const { count, flags } = createCounter()
      input = count(reported['input_tokens']) ?? input
      cacheRead = count(reported['cache_read_input_tokens']) ?? cacheRead
      cacheWrite = count(reported['cache_creation_input_tokens']) ?? cacheWrite
      const usage = known({
        promptTokens: input === undefined ? undefined : input + (cacheRead ?? 0) + (cacheWrite ?? 0),
        completionTokens: count(reported['output_tokens']),
        cacheReadTokens: cacheRead,
        cacheWriteTokens: cacheWrite,
        reasoningTokens: count(within(reported['output_tokens_details'])['thinking_tokens']),
      })
      return { usage, ...flags }
    },
  }
}
