import type { Reach } from './target.ts'
import type { Attempt, Caller, Decision, RequestId, RouteRequest } from '@turnpike/domain'

/** One request on its way through the gateway: who, what, since when, and what happened so far. */
export interface Call {
  readonly id: RequestId
  readonly kind: 'chat' | 'completion' | 'embedding'
  readonly caller: Caller
  /** As the caller wrote it. */
  readonly requestedModel: string
  readonly route: RouteRequest
  readonly streamed: boolean
  readonly endUser: string | null
  /** Wall clock, milliseconds; for people and partitions. */
  readonly beganAtMs: number
  /** Monotonic clock, milliseconds; for durations. */
  readonly startedMs: number
  /** Headers that script a simulated provider; never sent to a real one. */
  readonly simulation: Readonly<Record<string, string>>
  /** Aborted when the caller hangs up or the time is over; the reason is a Fault. */
  readonly signal: AbortSignal
  readonly attempts: Attempt[]
}

/** What has been decided for a call, and the world it was decided in: a new catalogue does not pull targets from under it. */
export interface Routed {
  readonly call: Call
  readonly decision: Decision
  readonly reach: Reach
}
