import fc from 'fast-check'
import { expect, it } from 'vitest'
import { countsAgainstHealth, FAILURE_KINDS, failureKind, stepAfter } from './failover.ts'
import { blame, Fault, type FaultCode } from './fault.ts'
import { DEFAULT_FAILOVER } from './policy/policy.ts'

const CODES = Object.keys(blame) as FaultCode[]
/** A refused BYOK credential leads to the next target, like a refused operator account. */
const isProvider = (code: FaultCode) => code.startsWith('upstream_') || code === 'own_credential_refused'
const kindOf = (code: FaultCode) => failureKind(new Fault(code, ''))

it('moves on to another target for every fault of a provider and for no other, where a policy says nothing', () => {
  for (const code of CODES) {
    const step = stepAfter(kindOf(code), DEFAULT_FAILOVER.on, [])
    expect([code, step]).toEqual([code, isProvider(code) ? 'target' : 'stop'])
  }
})

it('knows a kind for every fault of a provider, and for what a policy may forgive its callers', () => {
  const forgiven = CODES.filter((code) => kindOf(code) !== null && !isProvider(code))
  expect(forgiven).toEqual(['context_length_exceeded', 'content_refused', 'request_refused_upstream'])
  expect(new Set(CODES.map(kindOf))).toEqual(new Set([null, ...FAILURE_KINDS]))
})

it('goes past the model’s other endpoints when only the fallbacks may have what is missing', () => {
  expect(stepAfter('context_length', ['outage'], ['context_length', 'outage'])).toBe('fallback')
  expect(stepAfter('outage', ['outage'], ['context_length', 'outage'])).toBe('target')
})

it('stops after a kind that the policy does not name, whatever else it names', () => {
  const kinds = fc.subarray([...FAILURE_KINDS])
  fc.assert(
    fc.property(fc.constantFrom(...FAILURE_KINDS), kinds, kinds, (kind, on, fallbackOn) => {
      const named = on.includes(kind) || fallbackOn.includes(kind)
      expect(stepAfter(kind, on, fallbackOn) === 'stop').toBe(!named)
      expect(stepAfter(null, on, fallbackOn)).toBe('stop')
    }),
  )
})

it('counts no rate limit, refused operator credential, empty answer or fault of a caller against an endpoint', () => {
  const counted = CODES.filter((code) => countsAgainstHealth(new Fault(code, '')))
  expect(counted.toSorted()).toEqual([
    'upstream_cut',
    'upstream_error',
    'upstream_garbled',
    'upstream_model_missing',
    'upstream_overloaded',
    'upstream_timeout',
    'upstream_unreachable',
  ])
})
