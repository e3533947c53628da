import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { proofOf } from './proof.ts'

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
