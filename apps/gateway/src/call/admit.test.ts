import { ownTarget, type Fault, type EndpointId, type OwnId, type TargetId, type TenantId } from '@turnpike/domain'
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

describe('slots of one process', () => {
  const tenant = (index: number) => aCaller({ tenantId: `tenant-${index}` as TenantId })
  const greedy = (admit: ReturnType<typeof createAdmission>['admit'], index: number) => {
    for (let count = 0; ; count++) {
      try {
        admit(tenant(index), to([OPERATOR]))
      } catch (refused) {
        return { count, refused: refused as Fault }
      }
    }
  }

  it.each([1, 4, 16, 200])('are left for another tenant while %i tenants take all that they get', (count) => {
    const { admit, inFlight } = createAdmission()
    for (let index = 0; index < count; index++) greedy(admit, index)
    expect(inFlight()).toBeGreaterThan(900)
    expect(() => admit(tenant(count), to([OPERATOR]))).not.toThrow()
  })

  it('are refused to a tenant with 429 and its limit, which shrinks while others have theirs', () => {
    const { admit } = createAdmission()
    const [first, second, third] = [greedy(admit, 0), greedy(admit, 1), greedy(admit, 2)]
    expect(first.count).toBe(1_000)
    expect(second.count).toBeLessThan(first.count)
    expect(third.count).toBeLessThan(second.count)
    const { code, facts } = greedy(admit, 0).refused
    expect([code, facts.metadata?.['scope']]).toEqual(['rate_limited', 'tenant'])
    expect(facts.metadata?.['limit']).toBeLessThan(first.count)
  })
})
