import type { Endpoint, Model, Price, Provider, Rates } from '@turnpike/domain'
import type { Queryable } from '../connections/pools.ts'
import { RATE_COLUMNS, RATES } from './prices.ts'

/** A part of the catalogue from one source. The version numbers of its prices are ignored: the database counts its own. */
export interface CatalogueEntries {
  /** Source and day, shown to operators. It begins with `seed: ` or `import: `. */
  readonly origin: string
  readonly models: readonly Model[]
  readonly providers: readonly Provider[]
  readonly endpoints: readonly Endpoint[]
}

/** A row of the catalogue by the names of its columns. Amounts are decimal strings: JSON's numbers end at 2^53. */
export type Row = Readonly<Record<string, unknown>>

/** The column of each field; the first names a row. */
export const MODEL_COLUMNS = {
  slug: 'slug',
  name: 'name',
  description: 'description',
  created: 'created_at',
  contextLength: 'context_length',
  inputModalities: 'input_modalities',
  outputModalities: 'output_modalities',
  distillable: 'distillable',
  categories: 'categories',
} as const satisfies Record<keyof Model, string>

export const PROVIDER_COLUMNS = {
  slug: 'slug',
  name: 'name',
  dialect: 'dialect',
  baseUrl: 'base_url',
  simulated: 'simulated',
  retainsPrompts: 'retains_prompts',
  zeroRetention: 'zero_retention',
  regions: 'regions',
  failureDomain: 'failure_domain',
} as const satisfies Record<keyof Provider, string>

export const ENDPOINT_COLUMNS = {
  id: 'id',
  model: 'model_slug',
  provider: 'provider_slug',
  upstreamModel: 'upstream_model',
  contextLength: 'context_length',
  maxCompletionTokens: 'max_completion_tokens',
  quantization: 'quantization',
  supportedParameters: 'supported_parameters',
} as const satisfies Record<keyof Omit<Endpoint, 'price'>, string>

/** The column that names a row, and the columns that are compared and written. */
interface Table {
  readonly key: string
  readonly columns: readonly string[]
}

export const TABLES = {
  models: tableOf(MODEL_COLUMNS),
  providers: tableOf(PROVIDER_COLUMNS),
  endpoints: tableOf({ ...ENDPOINT_COLUMNS, enabled: 'enabled' }),
  /** The newest version of each endpoint's price. */
  prices: tableOf({ endpoint: 'endpoint_id', ...RATE_COLUMNS, tiers: 'tiers' }),
} as const satisfies Record<string, Table>

function tableOf(fields: Readonly<Record<string, string>>): Table {
  const [key = '', ...columns] = Object.values(fields)
  return { key, columns }
}

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
  const rows = (of: (part: CatalogueEntries) => readonly Row[]) =>
    parts.flatMap((part) => of(part).map((row): Row => ({ ...row, origin: part.origin })))
  return {
    models: rows(({ models }) =>
      models.map(({ created, categories = [], ...model }) =>
        inColumns(MODEL_COLUMNS, { ...model, created: new Date(created * 1000).toISOString(), categories }),
      ),
    ),
    providers: rows(({ providers }) =>
      providers.map(({ regions = [], ...provider }) => inColumns(PROVIDER_COLUMNS, { ...provider, regions })),
    ),
    endpoints: rows(({ endpoints }) =>
      endpoints.map((endpoint) => ({ ...inColumns(ENDPOINT_COLUMNS, endpoint), enabled: true })),
    ),
    prices: rows(({ endpoints }) => endpoints.flatMap(({ id, price }) => (price ? [priceRow(id, price)] : []))),
  }
}

function inColumns<Field extends string>(
  columns: Readonly<Record<Field, string>>,
  value: Readonly<Record<NoInfer<Field>, unknown>>,
): Row {
  const fields = Object.keys(columns) as Field[]
  return Object.fromEntries(fields.map((field) => [columns[field], value[field]]))
}

function priceRow(endpointId: string, price: Price): Row {
  return {
    endpoint_id: endpointId,
    ...Object.fromEntries(RATES.map((rate) => [RATE_COLUMNS[rate], price[rate]?.toString() ?? null])),
    tiers: price.tiers.map((tier) => ({ abovePromptTokens: tier.abovePromptTokens, ...amounts(tier) })),
  }
}

function amounts(rates: Rates): Partial<Record<keyof Rates, string>> {
  return Object.fromEntries(RATES.flatMap((rate) => (rates[rate] === undefined ? [] : [[rate, String(rates[rate])]])))
}

/** The current rows, disabled endpoints included. To prepare a change, it runs under the catalogue’s lock. */
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
