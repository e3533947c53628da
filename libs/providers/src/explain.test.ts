import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explain, faultWithin, proofOf } from './explain.ts'
import { QUOTE_CHARACTERS_MAX, quote } from './quote.ts'

const said = (status: number, error: unknown) => explain(status, JSON.stringify({ error }))

describe('explaining a refusal', () => {
  it.each([
    [401, 'upstream_credential_refused'],
    [402, 'upstream_credential_refused'],
    [403, 'upstream_credential_refused'],
    [404, 'upstream_model_missing'],
    [408, 'upstream_timeout'],
    [409, 'request_refused_upstream'],
    [413, 'request_refused_upstream'],
    [422, 'request_refused_upstream'],
    [429, 'upstream_rate_limited'],
    [500, 'upstream_error'],
    [502, 'upstream_error'],
    [503, 'upstream_overloaded'],
    [504, 'upstream_timeout'],
    [529, 'upstream_overloaded'],
    [302, 'upstream_error'],
  ] as const)('knows %i by its status alone', (status, code) => {
    expect(explain(status, '<html><h1>No</h1></html>').code).toBe(code)
    expect(explain(status, '').code).toBe(code)
  })

  it.each([
    ["This model's maximum context length is 4096 tokens. However, you requested 5000", 'context_length_exceeded'],
    ['input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000', 'context_length_exceeded'],
    ['Your input was flagged by our moderation', 'content_refused'],
    ['The model `old-one` does not exist', 'upstream_model_missing'],
    ['messages.0.content: field required', 'request_refused_upstream'],
  ] as const)('reads a 400 that says: %s', (message, code) => {
    expect(said(400, { message }).code).toBe(code)
  })

  it.each([
    [{ error: { message: 'why' } }],
    [{ error: 'why' }],
    [{ object: 'error', message: 'why' }],
    [{ code: 'x', error: 'why' }],
    [{ detail: 'why' }],
    [{ detail: [{ loc: ['body'], msg: 'why' }] }],
    [{ detail: { error: 'why' } }],
    [[{ error: { code: 400, message: 'why', status: 'INVALID_ARGUMENT' } }]],
  ])('finds the message in %o', (body) => {
    expect(explain(400, JSON.stringify(body)).message).toContain('“why”')
  })

  it('blames the caller for moderation even when the status is 403', () => {
    expect(said(403, { message: 'Content violates usage guidelines.' }).code).toBe('content_refused')
  })

  it('never holds against the provider what a caller could have written', () => {
    const echo = "Invalid value: 'API key not valid. The model `x` does not exist. rate_limit'"
    expect(said(400, { message: echo, type: 'invalid_request_error' }).code).toBe('request_refused_upstream')
  })

  it('lets a request above the tokens a minute move on', () => {
    const fault = said(413, { message: 'Request too large for model', type: 'tokens', code: 'rate_limit_exceeded' })
    expect(fault.code).toBe('upstream_rate_limited')
  })

  it.each([
    [{ message: 'Please try again in 1m2.5s.' }, 62_500],
    [{ message: 'Please try again in 857ms.' }, 857],
    [{ message: 'Please try again in 9999m.' }, 3_600_000],
    [{ message: 'Try again in a while.' }, undefined],
    [{ message: 'x', details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34s' }] }, 34_000],
  ])('takes the wait from the body: %o', (error, retryAfterMs) => {
    expect(said(429, error).facts.retryAfterMs).toBe(retryAfterMs)
  })

  it('names the provider code, and quotes only what the caller can act on', () => {
    const refused = said(400, { message: 'temperature: must be below 1', code: 'bad_temperature' })
    expect(refused.message).toContain('temperature: must be below 1')
    expect(refused.facts.metadata).toEqual({ provider_code: 'bad_temperature' })
    expect(refused.facts.detail).toEqual({ status: 400, providerCode: 'bad_temperature' })
    for (const status of [401, 403, 404, 429, 500, 503]) {
      expect(said(status, { message: 'organization org-1 is out of credit' }).message).not.toContain('org-1')
    }
  })

  it('never throws, whatever the body', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        expect(explain(status, body).message.length).toBeLessThan(QUOTE_CHARACTERS_MAX + 200)
      }),
    )
  })

  it('sees no error in an answer that says it has none', () => {
    expect(faultWithin({ error: null, choices: [] })).toBeNull()
    expect(faultWithin({ error: '', choices: [] })).toBeNull()
  })

  it.each([
    [{ error: { message: 'x', code: 429 } }, 'upstream_rate_limited'],
    [{ error: { message: 'x', type: 'invalid_request_error' } }, 'request_refused_upstream'],
    [{ error: { message: 'x', type: 'overloaded_error' } }, 'upstream_overloaded'],
    [{ error: { message: 'x', status: 'RESOURCE_EXHAUSTED' } }, 'upstream_rate_limited'],
    [{ error: { message: 'x', type: 'authentication_error' } }, 'upstream_credential_refused'],
    [{ error: { message: 'x', type: 'timeout_error' } }, 'upstream_timeout'],
    [{ error: {} }, 'upstream_error'],
  ])('knows an error without a status by its name: %o', (frame, code) => {
    expect(faultWithin(frame)?.code).toBe(code)
  })
})

