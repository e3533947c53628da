import type { Decision } from './decision.ts'
import type { NanoUsd } from '../money/money.ts'
import { eachField, POLICY_FIELDS, type PolicyField } from '../policy/fields.ts'
import {
  ANY_PRICE,
  atTime,
  DEFAULT_FAILOVER,
  DEFAULT_POLICY,
  PERCENTILES,
  type Cutoffs,
  type DataCollection,
  type EffectivePolicy,
  type Hedge,
  type ModelFallback,
  type OwnCapacity,
  type Percentile,
  type Policy,
  type PriceCeiling,
  type RoutePreferences,
  type VersionedPolicy,
} from '../policy/policy.ts'
import { intersection, regionsWithin } from '../policy/region.ts'
import { isOpen } from '../policy/schedule.ts'

interface Ruling {
  readonly policy: EffectivePolicy
  readonly policies: Decision['policies']
}

/**
 * The policy of a request at that hour: its caller's layers, each with the windows that are open, and the request itself.
 * @param policies the caller's, the widest first; the list must never change once it was given
 * @param wallMs Unix milliseconds
 */
export function rulingFor(policies: readonly VersionedPolicy[], preferences: RoutePreferences, wallMs: number): Ruling {
  const { layers, plain } = rememberedAt(policies, wallMs)
  if (Object.keys(preferences).length === 0) return plain
  return { policies: plain.policies, policy: complete(within(layers, asPolicy(preferences))) }
}

interface Remembered {
  /** Minutes since 1970 in which it holds; null: always, since nothing is scheduled. */
  readonly minute: number | null
  readonly layers: Policy
  /** For a request that adds nothing. */
  readonly plain: Ruling
}

/** By the caller's own list, so that it goes when the caller does. Windows open on whole minutes. */
const remembered = new WeakMap<readonly VersionedPolicy[], Remembered>()
const MINUTE_MS = 60_000

function rememberedAt(policies: readonly VersionedPolicy[], wallMs: number): Remembered {
  const minute = Math.floor(wallMs / MINUTE_MS)
  const known = remembered.get(policies)
  if (known && (known.minute === null || known.minute === minute)) return known
  const open = policies.map(({ policy }) => atTime(policy, (window) => isOpen(window, wallMs)))
  const layers = layered(open.map(({ policy }) => policy))
  const versions = policies.map(({ id, version }, i) => ({ id, version, window: open[i]?.window ?? null }))
  const made = {
    minute: policies.some(({ policy }) => policy.schedule.length > 0) ? minute : null,
    layers,
    plain: { policy: complete(layers), policies: versions },
  }
  remembered.set(policies, made)
  return made
}

/**
 * All layers, the widest first, and the request. Constraints narrow: the result is never wider than any of them. Objective, order and
 * shares are the narrowest layer's that states an objective, unless a wider one locked them.
 */
export function effective(layers: readonly Policy[], request: RoutePreferences): EffectivePolicy {
  return complete(within(layered(layers), asPolicy(request)))
}

function layered(layers: readonly Policy[]): Policy {
  return layers.reduce(within, DEFAULT_POLICY)
}

function complete(policy: Policy): EffectivePolicy {
  return { ...policy, objective: policy.objective ?? 'balanced', failover: policy.failover ?? DEFAULT_FAILOVER }
}

function within(outer: Policy, inner: Policy): Policy {
  return eachField((field) => mergeOf[field](outer[field], inner[field], outer, inner)) as Policy
}

/** How a field of a wider and a narrower policy become one, by the names in POLICY_FIELDS. */
const MERGES = {
  any: (outer: boolean, inner: boolean) => outer || inner,
  all: (outer: boolean, inner: boolean) => outer && inner,
  union,
  intersection: intersect,
  allowed: (outer: Slugs | null, _: Slugs | null, __: Policy, inner: Policy) => intersect(outer, allowedBy(inner)),
  narrowest: <Value>(outer: Value | null, inner: Value | null) => inner ?? outer,
  goal: <Value>(outer: Value, inner: Value, { locked }: Policy, { objective }: Policy) =>
    locked || objective === null ? outer : inner,
  lowest_prices: lowest,
  highest_cutoffs: (outer: Cutoffs, inner: Cutoffs) => strictest(outer, inner, Math.max),
  lowest_cutoffs: (outer: Cutoffs, inner: Cutoffs) => strictest(outer, inner, Math.min),
  data_collection: (outer: DataCollection, inner: DataCollection) => (outer === 'deny' ? outer : inner),
  regions: regionsWithin,
  own_capacity: (outer: OwnCapacity | null, inner: OwnCapacity | null) => (outer === 'only' ? outer : (inner ?? outer)),
  hedge: hedgeWithin,
  model_fallback: fallbackWithin,
  /** Windows are applied before layers are merged. */
  none: () => [],
}

