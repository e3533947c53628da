import {
  DEFAULT_FAILOVER,
  endpointOf,
  ownerOf,
  ownTarget,
  type Decision,
  type EndpointId,
  type Fault,
  type OwnCredential,
  type TargetId,
} from '@turnpike/domain'
import { aCaller } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { aCall, aTarget, fault, someMeans } from './failover.fixture.ts'
import { connect, type ConnectDependencies } from './failover.ts'
import { anOwnCredential, OWN_SECRET, someKeks } from '../targets/byok.fixture.ts'
import type { TargetDirectory, Target } from '../targets/target.ts'

const HOUSE = 'acorn/m/x' as EndpointId
const OTHER_HOUSE = 'birch/m/x' as EndpointId
const caller = aCaller()
const keks = someKeks()
const [mine, second] = [anOwnCredential(caller.tenantId, keks), anOwnCredential(caller.tenantId, keks)]
const [MINE, SECOND] = [ownTarget(HOUSE, mine.id), ownTarget(OTHER_HOUSE, second.id)]
const unauthorized = () => fault('upstream_credential_refused', { detail: { status: 401 } })

/** Asks these in order. What refuses answers so each time. @param version of every secret */
async function ask(
  targets: readonly TargetId[],
  refusing: Readonly<Record<string, () => Fault>>,
  means: ConnectDependencies,
  version = 1,
) {
  const credentials = new Map<string, OwnCredential>([mine, second].map((own) => [own.id, { ...own, version }]))
  const asked: TargetId[] = []
  const directory: Partial<TargetDirectory> = {
    target(id) {
      const own = credentials.get(ownerOf(id) ?? '') ?? null
      return { ...aTarget(endpointOf(id)), id, own, account: own?.id ?? 'house', secret: () => OWN_SECRET }
    },
  }
  const open = ({ id }: Target) => {
    asked.push(id)
    const refused = refusing[id]
    return refused ? Promise.reject(refused()) : Promise.resolve(id)
  }
  const decision: Partial<Decision> = {
    ...{ targets, fallbacks: [], fallbackOn: [], failover: DEFAULT_FAILOVER, removed: [], hedge: null },
  }
  const call = aCall({ caller })
  const outcome = await connect(
    { call, decision: decision as Decision, directory: directory as TargetDirectory },
    open,
    means,
  ).then(
    ({ opened }) => ({ answered: opened, fault: null }),
    (thrown: Fault) => ({ answered: null, fault: thrown }),
  )
  return { asked, ...outcome, attempts: call.attempts }
}

describe('a credential of the tenant that its provider refuses', () => {
  it.each([401, 402, 403])('with %i is moved on from, and the attempt says whose it is to mend', async (status) => {
    const refused = () => fault('upstream_credential_refused', { detail: { status } })
    const { answered, attempts } = await ask([MINE, HOUSE], { [MINE]: refused }, someMeans())
    expect(answered).toBe(HOUSE)
    expect(attempts).toMatchObject([
      { endpoint: MINE, outcome: 'failed', status, fault: 'own_credential_refused' },
      { endpoint: HOUSE, outcome: 'answered' },
    ])
  })

  it('is 424 when nothing else is left, names provider and last four, and never the secret', async () => {
    const { fault: told } = await ask([MINE], { [MINE]: unauthorized }, someMeans())
    expect(told).toMatchObject({
      code: 'own_credential_refused',
      facts: { metadata: { provider: 'acorn', credential: mine.id, is_byok: true, attempts: [{ status: 401 }] } },
    })
    expect(told?.message).toMatch(/^acorn \(simulated\) refused your credential ending in 7391 \(status 401\)\. /)
    expect(JSON.stringify([told?.message, told?.facts])).not.toContain(OWN_SECRET)
  })

  it('stays 424 without another attempt for ten seconds, and is not called a rate limit', async () => {
    let nowMs = 0
    const means = someMeans({ nowMs: () => nowMs })
    const refusing = { [MINE]: unauthorized, [SECOND]: unauthorized }
    expect((await ask([MINE, SECOND], refusing, means)).fault?.code).toBe('own_credential_refused')
    nowMs = 9_999
    const known = await ask([MINE, SECOND], refusing, means)
    expect([known.asked, known.fault?.code]).toEqual([[], 'own_credential_refused'])
    expect(known.fault?.facts.metadata).toMatchObject({ skipped: [{ reason: 'refused' }, { reason: 'refused' }] })
    nowMs = 10_000
    expect((await ask([MINE], {}, means)).answered).toBe(MINE)
  })

  it('is asked at once with its next secret', async () => {
    const means = someMeans()
    await ask([MINE], { [MINE]: unauthorized }, means)
    means.health.renew({ credentials: [{ ...mine, version: 2 }], endpoints: [] })
    expect((await ask([MINE], {}, means, 2)).answered).toBe(MINE)
  })

  it('touches neither the house’s account at that provider nor another credential there', async () => {
    const means = someMeans()
    const besides = ownTarget(HOUSE, second.id)
    await ask([MINE], { [MINE]: unauthorized }, means)
    expect(means.health.pages.get(HOUSE)).toBeUndefined()
    expect((await ask([HOUSE], {}, means)).asked).toEqual([HOUSE])
    expect((await ask([besides], {}, means)).asked).toEqual([besides])
  })

  it('that this gateway cannot open is passed over like one of ours, without 424', async () => {
    const unopened = () => fault('upstream_credential_refused', { detail: { opened: false } })
    const means = someMeans()
    const first = await ask([MINE, HOUSE], { [MINE]: unopened }, means)
    expect([first.answered, first.attempts[0]?.fault]).toEqual([HOUSE, 'upstream_credential_refused'])
    expect((await ask([MINE, HOUSE], { [MINE]: unopened }, means)).asked).toEqual([HOUSE])
    expect((await ask([MINE], { [MINE]: unopened }, means)).fault?.code).toBe('upstream_credential_refused')
  })
})

describe('an account of the house that its provider refuses', () => {
  it('stays a fault of the provider’s', async () => {
    const { answered, attempts } = await ask([HOUSE, OTHER_HOUSE], { [HOUSE]: unauthorized }, someMeans())
    expect([answered, attempts[0]?.fault]).toEqual([OTHER_HOUSE, 'upstream_credential_refused'])
    expect((await ask([HOUSE], { [HOUSE]: unauthorized }, someMeans())).fault?.code).toBe('upstream_credential_refused')
  })

  it('leaves the tenant’s credential there alone', async () => {
    const means = someMeans()
    await ask([HOUSE], { [HOUSE]: unauthorized }, means)
    expect((await ask([MINE, OTHER_HOUSE], {}, means)).asked).toEqual([MINE])
  })
})

it('failures at a tenant’s own account hold back no retry of the house’s', async () => {
  const means = someMeans()
  for (let i = 0; i < 12; i++) await ask([MINE], { [MINE]: () => fault('upstream_error') }, means)
  expect(means.throttle.mayRetry('house')).toBe(true)
  expect(means.throttle.mayRetry(mine.id)).toBe(false)
})
