import {
  asFault,
  countsAgainstHealth,
  failureKind,
  isDown,
  stepAfter,
  UNKNOWN_HEALTH,
  type EndpointId,
  type FailureKind,
  type Fault,
  type ProviderSlug,
} from '@turnpike/domain'
import { attemptOf, neverLeft, statusOf, wasCalledOff, type Patience } from './attempt.ts'
import type { Routed } from './call.ts'
import { exhausted, isRateLimited, withTried, type Skipped, type SkipReason } from './connect-exhausted.ts'
import type { HealthBook } from './health-book.ts'
import type { WaitingRoom } from './queue.ts'
import type { Target } from './target.ts'
import type { RetryThrottle } from './throttle.ts'
import { overTime } from './upstream-line.ts'

/** What came of an attempt that succeeded, and its place in the call's list. */
export interface Connected<Opened> {
  readonly opened: Opened
  readonly attempt: number
}

/** What one process holds for all of its calls. */
export interface ConnectMeans {
  readonly health: Pick<HealthBook, 'pages' | 'admit' | 'begun' | 'note' | 'release' | 'cool' | 'firstTokenDeadlineMs'>
  readonly throttle: RetryThrottle
  readonly waitingRoom: WaitingRoom
  /** The gateway's own limits. */
  readonly patience: Patience
  /** Monotonic clock. */
  readonly nowMs: () => number
  /** Uniform in [0, 1). */
  readonly dice: () => number
}

/**
 * Tries the routed targets in order until one begins to answer, then the fallbacks where the policy has some for what went wrong.
 * Nothing has reached the caller yet, so trying again is safe; the policy decides whether it helps. Throws what the caller has to
 * mend at once, else what is left when no target remains, with the attempts listed.
 * @param routed has at least one target
 */
export async function connect<Opened>(
  routed: Routed,
  open: (target: Target, patience: Patience) => Promise<Opened>,
  means: ConnectMeans,
): Promise<Connected<Opened>> {
  return new Search(routed, open, means).run()
}

/** Back-off before the same target is asked again: full jitter between these. */
const BACK_OFF_MS_MIN = 25
const BACK_OFF_MS_MAX = 250
/** A credential that was refused is refused for all that follow: its endpoint is placed last for so long, and then looked at again. */
const REFUSED_CREDENTIAL_MS = 10_000
/** An account that is unknown or empty. 403 may also be about one request. */
const ACCOUNT_STATUSES: readonly (number | null)[] = [401, 402]

/** What came of asking one target. `fallback`: no other endpoint of its model helps. Null: the next one may. */
type Found<Opened> = Connected<Opened> | 'fallback' | null

/** One call's way from target to target. */
class Search<Opened> {
  readonly #routed: Routed
  readonly #open: (target: Target, patience: Patience) => Promise<Opened>
  readonly #means: ConnectMeans
  readonly #totalEndsMs: number | null
  readonly #kinds: FailureKind[] = []
  #skipped: Skipped[] = []
  #last: { readonly fault: Fault; readonly endpoint: EndpointId; readonly provider: ProviderSlug } | null = null

  constructor(routed: Routed, open: (target: Target, patience: Patience) => Promise<Opened>, means: ConnectMeans) {
    this.#routed = routed
    this.#open = open
    this.#means = means
    const { totalMs } = routed.decision.failover
    this.#totalEndsMs = totalMs === null ? null : routed.call.startedMs + totalMs
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
    for (const id of targets) {
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
  async #try(id: EndpointId): Promise<Found<Opened>> {
    this.#refuseOverTime()
    const target = this.#routed.reach.target(id)
    const admitted = this.#means.health.admit(id, this.#means.nowMs(), false)
    if (admitted === 'skip') return this.#skip(target, this.#isCooling(id) ? 'rate_limited' : 'down')
    return this.#placed(target, admitted === 'probe')
  }

  /** One attempt; if it is a retry, only where that does not make an outage worse. */
  async #placed(target: Target, isProbe: boolean): Promise<Found<Opened>> {
    const { throttle, health } = this.#means
    const { id, provider } = target.endpoint
    const attempt = () => this.#attempt(target, isProbe)
    if (this.#routed.call.attempts.length === 0) return attempt()
    const found = await throttle.asRetry(provider, attempt)
    if (found !== 'throttled') return found
    if (isProbe) health.release(id)
    return this.#skip(target, 'throttled')
  }

  /** One attempt, recorded. Throws the fault that the caller has to be told at once. */
  async #attempt(target: Target, isProbe: boolean): Promise<Found<Opened>> {
    const { call, decision } = this.#routed
    const { health, throttle, nowMs } = this.#means
    const { id, provider } = target.endpoint
    const startedMs = nowMs()
    if (this.#skipped.length > 0) this.#skipped = this.#skipped.filter(({ endpoint }) => endpoint !== id)
    try {
      const opened = await this.#open(target, this.#patience(id, startedMs))
      const begunMs = nowMs()
      call.attempts.push(attemptOf(target, call, startedMs, begunMs, null))
      throttle.succeeded(provider)
      if (isProbe || call.streamed) health.begun(id, call.streamed ? begunMs - startedMs : null, begunMs)
      return { opened, attempt: call.attempts.length - 1 }
    } catch (thrown) {
      const fault = asFault(thrown)
      call.attempts.push(attemptOf(target, call, startedMs, nowMs(), fault))
      const kind = failureKind(fault)
      this.#judge(target, fault, startedMs, isProbe)
      const step = stepAfter(kind, decision.failover.on, decision.fallbackOn)
      if (step === 'stop') throw this.#told(fault)
      if (kind) this.#kinds.push(kind)
      this.#last = { fault, endpoint: id, provider }
      return step === 'fallback' ? 'fallback' : null
    }
  }

  /** What a failure says of its endpoint and its account. */
  #judge({ endpoint: { id, provider } }: Target, fault: Fault, sinceMs: number, isProbe: boolean): void {
    const { health, throttle, nowMs } = this.#means
    const kind = failureKind(fault)
    if (kind && countsAgainstHealth(fault)) {
      throttle.failed(provider)
      return health.note(id, { ok: false, kind, sinceMs }, nowMs())
    }
    if (fault.code === 'upstream_rate_limited') {
      const { retryAfterMs } = fault.facts
      return health.cool(id, retryAfterMs === undefined ? null : nowMs() + retryAfterMs, nowMs())
    }
    if (fault.code === 'upstream_credential_refused' && ACCOUNT_STATUSES.includes(statusOf(fault))) {
      return health.cool(id, nowMs() + REFUSED_CREDENTIAL_MS, nowMs())
    }
    if (isProbe) health.release(id)
  }

