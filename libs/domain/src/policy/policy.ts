import type { FailureKind } from '../failover.ts'
import type { ModelSlug, PolicyId } from '../ids.ts'
import type { NanoUsd } from '../money/money.ts'
import { eachField, POLICY_FIELDS, type FormOf, type PolicyField, type RequestField } from './fields.ts'

/**
 * What "best" means: `balanced` draws by price, reliability and speed; `cost`, `latency` (time to first token), `throughput`
 * (tokens per second) and `uptime` (share of attempts that succeed) sort by that figure; `pinned` follows `order` and nothing
 * else; `weighted` draws by the shares that the tenant wrote down.
 */
export const OBJECTIVES = ['balanced', 'cost', 'latency', 'throughput', 'uptime', 'pinned', 'weighted'] as const
export type Objective = (typeof OBJECTIVES)[number]

/** What a price has: per million tokens of prompt, completion and audio, and per request and image. */
export const PRICE_PARTS = ['prompt', 'completion', 'request', 'image', 'audio'] as const
export type PricePart = (typeof PRICE_PARTS)[number]

/** The highest prices allowed, nano-dollars. Null: any. */
export type PriceCeiling = Readonly<Record<PricePart, NanoUsd | null>>

/** As `Intl` abbreviates them in English, in lower case. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** When something else applies: on these days, from one minute of the day to another, as clocks in that zone show them. */
export interface ScheduleWindow {
  /** Days on which it begins; one that crosses midnight ends on the next. */
  readonly days: readonly Weekday[]
  /** Minutes since midnight, 0 to 1,439. */
  readonly from: number
  /** Not included. Not later than `from`: on the next day; equal to it: a whole day. */
  readonly to: number
  /** IANA name, such as `Europe/Berlin`. */
  readonly zone: string
  /** Null: as outside the window. */
  readonly objective: Objective | null
  readonly order: readonly string[] | null
  readonly shares: Readonly<Record<string, number>> | null
  readonly max_price: PriceCeiling | null
}

export const WINDOWS_MAX = 32

/** The percentiles of the last five minutes that a preference may name. All that are given must hold. */
export const PERCENTILES = ['p50', 'p75', 'p90', 'p99'] as const
export type Percentile = (typeof PERCENTILES)[number]
export type Cutoffs = Readonly<Partial<Record<Percentile, number>>>

/** Which failures are worth another try, how often, and how long one may take. */
export interface Failover {
  /** Only these kinds move on to the next target. */
  readonly on: readonly FailureKind[]
  /** Targets tried at most, the first included. */
  readonly attempts: number
  /** Milliseconds until the first content; null: as long as that endpoint usually needs, and some. */
  readonly firstTokenMs: number | null
  /** Milliseconds for the whole request with all its attempts; null: the gateway's own limit. */
  readonly totalMs: number | null
}

/** Models to try when no endpoint of the requested ones could answer. */
export interface ModelFallback {
  readonly models: readonly ModelSlug[]
  readonly on: readonly FailureKind[]
  /** Null: as for the requested model. */
  readonly objective: Objective | null
}

/**
 * A second attempt while the first is slow to begin: the first content wins, and the other attempt is cancelled. HEDGE_LIMITS are the
 * operator's ceilings, which a tenant may only lower.
 */
export interface Hedge {
  /** Milliseconds without a first token; null: the 95th percentile of that endpoint. */
  readonly afterMs: number | null
  /** The share of requests that may be hedged. */
  readonly extraRequests: number
  /** Most cost of lost attempts in 24 hours, nano-dollars; null: only the operator's ceiling counts. */
  readonly extraSpend: NanoUsd | null
  /** Also with BYOK credentials. */
  readonly ownCost: boolean
}

export const HEDGE_LIMITS = {
  /** A hedge never starts sooner, milliseconds. */
  afterMsMin: 300,
  /** Answers that must be known of an endpoint before its 95th percentile is believed. */
  samplesMin: 200,
  /** Of all requests. */
  extraRequests: 0.05,
  /** Most cost of lost attempts, as a share of what the tenant paid in the last 24 hours. */
  spendShare: 0.01,
} as const

