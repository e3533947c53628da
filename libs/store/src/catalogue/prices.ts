import type { EndpointId, Price, Rates } from '@turnpike/domain'
import type { PrismaClient } from '../connections/prisma.ts'

/** The price version that a request was billed by; null: there is no such. Versions are never edited. */
export async function findPrice(prisma: PrismaClient, endpointId: EndpointId, version: number): Promise<Price | null> {
  const row = await prisma.endpointPrice.findUnique({ where: { endpointId_version: { endpointId, version } } })
  return row && priceFrom(row)
}

/** The column of each rate. */
export const RATE_COLUMNS = {
  prompt: 'prompt',
  completion: 'completion',
  cacheRead: 'cache_read',
  cacheWrite: 'cache_write',
  reasoning: 'reasoning',
  request: 'request',
  image: 'image',
  audio: 'audio',
} as const satisfies Record<keyof Rates, string>

export const RATES = Object.keys(RATE_COLUMNS) as readonly (keyof Rates)[]

/** Rates of the columns and of tiers. In tiers amounts are decimal strings, which JSON cannot round. */
type StoredRates = { readonly [Rate in keyof Rates]?: bigint | string | null }

/** A price as its row stores it. Tiers are as `writeCatalogue` wrote them. */
export interface StoredPrice extends StoredRates {
  readonly version: number
  readonly tiers: unknown
}

/** What a query selects of `endpoint_prices` for a `StoredPrice`. */
export const PRICE_FIELDS = `version, ${selected(RATE_COLUMNS)}, tiers`

export function priceFrom(row: StoredPrice): Price {
  const tiers = (row.tiers as readonly (StoredRates & { readonly abovePromptTokens: number })[]).map((tier) => ({
    ...ratesOf(tier),
    abovePromptTokens: tier.abovePromptTokens,
  }))
  return { ...ratesOf(row), version: row.version, tiers }
}

/** The stored rates. An amount of zero is a rate; null is none. */
function ratesOf(stored: StoredRates): Rates {
  const amounts = RATES.flatMap((rate) => {
    const amount = stored[rate]
    return amount === null || amount === undefined ? [] : [[rate, BigInt(amount)] as const]
  })
  return Object.fromEntries(amounts) as unknown as Rates
}

/** Columns as a query selects them, each under the name of its field. */
export function selected(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([field, column]) => `${column} AS "${field}"`)
    .join(', ')
}
