import type { FaultCode } from '@turnpike/domain'

/**
 * How a fault looks from outside: the HTTP status, OpenAI's `error.type` and OpenRouter's `error_type`, on which their
 * clients already switch. Exhaustive: a new fault code does not compile until it stands here.
 * 422 and 409 are avoided on inference routes, because some SDKs retry them.
 */
export const statusOf = {
  body_malformed: seen(400, 'invalid_request_error', 'invalid_request'),
  body_too_large: seen(413, 'invalid_request_error', 'payload_too_large'),
  content_type_unsupported: seen(415, 'invalid_request_error', 'invalid_request'),
  request_invalid: seen(400, 'invalid_request_error', 'invalid_request'),
  route_unknown: seen(404, 'not_found_error', 'not_found'),
  method_not_allowed: seen(405, 'invalid_request_error', 'invalid_request'),
  model_unknown: seen(400, 'invalid_request_error', 'invalid_request'),
  object_unknown: seen(404, 'not_found_error', 'not_found'),
  key_missing: seen(401, 'authentication_error', 'authentication'),
  key_malformed: seen(401, 'authentication_error', 'authentication'),
  key_invalid: seen(401, 'authentication_error', 'authentication'),
  key_kind_wrong: seen(403, 'permission_error', 'permission_denied'),
  session_missing: seen(401, 'authentication_error', 'authentication'),
  credentials_wrong: seen(401, 'authentication_error', 'authentication'),
  email_unverified: seen(403, 'permission_error', 'permission_denied'),
  origin_foreign: seen(403, 'permission_error', 'permission_denied'),
  role_insufficient: seen(403, 'permission_error', 'permission_denied'),
  conflict: seen(409, 'invalid_request_error', 'invalid_request'),
  credit_exhausted: seen(402, 'insufficient_quota', 'payment_required'),
  endpoints_excluded: seen(404, 'not_found_error', 'not_found'),
  rate_limited: seen(429, 'rate_limit_error', 'rate_limit_exceeded'),
  context_length_exceeded: seen(400, 'invalid_request_error', 'context_length_exceeded'),
  content_refused: seen(400, 'invalid_request_error', 'content_policy_violation'),
  request_refused_upstream: seen(400, 'invalid_request_error', 'invalid_request'),
  own_credential_refused: seen(424, 'invalid_request_error', 'byok_invalid'),
  deadline_passed: seen(504, 'server_error', 'timeout'),
  caller_gone: seen(499, 'invalid_request_error', 'unmapped'),
  upstream_unreachable: seen(502, 'server_error', 'provider_unavailable'),
  upstream_timeout: seen(504, 'server_error', 'timeout'),
  upstream_error: seen(502, 'server_error', 'provider_unavailable'),
  upstream_overloaded: seen(503, 'server_error', 'provider_overloaded'),
  upstream_rate_limited: seen(429, 'rate_limit_error', 'rate_limit_exceeded'),
  upstream_garbled: seen(502, 'server_error', 'provider_unavailable'),
  upstream_cut: seen(502, 'server_error', 'provider_unavailable'),
  upstream_empty: seen(502, 'server_error', 'provider_unavailable'),
  upstream_credential_refused: seen(502, 'server_error', 'provider_unavailable'),
  upstream_model_missing: seen(502, 'server_error', 'provider_unavailable'),
  auth_unavailable: seen(503, 'server_error', 'server'),
  billing_unavailable: seen(503, 'server_error', 'server'),
  store_unavailable: seen(503, 'server_error', 'server'),
  no_healthy_provider: seen(503, 'server_error', 'provider_unavailable'),
  overloaded: seen(503, 'server_error', 'server'),
  shutting_down: seen(503, 'server_error', 'server'),
  internal: seen(500, 'server_error', 'server'),
} as const satisfies Record<FaultCode, Outside>

export interface Outside {
  readonly status: number
  readonly type: string
  readonly errorType: string
}

function seen(status: number, type: string, errorType: string): Outside {
  return { status, type, errorType }
}
