import { isFrame, listOf, textOf, within, type Frame } from './frame.ts'

export interface Refusal {
  readonly message?: string | undefined
  /** The narrow name: `context_length_exceeded`, `API_KEY_INVALID`. */
  readonly code?: string | undefined
  /** The broad name: `invalid_request_error`, `RESOURCE_EXHAUSTED`. */
  readonly type?: string | undefined
  /** The HTTP status, when the body repeats it. */
  readonly status?: number | undefined
  readonly retryAfterMs?: number | undefined
}

/** A hint above an hour is a daily quota or a mistake; waiting longer than this is never worth it. */
const RETRY_AFTER_MS_MAX = 3_600_000

/**
 * Reads an error body. They differ in wrapping only: `{"error":{…}}`, `{"error":"…"}`, the bare object of vLLM and
 * Mistral, FastAPI's `detail`, and Google's, which may stand in a list.
 */
export function readRefusal(body: unknown): Refusal {
  const outer = within(Array.isArray(body) ? body[0] : body)
  const error = outer['error'] ?? within(outer['detail'])['error']
  const inner: Frame = isFrame(error) ? error : outer
  const message = textOf(inner['message']) ?? textOf(error) ?? messageOfDetail(outer['detail'])
  const google = readGoogleDetails(inner['details'])
  return {
    message,
    code: google.reason ?? textOf(inner['code']),
    type: textOf(inner['type']) ?? textOf(inner['status']),
    status: statusOf(inner['code']) ?? statusOf(inner['status']) ?? statusOf(inner['status_code']),
    retryAfterMs: google.retryAfterMs ?? retryAfterIn(message),
  }
}

/** FastAPI: a text, or a list of findings. */
function messageOfDetail(detail: unknown): string | undefined {
  return textOf(detail) ?? textOf(within(listOf(detail)[0])['msg'])
}

function statusOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 400 && value <= 599 ? value : undefined
}

/** Google's list of typed details: why, and how long to wait (`"34s"`, `"0.5s"`). */
function readGoogleDetails(details: unknown): Pick<Refusal, 'retryAfterMs'> & { readonly reason?: string | undefined } {
  let reason: string | undefined
  let retryAfterMs: number | undefined
  for (const detail of listOf(details)) {
    const { reason: named, retryDelay } = within(detail)
    reason ??= textOf(named)
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(textOf(retryDelay) ?? '')?.[1]
    if (seconds !== undefined) retryAfterMs ??= bounded(Number(seconds) * 1000)
  }
  return { reason, retryAfterMs }
}

/** `Please try again in 1m2.5s`, `… in 857ms`. */
function retryAfterIn(message: string | undefined): number | undefined {
  const found = /try again in (?:(\d{1,4})m(?!s))?(?:(\d{1,6}(?:\.\d{1,6})?)(ms|s))?/i.exec(message ?? '')
  if (!found) return undefined
  const [, minutes, amount, unit] = found
  if (minutes === undefined && amount === undefined) return undefined
  return bounded(Number(minutes ?? 0) * 60_000 + Number(amount ?? 0) * (unit === 'ms' ? 1 : 1000))
}

function bounded(ms: number): number {
  return Math.min(Math.ceil(ms), RETRY_AFTER_MS_MAX)
}
