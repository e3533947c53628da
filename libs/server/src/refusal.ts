import { blame, type Fault } from '@turnpike/domain'
import { statusOf } from './status-of.ts'

/** Who has to act: part of every error. */
const SOURCE = { caller: 'client', upstream: 'provider', us: 'gateway' } as const

/** Statuses after which the same request may succeed unchanged. */
const RETRYABLE = new Set([408, 429, 502, 503, 504])
/** A hint below half a second invites storms; above thirty seconds some clients give up on it. */
const RETRY_AFTER_MS_MIN = 500
const RETRY_AFTER_MS_MAX = 30_000
const RETRY_AFTER_MS_DEFAULT = 2_000
/** Spread over ±25 %, so that callers refused together do not come back together. */
const JITTER = 0.25

/** Characters of a message. Ours are shorter; the bound holds whatever a message repeats of a request. */
const MESSAGE_LENGTH_MAX = 4_000

/** A fault as a response; its headers steer the caller's retries. */
interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly retryable: boolean
  readonly retryAfterMs: number | null
}

/** @param dice uniform in [0, 1), for the jitter */
export function refusalOf(fault: Fault, dice: number): Refusal {
  const { status } = statusOf[fault.code]
  const retryable = RETRYABLE.has(status)
  if (!retryable) return { status, retryable, retryAfterMs: null, headers: { 'x-should-retry': 'false' } }
  const hint = (fault.facts.retryAfterMs ?? RETRY_AFTER_MS_DEFAULT) * (1 - JITTER + 2 * JITTER * dice)
  const retryAfterMs = Math.round(Math.min(Math.max(hint, RETRY_AFTER_MS_MIN), RETRY_AFTER_MS_MAX))
  return {
    status,
    retryable,
    retryAfterMs,
    headers: {
      'x-should-retry': 'true',
      'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))),
      'retry-after-ms': String(retryAfterMs),
    },
  }
}

/** OpenAI's envelope, with OpenRouter's fields wherever its clients look for them. */
export function openAiBody(fault: Fault, refusal: Refusal, requestId: string): { error: Record<string, unknown> } {
  const { type, errorType } = statusOf[fault.code]
  return {
    error: {
      message: messageOf(fault),
      type,
      code: fault.code,
      param: fault.facts.param ?? null,
      error_type: errorType,
      http_status: refusal.status,
      request_id: requestId,
      source: SOURCE[blame[fault.code]],
      retryable: refusal.retryable,
      retry_after_ms: refusal.retryAfterMs,
      metadata: { error_type: errorType, ...fault.facts.metadata, request_id: requestId },
    },
  }
}

/** For the console: RFC 9457, with `message` and field `errors` nested in the form's shape. */
export function problemBody(fault: Fault, refusal: Refusal, requestId: string): Record<string, unknown> {
  return {
    type: 'about:blank',
    title: fault.code.replaceAll('_', ' '),
    status: refusal.status,
    code: fault.code,
    detail: messageOf(fault),
    message: messageOf(fault),
    request_id: requestId,
    retry_after_ms: refusal.retryAfterMs,
    ...(fault.facts.metadata && { metadata: fault.facts.metadata }),
    ...(fault.facts.fields && { errors: fault.facts.fields }),
  }
}

function messageOf({ message }: Fault): string {
  return message.length > MESSAGE_LENGTH_MAX ? `${message.slice(0, MESSAGE_LENGTH_MAX - 1)}…` : message
}
