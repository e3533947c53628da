import { findProvider } from '@pydantic/genai-prices'
import type { Endpoint, EndpointId, Model, ModelSlug, Provider, ProviderSlug } from '@turnpike/domain'
import { nameModel } from './names.ts'
import { factsOf, PROVIDERS, type Facts } from './providers.ts'
import { isServable, parametersOf, traitsOf } from './traits.ts'
import type { CatalogueEntries } from './rows.ts'
import { listedPrice, type ListedPrices } from './listed-prices.ts'

/** A provider of a price list, with its models. */
interface ListedModels {
  readonly id: string
  readonly models: readonly ListedModel[]
}

/** A model of a price list. */
export interface ListedModel {
  readonly id: string
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly context_window?: number | undefined
  readonly deprecated?: boolean | undefined
  readonly prices: ListedPrices
}

/** Why models of a list are not in the catalogue, and how many for each reason. */
type LeftOut = Record<'withdrawn' | 'unserved' | 'unlimited' | 'unpriced' | 'repeated', number>

interface Listed {
  readonly entries: CatalogueEntries
  readonly leftOut: LeftOut
}

interface ListOptions {
  /** Where providers are reached when not at their own address, by slug. */
  readonly baseUrls?: Readonly<Record<string, string>>
  /** Whether a provider is simulated, by its slug; left out: none is. */
  readonly isSimulated?: (slug: string) => boolean
  /** Providers that the list describes itself, besides those that this release knows. */
  readonly providers?: readonly Facts[]
}

/** The installed price list: those of its providers that `prisma/seed/providers.json` has. */
export function installedList(): ListedModels[] {
  return [...new Set(PROVIDERS.map(({ list }) => list))].flatMap((id) => findProvider({ providerId: id }) ?? [])
}

/**
 * A price list as a part of the catalogue: one model for all its names at providers, and an endpoint for each provider. A model is left
 * out without an exact price or a context length, and so is a second endpoint of a model at one provider, as Bedrock has one per region.
 * Providers are listed with or without an account of the operator's: those without one are simulated, or not served.
 * @param origin name, version and day of the list @param now dated prices hold from their day on
 */
export function listedEntries(
  lists: readonly ListedModels[],
  origin: string,
  now: Date,
  { baseUrls = {}, isSimulated = () => false, providers: described = [] }: ListOptions = {},
): Listed {
  const leftOut: LeftOut = { withdrawn: 0, unserved: 0, unlimited: 0, unpriced: 0, repeated: 0 }
  const providers: Provider[] = []
  const offers = new Map<EndpointId, Offer>()
  for (const facts of factsOf(described)) {
    const list = lists.find(({ id }) => id === facts.list)
    if (!list) continue
    providers.push(providerOf(facts, baseUrls[facts.slug], isSimulated(facts.slug)))
    for (const info of list.models) {
      if (!facts.only.test(info.id) || facts.never.test(info.id)) continue
      const offer = read(facts, info, now)
      if (typeof offer === 'string') leftOut[offer]++
      else if (offers.has(offer.endpoint.id)) leftOut.repeated++
      else offers.set(offer.endpoint.id, offer)
    }
  }
  const endpoints = [...offers.values()].map(({ endpoint }) => endpoint)
  return { entries: { origin, models: modelsOf([...offers.values()]), providers, endpoints }, leftOut }
}

/** A model at a provider, and what its list says of the model. */
interface Offer {
  readonly endpoint: Endpoint
  readonly info: ListedModel
  /** Whether the list is the model author's own, or OpenRouter's: its names and descriptions are preferred. */
  readonly isKnowing: boolean
}

/** An offer, or the reason why there is none. */
function read(facts: Facts, info: ListedModel, now: Date): Offer | keyof LeftOut {
  const { slug, quantization } = nameModel(info.id, facts)
  if (info.deprecated) return 'withdrawn'
  if (!isServable(slug)) return 'unserved'
  const contextLength = facts.contextLengths[info.id] ?? info.context_window
  if (!contextLength) return 'unlimited'
  const price = listedPrice(info.prices, now, traitsOf(slug).embeds)
  if (!price) return 'unpriced'
  const endpoint: Endpoint = {
    id: `${facts.slug}/${slug}` as EndpointId,
    model: slug as ModelSlug,
    provider: facts.slug as ProviderSlug,
    upstreamModel: `${facts.upstreamPrefix}${info.id}${facts.upstreamSuffix}`,
    contextLength,
    maxCompletionTokens: null,
    quantization,
    supportedParameters: parametersOf(slug, facts.parameters),
    price,
  }
  return { endpoint, info, isKnowing: facts.slug === 'openrouter' || slug.startsWith(`${facts.author}/`) }
}

function modelsOf(offers: readonly Offer[]): Model[] {
  const bySlug = new Map<ModelSlug, Offer[]>()
  for (const offer of offers) {
    const others = bySlug.get(offer.endpoint.model)
    if (others) others.push(offer)
    else bySlug.set(offer.endpoint.model, [offer])
  }
  return [...bySlug].map(([slug, own]) => {
    const { name, inputModalities, outputModalities, distillable, categories } = traitsOf(slug)
    const ranked = [...own.filter(({ isKnowing }) => isKnowing), ...own.filter(({ isKnowing }) => !isKnowing)]
    return {
      slug,
      name: name ?? ranked.find(({ isKnowing, info }) => isKnowing && info.name)?.info.name ?? titleOf(slug),
      description: ranked.find(({ info }) => info.description)?.info.description?.trim() ?? '',
      created: 0,
      contextLength: Math.max(...own.map(({ endpoint }) => endpoint.contextLength)),
      inputModalities,
      outputModalities,
      distillable,
      categories,
    }
  })
}

/** A display name from the slug: `qwen/qwen3-32b` is "Qwen3 32B". */
function titleOf(slug: string): string {
  return slug
    .slice(slug.indexOf('/') + 1)
    .split('-')
    .map((word) => (/^[a-z]?\d+[a-z]$/.test(word) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1)))
    .join(' ')
}

function providerOf(facts: Facts, baseUrl: string | undefined, simulated: boolean): Provider {
  return {
    slug: facts.slug as ProviderSlug,
    name: facts.name,
    dialect: facts.dialect,
    baseUrl: baseUrl?.replace(/\/+$/, '') ?? facts.baseUrl,
    simulated,
    retainsPrompts: facts.mayTrain,
    zeroRetention: false,
    regions: facts.regions,
    failureDomain: facts.failureDomain,
  }
}
