import type { Endpoint, Model, Price, Provider, Rates } from '@turnpike/domain'
import type { Queryable } from './pools.ts'

/** A part of the catalogue from one source. The version numbers of its prices say nothing: the database counts its own. */
export interface CatalogueEntries {
  /** Where it came from; shown to operators. Those of the seed begin with `seed: `. */
  readonly origin: string
  readonly models: readonly Model[]
  readonly providers: readonly Provider[]
  readonly endpoints: readonly Endpoint[]
}

/**
 * Inserts what is new and updates what differs, among rows that the seed wrote: a row whose origin an operator changed
 * is theirs and stays as it is. A price that differs becomes a new version, effective now. Returns how many rows
 * changed. Must run in a transaction whose caller holds the catalogue's lock and raises the version on a change.
 */
export async function writeCatalogue(client: Queryable, entries: CatalogueEntries): Promise<number> {
  return (
    (await upsert(
      client,
      MODELS,
      entries.models.map((model) => modelRow(model, entries.origin)),
    )) +
    (await upsert(
      client,
      PROVIDERS,
      entries.providers.map((provider) => providerRow(provider, entries.origin)),
    )) +
    (await upsert(
      client,
      ENDPOINTS,
      entries.endpoints.map((endpoint) => endpointRow(endpoint, entries.origin)),
    )) +
    (await addPrices(client, entries))
  )
}

interface Table {
  readonly name: string
  readonly key: string
  readonly columns: readonly string[]
}

const MODELS: Table = {
  name: 'models',
  key: 'slug',
  columns: ['name', 'description', 'created_at', 'context_length', 'input_modalities', 'output_modalities', 'origin'],
}
const PROVIDERS: Table = {
  name: 'providers',
  key: 'slug',
  columns: ['name', 'dialect', 'base_url', 'simulated', 'retains_prompts', 'failure_domain', 'origin'],
}
const ENDPOINTS: Table = {
  name: 'endpoints',
  key: 'id',
  columns: [
    'model_slug',
    'provider_slug',
    'upstream_model',
    'context_length',
    'max_completion_tokens',
    'quantization',
    'supported_parameters',
    'enabled',
    'origin',
  ],
}

async function upsert(client: Queryable, { name, key, columns }: Table, rows: readonly object[]): Promise<number> {
  const all = [key, ...columns].join(', ')
  const given = (prefix: string): string => columns.map((column) => `${prefix}.${column}`).join(', ')
  const { rowCount } = await client.query(
    `INSERT INTO ${name} AS kept (${all}) SELECT ${all} FROM jsonb_populate_recordset(NULL::${name}, $1)
     ON CONFLICT (${key}) DO UPDATE SET (${columns.join(', ')}) = ROW (${given('EXCLUDED')})
     WHERE kept.origin LIKE 'seed: %' AND (${given('kept')}) IS DISTINCT FROM (${given('EXCLUDED')})`,
    [JSON.stringify(rows)],
  )
  return rowCount ?? 0
}

function modelRow(model: Model, origin: string): object {
  return {
    slug: model.slug,
    name: model.name,
    description: model.description,
    created_at: new Date(model.created * 1000).toISOString(),
    context_length: model.contextLength,
    input_modalities: model.inputModalities,
    output_modalities: model.outputModalities,
    origin,
  }
}

function providerRow(provider: Provider, origin: string): object {
  return {
    slug: provider.slug,
    name: provider.name,
    dialect: provider.dialect,
    base_url: provider.baseUrl,
    simulated: provider.simulated,
    retains_prompts: provider.retainsPrompts,
    failure_domain: provider.failureDomain,
    origin,
  }
}

function endpointRow(endpoint: Endpoint, origin: string): object {
  return {
    id: endpoint.id,
    model_slug: endpoint.model,
    provider_slug: endpoint.provider,
    upstream_model: endpoint.upstreamModel,
    context_length: endpoint.contextLength,
    max_completion_tokens: endpoint.maxCompletionTokens,
    quantization: endpoint.quantization,
    supported_parameters: endpoint.supportedParameters,
    enabled: true,
    origin,
  }
}

const AMOUNTS = 'prompt, completion, cache_read, cache_write, reasoning, request, tiers'

async function addPrices(client: Queryable, { endpoints, origin }: CatalogueEntries): Promise<number> {
  const rows = endpoints.flatMap(({ id, price }) => (price ? [priceRow(id, price, origin)] : []))
  const { rowCount } = await client.query(
    `INSERT INTO endpoint_prices (endpoint_id, version, ${AMOUNTS}, effective_from, origin)
     SELECT wanted.endpoint_id, COALESCE(newest.version, 0) + 1, ${qualified('wanted')}, now(), wanted.origin
     FROM jsonb_populate_recordset(NULL::endpoint_prices, $1) wanted
     LEFT JOIN LATERAL (
       SELECT * FROM endpoint_prices p WHERE p.endpoint_id = wanted.endpoint_id ORDER BY p.version DESC LIMIT 1
     ) newest ON true
     WHERE newest.version IS NULL
        OR newest.origin LIKE 'seed: %' AND (${qualified('newest')}) IS DISTINCT FROM (${qualified('wanted')})`,
    [JSON.stringify(rows)],
  )
  return rowCount ?? 0
}

function qualified(table: string): string {
  return AMOUNTS.split(', ')
    .map((column) => `${table}.${column}`)
    .join(', ')
}

function priceRow(endpointId: string, price: Price, origin: string): object {
  const { cacheRead, cacheWrite, ...rates } = amounts(price)
  return {
    endpoint_id: endpointId,
    ...rates,
    cache_read: cacheRead,
    cache_write: cacheWrite,
    tiers: price.tiers.map((tier) => ({ abovePromptTokens: tier.abovePromptTokens, ...amounts(tier) })),
    origin,
  }
}

/** Nano-dollars as decimal strings: JSON's numbers end at 2^53. */
function amounts(rates: Rates): Partial<Record<keyof Rates, string>> {
  const { prompt, completion, cacheRead, cacheWrite, reasoning, request } = rates
  return {
    prompt: prompt.toString(),
    completion: completion.toString(),
    ...(cacheRead !== undefined && { cacheRead: cacheRead.toString() }),
    ...(cacheWrite !== undefined && { cacheWrite: cacheWrite.toString() }),
    ...(reasoning !== undefined && { reasoning: reasoning.toString() }),
    ...(request !== undefined && { request: request.toString() }),
  }
}
