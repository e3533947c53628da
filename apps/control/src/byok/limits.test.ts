import { randomUUID } from 'node:crypto'
import { Fault, type TenantId } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { openOwnLimits } from './limits.ts'

const someone = () => randomUUID() as string as TenantId

function refusal(act: Promise<void>): Promise<Fault | null> {
  return act.then(
    () => null,
    (thrown: unknown) => {
      if (thrown instanceof Fault) return thrown
      throw thrown
    },
  )
}

it.each(['takeTest', 'takeSecret'] as const)(
  'is no oracle for stolen keys: %s opens five times a minute',
  async (take) => {
    const limits = openOwnLimits(null)
    const [thief, other] = [someone(), someone()]
    for (let i = 0; i < 5; i++) await limits[take](thief)
    const refused = await refusal(limits[take](thief))
    expect(refused?.code).toBe('rate_limited')
    expect(refused?.facts.retryAfterMs).toBeLessThanOrEqual(60_000)
    expect(refused?.message).toMatch(/5 times a minute at most\. Try again in \d+ s\.$/)
    expect(await refusal(limits[take](other))).toBeNull()
  },
)

it.each(['takeTest', 'takeSecret'] as const)('is none for a thief with many organisations either: %s', async (take) => {
  const limits = openOwnLimits(null)
  for (let i = 0; i < 60; i++) await limits[take](someone())
  expect(await refusal(limits[take](someone()))).toMatchObject({
    code: 'rate_limited',
    message: expect.stringMatching(/too often just now\. Try again in \d+ s\.$/) as string,
  })
})

it('lets an organisation that is over its limit keep nobody else waiting', async () => {
  const limits = openOwnLimits(null)
  const loud = someone()
  for (let i = 0; i < 100; i++) await refusal(limits.takeTest(loud))
  for (let i = 0; i < 55; i++) expect(await refusal(limits.takeTest(someone()))).toBeNull()
})

it('counts tests and new secrets apart', async () => {
  const limits = openOwnLimits(null)
  const one = someone()
  for (let i = 0; i < 5; i++) await limits.takeSecret(one)
  expect(await refusal(limits.takeTest(one))).toBeNull()
})
