import type {
  Attempt,
  Caller,
  Decision,
  Diagnosis,
  EndpointId,
  FaultCode,
  FinishReason,
  KeyId,
  ModelSlug,
  NanoUsd,
  OwnId,
  ProviderSlug,
  RequestId,
  RouteRequest,
  TenantId,
  RequestOutcome,
  Usage,
  WorkspaceId,
} from '@turnpike/domain'
import { cutName, dayOf, NO_USAGE, requestOutcome } from '@turnpike/domain'
import { compactDecision } from './decision.ts'
import { featureColumns } from './features.ts'
import { writeLine } from './line.ts'

/** One version of a preset. */
export interface PresetVersion {
  readonly id: string
  readonly version: number
}

/** What is known of a request when it is about to be sent to a provider. */
export interface BegunRequest {
  readonly requestId: RequestId
  readonly tenantId: TenantId
  readonly workspaceId: WorkspaceId
  readonly keyId: KeyId
  readonly funds: Caller['funds']
  /** Wall clock, milliseconds. */
  readonly beganAtMs: number
  readonly kind: 'chat' | 'completion' | 'embedding'
  /** As the caller wrote it. */
  readonly requestedModel: string
  /** Under which it is counted unless another model answers: a name that is known, or the one name of all others. */
  readonly countedModel: string
  /** The preset that it named, and the version that applied. */
  readonly preset: PresetVersion | null
  readonly endUser: string | null
  readonly streamed: boolean
}

/** A finished request: one row of usage. */
export interface UsageRecord extends BegunRequest {
  /** The target that answered; null when none did. */
  readonly model: ModelSlug | null
  readonly provider: ProviderSlug | null
  readonly endpoint: EndpointId | null
  /** The tenant's credential or endpoint that it went by; null: the operator account. */
  readonly owner: OwnId | null
  /** The HTTP status that the caller saw; 499 when it hung up before one. */
  readonly status: number
  readonly fault: FaultCode | null
  /** What was wrong with the request, where it is known. */
  readonly diagnosis: Diagnosis | null
  readonly finishReason: FinishReason | null
  readonly nativeFinish: string | null
  /** The caller hung up. */
  readonly cancelled: boolean
  readonly usage: Usage
  /** What the tenant pays. */
  readonly costNanoUsd: NanoUsd
  /** What the provider charges us. */
  readonly upstreamCostNanoUsd: NanoUsd
  readonly priceVersion: number | null
  readonly firstTokenMs: number | null
  readonly totalMs: number
  readonly attempts: readonly Attempt[]
  /** Null when the request ended before a route was chosen. */
  readonly decision: Decision | null
  /** What the router was given, kept for what-if; null without a decision. */
  readonly features: RouteRequest | null
}

/** A row as `ship_usage` takes it: columns of usage_events, with `funds` and `features`. Amounts are decimal strings. */
type UsageRow = Readonly<Record<string, unknown>>

/** Longer texts of a caller are cut, so that one request cannot fill a segment. */
const TEXT_MAX = 256

/** There is one row per request; the column leaves room for rows per attempt. */
const ROW_OF_REQUEST = 1

/** The part of a row that is known at the beginning. */
export function begunRow(request: BegunRequest): UsageRow {
  return {
    day: dayOf(request.requestId),
    request_id: request.requestId,
    attempt: ROW_OF_REQUEST,
    tenant_id: request.tenantId,
    workspace_id: request.workspaceId,
    key_id: request.keyId,
    funds: request.funds,
    began_at: new Date(request.beganAtMs).toISOString(),
    kind: request.kind,
    requested_model: cutName(request.requestedModel),
    counted_model: request.countedModel,
    preset_id: request.preset?.id ?? null,
    preset_version: request.preset?.version ?? null,
    end_user: request.endUser?.slice(0, TEXT_MAX) ?? null,
    streamed: request.streamed,
  }
}

/** Assigned, not spread: an object literal of so many spread members takes 13 µs instead of 2. */
export function usageRow(record: UsageRecord): UsageRow {
  return Object.assign(begunRow(record), usageColumns(record.usage), {
    model: record.model,
    counted_model: record.model ?? record.countedModel,
    provider: record.provider,
    endpoint_id: record.endpoint,
    owner_id: record.owner,
    status: record.status,
    fault: record.fault,
    outcome: outcomeOf(record),
    diagnosis: record.diagnosis?.code ?? null,
    diagnosis_about: record.diagnosis?.about ?? null,
    finish_reason: record.finishReason,
    native_finish: record.nativeFinish?.slice(0, TEXT_MAX) ?? null,
    cancelled: record.cancelled,
    cost_nano: record.costNanoUsd.toString(),
    upstream_cost_nano: record.upstreamCostNanoUsd.toString(),
    price_version: record.priceVersion,
    first_token_ms: record.firstTokenMs === null ? null : Math.round(record.firstTokenMs),
    total_ms: Math.round(record.totalMs),
    attempts: record.attempts.length,
    decision: compactDecision(record.decision, record.attempts),
    features: record.features && featureColumns(record.features, record.decision?.draw ?? 0),
  })
}

