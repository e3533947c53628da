import type { ChatDelta, FinishReason, ReasoningBlock, ToolCallDelta } from '@turnpike/domain'
import { faultWithin } from '../explain.ts'
import { frame, garbled, listOf, textOf, within, type Frame } from '../frame.ts'
import { createUsageReader } from './usage.ts'

const FORMAT = 'anthropic-claude-v1'

/** Reads a whole message. Blocks that the hub has no word for are passed over, as in a stream. */
export function decodeWhole(body: unknown): ChatDelta {
  const message = frame(body)
  const fault = faultWithin(message)
  if (fault) throw fault
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

/** A call as its block holds it. Its input is whole only where the block is. */
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
  const upstreamId = textOf(message['id'])
  const upstreamModel = textOf(message['model'])
  return {
    ...(upstreamId !== undefined && { upstreamId }),
    ...(upstreamModel !== undefined && { upstreamModel }),
  }
}

/** How the message ended, if it did. A refusal's explanation is the caller's to read. */
export function endOf(message: Frame): ChatDelta {
  const native = textOf(message['stop_reason'])
  if (native === undefined) return {}
  const refusal = native === 'refusal' ? textOf(within(message['stop_details'])['explanation']) : undefined
  return { ...(refusal !== undefined && { refusal }), finish: { reason: REASONS.get(native) ?? 'stop', native } }
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
