import {
  ownTarget,
  type EndpointId,
  type FaultCode,
  type KeyId,
  type OwnId,
  type RequestId,
  type TargetId,
  type TenantId,
} from '@turnpike/domain'
import type { FeatureColumns } from '../journal/features.ts'
import type { Queryable } from '../connections/pools.ts'
import type { WhatIfRun } from './runs.ts'
import { openTrace, TRACE, type Trace, type TraceColumn } from './trace.ts'

/** Rows read at a time. */
export const PAGE_MAX = 1_000
const HOUR_MS = 3_600_000

/** A recorded request as it is stored. */
export interface Row extends Omit<FeatureColumns, 'models' | 'prompt_tokens'> {
  readonly request_id: RequestId
  readonly began_ms: number
  readonly key_id: KeyId
  /** The target that answered. */
  readonly target: TargetId | null
  readonly fault: FaultCode | null
  readonly cancelled: boolean
  readonly streamed: boolean
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly cache_read_tokens: number
  readonly cache_write_tokens: number
  readonly reasoning_tokens: number
  readonly cost_nano: bigint
  readonly first_token_ms: number | null
  readonly total_ms: number
  /** Null: no route was chosen. */
  readonly trace: Trace | null
  /** Null: there are no features. */
  readonly models: string[] | null
  readonly expected_tokens: number
  readonly draw: number
}

/** What PAGE gives: a row's columns as they are stored. */
interface StoredRow extends Omit<Row, 'trace' | 'target' | 'cost_nano'> {
  readonly endpoint_id: EndpointId | null
  readonly owner_id: OwnId | null
  readonly cost_nano: string
  readonly trace: TraceColumn | null
}

/** Of a page, each column by itself, in the order of the rows. */
type Page = { readonly [Column in keyof StoredRow]: readonly StoredRow[Column][] }

/** How each column is read. The primary key of the features begins with the day, which chooses the partition of both. Times are whole milliseconds. */
const COLUMNS: Readonly<Record<keyof StoredRow, string>> = {
  request_id: 'e.request_id',
  began_ms: 'extract(epoch FROM e.began_at)::float8 * 1000',
  key_id: 'e.key_id',
  endpoint_id: 'e.endpoint_id',
  owner_id: 'e.owner_id',
  fault: 'e.fault',
  cancelled: 'e.cancelled',
  streamed: 'e.streamed',
  prompt_tokens: 'e.prompt_tokens',
  completion_tokens: 'e.completion_tokens',
  cache_read_tokens: 'e.cache_read_tokens',
  cache_write_tokens: 'e.cache_write_tokens',
  reasoning_tokens: 'e.reasoning_tokens',
  cost_nano: 'e.cost_nano::text',
  first_token_ms: 'e.first_token_ms',
  total_ms: 'e.total_ms',
  trace: TRACE,
  models: 'f.models',
  expected_tokens: 'f.prompt_tokens',
  max_tokens: 'f.max_tokens',
  parameters: 'f.parameters',
  preferences: 'f.preferences',
  draw: 'f.draw',
}
const NAMES = Object.keys(COLUMNS)

/**
 * A page is one row of lists, one for each column: to take a million rows apart field by field costs more than to route them again.
 */
const PAGE = `
  SELECT ${NAMES.map((name) => `json_agg(${name}) AS ${name}`).join(', ')} FROM (
    SELECT ${Object.entries(COLUMNS)
      .map(([name, column]) => `${column} AS ${name}`)
      .join(', ')}
    FROM usage_events e LEFT JOIN request_features f
      ON f.day = e.day AND f.tenant_id = e.tenant_id AND f.began_at = e.began_at AND f.request_id = e.request_id
    WHERE e.tenant_id = $1 AND e.day = $2 AND e.began_at >= $3 AND e.began_at < $4 AND ($5::text IS NULL OR e.key_id = $5)
      AND ($6::timestamptz IS NULL OR (e.began_at <= $6 AND (e.began_at < $6 OR e.request_id > $7)))
    ORDER BY e.began_at DESC, e.request_id LIMIT ${PAGE_MAX}) page`

/** The next rows of an hour, newest first: those after one that was read, or the first ones. */
export async function readPage(
  client: Queryable,
  tenantId: TenantId,
  { from, to, keyId }: WhatIfRun,
  { hourMs, after }: { readonly hourMs: number; readonly after: Row | null },
): Promise<Row[]> {
  const day = new Date(hourMs).toISOString().slice(0, 10)
  const begin = new Date(Math.max(hourMs, from.getTime()))
  const end = new Date(Math.min(hourMs + HOUR_MS, to.getTime()))
  const place = [after && new Date(after.began_ms), after?.request_id ?? null]
  const values = [tenantId, day, begin, end, keyId, ...place]
  const { rows } = await client.query<Page | Record<keyof Page, null>>({ name: 'what-if page', text: PAGE, values })
  const [page] = rows
  return page && page.request_id !== null ? rowsOf(page) : []
}

function rowsOf(page: Page): Row[] {
  return page.request_id.map((request_id, i) => {
    const of = <Value>(column: readonly Value[]) => column[i] as Value
    const [endpoint, owner] = [of(page.endpoint_id), of(page.owner_id)]
    const target = endpoint !== null && owner !== null ? ownTarget(endpoint, owner) : endpoint
    return {
      request_id,
      target,
      trace: openTrace(of(page.trace), target),
      began_ms: Math.round(of(page.began_ms)),
      cost_nano: BigInt(of(page.cost_nano)),
      key_id: of(page.key_id),
      fault: of(page.fault),
      cancelled: of(page.cancelled),
      streamed: of(page.streamed),
      prompt_tokens: of(page.prompt_tokens),
      completion_tokens: of(page.completion_tokens),
      cache_read_tokens: of(page.cache_read_tokens),
      cache_write_tokens: of(page.cache_write_tokens),
      reasoning_tokens: of(page.reasoning_tokens),
      first_token_ms: of(page.first_token_ms),
      total_ms: of(page.total_ms),
      models: of(page.models),
      expected_tokens: of(page.expected_tokens),
      max_tokens: of(page.max_tokens),
      parameters: of(page.parameters),
      preferences: of(page.preferences),
      draw: of(page.draw),
    }
  })
}
