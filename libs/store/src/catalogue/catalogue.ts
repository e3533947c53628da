import {
  type Catalogue,
  catalogueOf,
  type Endpoint,
  type EndpointId,
  type Model,
  type Provider,
} from '@turnpike/domain'
import { inTransaction, type Pool, type Queryable } from '../connections/pools.ts'
import { PRICE_FIELDS, priceFrom, selected, type StoredPrice } from './prices.ts'
import { ENDPOINT_COLUMNS, MODEL_COLUMNS, PROVIDER_COLUMNS } from './rows.ts'

/**
 * The whole catalogue as of one moment: enabled endpoints, each with the newest price already in effect. An endpoint
 * without a price has `price: null`, so that routing can report why it is not served.
 */
export function readCatalogue(pool: Pool): Promise<Catalogue> {
  // One snapshot for all queries: a catalogue that is half old and half new would be wrong.
  return inTransaction(pool, readWithin, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
}

/** The catalogue's version, a cheap check for changes. */
export async function readCatalogueVersion(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM catalogue_version')
  return rows[0]?.version ?? 0
}

async function readWithin(client: Queryable): Promise<Catalogue> {
  const version = await readCatalogueVersion(client)
  const models = await client.query<StoredModel>(`SELECT ${selected(MODEL_COLUMNS)} FROM models ORDER BY slug`)
  const providers = await client.query<Provider>(`SELECT ${selected(PROVIDER_COLUMNS)} FROM providers ORDER BY slug`)
  const endpoints = await client.query<Omit<Endpoint, 'price'>>(
    `SELECT ${selected(ENDPOINT_COLUMNS)} FROM endpoints WHERE enabled ORDER BY id`,
  )
  const prices = await client.query<StoredPrice & { endpoint_id: EndpointId }>(
    `SELECT DISTINCT ON (endpoint_id) endpoint_id, ${PRICE_FIELDS} FROM endpoint_prices WHERE effective_from <= now()
     ORDER BY endpoint_id, version DESC`,
  )
  const priceOf = new Map(prices.rows.map((row) => [row.endpoint_id, priceFrom(row)]))
  return catalogueOf(
    version,
    models.rows.map(modelFrom),
    providers.rows,
    endpoints.rows.map((row) => ({ ...row, price: priceOf.get(row.id) ?? null })),
  )
}

type StoredModel = Omit<Model, 'created'> & { readonly created: Date; readonly categories: readonly string[] }

function modelFrom({ created, categories, ...model }: StoredModel): Model {
  const seconds = Math.floor(created.getTime() / 1000)
  return { ...model, created: seconds, ...(categories.length > 0 && { categories }) }
}
