import type { FaultCode } from './fault.ts'
import type { EndpointId, ModelSlug, ProviderSlug } from './ids.ts'
import type { Objective } from './policy.ts'

/** Why an endpoint of a requested model was not a candidate. The order of the list is the order of the filters. */
export const STAGES = [
  'credential',
  'funds',
  'price_unknown',
  'allow',
  'deny',
  'retention',
  'parameters',
  'context',
  'max_price',
] as const
export type Stage = (typeof STAGES)[number]

export interface Candidate {
  readonly endpoint: EndpointId
  readonly model: ModelSlug
  readonly provider: ProviderSlug
  readonly priceVersion: number
  /** Expected price of this request, nano-dollars. */
  readonly expectedNano: bigint
  readonly firstTokenMs: number
  readonly tokensPerSecond: number
  /** Between 0 and 1. */
  readonly failureRate: number
  readonly down: boolean
  /** The share drawn with under `balanced`; absent elsewhere. */
  readonly weight?: number
}

export interface Removed {
  readonly endpoint: EndpointId
  readonly stage: Stage
}

/** One decision, complete enough to be replayed: the same request, policy, figures and dice give the same targets. */
export interface Decision {
  readonly objective: Objective
  readonly policy: { readonly id: string; readonly version: number } | null
  readonly catalogueVersion: number
  readonly candidates: readonly Candidate[]
  readonly removed: readonly Removed[]
  /** The dice thrown, between 0 and 1. */
  readonly draw: number
  /** Endpoints in the order in which they will be tried. */
  readonly targets: readonly EndpointId[]
}

/** One call to a target. Times are milliseconds since the request began. */
export interface Attempt {
  readonly endpoint: EndpointId
  readonly provider: ProviderSlug
  readonly model: ModelSlug
  readonly startMs: number
  /** First content of a stream; null when none came, and for answers that are not streamed. */
  readonly firstTokenMs: number | null
  readonly endMs: number
  readonly outcome: 'answered' | 'failed' | 'cut' | 'cancelled'
  /** The provider's HTTP status; null when there was no answer. */
  readonly status: number | null
  readonly fault: FaultCode | null
}
