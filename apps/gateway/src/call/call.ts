import type { Attempt, Caller, Decision, Fault, Message, RequestId, RouteRequest } from '@turnpike/domain'
import type { PresetVersion } from '@turnpike/store'
import type { TargetDirectory } from '../targets/target.ts'

/** How the models of a request were found, in OpenRouter's words. */
export type Strategy = 'direct' | 'auto' | 'free' | 'latest' | 'fallback'

/** What an answer tells of its route besides, as its request asked by headers. */
export interface ResponseOptions {
  readonly decision: boolean
  readonly metadata: boolean
  /** Where this gateway stands; null when its operator named no place. */
  readonly region: string | null
}

/** What tells one conversation from another, without keeping a word of it. */
export interface Conversation {
  /** As its caller named it, by a session id or else by a key for the prompt cache; null: it is known by how it begins. */
  readonly name: string | null
  /** By a session id: such a one stays after any success, others after an answer that used the prompt cache. */
  readonly session: boolean
  readonly messages: readonly Message[]
}

/** One request on its way through the gateway: who, what, since when, and what happened so far. */
export interface Call {
  readonly id: RequestId
  readonly kind: 'chat' | 'completion' | 'embedding'
  readonly caller: Caller
  /** As the caller wrote it. */
  readonly requestedModel: string
  /** The preset that it named, and the version that applied. */
  readonly preset: PresetVersion | null
  /** When the call is routed, names in it that are no models' are replaced by what they stand for. */
  route: RouteRequest
  strategy: Strategy
  /** Null until it is routed. */
  routed: Routed | null
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
  /** Aborted when the time is over or the caller hangs up, unless the answer is read on for its usage; the reason is a Fault. */
  readonly signal: AbortSignal
  /** Why its answer is read to its end for nobody; null while somebody waits for it, and when it ends with the caller. */
  disconnected: Fault | null
  readonly attempts: Attempt[]
}

/** What has been decided for a call, and the world it was decided in: a new catalogue does not pull targets from under it. */
export interface Routed {
  readonly call: Call
  readonly decision: Decision
  readonly directory: TargetDirectory
}
