import type {
  ChatRequest,
  ContentPart,
  Effort,
  Message,
  ReasoningBlock,
  ResponseFormat,
  Tool,
  ToolCall,
  ToolChoice,
} from '@turnpike/domain'
import { effortOf } from '../reasoning.ts'
import type { Habits } from './habits.ts'

/** The body of a chat completions request. Fields that are undefined vanish when it is written as JSON. */
export function encodeChat(request: ChatRequest, model: string, habits: Habits): Record<string, unknown> {
  const { sampling, stream } = request
  const hasTools = request.tools.length > 0
  const words: Record<string, unknown> = {
    model,
    messages: request.messages.map((message) => encodeMessage(message, habits)),
    stream,
    // Without this most report no usage in a stream, and an answer without usage cannot be billed.
    stream_options: stream ? { include_usage: true } : undefined,
    [habits.maxTokensField ?? 'max_tokens']: request.maxTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    min_p: sampling.minP,
    top_a: sampling.topA,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    repetition_penalty: sampling.repetitionPenalty,
    seed: sampling.seed,
    stop: sampling.stop,
    logit_bias: sampling.logitBias,
    logprobs: sampling.logprobs,
    top_logprobs: sampling.topLogprobs,
    // A choice among no tools is an error.
    tools: hasTools ? request.tools.map(encodeTool) : undefined,
    tool_choice: hasTools ? encodeToolChoice(request.toolChoice) : undefined,
    parallel_tool_calls: hasTools ? request.parallelToolCalls : undefined,
    response_format: encodeResponseFormat(request.responseFormat),
    reasoning_effort: request.reasoning && encodeEffort(effortOf(request.reasoning, request.maxTokens)),
    user: request.user,
  }
  for (const field of habits.refuses ?? []) words[field] = undefined
  return { ...request.extra, ...words }
}

function encodeMessage(message: Message, habits: Habits): Record<string, unknown> {
  switch (message.role) {
    case 'system':
    case 'developer':
      return {
        role: habits.developerRole ? message.role : 'system',
        content: contentOf(message.content),
        name: message.name,
      }
    case 'user':
      return { role: 'user', content: contentOf(message.content), name: message.name }
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: contentOf(message.content) }
  }
  const { content, toolCalls, refusal, reasoning, name } = message
  const calls = toolCalls.length > 0
  return {
    role: 'assistant',
    content: content.length === 0 && calls ? null : contentOf(content),
    tool_calls: calls ? toolCalls.map(encodeToolCall) : undefined,
    refusal,
    name,
    ...(habits.replaysReasoning && { [habits.replaysReasoning]: unsealed(reasoning) }),
  }
}

/** A single text as plain text, which every server of this shape reads; anything more as parts. */
function contentOf(parts: readonly ContentPart[]): string | Record<string, unknown>[] {
  const [first] = parts
  if (first === undefined) return ''
  if (parts.length === 1 && first.kind === 'text') return first.text
  return parts.map(encodePart)
}

/** Cache breakpoints are left out: servers of this shape may refuse fields that they do not know. */
function encodePart(part: ContentPart): Record<string, unknown> {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image':
      return { type: 'image_url', image_url: { url: part.url, detail: part.detail } }
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } }
  }
  return { type: 'file', file: { filename: part.filename, file_data: part.data } }
}

/** Thoughts as plain text. Encrypted and signed ones are valid only at the provider that made them. */
function unsealed(blocks: readonly ReasoningBlock[]): string | undefined {
  const texts = blocks.map((block) => (block.kind !== 'encrypted' && block.format === 'unknown' ? block.text : ''))
  return texts.join('') || undefined
}

function encodeToolCall(call: ToolCall): Record<string, unknown> {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } }
}

function encodeTool({ name, description, parameters, strict }: Tool): Record<string, unknown> {
  return { type: 'function', function: { name, description, parameters, strict } }
}

function encodeToolChoice(choice: ToolChoice | undefined): unknown {
  return typeof choice === 'object' ? { type: 'function', function: { name: choice.name } } : choice
}

function encodeResponseFormat(format: ResponseFormat | undefined): unknown {
  if (!format) return undefined
  if (format.kind === 'text') return { type: 'text' }
  if (format.kind === 'json') return { type: 'json_object' }
  const { name, description, strict, schema } = format
  return { type: 'json_schema', json_schema: { name, description, strict, schema } }
}

/** The shape's own scale ends at `xhigh`. */
function encodeEffort(effort: Effort | undefined): string | undefined {
  return effort === 'max' ? 'xhigh' : effort
}
