import { Fault, blame, JSON_DEPTH_MAX, parseUntrusted, type FaultCode, type JsonLimits } from '@turnpike/domain'
import { quote } from './quote.ts'
import { readRefusal, type Refusal } from './refusal.ts'
import { garbled, isFrame, known, type Frame } from './frame.ts'

type UpstreamCode = Extract<
  FaultCode,
  `upstream_${string}` | 'context_length_exceeded' | 'content_refused' | 'request_refused_upstream'
>

/** Characters looked at for the kind: providers say what is wrong in their first sentence. */
const HINT_CHARACTERS_MAX = 2_000

/** What a status that is not 2xx means, in every dialect: they wrap their errors alike. Never throws. */
export function explain(status: number, body: string): Fault {
  return faultFor(status, readRefusal(parsed(body)))
}

/** The fault that an error inside an answer with status 200 stands for; null when the frame is no error. */
export function faultWithin(frame: Frame): Fault | null {
  if (!frame['error'] && !isErrorKind(frame)) return null
  const refusal = readRefusal(frame)
  return faultFor(refusal.status ?? statusNamed(refusal), refusal)
}

/** `{"object":"error"}` of vLLM and Mistral, `{"type":"error"}` of Anthropic. */
function isErrorKind(frame: Frame): boolean {
  return frame['object'] === 'error' || frame['type'] === 'error'
}

/** A body that was parsed already. Throws the fault it stands for, and `upstream_garbled` for what is no JSON object. */
export function answerIn(body: unknown): Frame {
  if (!isFrame(body)) throw garbled('something that is not a JSON object')
  const fault = faultWithin(body)
  if (fault) throw fault
  return body
}

/** Real events have a few hundred characters and a few dozen members; log probabilities have thousands. */
const EVENT_LIMITS: JsonLimits = { depth: JSON_DEPTH_MAX, members: 50_000, unmeasured: 1_024 }

/** The same for the data of one event. */
export function eventIn(data: string): Frame {
  return answerIn(parseUntrusted(data, EVENT_LIMITS, (what, cause) => garbled(`an event that ${what}`, cause)))
}

const ERROR_LIMITS: JsonLimits = { depth: JSON_DEPTH_MAX, members: 10_000 }

function parsed(body: string): unknown {
  try {
    return parseUntrusted(body, ERROR_LIMITS, (what) => garbled(`an error that ${what}`))
  } catch {
    // A page of HTML or nothing at all: the status alone has to explain it.
    return null
  }
}

function faultFor(status: number, refusal: Refusal): Fault {
  const code = codeFor(status, refusal)
  const named = refusal.code ?? refusal.type
  const providerCode = named === undefined ? undefined : quote(named)
  const message = refusal.message === undefined ? '' : quote(refusal.message)
  // Only a refusal that the caller can act on is quoted: the others speak of the account behind the gateway.
  const quoted = blame[code] === 'caller' && message !== '' ? ` The provider says: “${message}”` : ''
  return new Fault(code, `${SENTENCES[code]}${quoted}`, {
    ...(providerCode !== undefined && { metadata: { provider_code: providerCode } }),
    ...(code === 'upstream_rate_limited' && known({ retryAfterMs: refusal.retryAfterMs })),
    detail: known({ status, providerCode }),
  })
}

const SENTENCES: Record<UpstreamCode, string> = {
  context_length_exceeded: 'The request is longer than the model can take.',
  content_refused: 'The provider refused the content of the request.',
  request_refused_upstream: 'The provider refused the request.',
  upstream_credential_refused: 'The provider refused the credential that the gateway used.',
  upstream_model_missing: 'The provider does not serve this model.',
  upstream_rate_limited: 'The provider is limiting the rate of requests. Try again shortly.',
  upstream_overloaded: 'The provider is overloaded. Try again shortly.',
  upstream_timeout: 'The provider took too long.',
  upstream_error: 'The provider failed.',
  upstream_unreachable: 'The provider could not be reached.',
  upstream_garbled: 'The provider sent something that cannot be read.',
  upstream_cut: 'The provider ended its answer early.',
  upstream_empty: 'The provider ended its answer without saying anything.',
}

