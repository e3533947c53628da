import { observe, UNKNOWN_HEALTH, type Attempt, type EndpointId, type Health, type Outcome } from '@turnpike/domain'

/** Where minutes of health are kept for people and for later questions. */
export interface Minutes {
  note(attempt: Attempt, tokensPerSecond: number | null): void
}

/** What this node has seen of every endpoint. Read by the router, written after every attempt. */
export class HealthBook {
  readonly #pages = new Map<EndpointId, Health>()
  readonly #minutes: Minutes | null

  constructor(minutes: Minutes | null = null) {
    this.#minutes = minutes
  }

  /** The live map; its values are never edited in place. */
  get pages(): ReadonlyMap<EndpointId, Health> {
    return this.#pages
  }

  /** @param nowMs monotonic milliseconds, the clock that the router is given too */
  note(endpoint: EndpointId, outcome: Outcome, nowMs: number): void {
    this.#pages.set(endpoint, observe(this.#pages.get(endpoint) ?? UNKNOWN_HEALTH, outcome, nowMs))
  }

  /** Keeps the attempts of a finished call. @param tokensPerSecond of the last one, where it could be measured */
  keep(attempts: readonly Attempt[], tokensPerSecond: number | null): void {
    attempts.forEach((attempt, i) => this.#minutes?.note(attempt, i === attempts.length - 1 ? tokensPerSecond : null))
  }
}
