import {
  DATA_COLLECTIONS,
  nearest,
  parseUsd,
  PERCENTILES,
  POLICY_FIELDS,
  PRECISIONS,
  REQUEST_FIELDS,
  type Cutoffs,
  type FormOf,
  type ModelSlug,
  type NanoUsd,
  type Objective,
  type PriceCeiling,
  type RequestField,
  type RoutePreferences,
} from '@turnpike/domain'
import { z } from 'zod'
import { list } from '../../http/list.ts'
import { invalid } from '../../http/parse.ts'

/** OpenRouter's words for what to sort by, and ours. `exacto` asks for the steadiest endpoints. */
const OBJECTIVE = {
  price: 'cost',
  latency: 'latency',
  throughput: 'throughput',
  exacto: 'uptime',
} as const satisfies Record<string, Objective>
type Sort = keyof typeof OBJECTIVE
const SORTS = Object.keys(OBJECTIVE) as [Sort, ...Sort[]]

const SLUGS_MAX = 100
const MODELS_MAX = 16
/** As OpenRouter has it. */
export const SESSION_LENGTH_MAX = 256
/** A first token that takes longer than any request may take is milliseconds taken for seconds. */
const LATENCY_SECONDS_MAX = 900
const THROUGHPUT_MAX = 1_000_000

const slug = z.string().min(1).max(100)
const slugs = () => list(slug, SLUGS_MAX)
const named = () => list(slug, SLUGS_MAX, { least: 1, tooFew: 'must name a provider; leave it out to allow any' })
const modelName = () =>
  z.string('must be given: the model as author/slug').min(1, 'must be given: the model as author/slug').max(256)

/** How a request states a field, by the form of the field. */
const FORMS = {
  flag: () => z.boolean(),
  slugs: (field: RequestField) => (POLICY_FIELDS[field].unset === null ? named() : slugs()),
  data_collection: () => word(DATA_COLLECTIONS),
  precisions: () =>
    list(word(PRECISIONS), SLUGS_MAX, { least: 1, tooFew: 'must name a precision; leave it out to allow any' }),
  prices: () =>
    closed({
      prompt: dollars('dollars per million tokens').nullish(),
      completion: dollars('dollars per million tokens').nullish(),
      request: dollars('dollars per request').nullish(),
      image: dollars('dollars per image').nullish(),
      audio: dollars('dollars per million tokens of audio').nullish(),
    }).transform(ceilingOf),
  throughput: () => cutoffs('tokens per second', THROUGHPUT_MAX),
  latency: () => cutoffs('seconds, as 1.5 for 1500 ms', LATENCY_SECONDS_MAX),
} satisfies { [Form in FormOf<RequestField>]: (field: RequestField) => z.ZodType }

/** The fields of a policy that a request may state, as POLICY_FIELDS has them. */
const statedFields = Object.fromEntries(
  REQUEST_FIELDS.map((field) => [field, FORMS[POLICY_FIELDS[field].form](field).nullish()]),
) as { [Field in RequestField]: z.ZodOptional<z.ZodNullable<ReturnType<(typeof FORMS)[FormOf<Field>]>>> }

/** `provider` is closed: a misspelt constraint would send a prompt where it must not go. */
export const routingFields = {
  model: modelName().nullish(),
  models: list(modelName(), MODELS_MAX).nullish(),
  provider: closed({
    sort: shortOrLong(
      word(SORTS),
      closed({ by: word(SORTS).nullish(), partition: word(['model', 'none']).nullish() }),
    ).nullish(),
    ...statedFields,
  }).nullish(),
  route: word(['fallback'], 'is no longer in use: name `models` for fallbacks, or provider.sort.partition').nullish(),
  session_id: z.string().max(SESSION_LENGTH_MAX).nullish(),
}

export type RoutingBody = z.infer<z.ZodObject<typeof routingFields>>

/** A request's models in order of preference, each once. Throws Fault `request_invalid` for none. */
export function modelsOf(body: RoutingBody): readonly [ModelSlug, ...ModelSlug[]] {
  const [first, ...others] = new Set([...(body.model ? [body.model] : []), ...(body.models ?? [])])
  if (first === undefined) throw invalid('model', 'model: must be given: the model as author/slug')
  return [first as ModelSlug, ...(others as ModelSlug[])]
}

