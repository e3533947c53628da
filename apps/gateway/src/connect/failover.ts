import { asFault, failureKind, isDown, stepAfter, UNKNOWN_HEALTH } from '@turnpike/domain'
import type { FailureKind, Fault, TargetId, TenantId } from '@turnpike/domain'
import { neverLeft, wasCancelled } from '../call/attempt.ts'
import type { Progress, Routed } from '../call/progress.ts'
import { AttemptRunner } from './attempt-runner.ts'
import type { ConnectDependencies } from './dependencies.ts'
import { exhausted, isRateLimited, withTried, type Skipped, type SkipReason } from './exhausted.ts'
import type { AttemptResult, Open } from './running-attempt.ts'
import type { Target } from '../targets/target.ts'
import { overTime } from './upstream-connection.ts'

/** Back-off before another attempt at the same target: full jitter between these. */
const BACK_OFF_MS_MIN = 25
const BACK_OFF_MS_MAX = 250

/** A target that began to answer; `fallback`: no other endpoint of its model helps; null: the next target may. */
type Tried<Opened> = Extract<AttemptResult<Opened>, { outcome: 'answered' }> | 'fallback' | null

/**
 * Tries the routed targets in order until one begins to answer, then the fallbacks where the policy has some for what went wrong.
 * Nothing has reached the caller yet, so that another attempt is safe; the policy decides whether it helps. One per call.
 */
export class Failover<Opened> {
  readonly #runner: AttemptRunner<Opened>
  readonly #totalEndsMs: number | null
  readonly #tenantId: TenantId
  readonly #kinds: FailureKind[] = []
  #skipped: Skipped[] = []
  #last: { readonly fault: Fault; readonly target: Target } | null = null
  /** The target that a hedge has tried in this round. */
  #hedgedId: TargetId | null = null

