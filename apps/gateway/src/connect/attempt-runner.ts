import { asFault, failureKind, stepAfter, type Fault, type TargetId } from '@turnpike/domain'
import { attemptOf, lostAttempt, type AttemptDeadlines } from '../call/attempt.ts'
import type { Progress, Routed } from '../call/progress.ts'
import { noteFailure } from './attempt-health.ts'
import type { ConnectDependencies } from './dependencies.ts'
import { hedgeDelayMs, reserveHedge, settleHedge } from './hedge.ts'
import { onAccountOf } from './refusal.ts'
import { hedged, type AttemptResult, type Open, type RunningAttempt } from './running-attempt.ts'
import type { Target } from '../targets/target.ts'

/** Runs one attempt, or a hedged pair. Records each, and what it says of its target. */
export class AttemptRunner<Opened> {
  /** @param totalEndsMs end of the policy's time for the request; null: it sets none */
  constructor(
    private readonly progress: Progress,
    private readonly routed: Routed,
    private readonly open: Open<Opened>,
    private readonly dependencies: ConnectDependencies,
    private readonly totalEndsMs: number | null,
  ) {}

  /** Never rejects. @returns in the order of their start; at most one `answered` */
  async run(target: Target, isProbe: boolean): Promise<readonly AttemptResult<Opened>[]> {
    const deadlines = this.#deadlinesOf(target.id)
    const afterMs = hedgeDelayMs(this.progress, this.routed, target.id, deadlines.firstTokenMs, this.dependencies)
    const attempt = { target, isProbe, reservation: null, startedMs: this.dependencies.nowMs() }
    const results =
      afterMs === null
        ? [await this.#resultOf(attempt, deadlines, null)]
        : await this.#hedgedPair(attempt, deadlines, afterMs)
    for (const result of results) this.#record(result)
    return results
  }

  async #hedgedPair(first: Started, deadlines: AttemptDeadlines, afterMs: number): Promise<AttemptResult<Opened>[]> {
    const { after, nowMs } = this.dependencies
    const { on } = this.routed.decision.failover
    const results = await hedged(this.#start(first, deadlines), {
      afterMs,
      after,
      isRetryable: (fault) => stepAfter(failureKind(fault), on, []) === 'target',
      hedge: () => {
        const found = reserveHedge(this.progress, this.routed, first.target, this.dependencies)
        if (!found) return null
        return this.#start({ ...found, isProbe: false, startedMs: nowMs() }, this.#deadlinesOf(found.target.id))
      },
    })
    settleHedge(this.progress, results, this.dependencies)
    return results
  }

  #start(attempt: Started, deadlines: AttemptDeadlines): RunningAttempt<Opened> {
    const cancelling = new AbortController()
    return {
      ...attempt,
      result: this.#resultOf(attempt, deadlines, cancelling.signal),
      cancel: () => {
        cancelling.abort(LOST)
        return { ...attempt, endMs: this.dependencies.nowMs(), outcome: 'lost' }
      },
    }
  }

  async #resultOf(
    attempt: Started,
    deadlines: AttemptDeadlines,
    cancelled: AbortSignal | null,
  ): Promise<AttemptResult<Opened>> {
    const { nowMs } = this.dependencies
    try {
      const opened = await this.open(attempt.target, deadlines, cancelled)
      return { ...attempt, endMs: nowMs(), outcome: 'answered', opened }
    } catch (thrown) {
      const fault = onAccountOf(attempt.target, asFault(thrown))
      return { ...attempt, endMs: nowMs(), outcome: 'failed', fault }
    }
  }

  #record(result: AttemptResult<Opened>): void {
    const { call } = this.progress
    const { health, throttle } = this.dependencies
    const { target, isProbe, reservation, startedMs, endMs, outcome } = result
    const attempt =
      outcome === 'lost'
        ? lostAttempt(target, call, startedMs, endMs)
        : attemptOf(target, call, startedMs, endMs, outcome === 'failed' ? result.fault : null)
    const ownLimit = outcome === 'failed' && this.#isOwnLimit(target.id, result.fault)
    this.progress.record(reservation ? { ...attempt, hedge: true } : attempt, ownLimit)
    if (outcome === 'lost') {
      if (isProbe) health.release(target.id)
      if (!reservation) health.hedgeTiming(target.id)?.addLost(endMs - startedMs)
    } else if (outcome === 'answered') {
      throttle.succeeded(target.account, call.caller.tenantId)
      const firstTokenMs = call.streamed ? endMs - startedMs : null
      if (isProbe || call.streamed) health.begun(target.id, firstTokenMs, endMs)
    } else noteFailure({ ...result, tenantId: call.caller.tenantId, ownLimit }, this.dependencies)
  }

  #deadlinesOf(id: TargetId): AttemptDeadlines {
    const { deadlines, nowMs } = this.dependencies
    const firstTokenMs = this.routed.decision.failover.firstTokenMs ?? this.#firstTokenDeadlineMs(id)
    const totalMs = this.totalEndsMs === null ? null : this.totalEndsMs - nowMs()
    return { ...deadlines, firstTokenMs: Math.round(firstTokenMs), totalMs }
  }

  /** The operator's limit. The last target has no other behind it, so it is not given up because it is slow today. */
  #firstTokenDeadlineMs(id: TargetId): number {
    const { deadlines, health } = this.dependencies
    const { targets, fallbacks } = this.routed.decision
    const isLast = id === (fallbacks.at(-1) ?? targets.at(-1))
    const usualMs = health.firstTokenDeadlineMs(id, deadlines.firstTokenMs)
    return isLast ? Math.max(usualMs, deadlines.firstTokenMs) : usualMs
  }

  /** Whether the attempt ran into the tenant's limit before the operator's. */
  #isOwnLimit(id: TargetId, fault: Fault): boolean {
    const ownMs = this.routed.decision.failover.firstTokenMs
    return fault.code === 'upstream_timeout' && ownMs !== null && ownMs < this.#firstTokenDeadlineMs(id)
  }
}

type Started = Omit<RunningAttempt<unknown>, 'result' | 'cancel'>

/** Why the slower attempt of a hedged pair is cancelled. */
const LOST = Symbol('lost')
