import type { Usage } from './usage/usage.ts'

/** The hub: inbound dialects are read into `ChatRequest`, answers into `ChatDelta`s. A dialect knows this file only. */
export interface ChatRequest {
  readonly messages: readonly Message[]
  readonly stream: boolean
  /** Upper bound of the answer in tokens, reasoning included; absent means the provider's own. */
  readonly maxTokens?: number
  readonly sampling: Sampling
  readonly tools: readonly Tool[]
  readonly toolChoice?: ToolChoice
  readonly parallelToolCalls?: boolean
  readonly responseFormat?: ResponseFormat
  readonly reasoning?: Reasoning
  /** An opaque id of the caller's end user. */
  readonly user?: string
  /** Fields of the caller's own dialect that the hub has no word for; they reach a provider of that dialect unchanged. */
  readonly extra: Readonly<Record<string, unknown>>
}

export interface Sampling {
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly minP?: number
  readonly topA?: number
  readonly frequencyPenalty?: number
  readonly presencePenalty?: number
  readonly repetitionPenalty?: number
  readonly seed?: number
  readonly stop?: readonly string[]
  readonly logitBias?: Readonly<Record<string, number>>
  readonly logprobs?: boolean
  readonly topLogprobs?: number
}

export type Message =
  | { readonly role: 'system' | 'developer'; readonly content: readonly TextPart[]; readonly name?: string }
  | { readonly role: 'user'; readonly content: readonly ContentPart[]; readonly name?: string }
  | {
      readonly role: 'assistant'
      readonly content: readonly TextPart[]
      readonly toolCalls: readonly ToolCall[]
      readonly refusal?: string
      readonly reasoning: readonly ReasoningBlock[]
      readonly name?: string
    }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly content: readonly (TextPart | ImagePart)[] }

export interface TextPart {
  readonly kind: 'text'
  readonly text: string
  /** The caller requests a prompt-cache breakpoint after this part. */
  readonly cacheControl?: { readonly type: 'ephemeral'; readonly ttl?: '5m' | '1h' }
}
/** `url` is an http(s) address or a `data:` URL. */
export interface ImagePart {
  readonly kind: 'image'
  readonly url: string
  readonly detail?: string
}
interface AudioPart {
  readonly kind: 'audio'
  readonly data: string
  readonly format: string
}
export interface FilePart {
  readonly kind: 'file'
  readonly data: string
  readonly filename?: string
}
export type ContentPart = TextPart | ImagePart | AudioPart | FilePart

export interface Tool {
  readonly name: string
  readonly description?: string
  /** JSON Schema of the arguments. */
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly strict?: boolean
}
export interface ToolCall {
  readonly id: string
  readonly name: string
  /** JSON text, as the model wrote it. */
  readonly arguments: string
}
export type ToolChoice = 'none' | 'auto' | 'required' | { readonly name: string }

export type ResponseFormat =
  | { readonly kind: 'text' }
  | { readonly kind: 'json' }
  | {
      readonly kind: 'json_schema'
      readonly name: string
      readonly description?: string
      readonly strict?: boolean
      readonly schema: Readonly<Record<string, unknown>>
    }

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'
export interface Reasoning {
  readonly effort?: Effort
  readonly maxTokens?: number
  /** Think, but keep the thoughts out of the answer. */
  readonly exclude?: boolean
  readonly enabled?: boolean
}

/** One piece of thinking. `signature` and `data` are the provider's: replayed unchanged, never read. */
export type ReasoningBlock = { readonly format: ReasoningFormat; readonly index?: number; readonly id?: string } & (
  | { readonly kind: 'text'; readonly text: string; readonly signature?: string }
  | { readonly kind: 'summary'; readonly text: string }
  | { readonly kind: 'encrypted'; readonly data: string }
)

/** Who sealed the thoughts; only that dialect may be shown them again. */
type ReasoningFormat = 'unknown' | 'openai-responses-v1' | 'anthropic-claude-v1' | 'google-gemini-v1'

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error'

/** Wire families. Providers of one dialect differ only by address, price and habit. */
export const DIALECTS = ['openai', 'anthropic', 'google'] as const
export type Dialect = (typeof DIALECTS)[number]

/** One step of an answer; a whole answer is one. Usage may come more than once: the last figure of each count wins. */
export interface ChatDelta {
  readonly text?: string
  readonly refusal?: string
  readonly reasoning?: readonly ReasoningBlock[]
  readonly toolCalls?: readonly ToolCallDelta[]
  readonly finish?: { readonly reason: FinishReason; readonly native: string | null }
  /** Counts as the provider reported them; a count that it did not report is absent. */
  readonly usage?: Partial<Usage>
  /** It reported a count that is none, which was dropped. */
  readonly usageInvalid?: true
  readonly logprobs?: unknown
  /** The provider's own id of the answer. */
  readonly upstreamId?: string
  /** The model name that the provider says it ran. */
  readonly upstreamModel?: string
  /** The frame as received, for a caller who speaks the same dialect: fields that the hub has no word for survive. */
  readonly wire?: Readonly<Record<string, unknown>>
}

/** `index` counts tool calls of this answer from 0. `id` and `name` come with the first delta of a call. */
export interface ToolCallDelta {
  readonly index: number
  readonly id?: string
  readonly name?: string
  readonly arguments?: string
}

/** True once something that a caller can see has arrived: the hinge after which nothing is retried. */
export function hasContent(delta: ChatDelta): boolean {
  return Boolean(
    delta.text || delta.refusal || delta.reasoning?.length || delta.toolCalls?.length || delta.finish !== undefined,
  )
}

/** Vectors for texts. `input` holds at least one text or token list. */
export interface EmbeddingRequest {
  readonly input: readonly (string | readonly number[])[]
  readonly dimensions?: number
  readonly encodingFormat?: 'float' | 'base64'
  readonly user?: string
  readonly extra: Readonly<Record<string, unknown>>
}
