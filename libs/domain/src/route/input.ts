import type { Caller } from '../caller.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Figures } from './decision.ts'
import type { HealthView } from '../health/health.ts'
import type { ModelSlug, ProviderSlug, TargetId } from '../ids.ts'
import type { OwnIndex } from '../byok.ts'
import type { EffectivePolicy, RoutePreferences } from '../policy/policy.ts'

/** What the router may know of a request: features, never the prompt. */
export interface RouteRequest {
  /** In order of preference; the first is the requested model. */
  readonly models: readonly ModelSlug[]
  /** About how long the prompt is, in tokens: an estimate to compare by, never to bill by. */
  readonly promptTokens: number
  /** What the caller allows, or null. */
  readonly maxTokens: number | null
  /** Names as in `supportedParameters`, of what the request uses. */
  readonly parameters: readonly string[]
  readonly preferences: RoutePreferences
}

/** What the router knows at one instant. */
export interface RoutingSnapshot {
  readonly catalogue: Catalogue
  /** Providers that we hold a credential and an address for. */
  readonly reachable: ReadonlySet<ProviderSlug>
  readonly health: HealthView
  /** Targets whose provider refused the caller's own credential just now; absent: none. */
  readonly refused?: ReadonlySet<TargetId>
  /** Figures of a recorded decision, used in place of health: a decision replays from its record and the catalogue. */
  readonly recorded?: ReadonlyMap<TargetId, Figures>
  /** The hour, Unix milliseconds, by which schedules go: fixed when the request was admitted. */
  readonly wallMs: number
  /** The target whose prompt cache is warm for the conversation; null for none. */
  readonly warm: TargetId | null
}

export interface RoutingInput {
  readonly request: RouteRequest
  readonly caller: Caller
  readonly policy: EffectivePolicy
  readonly own: OwnIndex | null
  /** The caller's credits are used up and a BYOK target may serve: operator accounts are removed. */
  readonly outOfCredit: boolean
  readonly snapshot: RoutingSnapshot
  /** The clock of the health figures. */
  readonly nowMs: number
  /** Uniform in [0, 1). */
  readonly dice: number
}
