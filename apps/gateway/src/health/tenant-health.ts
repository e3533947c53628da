import {
  isDown,
  isTripped,
  ownerOf,
  OTHERS_FIRST_MS,
  UNKNOWN_HEALTH,
  type Attempt,
  type Fault,
  type HealthView,
  type Outcome,
  type TargetId,
  type TenantId,
} from '@turnpike/domain'
import { Evidence } from './evidence.ts'
import type { HedgeTiming } from './hedge-timing.ts'
import { NOT_COUNTED } from './record.ts'
import { TenantBreakers } from './tenant-breakers.ts'
import type { HealthTracker } from './tracker.ts'

/** An endpoint that fails for one tenant is probed at most this often: the operator pays for a probe. */
const PROBE_PAUSE_MS = 10_000

/** Whose call it is, and whether its attempts say anything to other tenants. */
interface Witness {
  readonly tenantId: TenantId
  /** The caller scripted a simulated provider: what follows is no fact of the endpoint. */
  readonly isScripted: boolean
  /** About how long the prompt is. */
  readonly promptTokens: number
}

/**
 * Health of endpoints as each tenant sees it: shared by all, and beside it the tenant's own breakers. Shared health is moved by the
 * operator's limits and by more than one tenant; where one tenant alone has failures, the operator's probe decides. Targets of a tenant's
 * own have that tenant's attempts only, and go straight to the tracker.
 */
export class TenantHealth {
  readonly #breakers: TenantBreakers
  readonly #evidence = new Map<TargetId, Evidence>()
  /** Endpoints that one tenant found down, and when they were last probed for it. */
  readonly #probesWanted = new Map<TargetId, { probedMs: number; isDue: boolean }>()

  /** @param dice uniform in [0, 1) */
  constructor(
    readonly shared: HealthTracker,
    dice: () => number = Math.random,
  ) {
    this.#breakers = new TenantBreakers(dice)
  }

