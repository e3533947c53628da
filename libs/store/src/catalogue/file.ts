import { Fault } from '@turnpike/domain'
import * as z from 'zod'
import { Facts } from './providers.ts'

/** Larger files are no price lists: the one of genai-prices has 2 MB. */
export const PRICE_FILE_BYTES_MAX = 32 << 20

/**
 * Reads a price list: the data of genai-prices as its project publishes it (a list of providers with their models), or an object
 * `{origin, lists, providers}` whose `providers` add lines to `prisma/seed/providers.json`, so that a new provider needs no new release.
 * Throws Fault `request_invalid` with the path of the first error.
 */
export function readPriceFile(text: string): z.infer<typeof PriceList> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new Fault('request_invalid', 'The price list is not valid JSON.')
  }
  const parsed = PriceList.safeParse(Array.isArray(json) ? { lists: json } : json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = issue?.path.map(String).join('.') ?? ''
  throw new Fault('request_invalid', `The price list does not fit at ${place || 'its top'}: ${issue?.message ?? ''}`, {
    param: place,
  })
}

/** Dollars per million tokens, or for one of anything else: far above any list, and no cost at such a price exceeds its column. */
const USD_MAX = 100_000
const usd = z.number().min(0).max(USD_MAX)
const Tiers = z.object({ base: usd, tiers: z.array(z.object({ start: z.int().min(0), price: usd })) })
const Prices = z.record(z.string(), z.union([usd, Tiers]))

/** Some lists name the kind of a constraint; in others its fields show it. */
const Constraint = z
  .union([z.object({ start_date: z.iso.date() }), z.object({ start_time: z.string(), end_time: z.string() }), z.null()])
  .transform((constraint) => {
    if (constraint === null) return undefined
    return 'start_date' in constraint
      ? { type: 'start_date' as const, ...constraint }
      : { type: 'time_of_date' as const, ...constraint }
  })

const Dated = z
  .object({ constraint: Constraint.optional(), prices: Prices })
  .transform(({ constraint, prices }) => ({ prices, ...(constraint && { constraint }) }))

const ListedModel = z.object({
  id: z.string().min(1).max(200),
  name: z.string().max(200).nullish().transform(orUndefined),
  description: z.string().max(10_000).nullish().transform(orUndefined),
  context_window: z.int().min(1).max(100_000_000).nullish().transform(orUndefined),
  deprecated: z.boolean().nullish().transform(orUndefined),
  prices: z.union([z.array(Dated), Prices]),
})

const PriceList = z.object({
  /** The origin that the file states; null: none. */
  origin: z.string().min(1).max(200).nullable().default(null),
  lists: z
    .array(z.object({ id: z.string().min(1).max(100), models: z.array(ListedModel).max(10_000) }))
    .min(1)
    .max(500),
  /** Providers that the file adds, or describes differently from this release. */
  providers: z.array(Facts).max(500).default([]),
})

function orUndefined<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined
}
