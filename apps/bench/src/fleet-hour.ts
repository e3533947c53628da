import {
  asFault,
  catalogueOf,
  cost,
  Fault,
  NO_USAGE,
  route,
  type Caller,
  type Catalogue,
  type TargetId,
  type ModelSlug,
  type Objective,
  type RequestId,
  type RouteRequest,
  type Usage,
} from '@turnpike/domain'
import { adapterFor } from '@turnpike/providers'
import { aCaller, aModel, anEndpoint, aPrice, aProvider, aVersionedPolicy, diceOf } from '@turnpike/testkit'
import type { Call } from '../../gateway/src/call/call.ts'
import { Progress } from '../../gateway/src/call/progress.ts'
import type { ConnectDependencies } from '../../gateway/src/connect/dependencies.ts'
import { Failover } from '../../gateway/src/connect/failover.ts'
import { HealthTracker } from '../../gateway/src/health/tracker.ts'
import { HedgeBudget } from '../../gateway/src/connect/hedge-budget.ts'
import { RateLimitQueue } from '../../gateway/src/connect/rate-limit-queue.ts'
import type { Target } from '../../gateway/src/targets/target.ts'
import { RetryThrottle } from '../../gateway/src/connect/retry-throttle.ts'
import { VirtualClock } from './virtual-clock.ts'

/** How one provider of the fleet serves. */
export interface Serving {
  readonly slug: string
  /** Times the base price. */
  readonly price: number
  /** Median milliseconds to the first token; logarithms of single ones are normal with a deviation of SPREAD. */
  readonly firstTokenMs: number
  readonly tokensPerSecond: number
  /** Share of requests that it answers with an error. */
  readonly errors: number
}

/** Part of the hour in which one provider is slower by that factor, or refuses everything. */
export interface Trouble {
  readonly slug: string
  readonly fromMs: number
  readonly untilMs: number
  readonly slower: number | 'out'
}

/** What one request came to. Times are of the caller: from its arrival, failed attempts included. */
export interface Served {
  readonly atMs: number
  /** Null: it failed. */
  readonly provider: string | null
  readonly attempts: number
  readonly firstTokenMs: number
  readonly tokensPerSecond: number
  readonly costNano: bigint
}

/** By which policy the hour is served: an objective, and the providers it may use (null: all). */
export interface Contestant {
  readonly name: string
  readonly objective: Objective
  readonly only: readonly string[] | null
}

const HOUR_MS = 3_600_000
const REQUESTS_PER_SECOND = 10
const SPREAD = 0.35
/** Time at the start, while no health is known; not counted. */
const WARM_UP_MS = 300_000
/** For requests of the last second. */
const LAST_ANSWERS_MS = 60_000
/** Dollars per million tokens, times a thousand million: what a middling model costs. */
const BASE = { prompt: 1_000_000_000n, completion: 4_000_000_000n }
const PROMPT_TOKENS = 600
const COMPLETION_TOKENS = 300
/** Share of the time to first token after which an error comes; a refusal comes at once. */
const ERROR_AFTER = 0.3
const REFUSED_AFTER_MS = 30
const MODEL = 'bench/fleet' as ModelSlug
/** More than the longest prompt. */
const CONTEXT_LENGTH = 128_000
const PATIENCE = { firstTokenMs: 30_000, wholeMs: 120_000, idleMs: 30_000, totalMs: null }

/**
 * One hour of requests through the router, the health book and the failover of the gateway, by a clock that jumps from event to event.
 * Every contestant meets the same requests, and a request has the same outcome at a provider under every policy.
 */
export function serveHour(
  contestant: Contestant,
  fleet: readonly Serving[],
  troubles: readonly Trouble[],
): Promise<Served[]> {
  return new Hour(contestant, fleet, troubles).run()
}

class Hour {
  readonly #clock = new VirtualClock()
  readonly #fleet: ReadonlyMap<string, { readonly serving: Serving; readonly place: number }>
  readonly #troubles: readonly Trouble[]
  readonly #catalogue: Catalogue
  readonly #caller: Caller
  readonly #book = new HealthTracker({ dice: diceOf(3) })
  readonly #arrivals = diceOf(1)
  readonly #draws = diceOf(2)
  readonly #means: ConnectDependencies
  readonly #served: Served[] = []
  #inFlight = 0
  #number = 0

