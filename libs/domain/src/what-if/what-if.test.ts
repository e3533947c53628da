import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EndpointId, ModelSlug, OwnId, PolicyId, ProviderSlug, RequestId, TargetId } from '../ids.ts'
import { DEFAULT_FAILOVER, OBJECTIVES, type Policy } from '../policy/policy.ts'
import { aCredential, ownOf } from '../route/byok.fixture.ts'
import {
  aCaller,
  aCatalogue,
  aMinute,
  anEndpoint,
  aPolicy,
  aProvider,
  aRequest,
  aScene,
  BEGAN_MS,
  CHANGED_MS,
  MINUTE_MS,
  PROVIDERS,
} from './what-if.fixture.ts'
import { openReplay, replay, type DraftPolicy } from './what-if.ts'
import type { ReplaySample } from './predict.ts'
import type { EndpointMinute } from './timeline.ts'
import { replayContextOf, type ReplayContext } from './context.ts'

const NOBODY_WIDER: ReadonlySet<PolicyId> = new Set()

function draftOf(changes: Partial<Policy>): DraftPolicy {
  return { policy: aPolicy(changes, 'draft'), wider: NOBODY_WIDER }
}

const anyChanges: fc.Arbitrary<Partial<Policy>> = fc.record(
  {
    objective: fc.constantFrom(...OBJECTIVES),
    order: fc.subarray([...PROVIDERS]),
    ignore: fc.subarray([...PROVIDERS]),
    allow_fallbacks: fc.boolean(),
    failover: fc.constantFrom(null, { ...DEFAULT_FAILOVER, on: [] }, { ...DEFAULT_FAILOVER, attempts: 2 }),
  },
  { requiredKeys: [] },
)
const anySeed = fc.integer({ min: 0, max: 1_000_000 })

describe('BYOK resources', () => {
  const own = ownOf(
    aCredential('acorn', { boundTo: 'simulated', placement: 'fallback', id: 'a' as OwnId }),
    aCredential('birch', { boundTo: 'simulated', id: 'b' as OwnId, models: ['sim/wide' as ModelSlug] }),
  )
  const catalogue = aCatalogue([anEndpoint('acorn', 'sim/swift', 1), anEndpoint('birch', 'sim/swift', 2)])
  const past = {
    catalogues: [{ fromMs: 0, catalogue }],
    reachable: new Set(PROVIDERS as readonly string[] as readonly ProviderSlug[]),
  }
  const minutes = [aMinute('acorn/sim/swift#a'), aMinute('birch/sim/swift')]
  const context = replayContextOf({ ...past, own, minutes })
  const caller = { ...aCaller(), own }

  it('is routed to as it is today, costs nothing here, and is shown by its own minutes', () => {
    const report = replay(draftOf({ own_capacity: 'only' }), context, [aRequest({ caller })])
    expect(report.changedRoutes).toMatchObject([
      { from: 'acorn/sim/swift', to: 'acorn/sim/swift#a', predictedNano: 0n },
    ])
    expect(report.totals).toMatchObject({ happened: { costNano: 2_000_000n }, predicted: { costNano: 0n } })
    expect(report.totals.predicted.firstTokenMs?.p50).toBeGreaterThan(300)
    expect(report.unknown).toMatchObject({ cost: 0, firstToken: 0, failures: 0 })
    expect(report.providers.map(({ name }) => name)).toEqual(['acorn'])
    expect(report.limits).toContain('own')
    expect(replay(draftOf({ ignore: ['acorn'] }), context, [aRequest({ caller: aCaller() })]).limits).not.toContain(
      'own',
    )
  })

  it('counts as unknown when its owner is gone and the draft would go there all the same', () => {
    const moment = context.at(BEGAN_MS)
    expect(moment.endpoint('acorn/sim/swift#a' as TargetId)?.price?.version).toBe(1)
    expect(moment.endpoint('acorn/sim/swift#gone' as TargetId)).toBeNull()
    expect(
      replayContextOf({ ...past, minutes })
        .at(BEGAN_MS)
        .endpoint('acorn/sim/swift#a' as TargetId),
    ).toBeNull()
    const gone = 'acorn/sim/swift#gone' as TargetId
    const attempts = [{ endpoint: gone, outcome: 'answered', fault: null }] as const
    const request = aRequest({ caller, endpoint: gone, attempts, costNano: 0n })
    expect(replay(draftOf({}), context, [request])).toMatchObject({ moved: 0, totals: { predicted: { costNano: 0n } } })
    const { changedRoutes } = replay(draftOf({ ignore: ['acorn'] }), context, [request])
    expect(changedRoutes).toMatchObject([{ from: gone, to: 'birch/sim/swift' }])
  })
})

