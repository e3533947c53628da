import type { PresetNamed } from './preset-name.ts'

/** What a preset holds in one of its versions. */
export interface Held {
  readonly config: Readonly<Record<string, unknown>>
  readonly systemPrompt: string | null
}

/** A body of a request, or what is kept of one. */
export type Fields = Readonly<Record<string, unknown>>

/** No preset keeps what one request says, whose it is and how it wants its answer. */
const OF_ONE_REQUEST = new Set([
  'messages',
  'prompt',
  'input',
  'stream',
  'stream_options',
  'usage',
  'preset',
  'session_id',
  'user',
  'trace',
  'debug',
])

/** What a field of the request replaces in the preset besides: other words for the same thing. */
const REPLACES: Readonly<Record<string, readonly string[]>> = {
  model: ['models'],
  models: ['model'],
  max_tokens: ['max_completion_tokens'],
  max_completion_tokens: ['max_tokens'],
  reasoning: ['reasoning_effort', 'include_reasoning'],
  reasoning_effort: ['reasoning', 'include_reasoning'],
  include_reasoning: ['reasoning', 'reasoning_effort'],
  // A choice among tools, and a number of alternatives, mean nothing without what they belong to.
  tools: ['tool_choice', 'parallel_tool_calls'],
  logprobs: ['top_logprobs'],
}

/**
 * Merges a preset into a body: shallow, and what the request has wins, but for null. The system prompt goes before messages without one.
 * @param takes the fields of the route that a preset may fill; null: every one, and messages
 */
export function mergePreset(body: Fields, named: PresetNamed, held: Held, takes: ReadonlySet<string> | null): Fields {
  const { preset: _preset, model: _model, ...rest } = body
  const request: Fields = named.model === null ? rest : { ...rest, model: named.model }
  const settled = new Set(Object.keys(request).flatMap((field) => (isPresent(request[field]) ? whole(field) : [])))
  const filled = Object.entries(held.config).filter(([field]) => !settled.has(field) && (takes?.has(field) ?? true))
  const merged = { ...request, ...Object.fromEntries(filled) }
  return takes === null && held.systemPrompt !== null ? withSystemPrompt(merged, held.systemPrompt) : merged
}

/** What a preset keeps of a chat: its fields as they were written, and its instructions as one text. */
export function keptOf(body: Fields): Held {
  const fields = Object.entries(body).filter(([field, value]) => !OF_ONE_REQUEST.has(field) && isPresent(value))
  const messages = Array.isArray(body['messages']) ? (body['messages'] as unknown[]) : []
  const texts = messages.filter(isInstruction).map(textOf)
  return { config: Object.fromEntries(fields), systemPrompt: texts.length > 0 ? texts.join('\n\n') : null }
}

function whole(field: string): readonly string[] {
  return [field, ...(REPLACES[field] ?? [])]
}

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined
}

/** What is no list of messages is left for the schema to refuse. */
function withSystemPrompt(body: Fields, content: string): Fields {
  const { messages } = body
  if (!Array.isArray(messages) || messages.some(isInstruction)) return body
  return { ...body, messages: [{ role: 'system', content }, ...(messages as unknown[])] }
}

interface Instruction {
  readonly role: 'system' | 'developer'
  readonly content: unknown
}

function isInstruction(message: unknown): message is Instruction {
  if (typeof message !== 'object' || message === null || !('role' in message)) return false
  return message.role === 'system' || message.role === 'developer'
}

/** A text, or parts of one, as the schema lets instructions be. */
function textOf({ content }: Instruction): string {
  if (typeof content === 'string') return content
  return Array.isArray(content) ? (content as { readonly text?: string }[]).map(({ text = '' }) => text).join('') : ''
}
