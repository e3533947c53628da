import { DEFAULT_FAILOVER, Fault, route, type FaultCode, type Objective, type TargetId } from '@turnpike/domain'
import { aCaller, aCatalogue, anEndpoint, diceOf, sampleSize } from '@turnpike/testkit'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { aCall, aRouteRequest } from '../call/call.fixture.ts'
import { Progress } from '../call/progress.ts'
import { TenantHealth } from '../health/tenant-health.ts'
import { HealthTracker } from '../health/tracker.ts'
import { aTarget, connect, routedTo } from './failover.fixture.ts'
import { HedgeBudget } from './hedge-budget.ts'
import { RetryThrottle } from './retry-throttle.ts'

/** First tokens of the endpoints, all of which work. */
const USUAL_MS: Readonly<Record<string, number>> = { 'acorn/m/x': 300, 'birch/m/x': 500, 'cedar/m/x': 800 }
const TARGETS = Object.keys(USUAL_MS) as TargetId[]
const MODEL = 'm/x'
/** First token after a prompt of a million tokens. */
const LONG_MS = 1_000
const FAILS_AFTER_MS = 10
const catalogue = aCatalogue(['acorn', 'birch', 'cedar'].map((slug) => anEndpoint(slug, MODEL)))

/** What one request of the attacker is, and how its attempts end where they do not succeed. */
interface Attack {
  readonly kind: 'fails' | 'scripted' | 'impatient' | 'long' | 'patient'
  readonly code: FaultCode
  readonly status: number
  readonly retryAfterMs: number | undefined
  readonly firstTokenMs: number
  readonly order: readonly TargetId[]
  readonly times: number
}

const anyAttack: fc.Arbitrary<Attack> = fc.record({
  kind: fc.constantFrom('fails', 'scripted', 'impatient', 'long', 'patient'),
  code: fc.constantFrom<FaultCode>(
    'upstream_error',
    'upstream_overloaded',
    'upstream_unreachable',
    'upstream_garbled',
    'upstream_timeout',
    'upstream_rate_limited',
    'upstream_credential_refused',
    'upstream_model_missing',
    'upstream_empty',
    'request_refused_upstream',
    'content_refused',
  ),
  status: fc.constantFrom(401, 402, 403, 429, 500, 503),
  retryAfterMs: fc.constantFrom(undefined, 0, 1_000, 300_000, 1e12),
  firstTokenMs: fc.constantFrom(1, 100, 299, 799, 600_000),
  order: fc.shuffledSubarray([...TARGETS], { minLength: 1 }),
  times: fc.integer({ min: 1, max: 40 }),
})

/** How a request of the victim's was routed, and what it was served by, or the code of its fault. */
interface Served {
  /** Of many draws, the share that each target comes first in. */
  readonly first: Readonly<Record<string, number>>
  readonly by: string
}

const DRAWS = 50

class Gateway {
  #nowMs = 0
  readonly #attacker = aCaller()
  readonly #victim = aCaller()
  readonly #third = aCaller()
  readonly #tenants = new TenantHealth(new HealthTracker({ dice: () => 0.5 }), () => 0.5)
  readonly #shared = {
    throttle: new RetryThrottle(() => 1),
    hedges: new HedgeBudget(() => this.#nowMs),
    // Nobody waits: the attacker's request fails at once.
    rateLimitQueue: { wait: () => Promise.resolve(false) } as never,
    deadlines: { firstTokenMs: 30_000, wholeMs: 120_000, idleMs: 30_000, totalMs: null },
    nowMs: () => this.#nowMs,
    after: () => () => undefined,
    dice: () => 0,
  }

