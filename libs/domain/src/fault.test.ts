import { expect, it } from 'vitest'
import { asFault, blame, Fault, type FaultCode } from './fault.ts'

const CODES = Object.keys(blame) as FaultCode[]

it('says whose fault each code is', () => {
  expect(new Fault('key_invalid', 'No such key.').blame).toBe('caller')
  expect(new Fault('upstream_timeout', 'Too slow.').blame).toBe('upstream')
  expect(new Fault('auth_unavailable', 'Try again.').blame).toBe('us')
})

it('blames us, never the caller, when a key could not be looked up', () => {
  const ours = CODES.filter((code) => code.endsWith('_unavailable'))
  expect(ours).toEqual(['auth_unavailable', 'billing_unavailable', 'store_unavailable'])
  for (const code of ours) expect(blame[code]).toBe('us')
})

it('passes a fault on unchanged', () => {
  const fault = new Fault('rate_limited', 'Slow down.', { retryAfterMs: 1_000 })
  expect(asFault(fault)).toBe(fault)
})

it.each([[new TypeError('row.secret is undefined')], ['a string'], [undefined], [null]])(
  'shows nothing of an unexpected %s to the caller',
  (thrown) => {
    const fault = asFault(thrown)
    expect([fault.code, fault.blame, fault.cause]).toEqual(['internal', 'us', thrown])
    expect(fault.message).not.toContain('secret')
    expect(fault.facts).toEqual({ cause: thrown })
  },
)
