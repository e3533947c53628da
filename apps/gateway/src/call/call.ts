import type { Caller, Message, RequestId, RouteRequest } from '@turnpike/domain'
import type { PresetVersion } from '@turnpike/store'

/** What an answer reports of its route besides, as its request asked for by headers. */
export interface ResponseOptions {
  readonly decision: boolean
  readonly metadata: boolean
  /** Where this gateway stands; null when its operator named no region. */
  readonly region: string | null
}

/** What identifies a conversation, of which no word is kept. */
export interface Conversation {
  /** By a session id, or else by a key for the prompt cache; null: it is known by its first messages. */
  readonly name: string | null
  /** Named by a session id: its target is kept after any success, others where the cache was used. */
  readonly session: boolean
  readonly messages: readonly Message[]
}

/** One accepted request. A call never changes; its `Progress` does. */
export interface Call {
  readonly id: RequestId
  readonly kind: 'chat' | 'completion' | 'embedding'
  readonly caller: Caller
  /** As the caller wrote it. */
  readonly requestedModel: string
  /** Under which it is counted unless another model answers. */
  readonly countedModel: string
  /** The preset that the request named, and the version that applied. */
  readonly preset: PresetVersion | null
  /** What the call is routed by, with names of models as the caller wrote them. */
  readonly routeRequest: RouteRequest
  /** Null where no prompt cache can be warm. */
  readonly conversation: Conversation | null
  readonly responseOptions: ResponseOptions
  readonly streamed: boolean
  readonly endUser: string | null
  /** Wall clock, milliseconds; for people and partitions. */
  readonly beganAtMs: number
  /** Monotonic clock, milliseconds; for durations. */
  readonly startedMs: number
  /** Headers that script a simulated provider; never sent to a real one. */
  readonly simulation: Readonly<Record<string, string>>
  /** Aborted at the deadline, or at a disconnect unless the answer is read to its end; the reason is a Fault. */
  readonly signal: AbortSignal
}
