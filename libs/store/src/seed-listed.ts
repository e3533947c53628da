import { type ConditionalPrice, findProvider, type ModelInfo, type ModelPrice } from '@pydantic/genai-prices'
import {
  type Endpoint,
  type EndpointId,
  type Model,
  type ModelSlug,
  parseUsd,
  type Price,
  type Provider,
  type ProviderSlug,
  type Rates,
} from '@turnpike/domain'
import real from '../../../prisma/seed/real.json' with { type: 'json' }
import type { CatalogueEntries } from './catalogue-write.ts'

type ListedSlug = keyof typeof real.providers

/** A provider whose models and prices the price list knows. */
export interface ListedProvider {
  readonly slug: ListedSlug
  /** Where it is reached when not at its own address, such as through a proxy. */
  readonly baseUrl?: string
}

/**
 * A provider's part of the price list, converted once. A model is skipped when it is not one for text or embeddings, when
 * its context length is unknown, or when a price cannot be stated as whole nano-dollars per million tokens.
 */
export function listedEntries(
  { slug, baseUrl }: ListedProvider,
  now = new Date(),
): { entries: CatalogueEntries; skipped: number } {
  const facts = real.providers[slug]
  const models: Model[] = []
  const endpoints: Endpoint[] = []
  const all = findProvider({ providerId: slug })?.models ?? []
  for (const info of all) {
    const served = convert(slug, info, now)
    if (!served) continue
    models.push(served.model)
    endpoints.push(served.endpoint)
  }
  const provider: Provider = {
    slug: slug as ProviderSlug,
    name: facts.name,
    dialect: facts.dialect as Provider['dialect'],
    baseUrl: (baseUrl ?? facts.baseUrl).replace(/\/+$/, ''),
    simulated: false,
    retainsPrompts: false,
    failureDomain: slug,
  }
  return {
    entries: { origin: `seed: ${real.priceList}`, providers: [provider], models, endpoints },
    skipped: all.length - models.length,
  }
}

function convert(slug: ListedSlug, info: ModelInfo, now: Date): { model: Model; endpoint: Endpoint } | null {
  const facts = real.providers[slug]
  if (info.deprecated || !new RegExp(facts.only).test(info.id) || new RegExp(facts.never).test(info.id)) return null
  const contextLengths: Readonly<Record<string, number>> = facts.contextLengths
  const contextLength = contextLengths[info.id] ?? info.context_window
  const embeds = info.id.includes('embedding')
  const current = pricesAt(info.prices, now)
  const price = current && priceOf(current, embeds)
  if (!contextLength || !price) return null
  const modelSlug = `${slug}/${info.id}` as ModelSlug
  const model: Model = {
    slug: modelSlug,
    name: info.name ?? info.id,
    description: info.description?.trim() ?? '',
    created: 0,
    contextLength,
    inputModalities: embeds ? ['text'] : ['text', 'image'],
    outputModalities: [embeds ? 'embeddings' : 'text'],
  }
  const endpoint: Endpoint = {
    id: `${slug}/${modelSlug}` as EndpointId,
    model: modelSlug,
    provider: slug as ProviderSlug,
    upstreamModel: info.id,
    contextLength,
    maxCompletionTokens: null,
    quantization: 'unknown',
    supportedParameters: embeds ? ['dimensions'] : parametersOf(info.id, facts),
    price,
  }
  return { model, endpoint }
}

function parametersOf(id: string, facts: { supportedParameters: readonly string[]; reasons: string }): string[] {
  return [...facts.supportedParameters, ...(new RegExp(facts.reasons).test(id) ? ['reasoning'] : [])]
}

/** The last of the dated prices that has begun. Prices by the time of day have no place in our price versions: null. */
function pricesAt(prices: ConditionalPrice[] | ModelPrice, now: Date): ModelPrice | null {
  if (!Array.isArray(prices)) return prices
  if (prices.some(({ constraint }) => constraint?.type === 'time_of_date')) return null
  const begun = prices.filter(
    ({ constraint }) => constraint?.type !== 'start_date' || new Date(constraint.start_date) <= now,
  )
  return begun.at(-1)?.prices ?? null
}

/** The list's names of the rates that we bill by. Its others (searches, audio, hour-long cache writes) we do not offer. */
const RATES = {
  prompt: 'input_mtok',
  completion: 'output_mtok',
  cacheRead: 'cache_read_mtok',
  cacheWrite: 'cache_write_mtok',
} as const satisfies Partial<Record<keyof Rates, string>>

function priceOf(prices: ModelPrice, embeds: boolean): Price | null {
  const all = embeds ? { ...prices, output_mtok: 0 } : prices
  const starts = new Set<number>()
  for (const name of Object.values(RATES)) {
    const price = all[name]
    if (typeof price === 'object') for (const tier of price.tiers) starts.add(tier.start)
  }
  const base = ratesAt(all, 0)
  const tiers = [...starts]
    .toSorted((a, b) => a - b)
    .map((abovePromptTokens) => {
      const rates = ratesAt(all, abovePromptTokens + 1)
      return rates && { ...rates, abovePromptTokens }
    })
  return base && tiers.every((tier) => tier !== null) ? { ...base, version: 1, tiers } : null
}

/** All rates for a prompt of this length; null when one of them cannot be stated exactly. */
function ratesAt(prices: ModelPrice, promptTokens: number): Rates | null {
  const found: Partial<Record<keyof typeof RATES, bigint>> = {}
  for (const [rate, name] of Object.entries(RATES) as [keyof typeof RATES, string][]) {
    const price = prices[name]
    if (price === undefined) continue
    const usd =
      typeof price === 'number'
        ? price
        : (price.tiers.findLast((tier) => promptTokens > tier.start)?.price ?? price.base)
    // The shortest decimal that names the float is what its author wrote; anything else would be a rounding of ours.
    const exact = parseUsd(String(usd))
    if (exact === null) return null
    found[rate] = exact
  }
  const { prompt, completion, ...caches } = found
  return prompt === undefined || completion === undefined ? null : { prompt, completion, ...caches }
}
