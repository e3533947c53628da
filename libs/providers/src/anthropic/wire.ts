/** What we write to the Messages API, version 2023-06-01. What we read is looked at field by field, since it is not ours. */
export interface MessagesBody {
  readonly model: string
  readonly max_tokens: number
  readonly messages: readonly Turn[]
  readonly system: string | readonly TextBlock[] | undefined
  readonly stream: boolean
  readonly temperature: number | undefined
  readonly top_p: number | undefined
  readonly top_k: number | undefined
  readonly stop_sequences: readonly string[] | undefined
  readonly tools: readonly ToolBlock[] | undefined
  readonly tool_choice: ToolChoiceBlock | undefined
  readonly thinking: ThinkingBlock | undefined
  readonly output_config: OutputConfig | undefined
  readonly metadata: { readonly user_id: string } | undefined
}

export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: readonly Block[]
}

export type Block =
  | TextBlock
  | { readonly type: 'image'; readonly source: Exclude<Source, { type: 'text' }> }
  | { readonly type: 'document'; readonly source: Source; readonly title: string | undefined }
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown }
  | { readonly type: 'tool_result'; readonly tool_use_id: string; readonly content: readonly Block[] | undefined }

export interface TextBlock {
  readonly type: 'text'
  readonly text: string
  readonly cache_control?: { readonly type: 'ephemeral'; readonly ttl?: '5m' | '1h' }
}

export type Source =
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'base64'; readonly media_type: string; readonly data: string }
  | { readonly type: 'text'; readonly media_type: 'text/plain'; readonly data: string }

export interface ToolBlock {
  readonly name: string
  readonly description: string | undefined
  readonly input_schema: Readonly<Record<string, unknown>>
  readonly strict: true | undefined
}

export type ToolChoiceBlock =
  | { readonly type: 'none' }
  | {
      readonly type: 'auto' | 'any' | 'tool'
      readonly name?: string
      readonly disable_parallel_tool_use?: true
    }

export type ThinkingBlock =
  | { readonly type: 'enabled'; readonly budget_tokens: number }
  | { readonly type: 'adaptive'; readonly display?: 'summarized' | 'omitted' }
  | { readonly type: 'disabled' }

export type OutputEffort = 'low' | 'medium' | 'high' | 'xhigh' | 'max'

export interface OutputConfig {
  readonly effort: OutputEffort | undefined
  readonly format: { readonly type: 'json_schema'; readonly schema: Readonly<Record<string, unknown>> } | undefined
}
