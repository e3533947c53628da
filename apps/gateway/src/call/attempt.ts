import type { Attempt, Fault } from '@turnpike/domain'
import type { Call } from './call.ts'
import type { Target } from '../targets/target.ts'

/** How long one attempt may take, milliseconds; never longer than the request still has. */
export interface AttemptDeadlines {
  /** Until the first content of a stream. */
  readonly firstTokenMs: number
  /** Until an answer that is not streamed is there. */
  readonly wholeMs: number
  /** Between two pieces of a stream. */
  readonly idleMs: number
  /** Until the end, where the policy bounds the request; null: the call's own deadline alone counts. */
  readonly totalMs: number | null
}

/** The record of an attempt that failed or has begun to answer, by a monotonic clock. */
export function attemptOf(target: Target, call: Call, startedMs: number, nowMs: number, fault: Fault | null): Attempt {
  const endMs = Math.round(nowMs - call.startedMs)
  return {
    endpoint: target.id,
    provider: target.endpoint.provider,
    model: target.endpoint.model,
    startMs: Math.round(startedMs - call.startedMs),
    firstTokenMs: fault || !call.streamed ? null : endMs,
    endMs,
    outcome: fault ? (wasCancelled(fault) ? 'cancelled' : 'failed') : 'answered',
    status: fault ? upstreamStatusOf(fault) : 200,
    fault: fault?.code ?? null,
  }
}

/** The record of an attempt that lost to its hedge, or a hedge that lost. It says nothing of its target. */
export function lostAttempt(target: Target, call: Call, startedMs: number, nowMs: number): Attempt {
  const lost = attemptOf(target, call, startedMs, nowMs, null)
  return { ...lost, firstTokenMs: null, outcome: 'lost', status: null }
}

/** Whether the attempt ended for a reason that is not the target's: disconnect, deadline or shutdown. */
export function wasCancelled(fault: Fault): boolean {
  return fault.code === 'caller_gone' || fault.code === 'deadline_passed' || fault.code === 'shutting_down'
}

/** The HTTP status that the provider gave; null when there was no answer. */
export function upstreamStatusOf(fault: Fault): number | null {
  const status = fault.facts.detail?.['status']
  return typeof status === 'number' ? status : null
}

/** A refused address is refused again, and a connection that timed out takes as long the next time. */
const NOT_WORTH_REPEATING: readonly unknown[] = ['EGRESS_REFUSED', 'ETIMEDOUT']

/** Whether it is certain that nothing of the request was sent, and that was known at once. */
export function neverLeft(fault: Fault): boolean {
  return fault.facts.detail?.['sent'] === false && !NOT_WORTH_REPEATING.includes(fault.facts.detail['code'])
}