export const PRECISIONS = [
  'int4',
  'int8',
  'fp4',
  'mxfp4',
  'nvfp4',
  'fp6',
  'fp8',
  'mxfp8',
  'fp16',
  'bf16',
  'fp32',
  'unknown',
] as const

/** When the caller disconnects: cancel the provider's answer, or read it to its end so that its usage is exact. */
export const DISCONNECTS = ['cancel', 'read_to_end'] as const
type Disconnect = (typeof DISCONNECTS)[number]

export const DATA_COLLECTIONS = ['allow', 'deny'] as const
export type DataCollection = (typeof DATA_COLLECTIONS)[number]

/** How targets of a tenant's own stand to those that credits pay for: before them, or in place of them. */
export const OWN_CAPACITIES = ['first', 'only'] as const
export type OwnCapacity = (typeof OWN_CAPACITIES)[number]

/** What a policy holds, by the form of the field. */
export interface FieldValues {
  readonly flag: boolean
  /**
   * Slugs: `acorn` is every endpoint of that provider, an endpoint's id just that one by whatever account, `~box` an endpoint of the
   * tenant's own, and a target's id one account at one endpoint.
   */
  readonly slugs: readonly string[]
  readonly objective: Objective
  readonly shares: Readonly<Record<string, number>>
  readonly own_capacity: OwnCapacity
  readonly prices: PriceCeiling
  readonly data_collection: DataCollection
  readonly regions: readonly string[]
  readonly precisions: readonly string[]
  readonly parameters: readonly string[]
  readonly throughput: Cutoffs
  readonly latency: Cutoffs
  readonly failover: Failover
  readonly hedge: Hedge
  readonly model_fallback: ModelFallback
  readonly schedule: readonly ScheduleWindow[]
  readonly disconnect: Disconnect
}

type ValueOf<Field extends PolicyField> =
  FieldValues[FormOf<Field>] | (null extends (typeof POLICY_FIELDS)[Field]['unset'] ? null : never)

/** A tenant's routing policy. Null means "no restriction", or "as the wider policy says". */
export type Policy = { readonly [Field in PolicyField]: ValueOf<Field> }

/** A policy with the version that applied, as recorded with each decision. */
export interface VersionedPolicy {
  readonly id: PolicyId
  readonly version: number
  readonly policy: Policy
}

export const ANY_PRICE: PriceCeiling = POLICY_FIELDS.max_price.unset

/** Distinct targets tried for one request at most. More than this costs the caller more waiting than it is worth. */
export const ATTEMPTS_MAX = 6

/** Does not compile where a field's `unset` is not of its form. */
const FACTS: { readonly [Field in PolicyField]: { readonly unset: Policy[Field] } } = POLICY_FIELDS

/** What holds where a policy says nothing. */
export const DEFAULT_POLICY = eachField((field) => FACTS[field].unset) as Policy

export const DEFAULT_FAILOVER: Failover = {
  on: ['outage', 'timeout', 'rate_limit', 'empty'],
  attempts: ATTEMPTS_MAX,
  firstTokenMs: null,
  totalMs: null,
}

/** What a request adds: OpenRouter's `provider` object and the suffixes of a model's name. */
export type RoutePreferences = {
  readonly [Field in Exclude<RequestField, 'max_price'>]?: NonNullable<Policy[Field]>
} & {
  readonly objective?: Objective
  readonly max_price?: Partial<PriceCeiling>
  /** The endpoints of all requested models are ranked as one list, not model by model. */
  readonly partition?: 'none'
}

/** A policy that leaves nothing to a wider one. */
export type EffectivePolicy = Policy & { readonly objective: Objective; readonly failover: Failover }

/** The policy with the windows that are open now applied; the later one wins. */
export function atTime(
  policy: Policy,
  isOpen: (window: ScheduleWindow) => boolean,
): { policy: Policy; window: number | null } {
  const window = policy.schedule.findLastIndex(isOpen)
  const replaced = policy.schedule[window]
  if (!replaced) return { policy, window: null }
  return {
    window,
    policy: {
      ...policy,
      objective: replaced.objective ?? policy.objective,
      order: replaced.order ?? policy.order,
      shares: replaced.shares ?? policy.shares,
      max_price: replaced.max_price ?? policy.max_price,
    },
  }
}
