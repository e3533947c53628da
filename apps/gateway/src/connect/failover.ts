import {
  asFault,
  failureKind,
  isDown,
  stepAfter,
  UNKNOWN_HEALTH,
  type TargetId,
  type FailureKind,
  type Fault,
} from '@turnpike/domain'
import { neverLeft, wasCancelled } from '../call/attempt.ts'
import type { Routed } from '../call/call.ts'
import { AttemptRunner, type Connected, type Opening } from './attempt-runner.ts'
import { exhausted, isRateLimited, withTried, type Skipped, type SkipReason } from './exhausted.ts'
import type { ConnectDependencies } from './dependencies.ts'
import type { Target } from '../targets/target.ts'
import { overTime } from './upstream-connection.ts'

export type { ConnectDependencies } from './dependencies.ts'

/**
 * Tries the routed targets in order until one begins to answer, then the fallbacks where the policy has some for what went wrong.
 * Nothing has reached the caller yet, so trying again is safe; the policy decides whether it helps. Throws what the caller has to
 * mend at once, else what is left when no target remains, with the attempts listed.
 * @param routed has at least one target
 */
export async function connect<Opened>(
  routed: Routed,
  open: Opening<Opened>,
  means: ConnectDependencies,
): Promise<Connected<Opened>> {
  return new FailoverRun(routed, open, means).run()
}

/** Back-off before the same target is asked again: full jitter between these. */
const BACK_OFF_MS_MIN = 25
const BACK_OFF_MS_MAX = 250

/** What came of asking one target. `fallback`: no other endpoint of its model helps. Null: the next one may. */
type Found<Opened> = Connected<Opened> | 'fallback' | null

/** One call's way from target to target. */
class FailoverRun<Opened> {
  readonly #routed: Routed
  readonly #asking: AttemptRunner<Opened>
  readonly #means: ConnectDependencies
  readonly #totalEndsMs: number | null
  readonly #kinds: FailureKind[] = []
  #skipped: Skipped[] = []
  #last: { readonly fault: Fault; readonly endpoint: TargetId; readonly account: string } | null = null

  constructor(routed: Routed, open: Opening<Opened>, means: ConnectDependencies) {
    this.#routed = routed
    this.#means = means
    const { totalMs } = routed.decision.failover
    this.#totalEndsMs = totalMs === null ? null : routed.call.startedMs + totalMs
    this.#asking = new AttemptRunner(routed, open, means, this.#totalEndsMs)
    if (routed.decision.hedge) means.hedges.earn(routed.call.caller.tenantId, routed.decision.hedge)
  }

