import type { FaultCode } from '@turnpike/domain'

/**
 * HTTP status, OpenAI's `error.type` and OpenRouter's `error_type`, on which their clients already switch. 422 and 409 are avoided on
 * inference routes, because some SDKs retry them.
 */
export const statusOf = {
  body_malformed: shape(400, 'invalid_request_error', 'invalid_request'),
  body_too_large: shape(413, 'invalid_request_error', 'payload_too_large'),
  content_type_unsupported: shape(415, 'invalid_request_error', 'invalid_request'),
  request_invalid: shape(400, 'invalid_request_error', 'invalid_request'),
  route_unknown: shape(404, 'not_found_error', 'not_found'),
  method_not_allowed: shape(405, 'invalid_request_error', 'invalid_request'),
  model_unknown: shape(400, 'invalid_request_error', 'invalid_request'),
  object_unknown: shape(404, 'not_found_error', 'not_found'),
  key_missing: shape(401, 'authentication_error', 'authentication'),
  key_malformed: shape(401, 'authentication_error', 'authentication'),
  key_invalid: shape(401, 'authentication_error', 'authentication'),
  key_kind_wrong: shape(403, 'permission_error', 'permission_denied'),
  session_missing: shape(401, 'authentication_error', 'authentication'),
  credentials_wrong: shape(401, 'authentication_error', 'authentication'),
  email_unverified: shape(403, 'permission_error', 'permission_denied'),
  origin_foreign: shape(403, 'permission_error', 'permission_denied'),
  role_insufficient: shape(403, 'permission_error', 'permission_denied'),
  conflict: shape(409, 'invalid_request_error', 'invalid_request'),
  credit_exhausted: shape(402, 'insufficient_quota', 'payment_required'),
  endpoints_excluded: shape(404, 'not_found_error', 'not_found'),
  rate_limited: shape(429, 'rate_limit_error', 'rate_limit_exceeded'),
  context_length_exceeded: shape(400, 'invalid_request_error', 'context_length_exceeded'),
  content_refused: shape(400, 'invalid_request_error', 'content_policy_violation'),
  request_refused_upstream: shape(400, 'invalid_request_error', 'invalid_request'),
  own_credential_refused: shape(424, 'invalid_request_error', 'byok_invalid'),
  deadline_passed: shape(504, 'server_error', 'timeout'),
  caller_gone: shape(499, 'invalid_request_error', 'unmapped'),
  upstream_unreachable: shape(502, 'server_error', 'provider_unavailable'),
  upstream_timeout: shape(504, 'server_error', 'timeout'),
  upstream_error: shape(502, 'server_error', 'provider_unavailable'),
  upstream_overloaded: shape(503, 'server_error', 'provider_overloaded'),
  upstream_rate_limited: shape(429, 'rate_limit_error', 'rate_limit_exceeded'),
  upstream_garbled: shape(502, 'server_error', 'provider_unavailable'),
  upstream_cut: shape(502, 'server_error', 'provider_unavailable'),
  upstream_empty: shape(502, 'server_error', 'provider_unavailable'),
  upstream_credential_refused: shape(502, 'server_error', 'provider_unavailable'),
  upstream_model_missing: shape(502, 'server_error', 'provider_unavailable'),
  auth_unavailable: shape(503, 'server_error', 'server'),
  billing_unavailable: shape(503, 'server_error', 'server'),
  store_unavailable: shape(503, 'server_error', 'server'),
  no_healthy_provider: shape(503, 'server_error', 'provider_unavailable'),
  overloaded: shape(503, 'server_error', 'server'),
  shutting_down: shape(503, 'server_error', 'server'),
  internal: shape(500, 'server_error', 'server'),
} as const satisfies Record<FaultCode, ErrorShape>

interface ErrorShape {
  readonly status: number
  readonly type: string
  readonly errorType: string
}

function shape(status: number, type: string, errorType: string): ErrorShape {
  return { status, type, errorType }
}