describe('laws', () => {
  it('moves nothing and costs the same to the nano-dollar under the very policy that was in force', () => {
    fc.assert(
      fc.property(anySeed, anyChanges, anyChanges, (seed, wide, own) => {
        const policies = [aPolicy(wide, 'wide'), aPolicy(own, 'own', 7)]
        const { context, requests } = aScene(seed, policies)
        const [, policy = aPolicy()] = policies
        const report = replay({ policy, wider: new Set(['wide' as PolicyId]) }, context, requests)
        expect(report.moved).toBe(0)
        expect(report.totals.predicted).toEqual(report.totals.happened)
        expect(report.totals.happened.costNano).toBe(requests.reduce((sum, { costNano }) => sum + costNano, 0n))
        for (const { happened, predicted } of [...report.models, ...report.providers])
          expect(predicted).toEqual(happened)
      }),
      { numRuns: 60 },
    )
  })

  it('gives the same report for the same input, in any order and in any batches', () => {
    fc.assert(
      fc.property(anySeed, anyChanges, fc.integer({ min: 1, max: 59 }), (seed, changes, cut) => {
        const { context, requests } = aScene(seed, [aPolicy()])
        const { requests: again, context: sameContext } = aScene(seed, [aPolicy()])
        const whole = replay(draftOf(changes), context, requests)
        expect(replay(draftOf(changes), sameContext, again)).toEqual(whole)
        const parts = openReplay(draftOf(changes))
        parts.take(context, requests.slice(cut).toReversed())
        parts.take(context, requests.slice(0, cut))
        expect(parts.report()).toEqual(whole)
      }),
      { numRuns: 40 },
    )
  })

  it('loses no request: totals, models and providers count the same ones on both sides', () => {
    fc.assert(
      fc.property(anySeed, anyChanges, (seed, changes) => {
        const { context, requests } = aScene(seed, [aPolicy()])
        const { totals, models, providers, changedRoutes, moved } = replay(draftOf(changes), context, requests)
        for (const side of ['happened', 'predicted'] as const) {
          for (const groups of [models, providers]) {
            const sum = (pick: 'requests' | 'failed' | 'rejected' | 'failovers') =>
              groups.reduce((all, group) => all + group[side][pick], 0)
            expect(sum('requests')).toBe(requests.length)
            for (const pick of ['failed', 'rejected', 'failovers'] as const) expect(sum(pick)).toBe(totals[side][pick])
            const nano = groups.reduce((all, group) => all + group[side].costNano, 0n)
            expect(nano).toBe(totals[side].costNano)
          }
        }
        expect(changedRoutes.reduce((all, move) => all + move.requests, 0)).toBe(moved)
      }),
      { numRuns: 40 },
    )
  })
})

const ENDPOINTS = [anEndpoint('acorn', 'sim/swift', 1), anEndpoint('birch', 'sim/swift', 0.5)]
const ACORN = 'acorn/sim/swift' as EndpointId
const BIRCH = 'birch/sim/swift' as EndpointId
/** Puts acorn first, so that the recorded answer by acorn is what the policy in force gives. */
const FIXED = aPolicy({ objective: 'pinned', order: ['acorn', 'birch'] })
const AWAY: Partial<Policy> = { ignore: ['acorn'] }