function codeFor(status: number, refusal: Refusal): UpstreamCode {
  if (status === 401 || status === 402) return 'upstream_credential_refused'
  if (status === 403) return CONTENT.test(hintOf(refusal)) ? 'content_refused' : 'upstream_credential_refused'
  if (status === 404) return 'upstream_model_missing'
  if (status === 429) return 'upstream_rate_limited'
  if (status === 408 || status === 504 || status === 524) return 'upstream_timeout'
  if (status === 503 || status === 529) return 'upstream_overloaded'
  if (status >= 400 && status < 500) return codeForRefusal(refusal)
  return /overloaded/i.test(hintOf(refusal)) ? 'upstream_overloaded' : 'upstream_error'
}

/**
 * Providers use 400, 413 and 422 for everything, so codes and words decide. A message may echo the request: a fault of the provider is
 * read from its codes and from the beginning of a message, never from words that a caller could have put in.
 */
function codeForRefusal(refusal: Refusal): UpstreamCode {
  const { code = '', type = '', message = '' } = refusal
  if (CREDENTIAL_CODE.test(code) || CREDENTIAL_MESSAGE.test(message)) return 'upstream_credential_refused'
  if (MODEL_CODE.test(code) || MODEL_CODE.test(type) || MODEL_MESSAGE.test(message)) return 'upstream_model_missing'
  // Some providers report a request above the tokens per minute as 413; another target may take it.
  if (code.includes('rate_limit')) return 'upstream_rate_limited'
  if (CONTEXT_LENGTH.test(hintOf(refusal))) return 'context_length_exceeded'
  if (CONTENT.test(hintOf(refusal))) return 'content_refused'
  return 'request_refused_upstream'
}

function hintOf({ code = '', type = '', message = '' }: Refusal): string {
  return `${code} ${type} ${message.slice(0, HINT_CHARACTERS_MAX)}`
}

const CREDENTIAL_CODE = /^(?:api_key_invalid|api_key_expired|invalid_api_key|insufficient_balance)$/i
const CREDENTIAL_MESSAGE = /^(?:api key (?:not valid|expired)|your credit balance|insufficient balance)/i
const MODEL_CODE = /^(?:model_not_found|model_decommissioned|invalid_model)$/i
const MODEL_MESSAGE = /^the model `?[\w./:-]{1,200}`? does not exist/i
const CONTEXT_LENGTH =
  /context_length|context[ _](?:length|window|limit)|prompt is too long|too many (?:input )?tokens|input token count|maximum (?:number of )?(?:input )?tokens allowed|string_above_max_length/i
const CONTENT =
  /content_(?:policy|filter)|content (?:management )?polic|moderation|flagged|safety system|usage guidelines|prohibited_content/i

/** The status that a named error would have had. Unnamed ones count as the provider's own failure. */
function statusNamed({ code = '', type = '' }: Refusal): number {
  for (const [pattern, status] of STATUS_NAMED) if (pattern.test(code) || pattern.test(type)) return status
  return 500
}

const STATUS_NAMED: readonly (readonly [RegExp, number])[] = [
  [/overloaded|unavailable/i, 529],
  [/rate_?limit|too_?many_?requests|resource_exhausted|insufficient_quota/i, 429],
  [/authentication|unauthenticated|invalid_api_key/i, 401],
  [/billing/i, 402],
  [/permission/i, 403],
  [/not_?found/i, 404],
  [/time_?out|deadline_exceeded/i, 504],
  [/too_large/i, 413],
  [/invalid|bad_?request|context_length|content_|failed_precondition|out_of_range/i, 400],
]

/**
 * What an answer to `whoAmI` says of the credential. `ok`: taken, unless the provider answers everybody. `refused`: not taken.
 * `limited`: come again later. `unknown`: nothing, as when the provider has no list of models.
 */
export type Proof = 'ok' | 'refused' | 'limited' | 'unknown'

/** Reads a status and the beginning of a body, which may be anything. Never throws. */
export function proofOf(status: number, body: string): Proof {
  if (status >= 200 && status < 300) return 'ok'
  if (status < 400) return 'unknown'
  // A credential that may answer prompts and not list models is refused here and works elsewhere.
  if (NARROW.test(body)) return 'unknown'
  const { code } = explain(status, body)
  if (code === 'upstream_credential_refused') return 'refused'
  return code === 'upstream_rate_limited' ? 'limited' : 'unknown'
}

const NARROW = /missing scopes|insufficient permissions for this operation/i
