import { tokenCount, type ChatDelta, type FinishReason } from '@turnpike/domain'
import type { SseEvent, StreamDecoder } from '../adapter.ts'
import { createCounter } from '../counter.ts'
import { answerIn, eventIn } from '../explain.ts'
import { garbled, isFrame, known, listOf, textOf, within, type Draft, type Frame } from '../frame.ts'
import { createToolCalls, type ToolCalls } from './tool-calls.ts'
import { wireOf } from './wire.ts'

/**
 * Reads a stream of chat completion chunks. It is done at `[DONE]`, and already once a finish reason was seen: some servers
 * forget the former. Frames may still follow the finish reason (usage does), so none is refused for coming late.
 */
export function openaiDecoder(): StreamDecoder {
  const toolCalls = createToolCalls()
  let done = false
  return {
    push({ data }: SseEvent): ChatDelta | null {
      if (data.trim() === '[DONE]') {
        done = true
        return null
      }
      const chunk = eventIn(data)
      if (!Array.isArray(chunk['choices']) && !isFrame(chunk['usage'])) return null
      const delta = decodeAnswer(chunk, 'delta', toolCalls, wireOf(chunk, 'delta', data.length))
      done ||= delta.finish !== undefined
      return delta
    },
    get done() {
      return done
    },
  }
}

/** Reads a whole chat completion. */
export function decodeWhole(body: unknown): ChatDelta {
  const answer = answerIn(body)
  if (listOf(answer['choices']).length === 0) throw garbled('an answer without a choice')
  return decodeAnswer(answer, 'message', createToolCalls(), wireOf(answer, 'message'))
}

/** A chunk and a whole answer differ only in where the choice keeps its content. */
function decodeAnswer(answer: Frame, field: 'delta' | 'message', toolCalls: ToolCalls, wire: Frame): ChatDelta {
  const delta: Draft = { wire }
  const upstreamId = textOf(answer['id'])
  const upstreamModel = textOf(answer['model'])
  if (upstreamId !== undefined) delta.upstreamId = upstreamId
  if (upstreamModel !== undefined) delta.upstreamModel = upstreamModel
  if (isFrame(answer['usage'])) Object.assign(delta, usageOf(answer['usage']))
  const choice = listOf(answer['choices']).find(isFirstChoice)
  if (choice) decodeChoice(choice, within(choice[field]), toolCalls, delta)
  return delta
}

/** Requests ask for one choice. Others, which some servers send anyway, would be mixed into it. */
function isFirstChoice(choice: unknown): choice is Frame {
  return isFrame(choice) && (choice['index'] ?? 0) === 0
}

function decodeChoice(choice: Frame, said: Frame, toolCalls: ToolCalls, delta: Draft): void {
  const text = texts(said['content'], 'text')
  const refusal = textOf(said['refusal'])
  const thoughts = thoughtsOf(said)
  const calls = toolCalls.read(said, delta.upstreamId)
  const finish = finishOf(choice['finish_reason'], toolCalls.count > 0)
  if (text !== '') delta.text = text
  if (refusal !== undefined) delta.refusal = refusal
  if (thoughts !== '') delta.reasoning = [{ kind: 'text', text: thoughts, format: 'unknown' }]
  if (calls.length > 0) delta.toolCalls = calls
  if (finish) delta.finish = finish
  if (isFrame(choice['logprobs'])) delta.logprobs = choice['logprobs']
}

/** The two fields that servers use for thoughts, and Mistral's parts. */
function thoughtsOf(said: Frame): string {
  return textOf(said['reasoning_content']) ?? textOf(said['reasoning']) ?? texts(said['content'], 'thinking')
}

/** Content is text; Mistral's thinking models send parts in its place. */
function texts(content: unknown, type: 'text' | 'thinking'): string {
  if (typeof content === 'string') return type === 'text' ? content : ''
  let joined = ''
  for (const part of listOf(content).map(within)) {
    if (part['type'] !== type) continue
    joined += typeof part[type] === 'string' ? part[type] : texts(part[type], 'text')
  }
  return joined
}

/** Why the answer ended; undefined while it goes on. An unknown reason is an ordinary end. */
function finishOf(native: unknown, calledTools: boolean): ChatDelta['finish'] {
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

/** The counts of a `usage` object. */
function usageOf(reported: Frame): ChatDelta {
  const { count, flags } = createCounter()
  const prompt = within(reported['prompt_tokens_details'])
  const details = within(reported['completion_tokens_details'])
  const promptTokens = count(reported['prompt_tokens'])
  const reasoningTokens = count(details['reasoning_tokens'])
  const completion = count(reported['completion_tokens'])
  // xAI counts reasoning outside the completion, which shows in the total: it is the sum of all three.
  const sum = (promptTokens ?? NaN) + (completion ?? NaN) + (reasoningTokens ?? NaN)
  const isApart = tokenCount(reported['total_tokens']) === sum
  const completionTokens = isApart ? sum - (promptTokens ?? 0) : completion
  const cacheReadTokens = count(prompt['cached_tokens']) ?? count(reported['prompt_cache_hit_tokens'])
  const cacheWriteTokens = count(prompt['cache_write_tokens'])
  const counts = { promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens }
  return { usage: known(counts), ...flags }
}