  async run(): Promise<Connected<Opened>> {
    const connected =
      (await this.#round()) ?? (await this.#afterRateLimit()) ?? (await this.#lastResort()) ?? (await this.#sameAgain())
    if (connected) return connected
    const waitMs = this.#freeAtMs() - this.#means.nowMs()
    const { attempts } = this.#routed.call
    throw exhausted(attempts, this.#skipped, this.#last?.fault ?? null, Number.isFinite(waitMs) ? waitMs : null)
  }

  /** Every target once, then every fallback if one of the failures is of a kind that they are for. */
  async #round(): Promise<Connected<Opened> | null> {
    const { targets, fallbacks, fallbackOn } = this.#routed.decision
    this.#asking.hedgeTargetId = null
    for (const id of targets) {
      if (id === this.#asking.hedgeTargetId) continue
      const found = await this.#try(id)
      if (found === 'fallback') break
      if (found) return found
    }
    if (!this.#kinds.some((kind) => fallbackOn.includes(kind))) return null
    for (const id of fallbacks) {
      const found = await this.#try(id)
      if (found && found !== 'fallback') return found
    }
    return null
  }

  /** Asks one target unless it is better left alone. Null: the next one may be asked. */
  async #try(id: TargetId): Promise<Found<Opened>> {
    this.#refuseOverTime()
    const target = this.#routed.directory.target(id)
    const refusal = this.#refusalOf(target)
    if (refusal) return this.#skip(target, 'refused', refusal)
    const admitted = this.#means.health.admit(id, this.#means.nowMs(), false)
    if (admitted === 'skip') return this.#skip(target, this.#isCooling(id) ? 'rate_limited' : 'down')
    return this.#placed(target, admitted === 'probe')
  }

  /** One attempt; if it is a retry, only where that does not make an outage worse. */
  async #placed(target: Target, isProbe: boolean): Promise<Found<Opened>> {
    const { throttle, health } = this.#means
    const { id, account } = target
    const attempt = () => this.#attempt(target, isProbe)
    if (this.#routed.call.attempts.length === 0) return attempt()
    const found = await throttle.asRetry(account, attempt)
    if (found !== 'throttled') return found
    if (isProbe) health.release(id)
    return this.#skip(target, 'throttled')
  }

  /** One attempt, and perhaps a second one beside it. Throws the fault that the caller has to be told at once. */
  async #attempt(target: Target, isProbe: boolean): Promise<Found<Opened>> {
    const { connected, runs } = await this.#asking.ask(target, isProbe)
    if (this.#skipped.length > 0) {
      this.#skipped = this.#skipped.filter(({ endpoint }) => !runs.some(({ run }) => run.target.id === endpoint))
    }
    if (connected) return connected
    // Where both failed it is as if one had been asked after the other.
    for (const { run, ended } of runs) {
      if (ended && !ended.ok && this.#stepAfter(run.target, ended.fault) === 'fallback') return 'fallback'
    }
    return null
  }

  #stepAfter({ id, account }: Target, fault: Fault): 'target' | 'fallback' {
    const { failover, fallbackOn } = this.#routed.decision
    const kind = failureKind(fault)
    const step = stepAfter(kind, failover.on, fallbackOn)
    if (step === 'stop') throw this.#told(fault)
    if (kind) this.#kinds.push(kind)
    this.#last = { fault, endpoint: id, account }
    return step
  }

  /** When all that stands in the way are rate limits and one of them is short, waits for it and goes round once more. */
  async #afterRateLimit(): Promise<Connected<Opened> | null> {
    const { call } = this.#routed
    const freeAtMs = this.#freeAtMs()
    if (!isRateLimited(call.attempts, this.#skipped) || freeAtMs > (this.#totalEndsMs ?? Infinity)) return null
    const isFree = await this.#means.rateLimitQueue.wait(call.caller.tenantId, freeAtMs, call.signal)
    this.#refuseOverTime()
    return isFree ? this.#round() : null
  }

  /** What is left is known to be down. The best of it is asked all the same, by one request at a time. */
  async #lastResort(): Promise<Connected<Opened> | null> {
    const { health, throttle, nowMs } = this.#means
    const best = this.#skipped.find(({ reason }) => reason === 'down')
    if (!best) return null
    const target = this.#routed.directory.target(best.endpoint)
    const found = await throttle.asLastResort(target.own ? target.id : target.endpoint.model, () =>
      this.#placed(target, health.admit(best.endpoint, nowMs(), true) === 'probe'),
    )
    return found === 'fallback' ? null : found
  }

  /** The last target could not even be reached, so nothing was begun there: it is asked once more, a moment later. */
  async #sameAgain(): Promise<Connected<Opened> | null> {
    const { call, decision } = this.#routed
    const { health, throttle, nowMs, dice } = this.#means
    if (!this.#last || !neverLeft(this.#last.fault) || call.attempts.length >= decision.failover.attempts) return null
    const { endpoint, account } = this.#last
    // Nobody waits for what would not be allowed afterwards.
    if (isDown(health.pages.get(endpoint) ?? UNKNOWN_HEALTH, nowMs()) || !throttle.mayRetry(account)) return null
    await backOff(BACK_OFF_MS_MIN + (BACK_OFF_MS_MAX - BACK_OFF_MS_MIN) * dice(), call.signal)
    const found = await this.#try(endpoint)
    return found === 'fallback' ? null : found
  }

  #skip(target: Target, reason: SkipReason, refusal?: Fault): null {
    const { id, endpoint } = target
    if (reason !== 'throttled') this.#kinds.push(reason === 'rate_limited' ? 'rate_limit' : 'outage')
    // One that was tried, or passed over for another reason before, is listed already.
    const listed = [...this.#routed.call.attempts, ...this.#skipped]
    if (!listed.some((other) => other.endpoint === id)) {
      this.#skipped.push({ endpoint: id, provider: endpoint.provider, reason, ...(refusal && { refusal }) })
    }
    return null
  }

  /** What was said a moment ago of the tenant's own credential that it goes by; null when nothing was, or it is a new secret by now. */
  #refusalOf({ id, own }: Target): Fault | null {
    return own && this.#means.health.refusal(id, own.version, this.#means.nowMs())
  }

  #isCooling(id: TargetId): boolean {
    return (this.#means.health.pages.get(id)?.coolUntilMs ?? 0) > this.#means.nowMs()
  }

  /** When the first of the targets that asked for patience may be asked again; Infinity when none did. */
  #freeAtMs(): number {
    const { call } = this.#routed
    const limited = call.attempts.filter(({ fault }) => fault === 'upstream_rate_limited')
    const cooling = this.#skipped.filter(({ reason }) => reason === 'rate_limited')
    return Math.min(
      ...[...limited, ...cooling].map(
        ({ endpoint }) => this.#means.health.pages.get(endpoint)?.coolUntilMs ?? Infinity,
      ),
    )
  }

  /** Nothing new is begun when the time is over, or for a caller who left. */
  #refuseOverTime(): void {
    const { signal, disconnected } = this.#routed.call
    if (signal.aborted || disconnected) throw this.#told(disconnected ?? asFault(signal.reason))
    if (this.#totalEndsMs !== null && this.#means.nowMs() >= this.#totalEndsMs) throw this.#told(overTime())
  }

  /** What a provider did wrong, or had no time for, is told with all that was tried; the caller's own mistake as it is. */
  #told(fault: Fault): Fault {
    const isOurs = fault.blame === 'upstream' || wasCancelled(fault)
    return isOurs ? withTried(fault, this.#routed.call.attempts, this.#skipped) : fault
  }
}

/** Resolves when the time has passed or the call is over; the next step looks which. */
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
