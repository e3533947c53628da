import type { EndpointId, Price, Rates } from '@turnpike/domain'
import type { PrismaClient } from '../connections/prisma.ts'

/** The version of an endpoint's price that a request was billed by; null when there is none such. Versions are never edited. */
export async function findPrice(prisma: PrismaClient, endpointId: EndpointId, version: number): Promise<Price | null> {
  const row = await prisma.endpointPrice.findUnique({ where: { endpointId_version: { endpointId, version } } })
  return row && { version, ...ratesOf(row), tiers: tiersOf(row.tiers) }
}

/** Rates as the columns hold them, and as tiers do: there amounts are decimal strings, which JSON cannot round. */
export type StoredRates = Record<'prompt' | 'completion', bigint | string> &
  Partial<Record<Exclude<keyof Rates, 'prompt' | 'completion'>, bigint | string | null>>

/** A tier as it lies in the column. */
export type StoredTier = StoredRates & { readonly abovePromptTokens: number }

const OPTIONAL = ['cacheRead', 'cacheWrite', 'reasoning', 'request', 'image', 'audio'] as const

/** The rates that are stored. An amount of zero is given, and is not the same as none. */
export function ratesOf(stored: StoredRates): Rates {
  const others = OPTIONAL.flatMap((rate) => {
    const amount = stored[rate]
    return amount === null || amount === undefined ? [] : [[rate, BigInt(amount)] as const]
  })
  return { prompt: BigInt(stored.prompt), completion: BigInt(stored.completion), ...Object.fromEntries(others) }
}

/** The tiers of a price's column: only `writeCatalogue` writes it. */
export function tiersOf(column: unknown): Price['tiers'] {
  return (column as readonly StoredTier[]).map((tier) => ({
    ...ratesOf(tier),
    abovePromptTokens: tier.abovePromptTokens,
  }))
}