function contextWith(minutes: readonly EndpointMinute[], endpoints = ENDPOINTS): ReplayContext {
  return replayContextOf({
    catalogues: [
      { fromMs: 0, catalogue: aCatalogue(endpoints) },
      {
        fromMs: CHANGED_MS,
        catalogue: aCatalogue([anEndpoint('acorn', 'sim/swift', 1), anEndpoint('birch', 'sim/swift', 3, 2)]),
      },
    ],
    reachable: new Set(['acorn', 'birch'] as ProviderSlug[]),
    minutes,
  })
}

function recorded(changes: Partial<ReplaySample> = {}): ReplaySample {
  return aRequest({ caller: aCaller([FIXED]), ...changes })
}

const HEALTHY = [aMinute(ACORN), aMinute(BIRCH)]

describe('a moved request', () => {
  it('costs the tokens that were used at the price that was in force then', () => {
    const requests = [recorded(), recorded({ beganAtMs: CHANGED_MS })]
    const { totals, changedRoutes } = replay(draftOf(AWAY), contextWith(HEALTHY), requests)
    // 1,000 tokens in and 500 out, at $0.50 and $1, then at $3 and $6 per million.
    expect(totals.predicted.costNano).toBe(1_000_000n + 6_000_000n)
    expect(changedRoutes).toEqual([
      { from: ACORN, to: BIRCH, requests: 2, happenedNano: 4_000_000n, predictedNano: 7_000_000n },
    ])
  })

  it('takes its speed from what the endpoint showed in that minute', () => {
    const birch = aMinute(BIRCH, { firstTokenMs: { 80: 1 }, tokensPerSecond: { 20: 1 } })
    const { totals, unknown } = replay(draftOf(AWAY), contextWith([birch]), [recorded()])
    expect(totals.happened.firstTokenMs?.p50).toBeCloseTo(200, -1.5)
    expect(totals.predicted.firstTokenMs?.p50).toBeCloseTo(1.1 ** 80.5)
    expect(totals.predicted.tokensPerSecond?.p50).toBeCloseTo(1.1 ** 20.5)
    expect(unknown).toEqual({ cost: 0, firstToken: 0, throughput: 0, failures: 0 })
  })

  it('draws over the whole spread, the same number for the same request', () => {
    const birch = aMinute(BIRCH, { firstTokenMs: { 50: 90, 80: 10 } })
    const requests = Array.from({ length: 1_000 }, (_, i) => recorded({ draw: i / 1_000, requestId: id(i) }))
    const { totals } = replay(draftOf(AWAY), contextWith([birch]), requests)
    expect(totals.predicted.firstTokenMs?.p50).toBeCloseTo(1.1 ** 50.5)
    expect(totals.predicted.firstTokenMs?.p99).toBeCloseTo(1.1 ** 80.5)
  })

  it.each([
    ['of the same hour is borrowed', -59, 0],
    ['of the same hour ahead is borrowed', 59, 0],
    ['further away is not', 60, 1],
    ['further back is not', -60, 1],
  ])('has speed where none was shown in its minute: one %s', (_, minutes, unknown) => {
    const birch = aMinute(BIRCH, { minuteMs: BEGAN_MS + minutes * MINUTE_MS })
    const report = replay(draftOf(AWAY), contextWith([birch]), [recorded()])
    expect(report.unknown).toEqual({ cost: 0, firstToken: unknown, throughput: unknown, failures: unknown })
    expect(report.totals.predicted.firstTokenMs === null).toBe(unknown === 1)
    expect(report.totals.happened.tokensPerSecond === null).toBe(unknown === 1)
    expect(report.limits.includes('unknown')).toBe(unknown === 1)
  })

  it('takes the nearer of two minutes', () => {
    const minutes = [-3, 2].map((away) =>
      aMinute(BIRCH, { minuteMs: BEGAN_MS + away * MINUTE_MS, firstTokenMs: { [60 + away]: 1 } }),
    )
    const { totals } = replay(draftOf(AWAY), contextWith(minutes), [recorded()])
    expect(totals.predicted.firstTokenMs?.p50).toBeCloseTo(1.1 ** 62.5)
  })

  it('has an unknown cost where it failed then, since its tokens are unknown', () => {
    const failed = recorded({
      ...{ endpoint: null, outcome: 'failed', costNano: 0n, firstTokenMs: null, tokensPerSecond: null },
      attempts: [{ endpoint: ACORN, outcome: 'failed', fault: 'upstream_error' }],
      caller: aCaller([aPolicy({ ...FIXED.policy, allow_fallbacks: false })]),
    })
    const report = replay(draftOf(AWAY), contextWith(HEALTHY), [failed])
    expect(report.unknown.cost).toBe(1)
    expect(report.totals.predicted).toMatchObject({ failed: 0, costNano: 0n })
    expect(report.totals.happened.failed).toBe(1)
    expect(report.sample).toMatchObject([{ from: null, to: BIRCH, predictedNano: null }])
  })
})