describe('quoting a provider', () => {
  // Put together here, so that no scanner takes this file for a leak.
  const key = ['sk', 'proj', 'Ab12Cd34Ef56Gh78'].join('-')

  it.each([
    `Incorrect API key provided: ${key}.`,
    `Incorrect API key provided: ${key.slice(0, 8)}********Gh78`,
    `Bearer ${key} is wrong`,
    `{"authorization": "Bearer ${key}"}`,
    `see https://me:Ab12Cd34Ef56Gh78@host.example/path`,
    `GET /v1?key=Ab12Cd34Ef56Gh78&alt=sse`,
    `token 0123456789abcdef0123456789abcdefGh78 expired`,
  ])('removes what looks like a credential: %s', (message) => {
    const quoted = quote(message)
    expect(quoted).toContain('[removed]')
    expect(quoted).not.toContain('Gh78')
  })

  it.each(['model claude-3-5-sonnet-20241022 is gone', 'max_completion_tokens must be at most 65536'])(
    'leaves honest words alone: %s',
    (message) => expect(quote(message)).toBe(message),
  )

  it('cuts a long message and joins its lines', () => {
    expect(quote(`a\nb\u0000c`)).toBe('a b c')
    expect(quote('word '.repeat(10_000)).length).toBeLessThanOrEqual(QUOTE_CHARACTERS_MAX)
  })

  it('answers fast to text made to be slow', () => {
    const began = performance.now()
    for (const unit of ['a1', 'sk-', '://', 'api_key ', ' bearer', '_', 'a://']) quote(unit.repeat(30_000))
    expect(performance.now() - began).toBeLessThan(1000)
  })
})

const google = (code: number, reason: string, status: string, message: string) =>
  JSON.stringify({
    error: { code, message, status, details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason }] },
  })

describe('reading what a look at the models proves', () => {
  it.each([
    ['ok', 200, '{"object":"list","data":[]}'],
    ['refused', 401, '{"error":{"message":"Incorrect API key provided.","code":"invalid_api_key"}}'],
    ['refused', 401, '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'],
    [
      'refused',
      400,
      google(400, 'API_KEY_INVALID', 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'),
    ],
    ['refused', 403, google(403, 'SERVICE_DISABLED', 'PERMISSION_DENIED', 'Generative Language API is disabled.')],
    ['refused', 402, '{"error":{"message":"Insufficient Balance"}}'],
    ['limited', 429, '{"error":{"type":"rate_limit_error"}}'],
    ['unknown', 404, 'not found'],
    ['unknown', 405, ''],
    ['unknown', 302, ''],
    ['unknown', 500, '<html>'],
    ['unknown', 529, '{"type":"error","error":{"type":"overloaded_error"}}'],
  ] as const)('says %s of a %i that reads %s', (proof, status, body) => {
    expect(proofOf(status, body)).toBe(proof)
  })

  it('does not call a credential refused that may answer prompts and not list models', () => {
    const message = 'You have insufficient permissions for this operation. Missing scopes: api.model.read.'
    expect(proofOf(403, JSON.stringify({ error: { message } }))).toBe('unknown')
  })

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.string(), (status, body) => void proofOf(status, body)),
    )
  })
})
