import type { ChatDelta } from '@turnpike/domain'
import type { SseEvent, StreamDecoder } from '../adapter.ts'
import { eventIn } from '../explain.ts'
import { textOf, within, type Frame } from '../frame.ts'
import { createUsageReader, endOf, headOf, thought, toolCall } from './message.ts'

interface Progress {
  readonly blocks: Map<unknown, OpenBlock>
  readonly usage: ReturnType<typeof createUsageReader>
  toolCount: number
  thoughtCount: number
  done: boolean
}

/** Upstream all kinds of content blocks share one count; here each kind counts from 0. */
type OpenBlock =
  | { readonly kind: 'text' }
  | { readonly kind: 'thought'; readonly index: number }
  | { readonly kind: 'tool'; readonly index: number; readonly input: unknown; written: boolean }

/** Reads a Messages stream. It is done at `message_stop`. */
export function anthropicDecoder(): StreamDecoder {
  const counts = { toolCount: 0, thoughtCount: 0 }
  const progress: Progress = { blocks: new Map(), usage: createUsageReader(), ...counts, done: false }
  return {
    push: ({ data }: SseEvent) => readEvent(eventIn(data), progress),
    get done() {
      return progress.done
    },
  }
}

/** `ping` and whatever a later version adds say nothing. */
function readEvent(event: Frame, progress: Progress): ChatDelta | null {
  switch (event['type']) {
    case 'message_start': {
      const message = within(event['message'])
      return { ...headOf(message), ...progress.usage.read(message['usage']) }
    }
    case 'content_block_start':
      return startBlock(event['index'], within(event['content_block']), progress)
    case 'content_block_delta':
      return continueBlock(progress.blocks.get(event['index']), within(event['delta']))
    case 'content_block_stop':
      return stopBlock(progress.blocks.get(event['index']))
    case 'message_delta':
      return { ...endOf(within(event['delta'])), ...progress.usage.read(event['usage']) }
    case 'message_stop':
      progress.done = true
      return null
    default:
      return null
  }
}

function startBlock(number: unknown, block: Frame, progress: Progress): ChatDelta | null {
  switch (block['type']) {
    case 'text': {
      progress.blocks.set(number, { kind: 'text' })
      const text = textOf(block['text'])
      return text === undefined ? null : { text }
    }
    case 'thinking':
    case 'redacted_thinking': {
      const index = progress.thoughtCount++
      progress.blocks.set(number, { kind: 'thought', index })
      return thoughtDelta(block, index)
    }
    case 'tool_use': {
      const index = progress.toolCount++
      progress.blocks.set(number, { kind: 'tool', index, input: block['input'], written: false })
      const { arguments: _, ...begun } = toolCall(block, index)
      return { toolCalls: [begun] }
    }
    default:
      return null
  }
}

function continueBlock(block: OpenBlock | undefined, delta: Frame): ChatDelta | null {
  if (block === undefined) return null
  if (block.kind === 'thought') return thoughtDelta({ ...delta, type: 'thinking' }, block.index)
  if (block.kind === 'tool') {
    const written = textOf(delta['partial_json'])
    if (written === undefined) return null
    block.written = true
    return { toolCalls: [{ index: block.index, arguments: written }] }
  }
  const text = textOf(delta['text'])
  return text === undefined ? null : { text }
}

/** A call without arguments streams none: its input from the start stands in. */
function stopBlock(block: OpenBlock | undefined): ChatDelta | null {
  if (block?.kind !== 'tool' || block.written) return null
  return { toolCalls: [{ index: block.index, arguments: JSON.stringify(block.input ?? {}) }] }
}

function thoughtDelta(block: Frame, index: number): ChatDelta | null {
  const reasoning = thought(block, index)
  return reasoning && { reasoning: [reasoning] }
}
