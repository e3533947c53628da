/** The fields of a policy: documents, records, requests and screens take their words from here alone. */
export const POLICY_FIELDS = {
  /** Null: as the wider policy says; `balanced`, where none says. */
  objective: { section: 'objective', form: 'objective', unset: null, merge: 'goal' },
  order: { section: 'objective', form: 'slugs', unset: [], merge: 'goal', request: true },
  /** By target, endpoint or provider, the first that is named; any positive numbers; used under `weighted`. */
  shares: { section: 'objective', form: 'shares', unset: {}, merge: 'goal' },
  only: { section: 'providers', form: 'slugs', unset: null, merge: 'allowed', request: true },
  ignore: { section: 'providers', form: 'slugs', unset: [], merge: 'union', request: true },
  /**
   * `only`: nothing but the tenant's own credentials and endpoints. `first`: those before credits. Null, where no wider policy says
   * either: a model that something of the tenant's own serves first is not paid for with credits, any other is.
   */
  own_capacity: { section: 'own', form: 'own_capacity', unset: null, merge: 'own_capacity' },
  max_price: {
    section: 'prices',
    form: 'prices',
    unset: { prompt: null, completion: null, request: null, image: null, audio: null },
    merge: 'lowest_prices',
    request: true,
  },
  /** `deny`: providers that may keep or train on prompts are excluded. */
  data_collection: {
    section: 'data',
    form: 'data_collection',
    unset: 'allow',
    merge: 'data_collection',
    request: true,
  },
  /** Zero data retention: only providers that keep nothing at all. */
  zdr: { section: 'data', form: 'flag', unset: false, merge: 'any', request: true },
  /** Only providers that are known to process in these regions and nowhere else: countries by their two letters, or `eu`. */
  regions: { section: 'data', form: 'regions', unset: null, merge: 'regions' },
  /** Only models whose author permits training others on their answers. */
  enforce_distillable_text: { section: 'data', form: 'flag', unset: false, merge: 'any', request: true },
  /** Numeric precisions of the weights. */
  quantizations: { section: 'abilities', form: 'precisions', unset: null, merge: 'intersection', request: true },
  /** Parameters that an endpoint must honour, whether a request uses them or not. */
  required_parameters: { section: 'abilities', form: 'parameters', unset: [], merge: 'union' },
  /** An endpoint must also honour those that the request uses. */
  require_parameters: { section: 'abilities', form: 'flag', unset: false, merge: 'any', request: true },
  /** Tokens per second. An endpoint that misses a preference goes behind the others, not away. */
  preferred_min_throughput: {
    section: 'speed',
    form: 'throughput',
    unset: {},
    merge: 'highest_cutoffs',
    request: true,
  },
  /** Seconds to the first token. */
  preferred_max_latency: { section: 'speed', form: 'latency', unset: {}, merge: 'lowest_cutoffs', request: true },
  /** False: only the first target is tried or, where an order is followed, only those that it names. */
  allow_fallbacks: { section: 'failover', form: 'flag', unset: true, merge: 'all', request: true },
  failover: { section: 'failover', form: 'failover', unset: null, merge: 'narrowest' },
  /** Null: as the wider policy says; never, where none says. */
  hedge: { section: 'hedge', form: 'hedge', unset: null, merge: 'hedge' },
  model_fallback: { section: 'fallback', form: 'model_fallback', unset: null, merge: 'model_fallback' },
  schedule: { section: 'schedule', form: 'schedule', unset: [], merge: 'none' },
  /** A conversation stays where its prompt cache is warm. */
  sticky: { section: 'reach', form: 'flag', unset: true, merge: 'all' },
  /** Null: as the wider policy says; `cancel`, where none says. */
  disconnect: { section: 'reach', form: 'disconnect', unset: null, merge: 'narrowest' },
  /** Narrower policies and requests may not replace objective, order and shares. */
  locked: { section: 'reach', form: 'flag', unset: false, merge: 'any' },
} as const satisfies Readonly<Record<string, FieldFacts>>

interface FieldFacts {
  /** The part of a policy in which people look for it. */
  readonly section: string
  /** What is written in it: schemas and readers know forms, not fields. */
  readonly form: string
  /** Its value where a policy leaves it out; null: no restriction, or as the wider policy says. */
  readonly unset: unknown
  /** How the values of a wider and a narrower policy become one; the rules are in `route/effective-policy.ts`. */
  readonly merge: string
  /** A request may state it, in the `provider` object. */
  readonly request?: true
}

type Facts = typeof POLICY_FIELDS
export type PolicyField = keyof Facts
export type FormOf<Field extends PolicyField> = Facts[Field]['form']
export type PolicyForm = FormOf<PolicyField>
export type PolicySection = Facts[PolicyField]['section']
/** The fields that a request may state. */
export type RequestField = FieldWith<'request', true>

type FieldWith<Fact extends keyof FieldFacts, Value> = {
  [Field in PolicyField]: Facts[Field] extends Readonly<Record<Fact, Value>> ? Field : never
}[PolicyField]

/** In the order in which people read them. */
export const POLICY_FIELD_NAMES = Object.keys(POLICY_FIELDS) as readonly PolicyField[]

/** A table with a line for every field of a policy. */
export function eachField<Line>(line: (field: PolicyField) => Line): Readonly<Record<PolicyField, Line>> {
  const table: Partial<Record<PolicyField, Line>> = {}
  for (const field of POLICY_FIELD_NAMES) table[field] = line(field)
  return table as Record<PolicyField, Line>
}

/** The fields that a request may state, in the order of the table. */
export const REQUEST_FIELDS = POLICY_FIELD_NAMES.filter(
  (field): field is RequestField => 'request' in POLICY_FIELDS[field],
)

/** The fields of the objects inside a document, in the order in which people read them. */
export const INNER_FIELDS = {
  schedule: ['days', 'from', 'to', 'zone'],
  failover: ['on', 'attempts', 'first_token_ms', 'total_ms'],
  model_fallback: ['models', 'on', 'objective'],
  hedge: ['after_ms', 'extra_requests_percent', 'extra_spend_per_day', 'own_cost'],
} as const satisfies Partial<Record<PolicyField, readonly string[]>>
