import type { Attempt, Decision, Fault, RouteRequest } from '@turnpike/domain'
import type { TargetDirectory } from '../targets/target.ts'
import type { Call } from './call.ts'

/** How the models of a request were found, in OpenRouter's words. */
type Strategy = 'direct' | 'auto' | 'free' | 'latest' | 'fallback'

/** A request in which every name of a model is one of the catalogue, or of the caller's own. */
export interface Resolved {
  readonly routeRequest: RouteRequest
  readonly strategy: Strategy
}

/** The route of a call, and its directory: a new catalogue takes no target from a call under way. */
export interface Routed {
  readonly decision: Decision
  readonly directory: TargetDirectory
}

/** What changes while a call is served. `serve` owns it; the steps read it, and record attempts in it. */
export class Progress {
  /** As the caller wrote it until the names are resolved. */
  resolved: Resolved
  /** Null until the call is routed. */
  routed: Routed | null = null
  /** Set when the caller disconnected and the answer is read to its end. */
  disconnected: Fault | null = null
  readonly #attempts: Attempt[] = []
  #answering = -1
  readonly #ownLimits = new Set<Attempt>()

  constructor(readonly call: Call) {
    this.resolved = { routeRequest: call.routeRequest, strategy: 'direct' }
  }

  /** In the order of their start. */
  get attempts(): readonly Attempt[] {
    return this.#attempts
  }

  /** The attempt whose answer the caller gets, also after it broke off; null while there is none. */
  get answering(): Attempt | null {
    return this.#attempts[this.#answering] ?? null
  }

  /** Those that a limit of the tenant's own did not end: what they say of their targets is true for all tenants. */
  get evidence(): readonly Attempt[] {
    return this.#ownLimits.size === 0 ? this.#attempts : this.#attempts.filter((one) => !this.#ownLimits.has(one))
  }

  /** Adds an attempt that failed, was cancelled or began to answer. @param ownLimit a limit of the tenant's own ended it */
  record(attempt: Attempt, ownLimit = false): void {
    if (attempt.outcome === 'answered') this.#answering = this.#attempts.length
    if (ownLimit) this.#ownLimits.add(attempt)
    this.#attempts.push(attempt)
  }

  /** Says how the attempt ended whose answer the caller gets. */
  complete(changes: Partial<Attempt>): void {
    const attempt = this.answering
    if (attempt) this.#attempts[this.#answering] = { ...attempt, ...changes }
  }
}