  /** A plain request of the victim's, a second after the last one. The first attempt fails where `isUnlucky`. */
  async serve(objective: Objective, dice: number, isUnlucky: boolean): Promise<Served> {
    this.#pass(1_000)
    const call = aCall([MODEL], { streamed: true, startedMs: this.#nowMs }, this.#victim)
    const snapshot = {
      catalogue,
      reachable: new Set(catalogue.providers.keys()),
      health: this.#tenants.view(this.#victim.tenantId),
      wallMs: 0,
      warm: null,
    }
    const request = aRouteRequest([MODEL], { preferences: { objective } })
    const ordered = (draw: number) => route(request, this.#victim, snapshot, this.#nowMs, draw).targets
    const first: Record<string, number> = {}
    for (let i = 0; i < DRAWS; i++) {
      const id = ordered((i + 0.5) / DRAWS)[0] ?? 'none'
      first[id] = (first[id] ?? 0) + 1 / DRAWS
    }
    let attempts = 0
    const by = await this.#connect(call, ordered(dice), {}, 100, (id) => {
      if (isUnlucky && attempts++ === 0) throw new Fault('upstream_error', 'It failed.')
      this.#nowMs += USUAL_MS[id] ?? 0
    })
    return { first, by }
  }

  /** A plain request of a third tenant's, at one target. */
  async teach(target: TargetId): Promise<void> {
    const call = aCall([MODEL], { streamed: true, startedMs: this.#nowMs }, this.#third)
    await this.#connect(call, [target], {}, 100, (id) => (this.#nowMs += USUAL_MS[id] ?? 0))
  }

  async attack({ kind, code, status, retryAfterMs, firstTokenMs, order, times }: Attack): Promise<void> {
    const simulation: Record<string, string> = kind === 'scripted' ? { 'x-sim-fault': code } : {}
    const call = aCall([MODEL], { streamed: true, startedMs: this.#nowMs, simulation }, this.#attacker)
    const failover = kind === 'impatient' ? { firstTokenMs } : {}
    const promptTokens = kind === 'long' ? 1_000_000 : 100
    const hint = retryAfterMs === undefined ? {} : { retryAfterMs }
    for (let i = 0; i < times; i++) {
      await this.#connect(call, order, failover, promptTokens, (id) => {
        const usualMs = kind === 'long' ? LONG_MS : (USUAL_MS[id] ?? 0)
        const isLate = kind === 'impatient' && firstTokenMs < usualMs
        const isFailing = kind === 'fails' || kind === 'scripted'
        this.#nowMs += isFailing ? FAILS_AFTER_MS : Math.min(usualMs, isLate ? firstTokenMs : usualMs)
        if (isFailing) throw new Fault(code, 'It failed.', { detail: { status }, ...hint })
        if (isLate) throw new Fault('upstream_timeout', 'Too slow.')
      })
    }
  }

  async #connect(
    call: ReturnType<typeof aCall>,
    targets: readonly TargetId[],
    failover: object,
    promptTokens: number,
    attempt: (id: string) => unknown,
  ): Promise<string> {
    const isScripted = Object.keys(call.simulation).length > 0
    const health = this.#tenants.of({ tenantId: call.caller.tenantId, isScripted, promptTokens })
    const progress = new Progress(call)
    const startedMs = this.#nowMs
    const routed = routedTo(targets, { failover: { ...DEFAULT_FAILOVER, ...failover } }, aTarget)
    const opened = await connect(
      progress,
      routed,
      async ({ id }) => {
        attempt(id)
        return await Promise.resolve(id as string)
      },
      { ...this.#shared, health },
    ).catch((thrown: unknown) => (thrown instanceof Fault ? thrown.code : Promise.reject(thrown as Error)))
    const answering = progress.answering
    if (answering) {
      const outcome = { ok: true, firstTokenMs: null, tokensPerSecond: 50, sinceMs: startedMs, begun: true } as const
      health.note(answering.endpoint, outcome, this.#nowMs)
    }
    health.keep(progress.evidence, null)
    return opened
  }

  #pass(ms: number): void {
    this.#nowMs += ms
    this.#tenants.shared.tick(this.#nowMs)
    this.#tenants.tick(this.#nowMs)
    // The operator's probes succeed: every endpoint works.
    for (const target of this.#tenants.takeProbes(this.#nowMs)) {
      const outcome = { ok: true, firstTokenMs: null, tokensPerSecond: null, sinceMs: this.#nowMs } as const
      this.#tenants.shared.note(target, outcome, this.#nowMs)
    }
  }
}

/** The victim's requests, between the attacker's. */
async function play(attacks: readonly Attack[], seed: number, objective: Objective, unlucky = 0): Promise<Served[]> {
  const gateway = new Gateway()
  const dice = diceOf(seed)
  const served: Served[] = []
  // All endpoints are known, and since lately.
  for (let i = 0; i < 4; i++) for (const target of TARGETS) await gateway.teach(target)
  for (const attack of attacks) {
    await gateway.attack(attack)
    for (let i = 0; i < 3; i++) served.push(await gateway.serve(objective, dice(), dice() < unlucky))
  }
  return served
}

const anyObjective = fc.constantFrom<Objective>('balanced', 'cost', 'latency', 'throughput', 'uptime')
const attacks = fc.array(anyAttack, { minLength: 1, maxLength: 12 })
const RUNS = sampleSize({ part: 15, all: 2_000 })

/** A share of draws that shifts with every attempt, whoever makes it. */
const NOISE = 0.15

it('whatever one tenant sends, others are routed as beside a tenant with plain requests', { timeout: 600_000 }, () =>
  fc.assert(
    fc.asyncProperty(attacks, fc.nat(), anyObjective, async (all, seed, objective) => {
      const attacked = await play(all, seed, objective)
      const plain = await play(
        all.map((one) => ({ ...one, kind: 'patient' as const })),
        seed,
        objective,
      )
      attacked.forEach(({ first }, i) => {
        for (const target of TARGETS) {
          const shift = Math.abs((first[target] ?? 0) - (plain[i]?.first[target] ?? 0))
          expect(shift, `${target} of request ${i}`).toBeLessThanOrEqual(NOISE)
        }
      })
    }),
    { numRuns: RUNS },
  ),
)

it('and none of its requests fails, also where one attempt in ten does', { timeout: 600_000 }, () =>
  fc.assert(
    fc.asyncProperty(attacks, fc.nat(), async (all, seed) => {
      for (const { by } of await play(all, seed, 'balanced', 0.1)) expect(TARGETS).toContain(by)
    }),
    { numRuns: RUNS },
  ),
)
