import type { Endpoint, Model, Price, Provider, Rates } from '@turnpike/domain'
import type { Queryable } from '../connections/pools.ts'

/** A part of the catalogue from one source. The version numbers of its prices are ignored: the database counts its own. */
export interface CatalogueEntries {
  /** Source and day, shown to operators. The origin of the seed begins with `seed: `, that of an import with `import: `. */
  readonly origin: string
  readonly models: readonly Model[]
  readonly providers: readonly Provider[]
  readonly endpoints: readonly Endpoint[]
}

/** A row of the catalogue by the names of its columns. Amounts are decimal strings: JSON's numbers end at 2^53. */
export type Row = Readonly<Record<string, unknown>>

/** A table of the catalogue: the column that names a row, and the columns that are compared and written. */
interface Table {
  readonly key: string
  readonly columns: readonly string[]
}

export const TABLES = {
  models: {
    key: 'slug',
    columns: [
      'name',
      'description',
      'created_at',
      'context_length',
      'input_modalities',
      'output_modalities',
      'distillable',
      'categories',
    ],
  },
  providers: {
    key: 'slug',
    columns: [
      'name',
      'dialect',
      'base_url',
      'simulated',
      'retains_prompts',
      'zero_retention',
      'regions',
      'failure_domain',
    ],
  },
  endpoints: {
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
    ],
  },
  /** The newest version of each endpoint's price. */
  prices: {
    key: 'endpoint_id',
    columns: ['prompt', 'completion', 'cache_read', 'cache_write', 'reasoning', 'request', 'image', 'audio', 'tiers'],
  },
} as const satisfies Record<string, Table>

export type TableName = keyof typeof TABLES
export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[]

/** A catalogue, or a part of it, as rows. Each has an `origin` besides its columns. */
export type CatalogueRows = Readonly<Record<TableName, readonly Row[]>>

/** The name of a row of a table. */
export function nameOf(table: TableName, row: Row): string {
  return String(row[TABLES[table].key])
}

/** The wanted rows of parts of the catalogue. An endpoint without a price has no row of prices. */
export function rowsOf(parts: readonly CatalogueEntries[]): CatalogueRows {
  return {
    models: parts.flatMap(({ models, origin }) => models.map((model) => ({ ...modelRow(model), origin }))),
    providers: parts.flatMap(({ providers, origin }) => providers.map((row) => ({ ...providerRow(row), origin }))),
    endpoints: parts.flatMap(({ endpoints, origin }) => endpoints.map((row) => ({ ...endpointRow(row), origin }))),
    prices: parts.flatMap(({ endpoints, origin }) =>
      endpoints.flatMap(({ id, price }) => (price ? [{ ...priceRow(id, price), origin }] : [])),
    ),
  }
}

function modelRow(model: Model): Row {
  return {
    slug: model.slug,
    name: model.name,
    description: model.description,
    created_at: new Date(model.created * 1000).toISOString(),
    context_length: model.contextLength,
    input_modalities: model.inputModalities,
    output_modalities: model.outputModalities,
    distillable: model.distillable,
    categories: model.categories ?? [],
  }
}

function providerRow(provider: Provider): Row {
  return {
    slug: provider.slug,
    name: provider.name,
    dialect: provider.dialect,
    base_url: provider.baseUrl,
    simulated: provider.simulated,
    retains_prompts: provider.retainsPrompts,
    zero_retention: provider.zeroRetention,
    regions: provider.regions ?? [],
    failure_domain: provider.failureDomain,
  }
}

function endpointRow(endpoint: Endpoint): Row {
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
  }
}

function priceRow(endpointId: string, price: Price): Row {
  const { cacheRead = null, cacheWrite = null, ...rates } = amounts(price)
  return {
    endpoint_id: endpointId,
    reasoning: null,
    request: null,
    image: null,
    audio: null,
    ...rates,
    cache_read: cacheRead,
    cache_write: cacheWrite,
    tiers: price.tiers.map((tier) => ({ abovePromptTokens: tier.abovePromptTokens, ...amounts(tier) })),
  }
}

const RATES = ['prompt', 'completion', 'cacheRead', 'cacheWrite', 'reasoning', 'request', 'image', 'audio'] as const

function amounts(rates: Rates): Partial<Record<(typeof RATES)[number], string>> {
  return Object.fromEntries(RATES.flatMap((rate) => (rates[rate] === undefined ? [] : [[rate, String(rates[rate])]])))
}

/** The current rows of the catalogue, disabled endpoints included. To prepare a change, it must run under the catalogue's lock. */
export async function readRows(client: Queryable): Promise<CatalogueRows> {
  const { models, providers, endpoints, prices } = TABLES
  const columnsOf = ({ key, columns }: Table) => [key, ...columns, 'origin'].join(', ')
  const amount = (column: string) => (column === 'tiers' ? column : `${column}::text`)
  const read = async (text: string) => (await client.query<Record<string, unknown>>(text)).rows
  return {
    models: (await read(`SELECT ${columnsOf(models)} FROM models`)).map((row) => ({
      ...row,
      created_at: row['created_at'] instanceof Date ? row['created_at'].toISOString() : row['created_at'],
    })),
    providers: await read(`SELECT ${columnsOf(providers)} FROM providers`),
    endpoints: await read(`SELECT ${columnsOf(endpoints)} FROM endpoints`),
    prices: await read(
      `SELECT DISTINCT ON (endpoint_id) endpoint_id, ${prices.columns.map(amount).join(', ')}, origin
       FROM endpoint_prices ORDER BY endpoint_id, version DESC`,
    ),
  }
}
