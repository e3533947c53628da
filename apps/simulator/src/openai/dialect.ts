import { type About, type Complained, type Dialect, type Embedded, invalid, type Trouble } from '../dialect.ts'
import { type Fields, listOf, numberOf, textOf } from '../json.ts'
import { tokensOf } from '../prompt.ts'
import { readChat } from './read.ts'
import { vectorOf } from '../words.ts'
import { frames, whole } from './say.ts'

/** Chat completions, embeddings and the list of models, as OpenAI and those who follow it speak them. */
export const openai: Dialect = {
  route(method, path) {
    if (method === 'POST' && path === '/v1/chat/completions') return { kind: 'answer' }
    if (method === 'POST' && path === '/v1/embeddings') return { kind: 'embeddings' }
    return method === 'GET' && path === '/v1/models' ? { kind: 'models' } : null
  },
  credential: (headers) => /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '',
  read: readChat,
  frames,
  whole,
  embeddings,
  models: (names) =>
    JSON.stringify({
      object: 'list',
      data: names.map((id) => ({ id, object: 'model', created: MODELS_CREATED_S, owned_by: 'simulator' })),
    }),
  count: (tokens) => JSON.stringify({ input_tokens: tokens }),
  headers: (about) => ({
    'x-request-id': `req_sim${about.seq}`,
    'openai-organization': 'simulated',
    'openai-version': '2020-10-01',
    'openai-processing-ms': '1',
    ...LIMITS,
  }),
  complain,
  complainInStream: (trouble) => `data: ${JSON.stringify(errorBody(trouble))}\n\n`,
}

const MODELS_CREATED_S = 1_767_225_600

const LIMITS = {
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-limit-tokens': '2000000',
  'x-ratelimit-remaining-requests': '9999',
  'x-ratelimit-remaining-tokens': '1999000',
  'x-ratelimit-reset-requests': '6ms',
  'x-ratelimit-reset-tokens': '30ms',
}

function complain(trouble: Trouble, about: About): Complained {
  const retry = String(about.retryAfterSeconds)
  return {
    status: trouble.status,
    headers: {
      ...openai.headers(about),
      ...(trouble.kind === 'rate' && {
        'retry-after': retry,
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': `${retry}s`,
      }),
      ...(trouble.status === 503 && { 'retry-after': retry }),
    },
    body: JSON.stringify(errorBody(trouble)),
  }
}

function errorBody({ kind, message, param }: Trouble): unknown {
  const { type, code } = WORDS[kind]
  return {
    error: {
      message,
      type,
      param: param ?? null,
      code: param !== undefined && message.startsWith('Missing') ? 'missing_required_parameter' : code,
    },
  }
}

const WORDS: Readonly<Record<Trouble['kind'], { type: string; code: string | null }>> = {
  credential: { type: 'invalid_request_error', code: 'invalid_api_key' },
  forbidden: { type: 'invalid_request_error', code: 'unsupported_country_region_territory' },
  request: { type: 'invalid_request_error', code: null },
  missing: { type: 'invalid_request_error', code: 'model_not_found' },
  too_large: { type: 'invalid_request_error', code: 'request_too_large' },
  context: { type: 'invalid_request_error', code: 'context_length_exceeded' },
  moderation: { type: 'invalid_request_error', code: 'content_policy_violation' },
  rate: { type: 'requests', code: 'rate_limit_exceeded' },
  overload: { type: 'server_error', code: null },
  internal: { type: 'server_error', code: null },
}

const DIMENSIONS_DEFAULT = 1536
const DIMENSIONS_MAX = 4096
const INPUTS_MAX = 2048

function embeddings(body: Fields): Embedded {
  const input = body['input']
  const isOne = typeof input === 'string' || typeof listOf(input)[0] === 'number'
  const texts = (isOne ? [input] : listOf(input)).map((each) => (Array.isArray(each) ? each.join(' ') : textOf(each)))
  if (texts.length === 0 || texts.length > INPUTS_MAX)
    throw invalid("'$.input' is invalid. Please check the API reference.", 'input')
  const dimensions = Math.min(numberOf(body['dimensions']) ?? DIMENSIONS_DEFAULT, DIMENSIONS_MAX)
  const model = textOf(body['model'])
  if (model === '') throw invalid('you must provide a model parameter')
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text), 0)
  const data = texts.map((text, index) => {
    const vector = vectorOf(model, text, dimensions)
    const embedding =
      body['encoding_format'] === 'base64' ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector)
    return { object: 'embedding', index, embedding }
  })
  return {
    body: JSON.stringify({ object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }),
    tokens,
  }
}
