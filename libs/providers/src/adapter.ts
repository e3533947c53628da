import type { ChatDelta, ChatRequest, Dialect, EmbeddingRequest, Fault } from '@turnpike/domain'

/** One provider dialect, both ways. No I/O, no retries; what a stream has to remember lives in its decoder. */
export interface Adapter {
  readonly dialect: Dialect
  /** Thinking tokens are always counted separately from the answer: its count includes no hidden tokens. */
  readonly reportsThinkingApart: boolean
  /** `model` is the provider's own name for it. Throws Fault `request_invalid` for what the dialect does not have. */
  readonly encode: (request: ChatRequest, model: string, secret: string) => UpstreamRequest
  readonly decoder: () => StreamDecoder
  /** Reads a whole answer. Throws Fault `upstream_garbled`, or the fault that an error body stands for. */
  readonly decodeWhole: (body: unknown) => ChatDelta
  /** What a status that is not 2xx means. Never throws. `body` is as received, at most 64 KiB, possibly not JSON. */
  readonly explain: (status: number, body: string) => Fault
  /** A free request that proves a credential: the list of models. `proofOf` reads its answer. */
  readonly whoAmI: (secret: string) => UpstreamLook
  readonly embeddings?: EmbeddingsAdapter
}

export interface EmbeddingsAdapter {
  /** An answer says how many tokens the texts had. */
  readonly reportsUsage: boolean
  readonly encode: (request: EmbeddingRequest, model: string, secret: string) => UpstreamRequest
  readonly decode: (body: unknown) => EmbeddingAnswer
}

export interface EmbeddingAnswer {
  /** One vector per input, in order; base64 text where that was requested. */
  readonly vectors: readonly (readonly number[] | string)[]
  /** Undefined: it reported none. */
  readonly promptTokens: number | undefined
  /** It reported a count that is none, which was dropped. */
  readonly usageInvalid?: true
}

/** Always a POST of JSON. `path` is appended to the provider's base URL and begins with a slash. */
export interface UpstreamRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Always a GET. `path` is appended to the provider's base URL and begins with a slash. */
type UpstreamLook = Omit<UpstreamRequest, 'body'>

/** One server-sent event, comments and blank events already dropped. */
export interface SseEvent {
  readonly event: string | undefined
  readonly data: string
}

export interface StreamDecoder {
  /**
   * Reads one event: null when it says nothing. Unknown event kinds and fields are ignored.
   * Throws the Fault that an error event stands for, or `upstream_garbled` for data that is not what the dialect promises.
   */
  push(event: SseEvent): ChatDelta | null
  /** True once the dialect's own end has been seen; a stream that closes before is cut. */
  readonly done: boolean
}