  /** @param routed has at least one target */
  constructor(
    private readonly progress: Progress,
    private readonly routed: Routed,
    open: Open<Opened>,
    private readonly dependencies: ConnectDependencies,
  ) {
    const { call } = progress
    const { failover, hedge } = routed.decision
    this.#tenantId = call.caller.tenantId
    this.#totalEndsMs = failover.totalMs === null ? null : call.startedMs + failover.totalMs
    this.#runner = new AttemptRunner(progress, routed, open, dependencies, this.#totalEndsMs)
    if (hedge) dependencies.hedges.earn(this.#tenantId, hedge)
  }

  /** Throws a fault that the caller has to mend at once, else the last one, with the attempts listed. */
  async connect(): Promise<Opened> {
    const tried =
      (await this.#round()) ?? (await this.#afterRateLimit()) ?? (await this.#lastResort()) ?? (await this.#sameAgain())
    if (tried && tried !== 'fallback') return tried.opened
    const waitMs = this.#coolUntilMs() - this.dependencies.nowMs()
    const { attempts } = this.progress
    throw exhausted(attempts, this.#skipped, this.#last?.fault ?? null, Number.isFinite(waitMs) ? waitMs : null)
  }

  /** Every target once, then every fallback if a failure is of a kind that they are for. */
  async #round(): Promise<Tried<Opened>> {
    const { targets, fallbacks, fallbackOn } = this.routed.decision
    this.#hedgedId = null
    for (const id of targets) {
      if (id === this.#hedgedId) continue
      const tried = await this.#try(id)
      if (tried === 'fallback') break
      if (tried) return tried
    }
    if (!this.#kinds.some((kind) => fallbackOn.includes(kind))) return null
    for (const id of fallbacks) {
      const tried = await this.#try(id)
      if (tried && tried !== 'fallback') return tried
    }
    return null
  }

  /** Tries one target unless it is better skipped. */
  async #try(id: TargetId): Promise<Tried<Opened>> {
    this.#refuseOverTime()
    const { health, nowMs } = this.dependencies
    const target = this.routed.directory.target(id)
    const refusal = target.own && health.refusal(id, target.own.version, nowMs())
    if (refusal) return this.#skip(target, 'refused', refusal)
    const admitted = health.admit(id, nowMs(), false)
    if (admitted === 'skip') return this.#skip(target, this.#isCooling(id) ? 'rate_limited' : 'down')
    return this.#attempt(target, admitted === 'probe')
  }

  /** A retry is made only where it does not make an outage worse. Throws the fault that ends the call. */
  async #attempt(target: Target, isProbe: boolean): Promise<Tried<Opened>> {
    const { throttle, health } = this.dependencies
    const run = () => this.#runner.run(target, isProbe)
    const isRetry = this.progress.attempts.length > 0
    const results = isRetry ? await throttle.asRetry(target.account, this.#tenantId, run) : await run()
    if (results === 'throttled') {
      if (isProbe) health.release(target.id)
      return this.#skip(target, 'throttled')
    }
    this.#hedgedId = results[1]?.target.id ?? this.#hedgedId
    if (this.#skipped.length > 0) {
      this.#skipped = this.#skipped.filter(({ endpoint }) => !results.some((result) => result.target.id === endpoint))
    }
    for (const result of results) if (result.outcome === 'answered') return result
    // Where both of a hedged pair failed, the second counts as the next attempt.
    for (const result of results) {
      if (result.outcome === 'failed' && this.#stepAfter(result.target, result.fault) === 'fallback') return 'fallback'
    }
    return null
  }

  #stepAfter(target: Target, fault: Fault): 'target' | 'fallback' {
    const { failover, fallbackOn } = this.routed.decision
    const kind = failureKind(fault)
    const step = stepAfter(kind, failover.on, fallbackOn)
    if (step === 'stop') throw this.#reported(fault)
    if (kind) this.#kinds.push(kind)
    this.#last = { fault, target }
    return step
  }

  /** Where rate limits are all that stands in the way and one is short, waits and tries every target once more. */
  async #afterRateLimit(): Promise<Tried<Opened>> {
    const { call, attempts } = this.progress
    const coolUntilMs = this.#coolUntilMs()
    if (!isRateLimited(attempts, this.#skipped) || coolUntilMs > (this.#totalEndsMs ?? Infinity)) return null
    const isServed = await this.dependencies.rateLimitQueue.wait(this.#tenantId, coolUntilMs, call.signal)
    this.#refuseOverTime()
    return isServed ? this.#round() : null
  }

  /** What remains is known to be down. The best is tried all the same, by one request at a time. */
  async #lastResort(): Promise<Tried<Opened>> {
    const { health, throttle, nowMs } = this.dependencies
    const best = this.#skipped.find(({ reason }) => reason === 'down')
    if (!best) return null
    const target = this.routed.directory.target(best.endpoint)
    const tried = await throttle.asLastResort(target.own ? target.id : target.endpoint.model, this.#tenantId, () =>
      this.#attempt(target, health.admit(best.endpoint, nowMs(), true) === 'probe'),
    )
    return tried === 'fallback' ? null : tried
  }

  /** Where the last target was not even reached, it is tried once more after a back-off. */
  async #sameAgain(): Promise<Tried<Opened>> {
    const { call, attempts } = this.progress
    const { health, throttle, nowMs, dice } = this.dependencies
    const { failover } = this.routed.decision
    if (!this.#last || !neverLeft(this.#last.fault) || attempts.length >= failover.attempts) return null
    const { id, account } = this.#last.target
    // No back-off for an attempt that would not be allowed after it.
    if (isDown(health.states.get(id) ?? UNKNOWN_HEALTH, nowMs()) || !throttle.mayRetry(account, this.#tenantId))
      return null
    await backOff(BACK_OFF_MS_MIN + (BACK_OFF_MS_MAX - BACK_OFF_MS_MIN) * dice(), call.signal)
    return this.#try(id)
  }

  #skip(target: Target, reason: SkipReason, refusal?: Fault): null {
    const { id, endpoint } = target
    if (reason !== 'throttled') this.#kinds.push(reason === 'rate_limited' ? 'rate_limit' : 'outage')
    // A target that was tried, or skipped for another reason before, is listed already.
    const listed = [...this.progress.attempts, ...this.#skipped]
    if (!listed.some((other) => other.endpoint === id)) {
      this.#skipped.push({ endpoint: id, provider: endpoint.provider, reason, ...(refusal && { refusal }) })
    }
    return null
  }

  #isCooling(id: TargetId): boolean {
    return (this.dependencies.health.states.get(id)?.coolUntilMs ?? 0) > this.dependencies.nowMs()
  }

  /** When the first rate-limited target may be tried again; Infinity: none is limited. */
  #coolUntilMs(): number {
    const limited = this.progress.attempts.filter(({ fault }) => fault === 'upstream_rate_limited')
    const cooling = this.#skipped.filter(({ reason }) => reason === 'rate_limited')
    const { states } = this.dependencies.health
    return Math.min(...[...limited, ...cooling].map(({ endpoint }) => states.get(endpoint)?.coolUntilMs ?? Infinity))
  }

  /** Nothing is begun after the deadline, or after the caller disconnected. */
  #refuseOverTime(): void {
    const { call, disconnected } = this.progress
    if (call.signal.aborted || disconnected) throw this.#reported(disconnected ?? asFault(call.signal.reason))
    if (this.#totalEndsMs !== null && this.dependencies.nowMs() >= this.#totalEndsMs) throw this.#reported(overTime())
  }

  /** A provider's fault, or one of time, lists all attempts; the caller's own mistake does not. */
  #reported(fault: Fault): Fault {
    const isListed = fault.blame === 'upstream' || wasCancelled(fault)
    return isListed ? withTried(fault, this.progress.attempts, this.#skipped) : fault
  }
}

/** Resolves when the time has passed or the call is over; the next step finds out which. */
function backOff(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}
