import { route, type TargetId, type Objective, type RouteRequest } from '@turnpike/domain'
import { aCaller, aCatalogue, anEndpoint, aPrice } from '@turnpike/testkit'
import { HealthTracker, type HealthTrackerOptions } from './tracker.ts'

/** How an endpoint behaves at a time: milliseconds to the first token, or that it fails at once. */
type Behaviour = (nowMs: number) => number | 'fails'

/** One attempt that was made: when, at which provider, and how it was admitted. */
interface Made {
  readonly atMs: number
  readonly provider: string
  readonly admitted: 'go' | 'probe'
  readonly failed: boolean
}

const MODEL = 'sim/swift-8b'
const FAILS_AFTER_MS = 5
const STREAMS_FOR_MS = 2_000

/** A node that routes by its tracker through hours of simulated traffic. The clock is a queue of what happens next. */
export class World {
  nowMs = 0
  readonly made: Made[] = []
  readonly tracker: HealthTracker
  /** Requests that no target could answer. */
  unanswered = 0
  readonly #behaviours: Readonly<Record<string, Behaviour>>
  readonly #catalogue
  readonly #caller = aCaller()
  readonly #events: { readonly atMs: number; readonly happen: () => void }[] = []
  #seed = 42

  /** @param behaviours by provider; all serve one model at one price */
  constructor(behaviours: Readonly<Record<string, Behaviour>>, options: HealthTrackerOptions = {}) {
    this.#behaviours = behaviours
    this.#catalogue = aCatalogue(Object.keys(behaviours).map((slug) => anEndpoint(slug, MODEL, { price: aPrice() })))
    this.tracker = new HealthTracker({ dice: () => this.dice(), ...options })
  }

  /** Requests at an even pace until then, and a tick of the tracker each second. */
  run(untilMs: number, perSecond: number, objective: Objective): void {
    for (let atMs = this.nowMs; atMs < untilMs; atMs += 1_000 / perSecond)
      this.#at(atMs, () => this.#request(objective))
    for (let atMs = this.nowMs; atMs < untilMs; atMs += 1_000) this.#at(atMs, () => this.tracker.tick(this.nowMs))
    this.#events.sort((a, b) => a.atMs - b.atMs)
    for (let next = this.#events[0]; next && next.atMs <= untilMs; next = this.#events[0]) {
      this.#events.shift()
      this.nowMs = next.atMs
      next.happen()
    }
    this.nowMs = untilMs
  }

  /** Of the attempts between the two times, the share that a provider got. */
  share(provider: string, fromMs: number, untilMs: number): number {
    const within = this.made.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)
    return within.filter((made) => made.provider === provider).length / within.length
  }

  attemptsAt(provider: string, fromMs = 0, untilMs = Infinity): readonly Made[] {
    return this.made.filter((made) => made.provider === provider && made.atMs >= fromMs && made.atMs < untilMs)
  }

  /** Repeatable. */
  dice(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0
    return this.#seed / 2 ** 32
  }

  #request(objective: Objective): void {
    const request: RouteRequest = {
      models: [anEndpoint('acorn', MODEL).model],
      promptTokens: 100,
      maxTokens: null,
      parameters: [],
      preferences: { objective },
    }
    const snapshot = {
      catalogue: this.#catalogue,
      reachable: new Set(this.#catalogue.providers.keys()),
      health: this.tracker.states,
      wallMs: 0,
      warm: null,
    }
    this.#attempt(route(request, this.#caller, snapshot, this.nowMs, this.dice()).targets)
  }

  /** The first endpoint that may be tried, and after its failure the next. */
  #attempt(targets: readonly TargetId[]): void {
    const [id, ...rest] = targets
    if (id === undefined) return void this.unanswered++
    const admitted = this.tracker.admit(id, this.nowMs, rest.length === 0)
    if (admitted === 'skip') return this.#attempt(rest)
    const provider = id.slice(0, id.indexOf('/'))
    const sinceMs = this.nowMs
    const firstTokenMs = this.#behaviours[provider]?.(sinceMs) ?? 'fails'
    this.made.push({ atMs: sinceMs, provider, admitted, failed: firstTokenMs === 'fails' })
    if (firstTokenMs === 'fails') {
      this.#later(FAILS_AFTER_MS, () => {
        this.tracker.note(id, { ok: false, kind: 'outage', sinceMs }, this.nowMs)
        this.#attempt(rest)
      })
      return
    }
    const jittered = firstTokenMs * (0.8 + 0.4 * this.dice())
    this.#later(jittered, () => this.tracker.begun(id, jittered, this.nowMs))
    this.#later(jittered + STREAMS_FOR_MS, () =>
      this.tracker.note(id, { ok: true, firstTokenMs: null, tokensPerSecond: 50, sinceMs, begun: true }, this.nowMs),
    )
  }

  #at(atMs: number, happen: () => void): void {
    this.#events.push({ atMs, happen })
  }

  #later(afterMs: number, happen: () => void): void {
    const atMs = this.nowMs + afterMs
    const place = this.#events.findIndex((event) => event.atMs > atMs)
    this.#events.splice(place < 0 ? this.#events.length : place, 0, { atMs, happen })
  }
}