type MergeOf<Field extends PolicyField> = (typeof MERGES)[(typeof POLICY_FIELDS)[Field]['merge']]
type Merge<Value> = (outer: Value, inner: Value, outerPolicy: Policy, innerPolicy: Policy) => Value

/** Does not compile where a field has a merge of another type. */
const TYPED: { readonly [Field in PolicyField]: Merge<Policy[Field]> } = eachField(
  (field) => MERGES[POLICY_FIELDS[field].merge],
) as { readonly [Field in PolicyField]: MergeOf<Field> }
const mergeOf = TYPED as Readonly<Record<PolicyField, Merge<unknown>>>

type Slugs = readonly string[]

/** An order without fallbacks lists who is allowed, also when another layer replaces the order. */
function allowedBy({ objective, order, only, allow_fallbacks }: Policy): readonly string[] | null {
  return objective === 'pinned' && !allow_fallbacks && order.length > 0 ? intersect(only, order) : only
}

/** The objective of the fallback models is locked with the other one. */
function fallbackWithin(
  outer: ModelFallback | null,
  inner: ModelFallback | null,
  { locked }: Policy,
): ModelFallback | null {
  if (!inner) return outer
  return locked ? { ...inner, objective: outer?.objective ?? null } : inner
}

/** The narrower policy says when to hedge; the number of hedges and their cost never exceed the limits of the wider one. */
function hedgeWithin(outer: Hedge | null, inner: Hedge | null): Hedge | null {
  if (!outer || !inner) return inner ?? outer
  return {
    afterMs: inner.afterMs,
    extraRequests: Math.min(outer.extraRequests, inner.extraRequests),
    extraSpend: lower(outer.extraSpend, inner.extraSpend),
    ownCost: outer.ownCost && inner.ownCost,
  }
}

/** The request as the innermost layer. One that names an order is followed exactly. */
function asPolicy({ partition: _partition, ...preferences }: RoutePreferences): Policy {
  const { order = [], objective = null, max_price } = preferences
  return {
    ...DEFAULT_POLICY,
    ...preferences,
    objective: order.length > 0 ? 'pinned' : objective,
    max_price: max_price ? { ...ANY_PRICE, ...max_price } : ANY_PRICE,
  }
}

function intersect(a: Slugs | null, b: Slugs | null): Slugs | null {
  return intersection(a, b, covers)
}

/** Whether a slug means that target or slug: a provider is all its endpoints, an endpoint all accounts it goes by. */
export function covers(slug: string, target: string): boolean {
  if (!target.startsWith(slug)) return false
  const next = target[slug.length]
  return next === undefined || next === '/' || next === '#'
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  if (b.length === 0) return a
  return a.length === 0 ? b : [...new Set([...a, ...b])]
}

function lowest(a: PriceCeiling, b: PriceCeiling): PriceCeiling {
  if (b === ANY_PRICE) return a
  return {
    prompt: lower(a.prompt, b.prompt),
    completion: lower(a.completion, b.completion),
    request: lower(a.request, b.request),
    image: lower(a.image, b.image),
    audio: lower(a.audio, b.audio),
  }
}

function lower(a: NanoUsd | null, b: NanoUsd | null): NanoUsd | null {
  if (a === null) return b
  if (b === null) return a
  return a < b ? a : b
}

function strictest(a: Cutoffs, b: Cutoffs, choose: (a: number, b: number) => number): Cutoffs {
  const both: Partial<Record<Percentile, number>> = { ...a }
  for (const percentile of PERCENTILES) {
    const given = b[percentile]
    if (given !== undefined) both[percentile] = choose(both[percentile] ?? given, given)
  }
  return both
}
