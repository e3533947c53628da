import type { FailureKind } from '../failover.ts'
import type { ModelSlug } from '../ids.ts'
import { parseUsd, type NanoUsd } from '../money/money.ts'
import { eachField, POLICY_FIELDS, type FormOf, type PolicyField, type PolicyForm } from './fields.ts'
import {
  ATTEMPTS_MAX,
  DEFAULT_FAILOVER,
  DEFAULT_POLICY,
  HEDGE_LIMITS,
  PRICE_PARTS,
  type Cutoffs,
  type Failover,
  type FieldValues,
  type Hedge,
  type ModelFallback,
  type Objective,
  type Percentile,
  type Policy,
  type PriceCeiling,
  type ScheduleWindow,
  type Weekday,
} from './policy.ts'

/** Dollars as decimal strings: per million tokens for `prompt`, `completion` and `audio`, each for `request` and `image`. */
type PriceDocument = Partial<Record<keyof PriceCeiling, string | undefined>>

type CutoffDocument = Partial<Record<Percentile, number | undefined>>

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

interface FailoverDocument {
  readonly on?: readonly FailureKind[] | undefined
  readonly attempts?: number | undefined
  readonly first_token_ms?: number | undefined
  readonly total_ms?: number | undefined
}

interface FallbackDocument {
  readonly models: readonly string[]
  readonly on?: readonly FailureKind[] | undefined
  readonly objective?: Objective | undefined
}

interface HedgeDocument {
  readonly after_ms?: number | undefined
  /** Of a hundred requests. */
  readonly extra_requests_percent?: number | undefined
  /** Dollars as a decimal string. */
  readonly extra_spend_per_day?: string | undefined
  readonly own_cost?: boolean | undefined
}

/** What a document says in another way than a policy holds it, by the form of the field. */
interface ChangedForms {
  readonly prices: PriceDocument
  readonly throughput: CutoffDocument
  readonly latency: CutoffDocument
  readonly failover: FailoverDocument
  readonly hedge: HedgeDocument
  readonly model_fallback: FallbackDocument
  readonly schedule: readonly WindowDocument[]
}

/** What a document says, by the form of the field. */
export type WrittenForms = Omit<FieldValues, keyof ChangedForms> & ChangedForms

/**
 * A policy as its author writes it, as the API takes and gives it and as it is stored: the words of OpenRouter's `provider` object
 * where it has one. A missing field is as in DEFAULT_POLICY, so that older documents stay readable.
 */
export type PolicyDocument = { readonly [Field in PolicyField]?: WrittenForms[FormOf<Field>] | undefined }

/** Reads a document that was validated when it was saved. */
export function openPolicy(document: PolicyDocument): Policy {
  const opened = eachField((field) => {
    const written = document[field]
    if (written === undefined) return DEFAULT_POLICY[field]
    const open = (OPEN as Partial<Record<PolicyForm, (written: unknown) => unknown>>)[POLICY_FIELDS[field].form]
    return open ? open(written) : written
  }) as Policy
  return { ...opened, objective: objectiveOf(document) }
}

const OPEN = {
  prices: ceilingOf,
  throughput: withoutGaps,
  latency: withoutGaps,
  failover: failoverOf,
  hedge: hedgeOf,
  model_fallback: fallbackOf,
  schedule: (windows) => windows.map(windowOf),
} satisfies { [Form in keyof ChangedForms]: (written: ChangedForms[Form]) => unknown }

function failoverOf(failover: FailoverDocument): Failover {
  return {
    on: failover.on ?? DEFAULT_FAILOVER.on,
    attempts: Math.min(failover.attempts ?? ATTEMPTS_MAX, ATTEMPTS_MAX),
    firstTokenMs: failover.first_token_ms ?? null,
    totalMs: failover.total_ms ?? null,
  }
}

function fallbackOf({ models, on, objective }: FallbackDocument): ModelFallback {
  return { models: models as readonly ModelSlug[], on: on ?? DEFAULT_FAILOVER.on, objective: objective ?? null }
}

function hedgeOf(hedge: HedgeDocument): Hedge {
  const { extra_requests_percent: percent, extra_spend_per_day: spend } = hedge
  const wanted = percent === undefined ? HEDGE_LIMITS.extraRequests : percent / 100
  return {
    afterMs: hedge.after_ms === undefined ? null : Math.max(hedge.after_ms, HEDGE_LIMITS.afterMsMin),
    extraRequests: Math.min(wanted, HEDGE_LIMITS.extraRequests),
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
    max_price: document.max_price ? ceilingOf(document.max_price) : null,
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

function ceilingOf(document: PriceDocument): PriceCeiling {
  return Object.fromEntries(PRICE_PARTS.map((part) => [part, nano(document[part])])) as PriceCeiling
}

function nano(dollars: string | undefined): NanoUsd | null {
  return dollars === undefined ? null : parseUsd(dollars)
}

function withoutGaps(cutoffs: CutoffDocument): Cutoffs {
  return Object.fromEntries(Object.entries(cutoffs).filter(([, cutoff]) => cutoff !== undefined))
}
