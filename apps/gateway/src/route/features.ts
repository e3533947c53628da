import { TOKENS_MAX, type ChatRequest, type RouteRequest } from '@turnpike/domain'

/** Tokens that frame a message or a tool, at most. */
const TOKENS_PER_MESSAGE = 16
/** An image costs at most this much at the providers we know, at high detail. */
const TOKENS_PER_IMAGE = 2_000
/** Typical, not a bound: no tokenizer makes more tokens than bytes, and four bytes of English make one. */
const BYTES_PER_TOKEN = 4

/** What the router knows of a chat: its size and the parameters it needs. Never the prompt itself. */
export function featuresOf(request: ChatRequest): Pick<RouteRequest, 'promptTokens' | 'maxTokens' | 'parameters'> {
  let bytes = 0
  let images = 0
  for (const message of request.messages) {
    for (const part of message.content) {
      if (part.kind === 'text') bytes += part.text.length
      else if (part.kind === 'image') images++
      else bytes += part.data.length / BYTES_PER_TOKEN
    }
    if (message.role === 'assistant') for (const call of message.toolCalls) bytes += call.arguments.length
  }
  const frames = (request.messages.length + request.tools.length) * TOKENS_PER_MESSAGE
  return {
    promptTokens: Math.min(Math.ceil(bytes / BYTES_PER_TOKEN) + frames + images * TOKENS_PER_IMAGE, TOKENS_MAX),
    maxTokens: request.maxTokens ?? null,
    parameters: parametersOf(request),
  }
}

/** What a prompt holds, as models name their input modalities. */
export function modalitiesOf(messages: ChatRequest['messages']): string[] {
  return [...new Set(messages.flatMap(({ content }) => content.map(({ kind }) => kind)))]
}

/** Names as in the catalogue's `supported_parameters`. */
function parametersOf(request: ChatRequest): string[] {
  const used: string[] = Object.keys(request.sampling).map((name) => NAMES[name as keyof typeof NAMES])
  if (request.maxTokens !== undefined) used.push('max_tokens')
  if (request.tools.length > 0) used.push('tools')
  if (request.toolChoice !== undefined && request.tools.length > 0) used.push('tool_choice')
  if (request.responseFormat?.kind === 'json_schema') used.push('structured_outputs')
  if (request.responseFormat && request.responseFormat.kind !== 'text') used.push('response_format')
  if (request.reasoning && request.reasoning.effort !== 'none' && request.reasoning.enabled !== false)
    used.push('reasoning')
  if (request.extra['verbosity']) used.push('verbosity')
  return used
}

const NAMES = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  minP: 'min_p',
  topA: 'top_a',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  repetitionPenalty: 'repetition_penalty',
  seed: 'seed',
  stop: 'stop',
  logitBias: 'logit_bias',
  logprobs: 'logprobs',
  topLogprobs: 'top_logprobs',
} as const satisfies Record<keyof ChatRequest['sampling'], string>
