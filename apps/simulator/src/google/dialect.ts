import {
  type About,
  type Complained,
  invalid,
  type Dialect,
  type Embedded,
  type Route,
  type Trouble,
} from '../dialect.ts'
import { type Fields, fieldsOf, listOf, numberOf, textOf, textsOf } from '../json.ts'
import { tokensOf } from '../prompt.ts'
import { vectorOf } from '../words.ts'
import { readContents } from './read.ts'
import { blocked, frames, whole } from './say.ts'

/** The Gemini API, v1beta: the model and the verb are in the path. */
export const google: Dialect = {
  route(method, path) {
    if (method === 'GET' && path === '/v1beta/models') return { kind: 'models' }
    const [, model, verb] = /^\/v1beta\/models\/([^:]+):(\w+)$/.exec(path) ?? []
    const kind = method === 'POST' && verb !== undefined ? VERBS[verb] : undefined
    return kind && model !== undefined ? { ...kind, model: decodeURIComponent(model) } : null
  },
  credential: (headers, query) => textOf(headers['x-goog-api-key']) || (query.get('key') ?? ''),
  read: readContents,
  frames,
  whole,
  embeddings,
  models,
  count: (tokens) => JSON.stringify({ totalTokens: tokens }),
  headers: () => ({
    vary: 'Origin, X-Origin, Referer',
    'server-timing': 'gfet4t7; dur=1',
    'x-content-type-options': 'nosniff',
  }),
  complain,
  complainInStream: (trouble, about) => `data: ${complain(trouble, about).body}\r\n\r\n`,
}

/** A page: `pageSize` of them at most, from the place that `pageToken` says. */
function models(names: readonly string[], query: URLSearchParams): string {
  const from = Number(query.get('pageToken') ?? 0)
  const end = from + Number(query.get('pageSize') ?? LISTED_MAX)
  return JSON.stringify({
    models: names.slice(from, end).map((name) => ({
      name: `models/${name}`,
      displayName: name,
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 65_536,
      supportedGenerationMethods: ['generateContent', 'countTokens'],
    })),
    ...(end < names.length && { nextPageToken: String(end) }),
  })
}

const LISTED_MAX = 50

const VERBS: Readonly<Record<string, Pick<Route, 'kind' | 'stream'>>> = {
  generateContent: { kind: 'answer' },
  streamGenerateContent: { kind: 'answer', stream: true },
  countTokens: { kind: 'count' },
  batchEmbedContents: { kind: 'embeddings' },
  embedContent: { kind: 'embeddings' },
}

function complain(trouble: Trouble, about: About): Complained {
  if (trouble.kind === 'moderation') return blockedPrompt(about)
  const status = trouble.status === 529 ? 503 : trouble.status
  const details = [...detailsOf(trouble, about)]
  const error = {
    code: status,
    message: trouble.message,
    status: STATUS[trouble.kind],
    ...(details.length > 0 && { details }),
  }
  return { status, headers: google.headers(about), body: JSON.stringify({ error }) }
}

/** A blocked prompt is no error to Gemini: status 200, with a reason in place of candidates. */
function blockedPrompt(about: About): Complained {
  const [type, body] = about.stream
    ? ['text/event-stream', `data: ${blocked(about)}\r\n\r\n`]
    : ['application/json', blocked(about)]
  return { status: 200, headers: { ...google.headers(about), 'content-type': type }, body }
}

const STATUS: Readonly<Record<Trouble['kind'], string>> = {
  credential: 'UNAUTHENTICATED',
  forbidden: 'PERMISSION_DENIED',
  request: 'INVALID_ARGUMENT',
  missing: 'NOT_FOUND',
  too_large: 'INVALID_ARGUMENT',
  context: 'INVALID_ARGUMENT',
  moderation: 'INVALID_ARGUMENT',
  rate: 'RESOURCE_EXHAUSTED',
  overload: 'UNAVAILABLE',
  internal: 'INTERNAL',
}

/** Gemini has no `retry-after`: the details say how long to wait. */
function* detailsOf(trouble: Trouble, about: About): Generator {
  const { kind, param, message } = trouble
  if (kind === 'credential') {
    yield {
      '@type': `${RPC}ErrorInfo`,
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    }
  }
  if (kind === 'rate') {
    yield {
      '@type': `${RPC}QuotaFailure`,
      violations: [
        {
          quotaMetric: 'generativelanguage.googleapis.com/generate_content_requests',
          quotaId: 'GenerateRequestsPerMinutePerProjectPerModel',
        },
      ],
    }
    yield { '@type': `${RPC}RetryInfo`, retryDelay: `${about.retryAfterSeconds}s` }
  }
  if (param !== undefined)
    yield { '@type': `${RPC}BadRequest`, fieldViolations: [{ field: param, description: message }] }
}

const RPC = 'type.googleapis.com/google.rpc.'
const DIMENSIONS_DEFAULT = 768
const DIMENSIONS_MAX = 3072
const REQUESTS_MAX = 100

function embeddings(body: Fields, about: About): Embedded {
  const batch = Array.isArray(body['requests'])
  const requests = batch ? listOf(body['requests']).map(fieldsOf) : [body]
  if (requests.length === 0 || requests.length > REQUESTS_MAX) {
    throw invalid(
      `* BatchEmbedContentsRequest.requests: at most ${REQUESTS_MAX} requests can be in one batch\n`,
      'requests',
    )
  }
  let tokens = 0
  const made = requests.map((request) => {
    const text = textsOf(fieldsOf(request['content'])['parts'])
    tokens += tokensOf(text)
    const dimensions = Math.min(numberOf(request['outputDimensionality']) ?? DIMENSIONS_DEFAULT, DIMENSIONS_MAX)
    return { values: Array.from(vectorOf(about.model, text, dimensions)) }
  })
  return { body: JSON.stringify(batch ? { embeddings: made } : { embedding: made[0] }), tokens }
}
