import {
  type Catalogue,
  catalogueOf,
  type Endpoint,
  type EndpointId,
  type Model,
  type ModelSlug,
  type Price,
  type Provider,
  type ProviderSlug,
} from '@turnpike/domain'
import { inTransaction, type Pool, type Queryable } from '../connections/pools.ts'
import { ratesOf, tiersOf, type StoredRates, type StoredTier } from './prices.ts'

/**
 * The whole catalogue as of one moment: enabled endpoints, each with the newest price already in effect. An endpoint
 * without a price has `price: null`, so that routing can report why it is not served.
 */
export function readCatalogue(pool: Pool): Promise<Catalogue> {
  // One snapshot for all queries: a catalogue that is half old and half new would be wrong.
  return inTransaction(pool, readWithin, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
}

/** The catalogue's version, a cheap check for changes. */
export async function readCatalogueVersion(pool: Pool): Promise<number> {
  return versionWithin(pool)
}

async function readWithin(client: Queryable): Promise<Catalogue> {
  const version = await versionWithin(client)
  const models = await client.query<ModelRow>('SELECT * FROM models ORDER BY slug')
  const providers = await client.query<ProviderRow>('SELECT * FROM providers ORDER BY slug')
  const endpoints = await client.query<EndpointRow>('SELECT * FROM endpoints WHERE enabled ORDER BY id')
  const prices = await client.query<PriceRow>(
    `SELECT DISTINCT ON (endpoint_id) * FROM endpoint_prices WHERE effective_from <= now()
     ORDER BY endpoint_id, version DESC`,
  )
  const priceOf = new Map(prices.rows.map((row) => [row.endpoint_id, toPrice(row)]))
  return catalogueOf(
    version,
    models.rows.map(toModel),
    providers.rows.map(toProvider),
    endpoints.rows.map((row) => toEndpoint(row, priceOf.get(row.id) ?? null)),
  )
}

async function versionWithin(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM catalogue_version')
  return rows[0]?.version ?? 0
}

interface ModelRow {
  slug: string
  name: string
  description: string
  created_at: Date
  context_length: number
  input_modalities: string[]
  output_modalities: string[]
  distillable: boolean
  categories: string[]
}

function toModel(row: ModelRow): Model {
  return {
    slug: row.slug as ModelSlug,
    name: row.name,
    description: row.description,
    created: Math.floor(row.created_at.getTime() / 1000),
    contextLength: row.context_length,
    inputModalities: row.input_modalities,
    outputModalities: row.output_modalities,
    distillable: row.distillable,
    ...(row.categories.length > 0 && { categories: row.categories }),
  }
}

interface ProviderRow {
  slug: string
  name: string
  dialect: Provider['dialect']
  base_url: string
  simulated: boolean
  retains_prompts: boolean
  zero_retention: boolean
  regions: string[]
  failure_domain: string
}

function toProvider(row: ProviderRow): Provider {
  return {
    slug: row.slug as ProviderSlug,
    name: row.name,
    dialect: row.dialect,
    baseUrl: row.base_url,
    simulated: row.simulated,
    retainsPrompts: row.retains_prompts,
    zeroRetention: row.zero_retention,
    regions: row.regions,
    failureDomain: row.failure_domain,
  }
}

interface EndpointRow {
  id: string
  model_slug: string
  provider_slug: string
  upstream_model: string
  context_length: number
  max_completion_tokens: number | null
  quantization: string
  supported_parameters: string[]
}

function toEndpoint(row: EndpointRow, price: Price | null): Endpoint {
  return {
    id: row.id as EndpointId,
    model: row.model_slug as ModelSlug,
    provider: row.provider_slug as ProviderSlug,
    upstreamModel: row.upstream_model,
    contextLength: row.context_length,
    maxCompletionTokens: row.max_completion_tokens,
    quantization: row.quantization,
    supportedParameters: row.supported_parameters,
    price,
  }
}

interface PriceRow extends Omit<StoredRates, 'cacheRead' | 'cacheWrite'> {
  endpoint_id: string
  version: number
  cache_read: bigint | null
  cache_write: bigint | null
  tiers: StoredTier[]
}

function toPrice(row: PriceRow): Price {
  return {
    ...ratesOf({ ...row, cacheRead: row.cache_read, cacheWrite: row.cache_write }),
    version: row.version,
    tiers: tiersOf(row.tiers),
  }
}
