import { ownTarget, type EndpointId, type OwnId, type TargetId } from '@turnpike/domain'
import { aCaller } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { createAdmission } from './admit.ts'

const HOUSE = 'acorn/m' as EndpointId
const OWN = ownTarget(HOUSE, 'mine' as OwnId)
const to = (targets: readonly TargetId[], fallbacks: readonly TargetId[] = []) => ({ targets, fallbacks })
const broke = aCaller({ balance: 0n })

describe('an empty purse', () => {
  it('is refused where credits would pay for any of the ways', () => {
    const { admit } = createAdmission()
    for (const decision of [to([HOUSE]), to([OWN, HOUSE]), to([OWN], [HOUSE])]) {
      expect(() => admit(broke, decision)).toThrow('no credit left')
    }
  })

  it('does not matter where every way goes by what the tenant brings along', () => {
    const { admit, inFlight } = createAdmission()
    const grant = admit(broke, to([OWN], [OWN]))
    expect(inFlight()).toBe(1)
    grant.release()
    expect(inFlight()).toBe(0)
  })
})

it('gives a place back once, however often it is released', () => {
  const { admit, inFlight } = createAdmission()
  const [one] = [admit(aCaller(), to([HOUSE])), admit(aCaller(), to([HOUSE]))]
  one?.release()
  one?.release()
  expect(inFlight()).toBe(1)
})
