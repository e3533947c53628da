import type { FailureKind } from '../failover.ts'
import type { FaultCode } from '../fault.ts'
import type { ModelSlug, ProviderSlug, TargetId } from '../ids.ts'
import type { Failover, Hedge, Objective } from '../policy/policy.ts'
import type { UsageWarning } from '../usage/warnings.ts'

/** Why an endpoint of a requested model was not a candidate. The order of the list is the order of the filters. */
export const STAGES = [
  'credential',
  'own_only',
  'funds',
  'price_unknown',
  'allow',
  'deny',
  'retention',
  'zero_retention',
  'region',
  'distillable',
  'quantization',
  'parameters',
  'context',
  'max_price',
] as const
export type Stage = (typeof STAGES)[number]

/** The figures of a candidate's health. */
export const ASSUMED_FIGURES = ['firstTokenMs', 'tokensPerSecond', 'failureRate'] as const
export type AssumedFigure = (typeof ASSUMED_FIGURES)[number]

export interface Candidate {
  /** With the account it goes by. */
  readonly endpoint: TargetId
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
  /** Misses a preferred throughput or latency, and comes after candidates that do not. */
  readonly slow?: boolean
  /** Moved ahead of better candidates, since one before them shares its failure domain with these. */
  readonly spread?: boolean
  /** The figures that nothing was measured for: priors stand in their place. Absent: none. */
  readonly assumed?: readonly AssumedFigure[]
  /** Above 0, below 1: the part of its traffic that it gets after an outage. Absent: all, or none while it is down. */
  readonly share?: number
  /** The weight of the draw under `balanced` and `weighted`; absent for candidates that cannot come first. */
  readonly weight?: number
}

/** The live health of an endpoint, rounded as it is recorded, so that the record holds the figures that decided. */
export type Figures = Pick<
  Candidate,
  'firstTokenMs' | 'tokensPerSecond' | 'failureRate' | 'down' | 'slow' | 'share' | 'assumed'
>

export interface Removed {
  /** An endpoint none of whose accounts is left, or one account of an endpoint that another one still reaches. */
  readonly endpoint: TargetId
  readonly stage: Stage
}

/** One decision, complete enough to be replayed: the same request, policy, figures and dice give the same targets. */
export interface Decision {
  readonly objective: Objective
  /** The policies that applied, the widest first. `window`: which window of its schedule was open; null for none. */
  readonly policies: readonly { readonly id: string; readonly version: number; readonly window: number | null }[]
  /** Stayed where the conversation's prompt cache is warm. */
  readonly sticky: boolean
  readonly catalogueVersion: number
  readonly candidates: readonly Candidate[]
  readonly removed: readonly Removed[]
  /** The dice thrown, between 0 and 1. */
  readonly draw: number
  /** Endpoints in the order in which they will be tried. */
  readonly targets: readonly TargetId[]
  /** Endpoints of other models, tried after a failure of one of the kinds in `fallbackOn`. */
  readonly fallbacks: readonly TargetId[]
  readonly fallbackOn: readonly FailureKind[]
  /** The rules by which targets are tried. */
  readonly failover: Failover
  /** When a slow attempt is hedged; null: never. */
  readonly hedge: Hedge | null
  /** The answer is read to its end when the caller disconnects. Absent: it is cancelled. */
  readonly readToEnd?: true
}

/** One call to a target. Times are milliseconds since the request began. */
export interface Attempt {
  /** The target, with its account. */
  readonly endpoint: TargetId
  readonly provider: ProviderSlug
  readonly model: ModelSlug
  readonly startMs: number
  /** First content of a stream; null when none came, and for answers that are not streamed. */
  readonly firstTokenMs: number | null
  readonly endMs: number
  /** `lost`: a concurrent attempt was faster, and this one was cancelled. */
  readonly outcome: 'answered' | 'failed' | 'cut' | 'cancelled' | 'lost'
  /** The provider's HTTP status; null when there was no answer. */
  readonly status: number | null
  readonly fault: FaultCode | null
  /** A hedge of a slow attempt, not a failover. */
  readonly hedge?: true
  /** Warnings about the usage that the provider reported. Absent: none. */
  readonly usageWarnings?: readonly UsageWarning[]
}