const NO_PREFERENCES: RoutePreferences = {}

/** What the `provider` object states. A field that has its usual value states nothing. */
export function preferencesOf({ provider }: RoutingBody): RoutePreferences {
  if (!provider) return NO_PREFERENCES
  const { sort, ...fields } = provider
  const { by, partition } = (typeof sort === 'string' ? { by: sort, partition: null } : sort) ?? {}
  const stated = REQUEST_FIELDS.filter(
    (field) => (fields[field] ?? POLICY_FIELDS[field].unset) !== POLICY_FIELDS[field].unset,
  )
  return {
    ...(Object.fromEntries(stated.map((field) => [field, fields[field]])) as RoutePreferences),
    ...(by && { objective: OBJECTIVE[by] }),
    ...(partition === 'none' && { partition }),
  }
}

/** An object that refuses unknown members by name, with the nearest that exists. */
function closed<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined
      const known = Object.keys(shape)
      const [unknown = ''] = issue.keys ?? []
      return `is no field of this object, which has ${known.join(', ')}${hint(unknown, known)}`
    },
  })
}

/** A word of a closed list; another is refused with the nearest. @param note what to say instead of the list */
function word<const Words extends readonly [string, ...string[]]>(words: Words, note?: string) {
  return z.enum(words, {
    error: ({ input }) => `${note ?? `must be ${listed(words)}`}${typeof input === 'string' ? hint(input, words) : ''}`,
  })
}

function listed(words: readonly string[]): string {
  return words.length > 2 ? `one of ${words.join(', ')}` : words.join(' or ')
}

function hint(written: string, known: readonly string[]): string {
  const [closest] = nearest(written, known, 1)
  return closest === undefined ? '' : `. Did you mean ${closest}?`
}

/** A field with two forms: its type tells which is meant, so that only that one's faults are named. */
function shortOrLong<Short extends z.ZodType, Long extends z.ZodType>(short: Short, long: Long) {
  return z.unknown().transform((value, context): z.output<Short> | z.output<Long> => {
    const parsed = (typeof value === 'object' ? long : short).safeParse(value)
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) context.addIssue({ ...issue })
    return z.NEVER
  })
}

/** An amount of dollars, as number or decimal string, in nano-dollars. */
function dollars(unit: string) {
  return z.unknown().transform((value, context): NanoUsd | null => {
    if (value === null) return null
    const amount = typeof value === 'number' ? plainDecimal(value) : value
    const parsed = typeof amount === 'string' ? parseUsd(amount) : null
    if (parsed !== null) return parsed
    context.addIssue(`must be ${unit}, as a number or a string such as "0.5", with nine decimals at most`)
    return z.NEVER
  })
}

/** A number without its exponent, to nine decimals: 1e-7 is 0.0000001. */
function plainDecimal(amount: number): string {
  return amount.toFixed(9).replace(/\.?0+$/, '') || '0'
}

/** One figure, which is the median, or several by percentile. */
function cutoffs(unit: string, most: number) {
  const wrong = `must be a number of ${unit}, ${most} at most`
  const figure = () => z.number(wrong).min(0, wrong).max(most, wrong)
  const byPercentile = closed({
    p50: figure().nullish(),
    p75: figure().nullish(),
    p90: figure().nullish(),
    p99: figure().nullish(),
  })
  return shortOrLong(figure(), byPercentile).transform((value): Cutoffs => {
    if (typeof value === 'number') return { p50: value }
    return Object.fromEntries(
      PERCENTILES.flatMap((percentile) => {
        const cutoff = value[percentile]
        return typeof cutoff === 'number' ? [[percentile, cutoff]] : []
      }),
    )
  })
}

/** Without the prices that are null. */
function ceilingOf(prices: {
  readonly [Rate in keyof PriceCeiling]?: NanoUsd | null | undefined
}): Partial<PriceCeiling> {
  return Object.fromEntries(Object.entries(prices).filter(([, price]) => price !== null && price !== undefined))
}