  constructor(contestant: Contestant, fleet: readonly Serving[], troubles: readonly Trouble[]) {
    this.#fleet = new Map(fleet.map((serving, place) => [serving.slug, { serving, place }]))
    this.#troubles = troubles
    this.#catalogue = catalogueOfFleet(fleet)
    const { objective, only } = contestant
    this.#caller = aCaller({ funds: 'operator', balance: null, policies: [aVersionedPolicy({ objective, only })] })
    const nowMs = () => this.#clock.nowMs
    this.#means = {
      health: this.#book,
      throttle: new RetryThrottle(() => this.#inFlight),
      hedges: new HedgeBudget(nowMs),
      rateLimitQueue: new RateLimitQueue(nowMs),
      deadlines: PATIENCE,
      nowMs,
      after: () => () => {},
      dice: diceOf(4),
    }
  }

  async run(): Promise<Served[]> {
    this.#arrive()
    this.#tick()
    await this.#clock.runUntil(WARM_UP_MS + HOUR_MS + LAST_ANSWERS_MS)
    return this.#served
      .filter(({ atMs }) => atMs >= WARM_UP_MS)
      .map((served) => ({ ...served, atMs: served.atMs - WARM_UP_MS }))
  }

  /** Arrivals are independent of one another. */
  #arrive(): void {
    const gapMs = (-Math.log(1 - this.#arrivals()) * 1_000) / REQUESTS_PER_SECOND
    if (this.#clock.nowMs + gapMs >= WARM_UP_MS + HOUR_MS) return
    this.#clock.after(gapMs, () => {
      void this.#serve(this.#number++)
      this.#arrive()
    })
  }

  /** What the gateway does each second: figures fade, and endpoints that are down and due are probed. */
  #tick(): void {
    this.#book.tick(this.#clock.nowMs)
    for (const id of this.#book.due(this.#clock.nowMs)) {
      if (this.#book.admit(id, this.#clock.nowMs, false) !== 'probe') continue
      const sinceMs = this.#clock.nowMs
      const outcome = this.#troubleAt(slugOf(id))?.slower === 'out' ? FAILED : ANSWERED
      this.#clock.after(REFUSED_AFTER_MS, () => this.#book.note(id, { ...outcome, sinceMs }, this.#clock.nowMs))
    }
    this.#clock.after(1_000, () => this.#tick())
  }

