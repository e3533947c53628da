import {
  ownTarget,
  type EndpointId,
  type FaultCode,
  type KeyId,
  type OwnId,
  type ReplaySample,
  type RequestOutcome,
  type RequestId,
  type TenantId,
} from '@turnpike/domain'
import { openFeatures, type FeatureColumns } from '../journal/features.ts'
import type { UsageColumns } from '../journal/record.ts'
import type { Queryable } from '../connections/pools.ts'
import type { WhatIfRun } from './runs.ts'
import { openTrace, TRACE, type Trace, type TraceColumn } from './trace.ts'

export const PAGE_MAX = 1_000
const HOUR_MS = 3_600_000

/** A recorded request, except its caller: the key, and the policies that applied. */
export interface Recorded extends Omit<ReplaySample, 'caller'> {
  readonly keyId: KeyId
  readonly policies: Trace['policies']
}

export interface Page {
  /** Without those that no policy would have changed: never routed, or refused for something else than their route. */
  readonly recorded: readonly Recorded[]
  /** How many were read, those included. */
  readonly read: number
  /** The last one that was read: the next page begins after it. */
  readonly last: Place | null
}

interface Place {
  readonly beganAtMs: number
  readonly requestId: RequestId
}

/** A request's columns as PAGE reads them. */
interface Row extends UsageColumns, Omit<FeatureColumns, 'models' | 'prompt_tokens'> {
  readonly request_id: RequestId
  readonly began_ms: number
  readonly key_id: KeyId
  readonly endpoint_id: EndpointId | null
  readonly owner_id: OwnId | null
  readonly fault: FaultCode | null
  readonly outcome: RequestOutcome
  readonly streamed: boolean
  readonly cost_nano: string
  readonly first_token_ms: number | null
  readonly total_ms: number
  /** Null: no route was chosen. */
  readonly trace: TraceColumn | null
  /** Null: there are no features. */
  readonly models: readonly string[] | null
  readonly expected_tokens: number
  readonly draw: number
}

/** Each column by itself, in the order of the rows. */
type Columns = { readonly [Column in keyof Row]: readonly Row[Column][] }

const EVENT = `request_id key_id endpoint_id owner_id fault outcome streamed first_token_ms total_ms
  prompt_tokens completion_tokens cache_read_tokens cache_write_tokens reasoning_tokens`.split(/\s+/)
const FEATURES = ['models', 'max_tokens', 'parameters', 'preferences', 'draw']

/** How each column is read. */
const COLUMNS = [
  ...EVENT.map((name) => [name, `e.${name}`] as const),
  ...FEATURES.map((name) => [name, `f.${name}`] as const),
  ['began_ms', 'extract(epoch FROM e.began_at)::float8 * 1000'],
  ['cost_nano', 'e.cost_nano::text'],
  ['trace', TRACE],
  ['expected_tokens', 'f.prompt_tokens'],
] as const

/**
 * A page is one row of lists, one for each column: to take a million rows apart field by field costs more than to route them again.
 * The primary key of the features begins with the day, which chooses the partition of both.
 */
const PAGE = `
  SELECT ${COLUMNS.map(([name]) => `json_agg(${name}) AS ${name}`).join(', ')} FROM (
    SELECT ${COLUMNS.map(([name, column]) => `${column} AS ${name}`).join(', ')}
    FROM usage_events e LEFT JOIN request_features f
      ON f.day = e.day AND f.tenant_id = e.tenant_id AND f.began_at = e.began_at AND f.request_id = e.request_id
    WHERE e.tenant_id = $1 AND e.day = $2 AND e.began_at >= $3 AND e.began_at < $4 AND ($5::text IS NULL OR e.key_id = $5)
      AND ($6::timestamptz IS NULL OR (e.began_at <= $6 AND (e.began_at < $6 OR e.request_id > $7)))
    ORDER BY e.began_at DESC, e.request_id LIMIT ${PAGE_MAX}) page`

/** The next requests of an hour: those after one that was read, or the first ones. */
export async function readPage(
  client: Queryable,
  tenantId: TenantId,
  { from, to, keyId }: WhatIfRun,
  { hourMs, after }: { readonly hourMs: number; readonly after: Place | null },
): Promise<Page> {
  const day = new Date(hourMs).toISOString().slice(0, 10)
  const begin = new Date(Math.max(hourMs, from.getTime()))
  const end = new Date(Math.min(hourMs + HOUR_MS, to.getTime()))
  const values = [tenantId, day, begin, end, keyId, after && new Date(after.beganAtMs), after?.requestId ?? null]
  const { rows } = await client.query<Columns | { request_id: null }>({ name: 'what-if page', text: PAGE, values })
  const [page] = rows
  if (!page || page.request_id === null) return { recorded: [], read: 0, last: null }
  const read = page.request_id.length
  const last = { beganAtMs: Math.round(page.began_ms.at(-1) ?? 0), requestId: page.request_id.at(-1) as RequestId }
  return { recorded: page.request_id.flatMap((_id, i) => recordedAt(page, i) ?? []), read, last }
}

function recordedAt(page: Columns, i: number): Recorded | null {
  const of = <Value>(column: readonly Value[]) => column[i] as Value
  const [endpoint, owner] = [of(page.endpoint_id), of(page.owner_id)]
  const [models, fault, streamed] = [of(page.models), of(page.fault), of(page.streamed)]
  const target = endpoint !== null && owner !== null ? ownTarget(endpoint, owner) : endpoint
  const trace = openTrace(of(page.trace), target)
  if (!trace || models === null || (trace.attempts.length === 0 && fault !== 'endpoints_excluded')) return null
  const firstTokenMs = of(page.first_token_ms)
  const completionTokens = of(page.completion_tokens)
  // As the health figures have it: of streams that have an end apart from their beginning.
  const streamedMs = streamed && firstTokenMs !== null && fault === null ? of(page.total_ms) - firstTokenMs : 0
  return {
    ...trace,
    requestId: of(page.request_id),
    beganAtMs: Math.round(of(page.began_ms)),
    keyId: of(page.key_id),
    route: openFeatures({
      models,
      prompt_tokens: of(page.expected_tokens),
      max_tokens: of(page.max_tokens),
      parameters: of(page.parameters),
      preferences: of(page.preferences),
    }),
    draw: of(page.draw),
    streamed,
    endpoint: target,
    outcome: of(page.outcome),
    usage: {
      promptTokens: of(page.prompt_tokens),
      completionTokens,
      cacheReadTokens: of(page.cache_read_tokens),
      cacheWriteTokens: of(page.cache_write_tokens),
      reasoningTokens: of(page.reasoning_tokens),
    },
    costNano: BigInt(of(page.cost_nano)),
    firstTokenMs,
    tokensPerSecond: streamedMs > 0 && completionTokens > 1 ? (completionTokens * 1_000) / streamedMs : null,
  }
}
