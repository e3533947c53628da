import { ownTarget, type EndpointId, type OwnId, type TargetId } from '@turnpike/domain'
import { aCaller } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { createAdmission } from './admit.ts'

const OPERATOR = 'acorn/m' as EndpointId
const OWN = ownTarget(OPERATOR, 'mine' as OwnId)
const to = (targets: readonly TargetId[], fallbacks: readonly TargetId[] = []) => ({ targets, fallbacks })
const broke = aCaller({ balance: 0n })

describe('a tenant without credit', () => {
  it('is refused where credits would pay for any of the targets', () => {
    const { admit } = createAdmission()
    for (const decision of [to([OPERATOR]), to([OWN, OPERATOR]), to([OWN], [OPERATOR])]) {
      expect(() => admit(broke, decision)).toThrow('no credit left')
    }
  })

  it('is admitted where every target goes by a BYOK resource', () => {
    const { admit, inFlight } = createAdmission()
    const grant = admit(broke, to([OWN], [OWN]))
    expect(inFlight()).toBe(1)
    grant.release()
    expect(inFlight()).toBe(0)
  })
})

it('frees a slot once, however often the grant is released', () => {
  const { admit, inFlight } = createAdmission()
  const [one] = [admit(aCaller(), to([OPERATOR])), admit(aCaller(), to([OPERATOR]))]
  one?.release()
  one?.release()
  expect(inFlight()).toBe(1)
})
