import type { EndpointId, Price, Rates } from '@turnpike/domain'
import type { EndpointPrice } from './generated/client.ts'
import type { PrismaClient } from './prisma.ts'

/** The version of an endpoint's price that a request was billed by; null when there is none such. Versions are never edited. */
export async function findPrice(prisma: PrismaClient, endpointId: EndpointId, version: number): Promise<Price | null> {
  const row = await prisma.endpointPrice.findUnique({ where: { endpointId_version: { endpointId, version } } })
  return row && { version, ...ratesOf(row), tiers: (row.tiers as unknown as StoredTier[]).map(tierOf) }
}

type Rate = 'prompt' | 'completion' | 'cacheRead' | 'cacheWrite' | 'reasoning' | 'request'
type Amounts = Pick<EndpointPrice, Rate>
/** Amounts as decimal strings, since JSON has no integers of 64 bits. */
type StoredTier = { readonly [Name in Rate]?: string | null } & { readonly abovePromptTokens: number }

function ratesOf({ prompt, completion, cacheRead, cacheWrite, reasoning, request }: Amounts): Rates {
  return {
    prompt,
    completion,
    ...(cacheRead !== null && { cacheRead }),
    ...(cacheWrite !== null && { cacheWrite }),
    ...(reasoning !== null && { reasoning }),
    ...(request !== null && { request }),
  }
}

function tierOf(tier: StoredTier): Rates & { abovePromptTokens: number } {
  return {
    abovePromptTokens: tier.abovePromptTokens,
    ...ratesOf({
      prompt: BigInt(tier.prompt ?? '0'),
      completion: BigInt(tier.completion ?? '0'),
      cacheRead: amount(tier.cacheRead),
      cacheWrite: amount(tier.cacheWrite),
      reasoning: amount(tier.reasoning),
      request: amount(tier.request),
    }),
  }
}

function amount(text: string | null | undefined): bigint | null {
  return text === null || text === undefined ? null : BigInt(text)
}
