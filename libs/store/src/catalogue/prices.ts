import type { EndpointId, Price, Rates } from '@turnpike/domain'
import type { PrismaClient } from '../connections/prisma.ts'

/** The version of an endpoint's price that a request was billed by; null when there is no such version. Versions are never edited. */
export async function findPrice(prisma: PrismaClient, endpointId: EndpointId, version: number): Promise<Price | null> {
  const row = await prisma.endpointPrice.findUnique({ where: { endpointId_version: { endpointId, version } } })
  return row && { version, ...ratesOf(row), tiers: tiersOf(row.tiers) }
}

/** Rates of the columns and of tiers. In tiers amounts are decimal strings, which JSON cannot round. */
export type StoredRates = Record<'prompt' | 'completion', bigint | string> &
  Partial<Record<Exclude<keyof Rates, 'prompt' | 'completion'>, bigint | string | null>>

/** A tier as the column stores it. */
export type StoredTier = StoredRates & { readonly abovePromptTokens: number }

const OPTIONAL = ['cacheRead', 'cacheWrite', 'reasoning', 'request', 'image', 'audio'] as const

/** The stored rates. An amount of zero is a rate; null is none. */
export function ratesOf(stored: StoredRates): Rates {
  const others = OPTIONAL.flatMap((rate) => {
    const amount = stored[rate]
    return amount === null || amount === undefined ? [] : [[rate, BigInt(amount)] as const]
  })
  return { prompt: BigInt(stored.prompt), completion: BigInt(stored.completion), ...Object.fromEntries(others) }
}

/** The tiers in a price's column, which only `writeCatalogue` writes. */
export function tiersOf(column: unknown): Price['tiers'] {
  return (column as readonly StoredTier[]).map((tier) => ({
    ...ratesOf(tier),
    abovePromptTokens: tier.abovePromptTokens,
  }))
}