  /** When all that stands in the way are rate limits and one of them is short, waits for it and goes round once more. */
  async #afterRateLimit(): Promise<Connected<Opened> | null> {
    const { call } = this.#routed
    const freeAtMs = this.#freeAtMs()
    if (!isRateLimited(call.attempts, this.#skipped) || freeAtMs > (this.#totalEndsMs ?? Infinity)) return null
    const isFree = await this.#means.waitingRoom.wait(call.caller.tenantId, freeAtMs, call.signal)
    this.#refuseOverTime()
    return isFree ? this.#round() : null
  }

  /** What is left is known to be down. The best of it is asked all the same, by one request at a time. */
  async #lastResort(): Promise<Connected<Opened> | null> {
    const { health, throttle, nowMs } = this.#means
    const best = this.#skipped.find(({ reason }) => reason === 'down')
    if (!best) return null
    const target = this.#routed.reach.target(best.endpoint)
    const found = await throttle.asLastResort(target.endpoint.model, () =>
      this.#placed(target, health.admit(best.endpoint, nowMs(), true) === 'probe'),
    )
    return found === 'fallback' ? null : found
  }

  /** The last target could not even be reached, so nothing was begun there: it is asked once more, a moment later. */
  async #sameAgain(): Promise<Connected<Opened> | null> {
    const { call, decision } = this.#routed
    const { health, throttle, nowMs, dice } = this.#means
    if (!this.#last || !neverLeft(this.#last.fault) || call.attempts.length >= decision.failover.attempts) return null
    const { endpoint, provider } = this.#last
    // Nobody waits for what would not be allowed afterwards.
    if (isDown(health.pages.get(endpoint) ?? UNKNOWN_HEALTH, nowMs()) || !throttle.mayRetry(provider)) return null
    await backOff(BACK_OFF_MS_MIN + (BACK_OFF_MS_MAX - BACK_OFF_MS_MIN) * dice(), call.signal)
    const found = await this.#try(endpoint)
    return found === 'fallback' ? null : found
  }

  #skip(target: Target, reason: SkipReason): null {
    const { id, provider } = target.endpoint
    if (reason !== 'throttled') this.#kinds.push(reason === 'down' ? 'outage' : 'rate_limit')
    // One that was tried, or passed over for another reason before, is listed already.
    const listed = [...this.#routed.call.attempts, ...this.#skipped]
    if (!listed.some(({ endpoint }) => endpoint === id)) this.#skipped.push({ endpoint: id, provider, reason })
    return null
  }

  #isCooling(id: EndpointId): boolean {
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

  /** What an attempt may take now. The last target has nobody behind it, so it is not given up because it is slow today. */
  #patience(id: EndpointId, nowMs: number): Patience {
    const { patience, health } = this.#means
    const { targets, fallbacks, failover } = this.#routed.decision
    const isLast = id === (fallbacks.at(-1) ?? targets.at(-1))
    const usualMs = health.firstTokenDeadlineMs(id, patience.firstTokenMs)
    const firstTokenMs = failover.firstTokenMs ?? (isLast ? Math.max(usualMs, patience.firstTokenMs) : usualMs)
    const totalMs = this.#totalEndsMs === null ? null : this.#totalEndsMs - nowMs
    return { ...patience, firstTokenMs: Math.round(firstTokenMs), totalMs }
  }

  #refuseOverTime(): void {
    const { signal } = this.#routed.call
    if (signal.aborted) throw this.#told(asFault(signal.reason))
    if (this.#totalEndsMs !== null && this.#means.nowMs() >= this.#totalEndsMs) throw this.#told(overTime())
  }

  /** What a provider did wrong, or had no time for, is told with all that was tried; the caller's own mistake as it is. */
  #told(fault: Fault): Fault {
    const isOurs = fault.blame === 'upstream' || wasCalledOff(fault)
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
