import { randomUUID } from 'node:crypto'
import { Fault, type TenantId } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { OwnLimits } from './limits.ts'

const someone = () => randomUUID() as string as TenantId

function refusal(act: () => void): Fault | null {
  try {
    act()
    return null
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
}

it.each(['takeTest', 'takeSecret'] as const)('is no oracle for stolen keys: %s opens five times a minute', (take) => {
  const limits = new OwnLimits()
  const [thief, other] = [someone(), someone()]
  for (let i = 0; i < 5; i++) limits[take](thief, 1_000 * i)
  const refused = refusal(() => limits[take](thief, 20_000))
  expect([refused?.code, refused?.facts.retryAfterMs]).toEqual(['rate_limited', 40_000])
  expect(refused?.message).toContain('Try again in 40 s.')
  expect(refusal(() => limits[take](other, 20_000))).toBeNull()
  expect(refusal(() => limits[take](thief, 60_001))).toBeNull()
})

it.each(['takeTest', 'takeSecret'] as const)('is none for a thief with many organisations either: %s', (take) => {
  const limits = new OwnLimits()
  for (let i = 0; i < 60; i++) limits[take](someone(), 0)
  expect(refusal(() => limits[take](someone(), 1_500))).toMatchObject({
    code: 'rate_limited',
    message: expect.stringContaining('Try again in 59 s.') as string,
  })
  expect(refusal(() => limits[take](someone(), 60_001))).toBeNull()
})

it('lets an organisation that is told to wait keep nobody else waiting', () => {
  const limits = new OwnLimits()
  const loud = someone()
  for (let i = 0; i < 100; i++) refusal(() => limits.takeTest(loud, 0))
  for (let i = 0; i < 55; i++) expect(refusal(() => limits.takeTest(someone(), 0))).toBeNull()
})

it('counts tests and new secrets apart', () => {
  const limits = new OwnLimits()
  const one = someone()
  for (let i = 0; i < 5; i++) limits.takeSecret(one, 0)
  expect(refusal(() => limits.takeTest(one, 0))).toBeNull()
})