describe('failures', () => {
  const dead = aMinute(BIRCH, { attempts: 4, failureKinds: { upstream_timeout: 4 }, firstTokenMs: {} })
  const BIRCH_FIRST: Partial<Policy> = { objective: 'pinned', order: ['birch', 'acorn'] }

  it('move on to the next target, where what was recorded of it stands', () => {
    const { totals, moved } = replay(draftOf(BIRCH_FIRST), contextWith([dead]), [recorded()])
    expect(totals.predicted).toEqual({ ...totals.happened, failovers: 1 })
    expect(moved).toBe(0)
  })

  it('end the request where the draft does not name their kind', () => {
    const on = ['outage'] as const
    const draft = draftOf({ ...BIRCH_FIRST, failover: { ...DEFAULT_FAILOVER, on } })
    const { totals, changedRoutes } = replay(draft, contextWith([dead]), [recorded()])
    expect(totals.predicted).toMatchObject({ failed: 1, costNano: 0n })
    expect(changedRoutes).toMatchObject([{ from: ACORN, to: null }])
  })

  it('are predicted as often as the endpoint failed in that minute', () => {
    const half = { ...dead, failureKinds: { upstream_error: 1 } }
    const draft = draftOf({ ...AWAY })
    const requests = Array.from({ length: 4_000 }, (_, i) => recorded({ draw: i / 4_000, requestId: id(i) }))
    const { totals } = replay(draft, contextWith([half]), requests)
    expect(totals.predicted.failed / 4_000).toBeCloseTo(0.25, 1)
  })

  it('that were recorded count under a draft that forbids another try', () => {
    const saved = recorded({
      endpoint: BIRCH,
      attempts: [
        { endpoint: ACORN, outcome: 'failed', fault: 'upstream_error' },
        { endpoint: BIRCH, outcome: 'answered', fault: null },
      ],
    })
    const { totals } = replay(
      draftOf({ ...FIXED.policy, order: ['acorn'], allow_fallbacks: false }),
      contextWith(HEALTHY),
      [saved],
    )
    expect(totals.happened).toMatchObject({ failed: 0, failovers: 1 })
    expect(totals.predicted).toMatchObject({ failed: 1, failovers: 0 })
  })
})