  async #serve(number: number): Promise<void> {
    const atMs = this.#clock.nowMs
    const luck = diceOf(number * 7_919)
    const usage: Usage = {
      ...NO_USAGE,
      promptTokens: Math.ceil(PROMPT_TOKENS * Math.exp(normal(luck))),
      completionTokens: Math.ceil(COMPLETION_TOKENS * Math.exp(0.8 * normal(luck))),
    }
    const { promptTokens } = usage
    const request: RouteRequest = { models: [MODEL], promptTokens, maxTokens: 2_000, parameters: [], preferences: {} }
    const world = { catalogue: this.#catalogue, reachable: new Set(this.#catalogue.providers.keys()) }
    const snapshot = { ...world, health: this.#book.states, wallMs: 0, warm: null }
    const decision = route(request, this.#caller, snapshot, atMs, this.#draws())
    const progress = new Progress(callOf(this.#caller, request, atMs))
    const routed = { decision, directory: { ...world, target: (id: TargetId) => this.#targetOf(id) } }
    this.#inFlight++
    try {
      const target = await new Failover(progress, routed, (to) => this.#open(to, number), this.#means).connect()
      this.#stream(target, usage, atMs, progress.answering?.startMs ?? 0, progress.attempts.length)
    } catch (thrown) {
      const fault = asFault(thrown)
      if (fault.blame === 'us' && fault.code === 'internal') throw thrown
      const nothing = { provider: null, firstTokenMs: Number.NaN, tokensPerSecond: Number.NaN, costNano: 0n }
      this.#served.push({ ...nothing, atMs, attempts: progress.attempts.length })
      this.#inFlight--
    }
  }

  /** One attempt: an error, or the first token after its time. */
  #open(target: Target, number: number): Promise<Target> {
    const { serving, place } = this.#servingOf(target.provider.slug)
    const luck = diceOf(number * 7_919 + place + 1)
    const trouble = this.#troubleAt(serving.slug)
    const slower = typeof trouble?.slower === 'number' ? trouble.slower : 1
    const firstTokenMs = serving.firstTokenMs * slower * Math.exp(SPREAD * normal(luck))
    if (trouble?.slower === 'out') return this.#fails('upstream_overloaded', REFUSED_AFTER_MS)
    if (luck() < serving.errors) return this.#fails('upstream_error', firstTokenMs * ERROR_AFTER)
    return new Promise((resolve) => this.#clock.after(firstTokenMs, () => resolve(target)))
  }

  #fails(code: 'upstream_overloaded' | 'upstream_error', afterMs: number): Promise<never> {
    return new Promise((_resolve, reject) =>
      this.#clock.after(afterMs, () => reject(new Fault(code, 'The provider of the benchmark failed.'))),
    )
  }

  /** The answer comes at the provider's pace; the book records it at the end, as the meter does. */
  #stream(target: Target, usage: Usage, atMs: number, startMs: number, attempts: number): void {
    const { serving } = this.#servingOf(target.provider.slug)
    const trouble = this.#troubleAt(serving.slug)
    const tokensPerSecond = serving.tokensPerSecond / (typeof trouble?.slower === 'number' ? trouble.slower : 1)
    const firstTokenMs = this.#clock.nowMs - atMs
    this.#clock.after((usage.completionTokens * 1_000) / tokensPerSecond, () => {
      const outcome = { ...ANSWERED, tokensPerSecond, sinceMs: atMs + startMs, begun: true }
      this.#book.note(target.endpoint.id, outcome, this.#clock.nowMs)
      this.#inFlight--
    })
    const costNano = target.endpoint.price ? cost(usage, target.endpoint.price).total : 0n
    this.#served.push({ atMs, provider: serving.slug, attempts, firstTokenMs, tokensPerSecond, costNano })
  }

  #troubleAt(slug: string): Trouble | undefined {
    const nowMs = this.#clock.nowMs - WARM_UP_MS
    return this.#troubles.find((one) => one.slug === slug && nowMs >= one.fromMs && nowMs < one.untilMs)
  }

  #servingOf(slug: string): { readonly serving: Serving; readonly place: number } {
    const found = this.#fleet.get(slug)
    if (!found) throw new Error(`${slug} is not of the fleet`)
    return found
  }

  #targetOf(id: string): Target {
    const [endpoint] = this.#catalogue.endpointsOf.get(MODEL)?.filter((one) => one.id === id) ?? []
    const provider = endpoint && this.#catalogue.providers.get(endpoint.provider)
    if (!endpoint || !provider) throw new Error(`${id} is not of the fleet`)
    return {
      ...{ id: endpoint.id, endpoint, provider, adapter: adapterFor('openai'), baseUrl: provider.baseUrl },
      ...{ secret: () => 'none', account: provider.slug, egress: 'unrestricted', own: null },
    }
  }
}

const ANSWERED = { ok: true, firstTokenMs: null, tokensPerSecond: null } as const
const FAILED = { ok: false, kind: 'outage' } as const

function slugOf(id: string): string {
  return id.slice(0, id.indexOf('/'))
}

function catalogueOfFleet(fleet: readonly Serving[]): Catalogue {
  const providers = fleet.map(({ slug }) => aProvider(slug, { simulated: false }))
  const endpoints = fleet.map(({ slug, price }) => {
    const dollars = { prompt: times(BASE.prompt, price), completion: times(BASE.completion, price) }
    return anEndpoint(slug, MODEL, { contextLength: CONTEXT_LENGTH, price: aPrice(dollars) })
  })
  return catalogueOf(1, [aModel(MODEL, { contextLength: CONTEXT_LENGTH })], providers, endpoints)
}

function times(price: bigint, factor: number): bigint {
  return (price * BigInt(Math.round(factor * 100))) / 100n
}

function callOf(caller: Caller, request: RouteRequest, atMs: number): Call {
  return {
    ...{
      id: '20261121-aaaaaaaaaaaaaaaaaaaa' as RequestId,
      kind: 'chat',
      caller,
      requestedModel: MODEL,
      countedModel: MODEL,
    },
    ...{ preset: null, routeRequest: request, conversation: null, streamed: true, endUser: null },
    responseOptions: { decision: false, metadata: false, region: null },
    ...{ beganAtMs: 0, startedMs: atMs, simulation: {}, signal: new AbortController().signal },
  }
}

/** Of the standard normal distribution (Box and Muller, 1958). */
function normal(dice: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - dice())) * Math.cos(2 * Math.PI * dice())
}
