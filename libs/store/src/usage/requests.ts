import type { Attempt, Decision, RequestId, RequestOutcome, TenantId } from '@turnpike/domain'
import { openDecision } from '../journal/decision.ts'
import type { UsageRecord } from '../journal/record.ts'
import { queryInTenant, type Pool } from '../connections/pools.ts'

/** A finished request as a list shows it. */
export interface RequestSummary extends Omit<UsageRecord, 'tenantId' | 'funds' | 'attempts' | 'decision' | 'features'> {
  readonly outcome: RequestOutcome
  readonly attemptCount: number
}

/** A finished request with why and how it went where it went. */
export interface RequestDetail extends RequestSummary {
  readonly attempts: readonly Attempt[]
  /** Null for a request that a crash interrupted, or that ended before a route was chosen. */
  readonly decision: Decision | null
}

/** What a list is narrowed by. Times are Unix milliseconds; `fromMs` is included, `toMs` is not. */
export interface RequestFilter {
  readonly keyId?: string
  /** The model that answered; else the requested one, or `UNKNOWN_MODEL`. */
  readonly model?: string
  /** Null: none answered. */
  readonly provider?: string | null
  readonly outcome?: RequestOutcome
  readonly fromMs?: number
  readonly toMs?: number
}

/** Rows of a page at most; a longer one is a download, not a page. */
const REQUESTS_PAGE_MAX = 100

/** One request of a tenant; null when there is none, or it is another tenant's, alike. */
export async function findRequest(pool: Pool, tenantId: TenantId, requestId: RequestId): Promise<RequestDetail | null> {
  const day = `${requestId.slice(0, 4)}-${requestId.slice(4, 6)}-${requestId.slice(6, 8)}`
  if (Number.isNaN(Date.parse(day))) return null
  const [row] = await queryInTenant<RequestSummary & { readonly decision: unknown }>(
    pool,
    tenantId,
    `SELECT ${COLUMNS}, decision FROM usage_events
     WHERE tenant_id = $1 AND day = $2 AND request_id = $3 ORDER BY attempt DESC LIMIT 1`,
    [tenantId, day, requestId],
  )
  return row ? { ...row, ...openDecision(row.decision) } : null
}

/**
 * A page of a tenant's requests, newest first. Keyset paging: rows that arrive meanwhile neither shift nor repeat a page.
 * `nextCursor` is null on the last one.
 * @param options.limit rows, 1 to REQUESTS_PAGE_MAX
 * @param options.cursor what an earlier page gave; one that we did not make is taken for the beginning
 */
export async function listRequests(
  pool: Pool,
  tenantId: TenantId,
  options: { readonly limit: number; readonly cursor?: string | null; readonly filter?: RequestFilter },
): Promise<{ readonly requests: readonly RequestSummary[]; readonly nextCursor: string | null }> {
  const limit = Math.min(Math.max(Math.trunc(options.limit), 1), REQUESTS_PAGE_MAX)
  const { keyId, model, provider, outcome, fromMs, toMs } = options.filter ?? {}
  const [afterMs, afterId] = openCursor(options.cursor ?? '')
  const times = [fromMs, toMs, afterMs].map((ms) => (ms === undefined ? null : new Date(ms)))
  const values = [tenantId, keyId, model, provider === null ? '' : provider, outcome, ...times, afterId, limit + 1]
  const rows = await queryInTenant<RequestSummary>(pool, tenantId, PAGE, values)
  const requests = rows.slice(0, limit)
  const last = rows.length > limit ? requests.at(-1) : undefined
  return { requests, nextCursor: last ? cursorAfter(last) : null }
}

/** The columns of a summary, under its names. */
const COLUMNS = `request_id AS "requestId", workspace_id AS "workspaceId", key_id AS "keyId", kind, model, provider,
  (extract(epoch FROM began_at) * 1000)::float8 AS "beganAtMs", requested_model AS "requestedModel", counted_model AS "countedModel",
  CASE WHEN preset_id IS NOT NULL
    THEN jsonb_build_object('id', preset_id, 'version', COALESCE(preset_version, 0)) END AS preset,
  endpoint_id AS endpoint, owner_id AS owner, end_user AS "endUser", streamed, status, fault, outcome, cancelled,
  CASE WHEN diagnosis IS NOT NULL
    THEN jsonb_build_object('code', diagnosis, 'about', diagnosis_about) END AS diagnosis,
  finish_reason AS "finishReason", native_finish AS "nativeFinish",
  jsonb_build_object('promptTokens', prompt_tokens, 'completionTokens', completion_tokens,
    'cacheReadTokens', cache_read_tokens, 'cacheWriteTokens', cache_write_tokens,
    'reasoningTokens', reasoning_tokens) AS usage,
  cost_nano AS "costNanoUsd", upstream_cost_nano AS "upstreamCostNanoUsd", price_version AS "priceVersion",
  first_token_ms AS "firstTokenMs", total_ms AS "totalMs", attempts AS "attemptCount"`

/** A filter that is null is folded away by the planner. The day, compared too, chooses partitions. */
const PAGE = `SELECT ${COLUMNS} FROM usage_events
  WHERE tenant_id = $1 AND ($2::text IS NULL OR key_id = $2)
    AND ($3::text IS NULL OR counted_model = $3)
    AND ($4::text IS NULL OR COALESCE(provider, '') = $4) AND ($5::text IS NULL OR outcome = $5)
    AND ($6::timestamptz IS NULL OR (began_at >= $6 AND day >= ($6 AT TIME ZONE 'UTC')::date))
    AND ($7::timestamptz IS NULL OR (began_at < $7 AND day <= ($7 AT TIME ZONE 'UTC')::date))
    AND ($8::timestamptz IS NULL OR (began_at <= $8 AND day <= ($8 AT TIME ZONE 'UTC')::date
      AND (began_at < $8 OR request_id > $9)))
  ORDER BY began_at DESC, request_id LIMIT $10`

function cursorAfter({ beganAtMs, requestId }: RequestSummary): string {
  return Buffer.from(`${beganAtMs}.${requestId}`).toString('base64url')
}

/** Where the page before ended: Unix milliseconds and a request's id; nothing for a cursor that we did not make. */
function openCursor(cursor: string): [] | [afterMs: number, afterId: string] {
  const match = /^(\d{1,15})\.(\d{8}-[0-9A-Za-z]{20})$/.exec(Buffer.from(cursor, 'base64url').toString())
  return match ? [Number(match[1]), match[2] ?? ''] : []
}