/** The outcome of a finished request. */
export function outcomeOf(record: UsageRecord): RequestOutcome {
  const { fault, finishReason, cancelled, attempts, endpoint } = record
  return requestOutcome({ fault, finishReason, cancelled, attempts: attempts.length, answered: endpoint !== null })
}

const NO_DECISION = { decision: compactDecision(null, []), features: null }

/** The row of a request whose process died: it cost nothing, and the fault is ours. */
export function interruptedRow(begun: UsageRow): UsageRow {
  return {
    ...begun,
    status: 500,
    fault: 'internal' satisfies FaultCode,
    outcome: 'interrupted' satisfies RequestOutcome,
    finish_reason: 'error' satisfies FinishReason,
    native_finish: 'interrupted',
    cancelled: false,
    ...usageColumns(NO_USAGE),
    cost_nano: '0',
    upstream_cost_nano: '0',
    total_ms: 0,
    attempts: 0,
    ...NO_DECISION,
  }
}

/**
 * A row as JSON that PostgreSQL takes: no NUL and no half of a surrogate pair, which a caller may send and jsonb refuses.
 * The plain path costs one search: in such text `\\u` stands only for control characters and lone halves.
 */
export function rowText(row: UsageRow): string {
  const text = JSON.stringify(row)
  if (!text.includes('\\u')) return text
  return JSON.stringify(row, (_, value: unknown) =>
    typeof value === 'string' ? value.replace(/[\0\p{Surrogate}]/gu, '\ufffd') : value,
  )
}

/** The row without features and decision, which explain it: what is charged and counted stays. @param row as JSON */
export function unexplainedRow(row: string): string {
  return rowText({ ...(JSON.parse(row) as UsageRow), ...NO_DECISION })
}

/** What a row is known by, in any batch and after a restart: `request_id:attempt`. @param row as JSON */
export function rowKey(row: string): string {
  const { request_id: id, attempt } = JSON.parse(row) as { request_id: string; attempt: number }
  return `${id}:${attempt}`
}

/** Whose row it is. @param row as JSON */
export function rowTenant(row: string): string {
  return (JSON.parse(row) as { tenant_id: string }).tenant_id
}

/** The day whose partition has the row, as `2026-12-01`. @param row as JSON */
export function rowDay(row: string): string {
  return (JSON.parse(row) as { day: string }).day
}

/** What a row charges, nano-dollars. @param row as JSON */
export function rowCost(row: string): bigint {
  return BigInt((JSON.parse(row) as { cost_nano: string }).cost_nano)
}

/** Token counts as columns. */
export type UsageColumns = ReturnType<typeof usageColumns>

function usageColumns(usage: Usage) {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    reasoning_tokens: usage.reasoningTokens,
  }
}

/** A line that is being written. `settled` is called when it is on the disk, as far as the journal promises. */
export interface Entry {
  readonly line: string
  readonly bytes: number
  readonly kind: 'begin' | 'end'
  readonly settled: (() => void) | null
}

/** Longest lines of one request, and so the space that is reserved for each open request. */
export const END_BYTES_MAX = 8 << 10
export const BEGIN_BYTES_MAX = 4 << 10

/** The line of a request that is about to be dispatched. Its texts are cut, so that it is short. */
export function beginEntry(request: BegunRequest): Entry {
  return entryOf('begin', rowText(begunRow(request)), null)
}

/** The line of a finished request. One that would be too long loses its explanation, never its figures. */
export function endEntry(record: UsageRecord, settled: () => void): Entry {
  const row = usageRow(record)
  const whole = entryOf('end', rowText(row), settled)
  return whole.bytes <= END_BYTES_MAX ? whole : entryOf('end', rowText({ ...row, ...NO_DECISION }), settled)
}

/** The line that settles a request whose process died. @param begun its row at the beginning, as JSON */
export function interruptedEntry(begun: string): Entry {
  return entryOf('end', rowText(interruptedRow(JSON.parse(begun) as UsageRow)), null)
}

function entryOf(kind: Entry['kind'], row: string, settled: (() => void) | null): Entry {
  const line = writeLine(kind, row)
  return { kind, line, bytes: Buffer.byteLength(line), settled }
}
