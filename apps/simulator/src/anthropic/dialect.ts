import { type About, type Complained, Complaint, invalid, type Dialect, type Trouble } from '../dialect.ts'
import { textOf } from '../json.ts'
import { readMessages } from './read.ts'
import { frames, whole } from './say.ts'

/** The Messages API, version 2023-06-01. */
export const anthropic: Dialect = {
  route(method, path) {
    if (method === 'POST' && path === '/v1/messages') return { kind: 'answer' }
    if (method === 'POST' && path === '/v1/messages/count_tokens') return { kind: 'count' }
    return method === 'GET' && path === '/v1/models' ? { kind: 'models' } : null
  },
  credential: (headers) =>
    textOf(headers['x-api-key']) || (/^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''),
  checkHeaders(headers) {
    if (!headers['anthropic-version']) throw invalid('anthropic-version: header is required')
  },
  read: readMessages,
  frames,
  whole,
  embeddings() {
    throw new Complaint({ status: 404, kind: 'missing', message: 'Not Found' })
  },
  models,
  count: (tokens) => JSON.stringify({ input_tokens: tokens }),
  headers: (about) => ({ 'request-id': requestId(about), 'anthropic-organization-id': 'simulated', ...limits(4999) }),
  complain,
  complainInStream: (trouble, about) => `event: error\ndata: ${JSON.stringify(errorBody(trouble, about))}\n\n`,
}

/** A page: `limit` of them at most, after the model that `after_id` names. */
function models(names: readonly string[], query: URLSearchParams): string {
  const rest = names.slice(names.indexOf(query.get('after_id') ?? '') + 1)
  const page = rest.slice(0, Number(query.get('limit') ?? LISTED_MAX))
  return JSON.stringify({
    data: page.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' })),
    has_more: rest.length > page.length,
    first_id: page[0] ?? null,
    last_id: page.at(-1) ?? null,
  })
}

const LISTED_MAX = 20

function requestId(about: About): string {
  return `req_sim${about.seq}`
}

/** The minute's allowance. It is never used up on its own: a requested 429 reports `left` as 0. */
function limits(left: number): Record<string, string> {
  const reset = new Date(Math.ceil(Date.now() / 60_000) * 60_000).toISOString()
  return {
    'anthropic-ratelimit-requests-limit': '5000',
    'anthropic-ratelimit-requests-remaining': String(left),
    'anthropic-ratelimit-requests-reset': reset,
    'anthropic-ratelimit-input-tokens-limit': '2000000',
    'anthropic-ratelimit-input-tokens-remaining': '1999000',
    'anthropic-ratelimit-input-tokens-reset': reset,
    'anthropic-ratelimit-output-tokens-limit': '400000',
    'anthropic-ratelimit-output-tokens-remaining': '399000',
    'anthropic-ratelimit-output-tokens-reset': reset,
  }
}

function complain(trouble: Trouble, about: About): Complained {
  const limited = trouble.kind === 'rate'
  return {
    status: trouble.status,
    headers: {
      ...anthropic.headers(about),
      'x-should-retry': String(limited || trouble.status >= 500),
      ...(limited && { ...limits(0), 'retry-after': String(about.retryAfterSeconds) }),
    },
    body: JSON.stringify(errorBody(trouble, about)),
  }
}

function errorBody({ kind, message }: Trouble, about: About): unknown {
  return { type: 'error', error: { type: TYPES[kind], message: SAID[kind] ?? message }, request_id: requestId(about) }
}

const SAID: Partial<Record<Trouble['kind'], string>> = {
  credential: 'invalid x-api-key',
  moderation: 'Output blocked by content filtering policy',
}

const TYPES: Readonly<Record<Trouble['kind'], string>> = {
  credential: 'authentication_error',
  forbidden: 'permission_error',
  request: 'invalid_request_error',
  missing: 'not_found_error',
  too_large: 'request_too_large',
  context: 'invalid_request_error',
  moderation: 'invalid_request_error',
  rate: 'rate_limit_error',
  overload: 'overloaded_error',
  internal: 'api_error',
}