describe('the report', () => {
  it('lists what the draft would refuse, and by which filter', () => {
    const requests = [recorded(), recorded({ requestId: id(2), costNano: 9n })]
    const report = replay(draftOf({ only: ['nobody'] }), contextWith(HEALTHY), requests)
    expect(report.refused).toEqual([{ stage: 'allow', requests: 2 }])
    expect(report.totals.predicted).toMatchObject({ rejected: 2, failed: 0, costNano: 0n })
    expect(report.refusedSample.map(({ requestId }) => requestId)).toEqual([requests[0]?.requestId, id(2)])
    expect(report.sample).toEqual([])
  })

  it('goes by where providers process', () => {
    const providers = [aProvider('acorn', { regions: ['us'] }), aProvider('birch', { regions: ['de'] })]
    const catalogue = {
      ...aCatalogue([anEndpoint('acorn', 'sim/swift', 1), anEndpoint('birch', 'sim/swift', 2)]),
      providers: new Map(providers.map((provider) => [provider.slug, provider])),
    }
    const reachable = new Set(providers.map(({ slug }) => slug))
    const context = replayContextOf({ catalogues: [{ fromMs: 0, catalogue }], reachable, minutes: [] })
    const { changedRoutes } = replay(draftOf({ regions: ['eu'] }), context, [aRequest()])
    expect(changedRoutes).toMatchObject([{ from: 'acorn/sim/swift', to: 'birch/sim/swift' }])
    const { refused } = replay(draftOf({ regions: ['cn'] }), context, [aRequest()])
    expect(refused).toEqual([{ stage: 'region', requests: 1 }])
  })

  it('keeps two hundred moved requests, those with the largest saving or loss first', () => {
    const requests = Array.from({ length: 1_000 }, (_, i) =>
      recorded({ requestId: id(i), costNano: BigInt((i * 7_919) % 1_000) * 10_000n }),
    )
    const { sample, moved } = replay(draftOf(AWAY), contextWith(HEALTHY), requests)
    const differences = sample.map(({ happenedNano, predictedNano }) => Number((predictedNano ?? 0n) - happenedNano))
    expect(moved).toBe(1_000)
    expect(sample).toHaveLength(200)
    expect(differences.map(Math.abs)).toEqual(differences.map(Math.abs).toSorted((a, b) => b - a))
    expect(Math.abs(differences[0] ?? 0)).toBe(8_990_000)
  })

  it('says of a sample how many decisions come out the same under their own policies', () => {
    const elsewhere = { attempts: [{ endpoint: BIRCH, outcome: 'answered', fault: null }], endpoint: BIRCH } as const
    const requests = Array.from({ length: 3_200 }, (_, i) =>
      recorded({ draw: i / 3_200, requestId: id(i), ...(i % 2 === 0 && elsewhere) }),
    )
    const report = replay(draftOf(FIXED.policy), contextWith(HEALTHY), requests)
    expect(report).toMatchObject({ requests: 3_200, moved: 0 })
    expect(report.checked / 3_200).toBeCloseTo(1 / 16, 1.5)
    expect(report.reproduced / report.checked).toBeCloseTo(0.5, 1)
  })

  it('counts apart what has no recorded decision', () => {
    const whole = openReplay(draftOf({}))
    whole.skip(3)
    expect(whole.report()).toMatchObject({ requests: 0, unrecorded: 3 })
    expect(whole.report().limits).toContain('unrecorded')
  })
})

describe('the draft', () => {
  const denied = aPolicy(AWAY, 'organisation')

  it('applies within the policies of organisation and workspace', () => {
    const request = recorded({ caller: aCaller([aPolicy({ ignore: ['birch'] }, 'organisation'), FIXED]) })
    const draft: DraftPolicy = { policy: aPolicy(AWAY, 'draft'), wider: new Set(['organisation' as PolicyId]) }
    expect(replay(draft, contextWith(HEALTHY), [request]).totals.predicted.rejected).toBe(1)
  })

  it('takes the place of another version of itself, wherever that applied', () => {
    const request = recorded({ caller: aCaller([aPolicy({}, 'organisation', 1), FIXED]) })
    const report = replay({ policy: denied, wider: NOBODY_WIDER }, contextWith(HEALTHY), [request])
    expect(report.changedRoutes).toMatchObject([{ from: ACORN, to: BIRCH }])
  })
})

function id(index: number): RequestId {
  return `20261120-${String(index + 100).padStart(20, '0')}` as RequestId
}
