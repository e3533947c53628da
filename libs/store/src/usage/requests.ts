import type {
  Attempt,
  Decision,
  EndpointId,
  FaultCode,
  FinishReason,
  KeyId,
  ModelSlug,
  OwnId,
  ProviderSlug,
  RequestId,
  TenantId,
  WorkspaceId,
} from '@turnpike/domain'
import { openDecision } from '../journal/decision.ts'
import type { UsageRecord } from '../journal/record.ts'
import { inTenant, type Pool } from '../connections/pools.ts'

/** A finished request as a list shows it. */
export interface RequestSummary extends Omit<UsageRecord, 'tenantId' | 'funds' | 'attempts' | 'decision' | 'features'> {
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
  /** The model that answered; the requested one when none did. */
  readonly model?: string
  readonly provider?: string
  readonly outcome?: 'ok' | 'failed'
  readonly fromMs?: number
  readonly toMs?: number
}

interface RequestPage {
  readonly requests: readonly RequestSummary[]
  /** Where the next page begins; null on the last one. */
  readonly nextCursor: string | null
}

/** Rows of a page at most; a longer one is a download, not a page. */
const REQUESTS_PAGE_MAX = 100

/** One request of a tenant; null when there is none, or it is another tenant's, alike. */
export async function findRequest(pool: Pool, tenantId: TenantId, requestId: RequestId): Promise<RequestDetail | null> {
  const day = `${requestId.slice(0, 4)}-${requestId.slice(4, 6)}-${requestId.slice(6, 8)}`
  if (Number.isNaN(Date.parse(day))) return null
  const { rows } = await inTenant(pool, tenantId, (client) =>
    client.query<DetailRow>(
      `SELECT ${COLUMNS}, decision FROM usage_events
       WHERE tenant_id = $1 AND day = $2 AND request_id = $3 ORDER BY attempt DESC LIMIT 1`,
      [tenantId, day, requestId],
    ),
  )
  const row = rows[0]
  return row ? { ...summaryOf(row), ...openDecision(row.decision) } : null
}

/**
 * A page of a tenant's requests, newest first. Keyset paging: rows that arrive meanwhile neither shift nor repeat a page.
 * @param options.limit rows, 1 to REQUESTS_PAGE_MAX
 * @param options.cursor what an earlier page gave; one that we did not make is taken for the beginning
 */
export async function listRequests(
  pool: Pool,
  tenantId: TenantId,
  options: { readonly limit: number; readonly cursor?: string | null; readonly filter?: RequestFilter },
): Promise<RequestPage> {
  const limit = Math.min(Math.max(Math.trunc(options.limit), 1), REQUESTS_PAGE_MAX)
  const { conditions, values } = conditionsOf(tenantId, options.filter ?? {}, openCursor(options.cursor ?? null))
  const { rows } = await inTenant(pool, tenantId, (client) =>
    client.query<SummaryRow>(
      `SELECT ${COLUMNS} FROM usage_events WHERE ${conditions.join(' AND ')}
       ORDER BY began_at DESC, request_id LIMIT ${limit + 1}`,
      values,
    ),
  )
  const requests = rows.slice(0, limit).map(summaryOf)
  const last = rows.length > limit ? requests.at(-1) : undefined
  return { requests, nextCursor: last ? cursorAfter(last) : null }
}

const COLUMNS = `request_id, workspace_id, key_id, began_at, kind, requested_model, model, provider, endpoint_id, end_user,
  streamed, status, fault, finish_reason, native_finish, cancelled, prompt_tokens, completion_tokens, cache_read_tokens,
  cache_write_tokens, reasoning_tokens, cost_nano::text, upstream_cost_nano::text, price_version, first_token_ms, total_ms,
  attempts, owner_id, preset_id, preset_version`

interface Place {
  readonly beganAtMs: number
  readonly requestId: string
}

