import {
  divideRounded,
  type Endpoint,
  type EndpointId,
  type ModelSlug,
  NANO_PER_USD,
  parseUsd,
  type Price,
  type Provider,
  type ProviderSlug,
} from '@turnpike/domain'
import fleet from '../../../../prisma/seed/simulated.json' with { type: 'json' }
import type { CatalogueEntries } from './rows.ts'

/** Creation date of the fleet's models: 2026-11-21, so that they sort as new ones. */
const CREATED = 1_795_219_200

/** What `apps/simulator` simulates. Prices differ by provider, so that routing by cost has a choice. */
export function simulatedFleet(): CatalogueEntries {
  return {
    origin: 'seed: simulated fleet',
    providers: fleet.providers.map(({ slug, name, dialect, path, regions, failureDomain }) => ({
      slug: slug as ProviderSlug,
      name,
      dialect: dialect as Provider['dialect'],
      baseUrl: path,
      simulated: true,
      retainsPrompts: false,
      zeroRetention: true,
      regions,
      failureDomain,
    })),
    models: fleet.models.map(({ slug, name, description, contextLength, inputModalities, outputModalities }) => ({
      slug: slug as ModelSlug,
      name,
      description,
      created: CREATED,
      contextLength,
      inputModalities,
      outputModalities,
      distillable: true,
    })),
    endpoints: fleet.models.flatMap((model) => model.providers.map((provider) => endpoint(model, provider))),
  }
}

type FleetModel = (typeof fleet.models)[number]

function endpoint(model: FleetModel, providerSlug: string): Endpoint {
  const provider = fleet.providers.find(({ slug }) => slug === providerSlug)
  if (!provider) throw new Error(`The simulated fleet has no provider ${providerSlug}.`)
  return {
    id: `${providerSlug}/${model.slug}` as EndpointId,
    model: model.slug as ModelSlug,
    provider: providerSlug as ProviderSlug,
    upstreamModel: model.slug.slice(model.slug.indexOf('/') + 1),
    contextLength: model.contextLength,
    maxCompletionTokens: model.maxCompletionTokens,
    quantization: 'unknown',
    supportedParameters: model.supportedParameters,
    price: price(model.usdPerMillion, provider.priceFactor),
  }
}

function price(rates: FleetModel['usdPerMillion'], factor: string): Price {
  const times = (usd: string): bigint => divideRounded(exact(usd) * exact(factor), NANO_PER_USD)
  return {
    version: 1,
    prompt: times(rates.prompt),
    completion: times(rates.completion),
    ...('cacheRead' in rates && rates.cacheRead && { cacheRead: times(rates.cacheRead) }),
    tiers: [],
  }
}

function exact(decimal: string): bigint {
  const amount = parseUsd(decimal)
  if (amount === null) throw new Error(`The simulated fleet has the price ${decimal}, which is no decimal number.`)
  return amount
}
