import {
  catalogueOf,
  ownerOf,
  replayContextOf,
  type Catalogue,
  type EndpointId,
  type Own,
  type OwnId,
  type TargetId,
  type EndpointMinute,
  type Price,
  type PricedCatalogue,
  type ProviderSlug,
  type TenantId,
  type ReplayContext,
} from '@turnpike/domain'
import { readCatalogue } from '../catalogue/catalogue.ts'
import { openDecision } from '../journal/decision.ts'
import { readOwn } from '../byok/rows.ts'
import { queryInTenant, type Pool } from '../connections/pools.ts'
import { PRICE_FIELDS, priceFrom, type StoredPrice } from '../catalogue/prices.ts'

/** What the router knew of a range, except health. */
export interface Frame {
  readonly catalogues: readonly PricedCatalogue[]
  readonly reachable: ReadonlySet<ProviderSlug>
  /** The tenant's BYOK resources as of today; absent: none. */
  readonly own?: Own
}

/** Reads the frame of a range. */
export async function readFrame(pool: Pool, tenantId: TenantId, from: Date, to: Date): Promise<Frame> {
  const catalogue = await readCatalogue(pool)
  const catalogues = await priced(pool, catalogue, from, to)
  const reachable = await reachableProviders(pool, tenantId, catalogue, { from, to })
  const own = await readOwn(pool, tenantId)
  const isNothing = own.credentials.length + own.endpoints.length === 0
  return { catalogues, reachable, ...(!isNothing && { own }) }
}

interface PriceRow extends StoredPrice {
  readonly endpoint_id: TargetId
  readonly effective_from: Date
}

/** The catalogue of today: one with the prices at the range's beginning, and one for each moment at which a price began. */
async function priced(pool: Pool, catalogue: Catalogue, from: Date, to: Date): Promise<PricedCatalogue[]> {
  const { rows } = await pool.query<PriceRow>(
    `SELECT endpoint_id, effective_from, ${PRICE_FIELDS} FROM endpoint_prices WHERE effective_from < $1
     ORDER BY endpoint_id, version`,
    [to],
  )
  const versions = new Map<TargetId, PriceRow[]>()
  for (const row of rows) versions.set(row.endpoint_id, [...(versions.get(row.endpoint_id) ?? []), row])
  const changes = rows.map((row) => row.effective_from.getTime()).filter((atMs) => atMs > from.getTime())
  return [...new Set([from.getTime(), ...changes])]
    .toSorted((a, b) => a - b)
    .map((fromMs) => ({ fromMs, catalogue: withPrices(catalogue, (id) => priceAt(versions.get(id) ?? [], fromMs)) }))
}

function withPrices(catalogue: Catalogue, priceOf: (id: TargetId) => Price | null): Catalogue {
  const endpoints = [...catalogue.endpointsOf.values()]
    .flat()
    .map((endpoint) => ({ ...endpoint, price: priceOf(endpoint.id) }))
  return catalogueOf(catalogue.version, [...catalogue.models.values()], [...catalogue.providers.values()], endpoints)
}

function priceAt(versions: readonly PriceRow[], atMs: number): Price | null {
  const row = versions.findLast(({ effective_from }) => effective_from.getTime() <= atMs)
  return row ? priceFrom(row) : null
}

const DECISIONS_MAX = 1_000
const DAY_MS = 24 * 3_600_000

/**
 * Providers that the operator had an account at, judged by what happened: simulated ones, those that any gateway called on the range's
 * last day, and the candidates of the tenant's latest decisions.
 */
async function reachableProviders(
  pool: Pool,
  tenantId: TenantId,
  catalogue: Catalogue,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<Set<ProviderSlug>> {
  const reachable = new Set(
    [...catalogue.providers.values()].flatMap(({ slug, simulated }) => (simulated ? [slug] : [])),
  )
  const called = await pool.query<{ endpoint_id: EndpointId }>(
    'SELECT DISTINCT endpoint_id FROM health_minutes WHERE minute >= $1 AND minute < $2',
    [new Date(to.getTime() - DAY_MS), to],
  )
  const providerOf = new Map([...catalogue.endpointsOf.values()].flat().map(({ id, provider }) => [id, provider]))
  for (const { endpoint_id } of called.rows) {
    const provider = providerOf.get(endpoint_id)
    if (provider) reachable.add(provider)
  }
  const decided = await queryInTenant<{ decision: unknown }>(
    pool,
    tenantId,
    `SELECT decision FROM usage_events WHERE tenant_id = $1 AND began_at >= $2 AND began_at < $3
       AND day >= ($2::timestamptz AT TIME ZONE 'UTC')::date AND day <= ($3::timestamptz AT TIME ZONE 'UTC')::date
     ORDER BY began_at DESC, request_id LIMIT ${DECISIONS_MAX}`,
    [tenantId, from, to],
  )
  for (const row of decided) {
    for (const { endpoint, provider } of openDecision(row.decision).decision?.candidates ?? []) {
      if (ownerOf(endpoint) === null) reachable.add(provider)
    }
  }
  return reachable
}

const HOUR_MS = 3_600_000

function ownersOf({ own }: Frame): OwnId[] {
  return own ? [...own.credentials, ...own.endpoints].map(({ id }) => id) : []
}

/** The context of one hour of the range, with health from the hour before to the hour after. */
export async function readHour(pool: Pool, frame: Frame, hourMs: number): Promise<ReplayContext> {
  const { rows } = await pool.query<EndpointMinute>(
    `SELECT (extract(epoch FROM minute) * 1000)::float8 AS "minuteMs", endpoint_id AS endpoint, attempts,
       failure_kinds AS "failureKinds", first_token_ms AS "firstTokenMs", tokens_per_second AS "tokensPerSecond"
     FROM health_minutes WHERE minute >= $1 AND minute < $2 AND split_part(endpoint_id, '#', 2) = ANY ($3)`,
    [new Date(hourMs - HOUR_MS), new Date(hourMs + 2 * HOUR_MS), ['', ...ownersOf(frame)]],
  )
  return replayContextOf({ ...frame, minutes: rows })
}
