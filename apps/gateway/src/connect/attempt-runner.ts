import { asFault, failureKind, stepAfter, type TargetId } from '@turnpike/domain'
import { attemptOf, lostAttempt, type AttemptDeadlines } from '../call/attempt.ts'
import type { Routed } from '../call/call.ts'
import { hedgeDelayMs, reserveHedge, settleHedge } from './hedge.ts'
import { noteFailure } from './attempt-health.ts'
import type { ConnectDependencies } from './dependencies.ts'
import { race, type AttemptResult, type FinishedAttempt, type RunningAttempt, type Attempt } from './race.ts'
import { onAccountOf } from './refusal.ts'
import type { Target } from '../targets/target.ts'

/**
 * Asks one target and resolves when it has begun to answer. @param off calls this attempt off at once, also one that has begun; null:
 * nobody will
 */
export type Opening<Opened> = (target: Target, patience: AttemptDeadlines, off: AbortSignal | null) => Promise<Opened>

/** What came of an attempt that succeeded, and its place in the call's list. */
export interface Connected<Opened> {
  readonly opened: Opened
  readonly attempt: number
}

/** Attempts that are over, in the order of their start, and the one of them that answers; null: they failed. */
export interface AttemptsOutcome<Opened> {
  readonly connected: Connected<Opened> | null
  readonly runs: readonly FinishedAttempt<Opened>[]
}

/** Why an attempt was called off. */
const LOST = Symbol('lost')

/** Asks one target at a time for a call, or two at once where the policy hedges; writes every attempt down, and what it says of its target. */
export class AttemptRunner<Opened> {
  readonly #routed: Routed
  readonly #open: Opening<Opened>
  readonly #means: ConnectDependencies
  readonly #totalEndsMs: number | null
  /** The target that was asked beside another one; null: none was. */
  hedgeTargetId: TargetId | null = null

  /** @param totalEndsMs when the policy's time for the request is over; null: it has none */
  constructor(routed: Routed, open: Opening<Opened>, means: ConnectDependencies, totalEndsMs: number | null) {
    this.#routed = routed
    this.#open = open
    this.#means = means
    this.#totalEndsMs = totalEndsMs
  }

  /** One attempt, and a second one beside it when it is the call's first and slow to begin. Never rejects. */
  ask(target: Target, isProbe: boolean): Promise<AttemptsOutcome<Opened>> {
    const patience = this.#patience(target.id)
    const afterMs = hedgeDelayMs(this.#routed, target.id, patience.firstTokenMs, this.#means)
    return afterMs === null ? this.#alone(target, isProbe, patience) : this.#hedged(target, isProbe, patience, afterMs)
  }

  async #alone(target: Target, isProbe: boolean, patience: AttemptDeadlines): Promise<AttemptsOutcome<Opened>> {
    const startedMs = this.#means.nowMs()
    const ended = await this.#endOf(target, patience, null)
    return this.#over([{ run: { target, isProbe, leave: null, startedMs }, ended }])
  }

  async #hedged(
    target: Target,
    isProbe: boolean,
    patience: AttemptDeadlines,
    afterMs: number,
  ): Promise<AttemptsOutcome<Opened>> {
    const { on } = this.#routed.decision.failover
    const runs = await race(this.#begin(target, patience, { isProbe, leave: null }), {
      afterMs,
      after: this.#means.after,
      isRetryable: (fault) => stepAfter(failureKind(fault), on, []) === 'target',
      second: () => this.#beside(target),
    })
    settleHedge(this.#routed, runs, this.#means)
    return this.#over(runs)
  }

  /** A second attempt, at whoever may be asked now; null for nobody. */
  #beside(first: Target): RunningAttempt<Opened> | null {
    const found = reserveHedge(this.#routed, first, this.#means)
    if (!found) return null
    const { target, leave } = found
    this.hedgeTargetId = target.id
    return this.#begin(target, this.#patience(target.id), { isProbe: false, leave })
  }

  #begin(
    target: Target,
    patience: AttemptDeadlines,
    { isProbe, leave }: Pick<Attempt, 'isProbe' | 'leave'>,
  ): RunningAttempt<Opened> {
    const startedMs = this.#means.nowMs()
    const off = new AbortController()
    const ending = this.#endOf(target, patience, off.signal)
    return { target, isProbe, leave, startedMs, ending, callOff: () => off.abort(LOST) }
  }

  async #endOf(target: Target, patience: AttemptDeadlines, off: AbortSignal | null): Promise<AttemptResult<Opened>> {
    try {
      const opened = await this.#open(target, patience, off)
      return { ok: true, opened, atMs: this.#means.nowMs() }
    } catch (thrown) {
      return { ok: false, fault: onAccountOf(target, asFault(thrown)), atMs: this.#means.nowMs() }
    }
  }

  #over(runs: readonly FinishedAttempt<Opened>[]): AttemptsOutcome<Opened> {
    let connected: Connected<Opened> | null = null
    for (const { run, ended } of runs) {
      const attempt = this.#record(run, ended)
      if (ended?.ok) connected = { opened: ended.opened, attempt }
    }
    return { connected, runs }
  }

  /** Writes an attempt down, and tells health and throttle of it. @returns its place in the call's list */
  #record({ target, isProbe, leave, startedMs }: Attempt, ended: AttemptResult<Opened> | null): number {
    const { call } = this.#routed
    const { health, throttle, nowMs } = this.#means
    const attempt = ended
      ? attemptOf(target, call, startedMs, ended.atMs, ended.ok ? null : ended.fault)
      : lostAttempt(target, call, startedMs, nowMs())
    const place = call.attempts.push(leave ? { ...attempt, hedge: true } : attempt) - 1
    if (!ended) {
      if (isProbe) health.release(target.id)
      if (!leave) health.racing(target.id)?.lost(nowMs() - startedMs)
    } else if (ended.ok) {
      throttle.succeeded(target.account)
      const firstTokenMs = call.streamed ? ended.atMs - startedMs : null
      if (isProbe || call.streamed) health.begun(target.id, firstTokenMs, ended.atMs)
    } else noteFailure(target, ended.fault, startedMs, isProbe, this.#means)
    return place
  }

  /** What an attempt may take now. The last target has nobody behind it, so it is not given up because it is slow today. */
  #patience(id: TargetId): AttemptDeadlines {
    const { deadlines, health, nowMs } = this.#means
    const { targets, fallbacks, failover } = this.#routed.decision
    const isLast = id === (fallbacks.at(-1) ?? targets.at(-1))
    const usualMs = health.firstTokenDeadlineMs(id, deadlines.firstTokenMs)
    const firstTokenMs = failover.firstTokenMs ?? (isLast ? Math.max(usualMs, deadlines.firstTokenMs) : usualMs)
    const totalMs = this.#totalEndsMs === null ? null : this.#totalEndsMs - nowMs()
    return { ...deadlines, firstTokenMs: Math.round(firstTokenMs), totalMs }
  }
}
