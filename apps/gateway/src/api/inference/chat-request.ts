import type {
  ChatRequest,
  ContentPart,
  ImagePart,
  Message,
  Reasoning,
  ReasoningBlock,
  ResponseFormat,
  Sampling,
  TextPart,
  Tool,
  ToolChoice,
} from '@turnpike/domain'
import { type ChatBody, type ChatBodyMessage, chatBody, type SamplingBody } from './chat.schema.ts'

/** A parsed body in the words of the hub. */
export function chatRequestOf(body: ChatBody): ChatRequest {
  return {
    messages: body.messages.map(messageOf),
    stream: body.stream === true,
    sampling: { ...samplingOf(body), ...present({ logprobs: body.logprobs, topLogprobs: body.top_logprobs }) },
    tools: (body.tools ?? []).map(toolOf),
    extra: extraOf(body),
    ...present({
      maxTokens: body.max_completion_tokens ?? body.max_tokens,
      toolChoice: toolChoiceOf(body.tool_choice),
      parallelToolCalls: body.parallel_tool_calls,
      responseFormat: responseFormatOf(body.response_format),
      reasoning: reasoningOf(body),
      user: body.user,
    }),
  }
}

/** The fields that shape sampling. */
export function samplingOf(body: SamplingBody): Sampling {
  return present({
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    minP: body.min_p,
    topA: body.top_a,
    frequencyPenalty: body.frequency_penalty,
    presencePenalty: body.presence_penalty,
    repetitionPenalty: body.repetition_penalty,
    seed: body.seed,
    stop: typeof body.stop === 'string' ? [body.stop] : body.stop,
    logitBias: body.logit_bias,
  })
}

/** Addressed to us, so that no provider gets them; other unknown fields do. */
const OURS = new Set([
  ...Object.keys(chatBody.shape),
  'stream_options',
  'usage',
  'transforms',
  'route',
  'plugins',
  'preset',
  'session_id',
  'trace',
  'debug',
])

function extraOf(body: Record<string, unknown>): Record<string, unknown> {
  const extra: Record<string, unknown> = {}
  for (const key of Object.keys(body)) if (!OURS.has(key)) extra[key] = body[key]
  return extra
}

function messageOf(message: ChatBodyMessage): Message {
  const name = present({ name: 'name' in message ? (message.name as string | null | undefined) : undefined })
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: message.role, content: textsOf(message.content), ...name }
    case 'user':
      return { role: 'user', content: partsOf(message.content), ...name }
    case 'tool':
      const content = partsOf(message.content) as (TextPart | ImagePart)[]
      return { role: 'tool', toolCallId: message.tool_call_id, content }
    case 'assistant':
      return {
        role: 'assistant',
        content: textsOf(message.content ?? ''),
        toolCalls: (message.tool_calls ?? []).map((call) => {
          return { id: call.id, name: call.function.name, arguments: call.function.arguments }
        }),
        reasoning: thoughtsOf(message),
        ...name,
        ...present({ refusal: message.refusal }),
      }
  }
}

type BodyPart = { readonly type: string; readonly [key: string]: unknown }

function textsOf(content: string | readonly BodyPart[]): TextPart[] {
  return partsOf(content).filter((part) => part.kind === 'text')
}

function partsOf(content: string | readonly BodyPart[]): ContentPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }]
  return content.flatMap((part) => partOf(part as KnownPart))
}

type KnownPart =
  Exclude<Extract<ChatBodyMessage, { role: 'user' }>['content'], string>[number] | { type: 'refusal'; refusal: string }

function partOf(part: KnownPart): ContentPart[] {
  switch (part.type) {
    case 'text':
      const cacheControl = part.cache_control && (present(part.cache_control) as TextPart['cacheControl'])
      return [{ kind: 'text', text: part.text, ...(cacheControl && { cacheControl }) }]
    case 'image_url':
      return [{ kind: 'image', url: part.image_url.url, ...present({ detail: part.image_url.detail }) }]
    case 'input_audio':
      return [{ kind: 'audio', data: part.input_audio.data, format: part.input_audio.format }]
    case 'file':
      return [{ kind: 'file', data: part.file.file_data, ...present({ filename: part.file.filename }) }]
    case 'refusal':
      return []
  }
}

/** Sealed thoughts go back in order, with their seals. Bare `reasoning` has none and is not replayed. */
function thoughtsOf(message: Extract<ChatBodyMessage, { role: 'assistant' }>): ReasoningBlock[] {
  return (message.reasoning_details ?? []).flatMap((detail): ReasoningBlock[] => {
    const common = { format: detail.format ?? ('unknown' as const), ...present({ id: detail.id, index: detail.index }) }
    if (typeof detail.data === 'string') return [{ kind: 'encrypted', data: detail.data, ...common }]
    if (typeof detail.summary === 'string') return [{ kind: 'summary', text: detail.summary, ...common }]
    if (typeof detail.text !== 'string' && typeof detail.signature !== 'string') return []
    return [{ kind: 'text', text: detail.text ?? '', ...present({ signature: detail.signature }), ...common }]
  })
}

function toolOf(tool: NonNullable<ChatBody['tools']>[number]): Tool {
  const { name, description, parameters, strict } = tool.function
  return { name, ...present({ description, parameters, strict }) }
}

function toolChoiceOf(choice: ChatBody['tool_choice']): ToolChoice | undefined {
  if (!choice) return undefined
  return typeof choice === 'string' ? choice : { name: choice.function.name }
}

function responseFormatOf(format: ChatBody['response_format']): ResponseFormat | undefined {
  if (!format) return undefined
  if (format.type === 'text') return { kind: 'text' }
  if (format.type === 'json_object') return { kind: 'json' }
  const { name, description, strict, schema } = format.json_schema
  return { kind: 'json_schema', name, schema: schema ?? {}, ...present({ description, strict }) }
}

function reasoningOf(body: ChatBody): Reasoning | undefined {
  const reasoning: Reasoning = {
    ...present({
      effort: body.reasoning?.effort ?? body.reasoning_effort,
      maxTokens: body.reasoning?.max_tokens,
      enabled: body.reasoning?.enabled,
      exclude: body.reasoning?.exclude ?? (body.include_reasoning === false ? true : undefined),
    }),
  }
  return Object.keys(reasoning).length > 0 ? reasoning : undefined
}

/** Drops what is null or undefined, so that absent stays absent. */
export function present<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], null | undefined> } {
  const kept: Record<string, unknown> = {}
  for (const key in fields) {
    const value = fields[key]
    if (value !== null && value !== undefined) kept[key] = value
  }
  return kept as { [Key in keyof Fields]?: Exclude<Fields[Key], null | undefined> }
}
