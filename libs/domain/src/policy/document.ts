import type { FailureKind } from '../failover.ts'
import type { ModelSlug } from '../ids.ts'
import { parseUsd, type NanoUsd } from '../money/money.ts'
import {
  ANY_PRICE,
  ATTEMPTS_MAX,
  DEFAULT_FAILOVER,
  DEFAULT_POLICY,
  type Cutoffs,
  type Disconnect,
  HEDGE_LIMITS,
  type Hedge,
  type Objective,
  type OwnCapacity,
  type Percentile,
  type Policy,
  type PriceCeiling,
  type ScheduleWindow,
  type Weekday,
} from './policy.ts'

/** Dollars as decimal strings: per million tokens for `prompt`, `completion` and `audio`, each for `request` and `image`. */
export type PriceDocument = Partial<Record<keyof PriceCeiling, string | undefined>>

export type CutoffDocument = Partial<Record<Percentile, number | undefined>>

export interface WindowDocument {
  readonly days: readonly Weekday[]
  /** `HH:MM`, 00:00 to 23:59. */
  readonly from: string
  readonly to: string
  readonly zone: string
  readonly objective?: Objective | undefined
  readonly order?: readonly string[] | undefined
  readonly shares?: Readonly<Record<string, number>> | undefined
  readonly max_price?: PriceDocument | undefined
}

/**
 * A policy as its author writes it, as the API takes and gives it and as it is stored: the words of OpenRouter's `provider` object
 * where it has one. Whatever is left out is as in DEFAULT_POLICY, so that documents of yesterday stay readable.
 */
export interface PolicyDocument {
  readonly objective?: Objective | undefined
  readonly locked?: boolean | undefined
  readonly order?: readonly string[] | undefined
  readonly shares?: Readonly<Record<string, number>> | undefined
  readonly only?: readonly string[] | undefined
  readonly ignore?: readonly string[] | undefined
  readonly max_price?: PriceDocument | undefined
  /** Tokens per second. */
  readonly preferred_min_throughput?: CutoffDocument | undefined
  /** Seconds to the first token. */
  readonly preferred_max_latency?: CutoffDocument | undefined
  readonly data_collection?: 'allow' | 'deny' | undefined
  readonly zdr?: boolean | undefined
  /** Countries by their two letters in lower case, or `eu` for all of its members. */
  readonly regions?: readonly string[] | undefined
  readonly enforce_distillable_text?: boolean | undefined
  readonly quantizations?: readonly string[] | undefined
  readonly required_parameters?: readonly string[] | undefined
  readonly require_parameters?: boolean | undefined
  readonly allow_fallbacks?: boolean | undefined
  readonly failover?:
    | {
        readonly on?: readonly FailureKind[] | undefined
        readonly attempts?: number | undefined
        readonly first_token_ms?: number | undefined
        readonly total_ms?: number | undefined
      }
    | undefined
  readonly model_fallback?:
    | {
        readonly models: readonly string[]
        readonly on?: readonly FailureKind[] | undefined
        readonly objective?: Objective | undefined
      }
    | undefined
  readonly hedge?:
    | {
        readonly after_ms?: number | undefined
        /** Of a hundred requests. */
        readonly extra_requests_percent?: number | undefined
        /** Dollars as a decimal string. */
        readonly extra_spend_per_day?: string | undefined
        readonly own_cost?: boolean | undefined
      }
    | undefined
  readonly own_capacity?: OwnCapacity | undefined
  readonly sticky?: boolean | undefined
  readonly disconnect?: Disconnect | undefined
  readonly schedule?: readonly WindowDocument[] | undefined
}

/** Reads a document that was validated when it was saved. */
export function openPolicy(document: PolicyDocument): Policy {
  const { failover, model_fallback: fallback } = document
  return {
    objective: objectiveOf(document),
    locked: document.locked ?? false,
    order: document.order ?? [],
    shares: document.shares ?? {},
    allow: document.only ?? null,
    deny: document.ignore ?? [],
    maxPrice: ceilingOf(document.max_price),
    minThroughput: scaled(document.preferred_min_throughput, 1),
    maxLatency: scaled(document.preferred_max_latency, MS_PER_S),
    allowTraining: document.data_collection !== 'deny',
    zeroRetention: document.zdr ?? false,
    regions: document.regions ?? null,
    distillable: document.enforce_distillable_text ?? false,
    quantizations: document.quantizations ?? null,
    parameters: document.required_parameters ?? [],
    requireUsed: document.require_parameters ?? false,
    allowFallbacks: document.allow_fallbacks ?? true,
    failover: failover
      ? {
          on: failover.on ?? DEFAULT_FAILOVER.on,
          attempts: Math.min(failover.attempts ?? ATTEMPTS_MAX, ATTEMPTS_MAX),
          firstTokenMs: failover.first_token_ms ?? null,
          totalMs: failover.total_ms ?? null,
        }
      : null,
    modelFallback: fallback
      ? {
          models: fallback.models as readonly ModelSlug[],
          on: fallback.on ?? DEFAULT_FAILOVER.on,
          objective: fallback.objective ?? null,
        }
      : null,
    hedge: document.hedge ? hedgeOf(document.hedge) : null,
    own: document.own_capacity ?? null,
    sticky: document.sticky ?? DEFAULT_POLICY.sticky,
    disconnect: document.disconnect ?? null,
    schedule: (document.schedule ?? []).map(windowOf),
  }
}

function hedgeOf(hedge: NonNullable<PolicyDocument['hedge']>): Hedge {
  const { extra_requests_percent: percent, extra_spend_per_day: spend } = hedge
  const asked = percent === undefined ? HEDGE_LIMITS.extraRequests : percent / 100
  return {
    afterMs: hedge.after_ms === undefined ? null : Math.max(hedge.after_ms, HEDGE_LIMITS.afterMsMin),
    extraRequests: Math.min(asked, HEDGE_LIMITS.extraRequests),
    extraSpend: nano(spend),
    ownCost: hedge.own_cost ?? false,
  }
}

function windowOf(document: WindowDocument): ScheduleWindow {
  return {
    days: document.days,
    from: minuteOf(document.from),
    to: minuteOf(document.to),
    zone: document.zone,
    objective: objectiveOf(document),
    order: document.order ?? null,
    shares: document.shares ?? null,
    maxPrice: document.max_price ? ceilingOf(document.max_price) : null,
  }
}

/** An order or shares without an objective say what they are for. */
function objectiveOf({ objective, order, shares }: PolicyDocument | WindowDocument): Objective | null {
  if (objective) return objective
  if (order && order.length > 0) return 'pinned'
  return shares && Object.keys(shares).length > 0 ? 'weighted' : null
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

/** ANY_PRICE itself when nothing is limited, which is cheaper to narrow. */
function ceilingOf(document: PriceDocument | undefined): PriceCeiling {
  if (!document) return ANY_PRICE
  return {
    prompt: nano(document.prompt),
    completion: nano(document.completion),
    request: nano(document.request),
    image: nano(document.image),
    audio: nano(document.audio),
  }
}

function nano(dollars: string | undefined): NanoUsd | null {
  return dollars === undefined ? null : parseUsd(dollars)
}

const MS_PER_S = 1_000

function scaled(cutoffs: CutoffDocument | undefined, factor: number): Cutoffs {
  const given = Object.entries(cutoffs ?? {}).flatMap(([percentile, value]) =>
    value === undefined ? [] : [[percentile, value * factor]],
  )
  return Object.fromEntries(given) as Cutoffs
}