  of(witness: Witness): CallHealth {
    return new CallHealth(this, this.#breakers, witness)
  }

  /** What the tenant's requests are routed by. */
  view(tenantId: TenantId): HealthView {
    return this.#breakers.view(tenantId, this.shared.states)
  }

  evidence(target: TargetId, nowMs: number): Evidence {
    const known = this.#evidence.get(target)
    if (known) return known
    const evidence = new Evidence(nowMs)
    this.#evidence.set(target, evidence)
    return evidence
  }

  /** One tenant alone found the endpoint down: the operator's probe shall decide. */
  requestProbe(target: TargetId, nowMs: number): void {
    const known = this.#probesWanted.get(target)
    if (!known) this.#probesWanted.set(target, { probedMs: -Infinity, isDue: true })
    else if (nowMs - known.probedMs >= PROBE_PAUSE_MS) known.isDue = true
  }

  /** Endpoints to be probed now because of one tenant's failures, so many at most. Each is returned once. */
  takeProbes(nowMs: number, most = Infinity): TargetId[] {
    const due: TargetId[] = []
    for (const [target, wanted] of this.#probesWanted) {
      if (!wanted.isDue || due.length >= most) continue
      due.push(target)
      wanted.isDue = false
      wanted.probedMs = nowMs
    }
    return due
  }

  /** Once a second: what is at rest is dropped. */
  tick(nowMs: number): void {
    this.#breakers.tick(nowMs)
    for (const [target, evidence] of this.#evidence) if (evidence.isIdle(nowMs)) this.#evidence.delete(target)
    for (const [target, { probedMs, isDue }] of this.#probesWanted) {
      if (!isDue && nowMs - probedMs >= PROBE_PAUSE_MS) this.#probesWanted.delete(target)
    }
  }

  /** Endpoints that are down for one tenant only, counted once per tenant. */
  downForOne(): number {
    return this.#breakers.down()
  }
}

/** The health that one call sees and changes. Every `nowMs` is monotonic milliseconds, of the router's clock. */
export class CallHealth {
  readonly #tenantId: TenantId

  constructor(
    private readonly all: TenantHealth,
    private readonly breakers: TenantBreakers,
    private readonly witness: Witness,
  ) {
    this.#tenantId = witness.tenantId
  }

  get states(): HealthView {
    return this.all.view(this.#tenantId)
  }

  /** See `HealthTracker.admit`. A scripted call is never the shared probe, nor is a call of the tenant whose probe failed last. */
  admit(target: TargetId, nowMs: number, isLast: boolean): 'go' | 'probe' | 'skip' {
    const { shared } = this.all
    if (isOwn(target)) return shared.admit(target, nowMs, isLast)
    const own = this.breakers.admit(this.#tenantId, target, nowMs, isLast)
    if (own === 'skip') return 'skip'
    const answer = this.#mayProbe(target, nowMs) ? shared.admit(target, nowMs, isLast) : isLast ? 'go' : 'skip'
    if (answer === 'skip' && own === 'probe') this.breakers.release(this.#tenantId, target)
    return answer === 'go' ? own : answer
  }

  /** See `HealthTracker.begun`. */
  begun(target: TargetId, firstTokenMs: number | null, nowMs: number): void {
    const { shared } = this.all
    if (isOwn(target)) return shared.begun(target, firstTokenMs, nowMs)
    this.breakers.begun(this.#tenantId, target, nowMs, nowMs - (firstTokenMs ?? 0), firstTokenMs !== null)
    if (this.witness.isScripted) return
    const evidence = this.all.evidence(target, nowMs)
    evidence.succeeded(this.#tenantId, firstTokenMs !== null, nowMs)
    shared.begun(target, firstTokenMs, nowMs, evidence.isTypical(this.witness.promptTokens, nowMs))
  }

  /** See `HealthTracker.note`. What a limit of the tenant's own ended is news to that tenant only. */
  note(target: TargetId, outcome: Outcome & { readonly ownLimit?: boolean }, nowMs: number): void {
    const { shared } = this.all
    if (isOwn(target)) return shared.note(target, outcome, nowMs)
    if (!outcome.ok && NOT_COUNTED.includes(outcome.kind)) return this.release(target)
    const isDownForOne = this.breakers.note(this.#tenantId, target, outcome, nowMs)
    if (this.witness.isScripted) return
    if (outcome.ownLimit) return shared.release(target)
    const evidence = this.all.evidence(target, nowMs)
    const state = shared.states.get(target) ?? UNKNOWN_HEALTH
    if (outcome.ok) evidence.succeeded(this.#tenantId, !outcome.begun, nowMs)
    else if (isTripped(state)) {
      if (state.probeUntilMs > nowMs) evidence.probeFailed(this.#tenantId)
    } else if (!evidence.failureCounts(this.#tenantId, nowMs)) {
      if (isDownForOne) this.all.requestProbe(target, nowMs)
      return
    }
    shared.note(target, outcome, nowMs)
  }

  /** The attempt was cancelled and says nothing: another may be the probe. */
  release(target: TargetId): void {
    this.breakers.release(this.#tenantId, target)
    if (!this.witness.isScripted) this.all.shared.release(target)
  }

  /** The provider limits the rate: a cooldown for this tenant, and for all when it limits a second one. */
  startCooldown(target: TargetId, untilMs: number | null, nowMs: number): void {
    const { shared } = this.all
    if (isOwn(target)) return shared.startCooldown(target, untilMs, nowMs)
    const ownUntilMs = this.breakers.startCooldown(this.#tenantId, target, untilMs, nowMs)
    if (this.witness.isScripted) return
    const isShared = this.all.evidence(target, nowMs).isLimitedForTwo(this.#tenantId, ownUntilMs, nowMs)
    if (isShared) shared.startCooldown(target, untilMs, nowMs)
    else shared.release(target)
  }

  /** See `HealthTracker.refused`: of credentials of the tenant's own. */
  refused(target: TargetId, version: number, fault: Fault, untilMs: number, nowMs: number): void {
    this.all.shared.refused(target, version, fault, untilMs, nowMs)
  }

  refusal(target: TargetId, version: number, nowMs: number): Fault | null {
    return this.all.shared.refusal(target, version, nowMs)
  }

  firstTokenDeadlineMs(target: TargetId, fallbackMs: number): number {
    return this.all.shared.firstTokenDeadlineMs(target, fallbackMs)
  }

  hedgeTiming(target: TargetId): HedgeTiming | undefined {
    return this.witness.isScripted ? undefined : this.all.shared.hedgeTiming(target)
  }

  /** Minutes of health, which all tenants are shown. */
  keep(attempts: readonly Attempt[], tokensPerSecond: number | null): void {
    const kept = this.witness.isScripted ? attempts.filter(({ endpoint }) => isOwn(endpoint)) : attempts
    this.all.shared.keep(kept, tokensPerSecond)
  }

  /** Whether the call may find out for all tenants that the endpoint is back; true where there is nothing to find out. */
  #mayProbe(target: TargetId, nowMs: number): boolean {
    const health = this.all.shared.states.get(target)
    if (!health || !isTripped(health) || isDown(health, nowMs)) return true
    if (this.witness.isScripted) return false
    if (nowMs >= health.downUntilMs + OTHERS_FIRST_MS) return true
    if (!this.all.evidence(target, nowMs).failedLastProbe(this.#tenantId)) return true
    this.all.requestProbe(target, nowMs)
    return false
  }
}

function isOwn(target: TargetId): boolean {
  return ownerOf(target) !== null
}
