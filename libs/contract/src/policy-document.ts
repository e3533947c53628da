import {
  ATTEMPTS_MAX,
  DATA_COLLECTIONS,
  DISCONNECTS,
  eachField,
  FAILURE_KINDS,
  HEDGE_LIMITS,
  OBJECTIVES,
  OWN_CAPACITIES,
  POLICY_FIELDS,
  PRECISIONS,
  REGION,
  WEEKDAYS,
  WINDOWS_MAX,
  type FormOf,
  type PolicyField,
  type PolicyForm,
  type WrittenForms,
} from '@turnpike/domain'
import * as z from 'zod'
import { between, dollars } from './fields.ts'

/** Bounds of a document. */
const SLUGS_MAX = 100
const FALLBACK_MODELS_MAX = 15
/** Of the document as JSON, in UTF-8. */
export const POLICY_BYTES_MAX = 32 * 1024
/** The operator's ceilings of hedging, which a policy may only lower. */
const HEDGE_MS_MIN = HEDGE_LIMITS.afterMsMin
const HEDGE_MS_MAX = 60_000
const HEDGE_PERCENT_MAX = HEDGE_LIMITS.extraRequests * 100
const SHARE_MAX = 1_000_000
const MILLISECONDS_MIN = 100
/** As long as the gateway itself would wait. */
const MILLISECONDS_MAX = 15 * 60_000
/** As in the `provider` object of a request. */
const LATENCY_SECONDS_MAX = 900
const THROUGHPUT_MAX = 1_000_000

const slug = () => z.string().min(1).max(100)
const slugs = () => z.array(slug()).max(SLUGS_MAX)
const shares = () =>
  z.record(slug(), z.number({ error: 'must be a number above zero, such as 2' }).positive().max(SHARE_MAX))
const DOLLARS = 'must be dollars as a decimal string, such as "0.15": per million tokens, for request and image each'
const failures = () => z.array(z.enum(FAILURE_KINDS)).max(FAILURE_KINDS.length)
const MILLISECONDS = `must be whole milliseconds from ${MILLISECONDS_MIN} to ${MILLISECONDS_MAX}`
const milliseconds = () => between(MILLISECONDS_MIN, MILLISECONDS_MAX, MILLISECONDS)
const HEDGE_MILLISECONDS = `must be whole milliseconds from ${HEDGE_MS_MIN} to ${HEDGE_MS_MAX}, or left out: then it is the endpoint’s 95th percentile`
const HEDGE_PERCENT = `must be a number above 0 and at most ${HEDGE_PERCENT_MAX}: of a hundred requests, how many may have a second one`
const HEDGE_SPEND = 'must be dollars as a decimal string, such as "0.50": what second requests may cost in 24 hours'
const REGIONS = 'must be the two letters of a country in lower case, such as "de", or "eu"'
const TIME = 'must be a time of day from "00:00" to "23:59", such as "08:30"'
const time = () => z.string({ error: TIME }).regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, TIME)

const price = dollars(DOLLARS)
const prices = () =>
  z.strictObject({ prompt: price, completion: price, request: price, image: price, audio: price }).partial()

/** Throughput and latency by percentile. @param unit said when a value is not a number of it */
const cutoffs = (unit: string, most: number) => {
  const error = `must be a number of ${unit} above zero, without a unit`
  const cutoff = () => z.number({ error }).positive(error).max(most, `must be ${most} ${unit} at most`).optional()
  return z.strictObject({ p50: cutoff(), p75: cutoff(), p90: cutoff(), p99: cutoff() })
}

const failoverRules = () =>
  z.strictObject({
    on: failures().optional(),
    attempts: z.int().min(1).max(ATTEMPTS_MAX).optional(),
    first_token_ms: milliseconds().optional(),
    total_ms: milliseconds().optional(),
  })

const fallback = () =>
  z.strictObject({
    models: z.array(z.string().min(1).max(256)).min(1).max(FALLBACK_MODELS_MAX),
    on: failures().optional(),
    objective: z.enum(OBJECTIVES).optional(),
  })

/** A hedge: a second attempt while the first is slow to begin. */
const hedge = () =>
  z.strictObject({
    after_ms: between(HEDGE_MS_MIN, HEDGE_MS_MAX, HEDGE_MILLISECONDS).optional(),
    extra_requests_percent: z
      .number({ error: HEDGE_PERCENT })
      .positive(HEDGE_PERCENT)
      .max(HEDGE_PERCENT_MAX, HEDGE_PERCENT)
      .optional(),
    extra_spend_per_day: dollars(HEDGE_SPEND).optional(),
    /** Also with BYOK credentials. */
    own_cost: z.boolean().optional(),
  })

const windows = () =>
  z
    .array(
      z.strictObject({
        objective: z.enum(OBJECTIVES).optional(),
        order: slugs().optional(),
        shares: shares().optional(),
        max_price: prices().optional(),
        days: z.array(z.enum(WEEKDAYS)).min(1).max(WEEKDAYS.length),
        from: time(),
        to: time(),
        /** IANA name; the server says when there is none of that name. */
        zone: z.string().min(1).max(64),
      }),
    )
    .max(WINDOWS_MAX)

/** What may be written in a field, by the form of the field. */
const FORMS = {
  flag: () => z.boolean(),
  slugs,
  objective: () => z.enum(OBJECTIVES),
  shares,
  own_capacity: () => z.enum(OWN_CAPACITIES),
  prices,
  data_collection: () => z.enum(DATA_COLLECTIONS),
  regions: () =>
    z
      .array(z.string({ error: REGIONS }).regex(REGION, REGIONS))
      .min(1)
      .max(SLUGS_MAX),
  precisions: () => z.array(z.enum(PRECISIONS)).min(1),
  parameters: () => z.array(z.string().min(1).max(64)).max(SLUGS_MAX),
  throughput: () => cutoffs('tokens per second', THROUGHPUT_MAX),
  latency: () => cutoffs('seconds', LATENCY_SECONDS_MAX),
  failover: failoverRules,
  hedge,
  model_fallback: fallback,
  schedule: windows,
  disconnect: () => z.enum(DISCONNECTS),
} satisfies { [Form in PolicyForm]: () => z.ZodType<WrittenForms[Form]> }

const fields = eachField((field) => FORMS[POLICY_FIELDS[field].form]().optional()) as {
  [Field in PolicyField]: z.ZodOptional<ReturnType<(typeof FORMS)[FormOf<Field>]>>
}

/** A routing policy as it is written and kept: the words of OpenRouter's `provider` object where it has one. */
export const PolicyDocument = z.strictObject(fields)
export type PolicyDocument = z.infer<typeof PolicyDocument>

/** Versions of one policy: each save is one, and none is ever edited. */
export const VERSION_MAX = 1_000_000
export const policyVersion = () => z.int().min(1).max(VERSION_MAX)

/** A reference to a policy. */
export const PolicyName = z.object({ id: z.string(), name: z.string() })
