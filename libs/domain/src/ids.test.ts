import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { dayOf, generationId, newRequestId, parseRequestId, type RequestId } from './ids.ts'

const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 })
const beganAtMs = fc.integer({ min: 0, max: Date.UTC(2099, 11, 31) })

it('carries the UTC day on which the request began, whatever the hour', () => {
  const lastMoment = Date.UTC(2026, 1, 28, 23, 59, 59, 999)
  expect(newRequestId(lastMoment, new Uint8Array(20))).toBe('20260228-00000000000000000000')
  expect(dayOf(newRequestId(lastMoment + 1, new Uint8Array(20)))).toBe('2026-03-01')
})

it('is read back from what callers are shown, and from a bare id', () => {
  fc.assert(
    fc.property(beganAtMs, bytes, (at, random) => {
      const id = newRequestId(at, random)
      expect(parseRequestId(generationId(id))).toBe(id)
      expect(parseRequestId(`req-${id}`)).toBe(id)
      expect(parseRequestId(id)).toBe(id)
      expect(dayOf(id)).toBe(new Date(at).toISOString().slice(0, 10))
    }),
  )
})

it('differs when any of its random bytes means another character', () => {
  const plain = newRequestId(0, new Uint8Array(20))
  for (let i = 0; i < 20; i++) {
    const random = new Uint8Array(20)
    random[i] = 61
    expect(newRequestId(0, random)).not.toBe(plain)
  }
})

it.each([
  ['nothing', ''],
  ['another prefix', 'usr-20260228-00000000000000000000'],
  ['two prefixes', 'gen-gen-20260228-00000000000000000000'],
  ['a short tail', 'gen-20260228-0000000000000000000'],
  ['a long tail', 'gen-20260228-000000000000000000000'],
  ['a character outside base62', 'gen-20260228-0000000000000000000-'],
  ['a line break at the end', 'gen-20260228-00000000000000000000\n'],
  ['a thirteenth month', 'gen-20261301-00000000000000000000'],
  ['a day that its month does not have', 'gen-20260230-00000000000000000000'],
  ['a day zero', 'gen-20260200-00000000000000000000'],
])('is not read from %s', (_, text) => {
  expect(parseRequestId(text)).toBeNull()
})

it('prints the day without looking at the rest', () => {
  expect(dayOf('20261231-zzzzzzzzzzzzzzzzzzzz' as RequestId)).toBe('2026-12-31')
})
