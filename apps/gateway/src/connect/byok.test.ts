import {
  endpointOf,
  ownerOf,
  ownTarget,
  type EndpointId,
  type Fault,
  type OwnCredential,
  type TargetId,
} from '@turnpike/domain'
import { aCaller } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import type { ConnectDependencies } from './dependencies.ts'
import { aProgress, aTarget, connect, fault, routedTo, someDependencies } from './failover.fixture.ts'
import { anOwnCredential, OWN_SECRET, someKeks } from '../targets/byok.fixture.ts'
import type { Target } from '../targets/target.ts'

const OPERATOR = 'acorn/m/x' as EndpointId
const OTHER_OPERATOR = 'birch/m/x' as EndpointId
const caller = aCaller()
const keks = someKeks()
const [mine, second] = [anOwnCredential(caller.tenantId, keks), anOwnCredential(caller.tenantId, keks)]
const [MINE, SECOND] = [ownTarget(OPERATOR, mine.id), ownTarget(OTHER_OPERATOR, second.id)]
const unauthorized = () => fault('upstream_credential_refused', { detail: { status: 401 } })

/** Tries these in order. A refusing target fails so each time. @param version of every secret */
async function tryTargets(
  targets: readonly TargetId[],
  refusing: Readonly<Record<string, () => Fault>>,
  dependencies: ConnectDependencies,
  version = 1,
) {
  const credentials = new Map<string, OwnCredential>([mine, second].map((own) => [own.id, { ...own, version }]))
  const requested: TargetId[] = []
  const targetOf = (name: string): Target => {
    const id = name as TargetId
    const own = credentials.get(ownerOf(id) ?? '') ?? null
    return { ...aTarget(endpointOf(id)), id, own, account: own?.id ?? 'operator', secret: () => OWN_SECRET }
  }
  const open = ({ id }: Target) => {
    requested.push(id)
    const refused = refusing[id]
    return refused ? Promise.reject(refused()) : Promise.resolve(id)
  }
  const progress = aProgress({ caller })
  const outcome = await connect(progress, routedTo(targets, {}, targetOf), open, dependencies).then(
    (answered) => ({ answered, fault: null }),
    (thrown: Fault) => ({ answered: null, fault: thrown }),
  )
  return { requested, ...outcome, attempts: progress.attempts }
}

describe('a credential of the tenant that its provider refuses', () => {
  it.each([401, 402, 403])('with %i is moved on from, and the attempt says whose it is to mend', async (status) => {
    const refused = () => fault('upstream_credential_refused', { detail: { status } })
    const { answered, attempts } = await tryTargets([MINE, OPERATOR], { [MINE]: refused }, someDependencies())
    expect(answered).toBe(OPERATOR)
    expect(attempts).toMatchObject([
      { endpoint: MINE, outcome: 'failed', status, fault: 'own_credential_refused' },
      { endpoint: OPERATOR, outcome: 'answered' },
    ])
  })

  it('is 424 when nothing else is left, names provider and last four, and never the secret', async () => {
    const { fault: reported } = await tryTargets([MINE], { [MINE]: unauthorized }, someDependencies())
    expect(reported).toMatchObject({
      code: 'own_credential_refused',
      facts: { metadata: { provider: 'acorn', credential: mine.id, is_byok: true, attempts: [{ status: 401 }] } },
    })
    expect(reported?.message).toMatch(/^acorn \(simulated\) refused your credential ending in 7391 \(status 401\)\. /)
    expect(JSON.stringify([reported?.message, reported?.facts])).not.toContain(OWN_SECRET)
  })

  it('stays 424 without another attempt for ten seconds, and is not called a rate limit', async () => {
    let nowMs = 0
    const dependencies = someDependencies({ nowMs: () => nowMs })
    const refusing = { [MINE]: unauthorized, [SECOND]: unauthorized }
    expect((await tryTargets([MINE, SECOND], refusing, dependencies)).fault?.code).toBe('own_credential_refused')
    nowMs = 9_999
    const known = await tryTargets([MINE, SECOND], refusing, dependencies)
    expect([known.requested, known.fault?.code]).toEqual([[], 'own_credential_refused'])
    expect(known.fault?.facts.metadata).toMatchObject({ skipped: [{ reason: 'refused' }, { reason: 'refused' }] })
    nowMs = 10_000
    expect((await tryTargets([MINE], {}, dependencies)).answered).toBe(MINE)
  })

  it('is used at once with its next secret', async () => {
    const dependencies = someDependencies()
    await tryTargets([MINE], { [MINE]: unauthorized }, dependencies)
    dependencies.health.renew({ credentials: [{ ...mine, version: 2 }], endpoints: [] })
    expect((await tryTargets([MINE], {}, dependencies, 2)).answered).toBe(MINE)
  })

  it('touches neither the operator’s account at that provider nor another credential there', async () => {
    const dependencies = someDependencies()
    const another = ownTarget(OPERATOR, second.id)
    await tryTargets([MINE], { [MINE]: unauthorized }, dependencies)
    expect(dependencies.health.states.get(OPERATOR)).toBeUndefined()
    expect((await tryTargets([OPERATOR], {}, dependencies)).requested).toEqual([OPERATOR])
    expect((await tryTargets([another], {}, dependencies)).requested).toEqual([another])
  })

  it('that this gateway cannot open is skipped like one of the operator’s, without 424', async () => {
    const unopened = () => fault('upstream_credential_refused', { detail: { opened: false } })
    const dependencies = someDependencies()
    const first = await tryTargets([MINE, OPERATOR], { [MINE]: unopened }, dependencies)
    expect([first.answered, first.attempts[0]?.fault]).toEqual([OPERATOR, 'upstream_credential_refused'])
    expect((await tryTargets([MINE, OPERATOR], { [MINE]: unopened }, dependencies)).requested).toEqual([OPERATOR])
    expect((await tryTargets([MINE], { [MINE]: unopened }, dependencies)).fault?.code).toBe(
      'upstream_credential_refused',
    )
  })
})

describe('an account of the operator that its provider refuses', () => {
  it('stays a fault of the provider’s', async () => {
    const { answered, attempts } = await tryTargets(
      [OPERATOR, OTHER_OPERATOR],
      { [OPERATOR]: unauthorized },
      someDependencies(),
    )
    expect([answered, attempts[0]?.fault]).toEqual([OTHER_OPERATOR, 'upstream_credential_refused'])
    expect((await tryTargets([OPERATOR], { [OPERATOR]: unauthorized }, someDependencies())).fault?.code).toBe(
      'upstream_credential_refused',
    )
  })

  it('leaves the tenant’s credential there alone', async () => {
    const dependencies = someDependencies()
    await tryTargets([OPERATOR], { [OPERATOR]: unauthorized }, dependencies)
    expect((await tryTargets([MINE, OTHER_OPERATOR], {}, dependencies)).requested).toEqual([MINE])
  })
})

it('failures at a tenant’s own account hold back no retry on the operator’s', async () => {
  const dependencies = someDependencies()
  for (let i = 0; i < 12; i++) await tryTargets([MINE], { [MINE]: () => fault('upstream_error') }, dependencies)
  expect(dependencies.throttle.mayRetry('operator', caller.tenantId)).toBe(true)
  expect(dependencies.throttle.mayRetry(mine.id, caller.tenantId)).toBe(false)
})