/** Every condition on the time is repeated on the day, which is what a partition is chosen by. */
function conditionsOf(tenantId: TenantId, filter: RequestFilter, after: Place | null) {
  const values: unknown[] = [tenantId]
  const conditions = ['tenant_id = $1']
  const add = (value: unknown, condition: (place: string) => string) => {
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  if (filter.keyId !== undefined) add(filter.keyId, (place) => `key_id = ${place}`)
  if (filter.model !== undefined) add(filter.model, (place) => `COALESCE(model, requested_model) = ${place}`)
  if (filter.provider !== undefined) add(filter.provider, (place) => `provider = ${place}`)
  if (filter.outcome === 'ok') conditions.push('status < 400')
  if (filter.outcome === 'failed') conditions.push('status >= 400')
  if (filter.fromMs !== undefined) {
    add(
      new Date(filter.fromMs),
      (place) => `began_at >= ${place} AND day >= (${place}::timestamptz AT TIME ZONE 'UTC')::date`,
    )
  }
  if (filter.toMs !== undefined) {
    add(
      new Date(filter.toMs),
      (place) => `began_at < ${place} AND day <= (${place}::timestamptz AT TIME ZONE 'UTC')::date`,
    )
  }
  if (after) {
    add(
      new Date(after.beganAtMs),
      (place) => `began_at <= ${place} AND day <= (${place}::timestamptz AT TIME ZONE 'UTC')::date`,
    )
    const began = `$${values.length}`
    add(after.requestId, (place) => `(began_at < ${began} OR request_id > ${place})`)
  }
  return { conditions, values }
}

function cursorAfter({ beganAtMs, requestId }: RequestSummary): string {
  return Buffer.from(`${beganAtMs}.${requestId}`).toString('base64url')
}

function openCursor(cursor: string | null): Place | null {
  if (cursor === null) return null
  const match = /^(\d{1,15})\.(\d{8}-[0-9A-Za-z]{20})$/.exec(Buffer.from(cursor, 'base64url').toString())
  return match ? { beganAtMs: Number(match[1]), requestId: match[2] ?? '' } : null
}

interface SummaryRow {
  request_id: RequestId
  workspace_id: WorkspaceId
  key_id: KeyId
  began_at: Date
  kind: UsageRecord['kind']
  requested_model: string
  preset_id: string | null
  preset_version: number | null
  model: ModelSlug | null
  provider: ProviderSlug | null
  endpoint_id: EndpointId | null
  owner_id: OwnId | null
  end_user: string | null
  streamed: boolean
  status: number
  fault: FaultCode | null
  finish_reason: FinishReason | null
  native_finish: string | null
  cancelled: boolean
  prompt_tokens: number
  completion_tokens: number
  cache_read_tokens: number
  cache_write_tokens: number
  reasoning_tokens: number
  cost_nano: string
  upstream_cost_nano: string
  price_version: number | null
  first_token_ms: number | null
  total_ms: number
  attempts: number
}

interface DetailRow extends SummaryRow {
  decision: unknown
}

function summaryOf(row: SummaryRow): RequestSummary {
  return {
    requestId: row.request_id,
    workspaceId: row.workspace_id,
    keyId: row.key_id,
    beganAtMs: row.began_at.getTime(),
    kind: row.kind,
    requestedModel: row.requested_model,
    preset: row.preset_id === null ? null : { id: row.preset_id, version: row.preset_version ?? 0 },
    model: row.model,
    provider: row.provider,
    endpoint: row.endpoint_id,
    owner: row.owner_id,
    endUser: row.end_user,
    streamed: row.streamed,
    status: row.status,
    fault: row.fault,
    finishReason: row.finish_reason,
    nativeFinish: row.native_finish,
    cancelled: row.cancelled,
    usage: {
      promptTokens: row.prompt_tokens,
      completionTokens: row.completion_tokens,
      cacheReadTokens: row.cache_read_tokens,
      cacheWriteTokens: row.cache_write_tokens,
      reasoningTokens: row.reasoning_tokens,
    },
    costNanoUsd: BigInt(row.cost_nano),
    upstreamCostNanoUsd: BigInt(row.upstream_cost_nano),
    priceVersion: row.price_version,
    firstTokenMs: row.first_token_ms,
    totalMs: row.total_ms,
    attemptCount: row.attempts,
  }
}
