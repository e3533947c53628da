import { describe, expect, it } from 'vitest'
import type { Caller } from '../caller.ts'
import type { KeyId, ModelSlug, OwnId, ProviderSlug, TargetId } from '../ids.ts'
import type { Own, OwnCredential } from '../byok.ts'
import type { Policy, RoutePreferences } from '../policy/policy.ts'
import { aCredential, anOwnEndpoint, MINE, ownOf } from './byok.fixture.ts'
import { anEndpoint, aSnapshot, decide, DOWN, flat, healthOf, priced, sharesOf } from './route.fixture.ts'

const SORTED = ['cost', 'latency', 'throughput', 'uptime'] as const
const DICE = [0, 0.3, 0.5, 0.99]
const ACORN = 'acorn/m#acorn-key'
const BOX = '~box/m#box-id'
const snapshot = aSnapshot([priced('acorn', 3), priced('birch', 2), priced('cedar', 1)])
/** A provider that exists only on the simulator. */
const SIMULATED_ONLY = { simulated: true, baseUrl: '/acorn/v1' }
const credential = (over: Partial<OwnCredential> = {}) => aCredential('acorn', over)

/** A decision, with the targets that are left and those that are removed, sorted. */
function routed(own: Own, policy: Partial<Policy> = {}, changes: Partial<Caller> = {}, of = snapshot) {
  const decision = decide({ snapshot: of, policy, caller: { ...changes, own } })
  return {
    ...decision,
    left: decision.candidates.map(({ endpoint }) => endpoint).toSorted(),
    gone: decision.removed.map(({ endpoint, stage }) => `${endpoint} ${stage}`).toSorted(),
  }
}

describe('a BYOK credential', () => {
  it('makes every endpoint of its provider a BYOK target, at the list price', () => {
    const { left, candidates } = routed(ownOf(credential()), { own_capacity: 'first' })
    expect(left).toEqual(['acorn/m', ACORN, 'birch/m', 'cedar/m'])
    const prices = new Map(candidates.map(({ endpoint, expectedNano }) => [endpoint as string, expectedNano]))
    expect(prices.get(ACORN)).toBe(prices.get('acorn/m'))
    expect(prices.get(ACORN)).toBeGreaterThan(prices.get('birch/m') ?? 0n)
  })

  it.each<[string, Partial<OwnCredential>]>([
    [
      'a stored credential is never used at another address than the one it was stored for',
      { boundTo: 'https://else.example' },
    ],
    ['nor at a real address when it was stored for a simulated one', { boundTo: 'simulated' }],
    ['nor for another model than it names', { models: ['n' as ModelSlug] }],
    ['nor by another key than it names', { keys: ['another' as KeyId] }],
  ])('%s', (_, over) => {
    expect(routed(ownOf(credential(over))).left).toEqual(['acorn/m', 'birch/m', 'cedar/m'])
    expect(routed(ownOf(credential(over)), { own_capacity: 'only' }).left).toEqual([])
  })

  it('never makes a provider reachable that has no address', () => {
    const nowhere = { ...aSnapshot([anEndpoint('acorn')], { acorn: { baseUrl: '' } }), reachable: new Set<never>() }
    for (const boundTo of ['', 'null', 'https://provider.example']) {
      expect(routed(ownOf(credential({ boundTo })), {}, {}, nowhere).gone).toEqual(['acorn/m credential'])
    }
  })

  it('reaches a provider without an operator account, and a simulated-only provider only while there is a simulator', () => {
    const real = { ...snapshot, reachable: new Set(['cedar' as ProviderSlug]) }
    expect(routed(ownOf(credential()), { own_capacity: 'first' }, {}, real)).toMatchObject({
      left: [ACORN, 'cedar/m'],
      gone: ['birch/m credential'],
    })
    const simulated = aSnapshot([anEndpoint('acorn')], { acorn: SIMULATED_ONLY })
    const own = ownOf(credential({ boundTo: 'simulated' }))
    expect(routed(own, {}, {}, simulated).left).toEqual([ACORN])
    expect(routed(own, {}, {}, { ...simulated, reachable: new Set() }).gone).toEqual(['acorn/m credential'])
  })

  it('is the tenant’s own money: live keys use it whatever the funds, test keys only where it is simulated', () => {
    expect(routed(ownOf(credential()), {}, { funds: 'simulated' }).left).toEqual([ACORN])
    expect(routed(ownOf(credential()), {}, { kind: 'test' })).toMatchObject({
      left: [],
      gone: ['acorn/m funds', 'birch/m funds', 'cedar/m funds'],
    })
    const simulated = aSnapshot([anEndpoint('acorn')], { acorn: SIMULATED_ONLY })
    const own = ownOf(credential({ boundTo: 'simulated' }))
    expect(routed(own, {}, { kind: 'test' }, simulated).left).toEqual([ACORN])
  })

  it('serves nothing whose price is not known', () => {
    const unknown = aSnapshot([anEndpoint('acorn', { price: null }), anEndpoint('birch')])
    expect(routed(ownOf(credential()), {}, {}, unknown)).toMatchObject({
      left: ['birch/m'],
      gone: ['acorn/m price_unknown'],
    })
  })
})

describe('an own endpoint', () => {
  it('serves a model of the catalogue like the others, or a model of the tenant’s own', () => {
    const own = ownOf(anOwnEndpoint('box'), anOwnEndpoint('lab', { endpoint: { model: MINE } }))
    expect(routed(own, { own_capacity: 'first' }).left).toEqual(['acorn/m', 'birch/m', 'cedar/m', BOX])
    const request = { models: [MINE] }
    expect(decide({ snapshot, request, caller: { own } }).targets).toEqual([`~lab/${MINE}#lab-id`])
    expect(decide({ snapshot, request })).toMatchObject({ candidates: [], removed: [] })
  })

  it('is held to the data rules that it declares', () => {
    const box = anOwnEndpoint('box')
    const own = ownOf({ ...box, provider: { ...box.provider, retainsPrompts: true } })
    expect(routed(own, { own_capacity: 'only', data_collection: 'deny' }).gone).toContain('~box/m retention')
    expect(routed(ownOf(box), { own_capacity: 'only', zdr: true }).gone).toContain('~box/m zero_retention')
    expect(routed(ownOf(box), { own_capacity: 'only', data_collection: 'deny' }).left).toEqual([BOX])
  })
})

describe('lists of a policy', () => {
  const own = ownOf(credential(), anOwnEndpoint('box'))

  it.each<[string[], string[]]>([
    [['acorn'], ['acorn/m', ACORN]],
    [['acorn/m'], ['acorn/m', ACORN]],
    [[ACORN], [ACORN]],
    [['~box'], [BOX]],
    [
      ['~box/m', 'cedar'],
      ['cedar/m', BOX],
    ],
    [['~b', 'acorn/m#acorn'], []],
  ])('that name %j mean %j', (names, meant) => {
    expect(routed(own, { own_capacity: 'first', only: names }).left).toEqual(meant)
    const all = ['acorn/m', ACORN, 'birch/m', 'cedar/m', BOX]
    expect(routed(own, { own_capacity: 'first', ignore: names }).left).toEqual(
      all.filter((one) => !meant.includes(one)),
    )
  })

  it('narrow to one account within a provider that a wider policy allows', () => {
    const layers = [{ only: ['acorn'], own_capacity: 'first' } as const, { only: [ACORN, 'birch'] }]
    expect(decide({ snapshot, layers, caller: { own } }).targets).toEqual([ACORN])
  })

  it('give shares to a target before its endpoint, and to that before its provider', () => {
    const shares = { acorn: 100, 'acorn/m': 1, [ACORN]: 3, '~box': 1 }
    const share = sharesOf({ snapshot, policy: { objective: 'weighted', shares }, caller: { own } })
    expect([share(ACORN), share(BOX)]).toEqual([expect.closeTo(3 / 4, 2), expect.closeTo(1 / 4, 2)])
  })
})

describe('an operator account', () => {
  const first = ownOf(credential())
  const fallback = ownOf(credential({ placement: 'fallback' }))
  const barred = ['acorn/m own_only', 'birch/m own_only', 'cedar/m own_only']

  it('serves no model that a BYOK target serves first, unless a policy says so', () => {
    expect(routed(first)).toMatchObject({ left: [ACORN], gone: barred })
    expect(routed(first, { own_capacity: 'first' }).gone).toEqual([])
    expect(routed(fallback)).toMatchObject({ left: ['acorn/m', ACORN, 'birch/m', 'cedar/m'], gone: [] })
  })

  it('serves in place of a credential that its provider refuses, unless credential or policy say otherwise', () => {
    const refusing = { ...snapshot, refused: new Set([ACORN as TargetId]), health: healthOf({ [ACORN]: DOWN }) }
    const left = ['acorn/m', ACORN, 'birch/m', 'cedar/m']
    expect(routed(first, {}, {}, refusing)).toMatchObject({ left, gone: [] })
    expect(routed(first, {}, {}, refusing).targets[0]).not.toBe(ACORN)
    expect(routed(ownOf(credential({ creditFallback: false })), {}, {}, refusing)).toMatchObject({ left: [ACORN] })
    expect(routed(first, { own_capacity: 'only' }, {}, refusing)).toMatchObject({ left: [ACORN] })
    expect(routed(first, {}, { balance: 0n }, refusing).left).toEqual([ACORN])
    const another = ownOf(credential(), anOwnEndpoint('box'))
    expect(routed(another, {}, {}, refusing).left).toEqual([ACORN, BOX])
  })

  it('serves another model all the same, also as a fallback', () => {
    const listed = aSnapshot([
      anEndpoint('acorn'),
      anEndpoint('birch'),
      anEndpoint('cedar', { model: 'n' as ModelSlug }),
    ])
    const model_fallback = { models: ['n' as ModelSlug], on: ['outage'], objective: null } as const
    expect(routed(first, { model_fallback }, {}, listed)).toMatchObject({ targets: [ACORN], fallbacks: ['cedar/n'] })
  })

  it('stays removed when a policy, the request or an outage removes the BYOK target', () => {
    expect(routed(first, { ignore: [ACORN] })).toMatchObject({
      left: [],
      gone: [...barred, `${ACORN} deny`].toSorted(),
    })
    const preferences: RoutePreferences = { only: ['birch'] }
    expect(decide({ snapshot, caller: { own: first }, request: { preferences } }).targets).toEqual([])
    const down = { ...snapshot, health: healthOf({ [ACORN]: DOWN }) }
    expect(routed(first, {}, {}, down).targets).toEqual([ACORN])
  })

  it('serves nothing where a policy allows BYOK resources only, whatever a narrower one says', () => {
    expect(routed(fallback, { own_capacity: 'only' })).toMatchObject({ left: [ACORN], gone: barred })
    const layers = [{ own_capacity: 'only' } as const, { own_capacity: 'first' } as const]
    expect(decide({ snapshot, layers, caller: { own: fallback } }).targets).toEqual([ACORN])
    expect(decide({ snapshot, policy: { own_capacity: 'only' } })).toMatchObject({
      targets: [],
      removed: { length: 3 },
    })
  })

  it('serves nothing without credit while a BYOK target serves; without one, admission refuses', () => {
    const broke = { balance: 0n }
    expect(routed(fallback, {}, broke)).toMatchObject({
      left: [ACORN],
      gone: ['acorn/m funds', 'birch/m funds', 'cedar/m funds'],
    })
    expect(routed(fallback, { ignore: [ACORN] }, broke).left).toEqual(['acorn/m', 'birch/m', 'cedar/m'])
    expect(routed(fallback, {}, { balance: null, funds: 'operator' }).left).toHaveLength(4)
    expect(decide({ snapshot, caller: broke }).targets).toHaveLength(3)
  })

  it('serves nothing without credit, even where the BYOK targets of one model would remove those of another', () => {
    const able = anOwnEndpoint('lab', { endpoint: { supportedParameters: ['tools'] } })
    const plain = anOwnEndpoint('box', { placement: 'fallback', endpoint: { model: 'n' as ModelSlug } })
    const listed = aSnapshot([anEndpoint('birch', { model: 'n' as ModelSlug })])
    const request = { models: ['m', 'n'] as ModelSlug[], parameters: ['tools'] }
    const caller = { own: ownOf(able, plain), balance: 0n }
    expect(decide({ snapshot: listed, request, caller, policy: { ignore: ['~lab'] } }).targets).toEqual([
      '~box/n#box-id',
    ])
  })

  it('does not come before BYOK targets of the next model without credit', () => {
    const listed = aSnapshot([anEndpoint('birch'), anEndpoint('acorn', { model: 'n' as ModelSlug })])
    const models = ['m', 'n'] as ModelSlug[]
    const decision = decide({ snapshot: listed, request: { models }, caller: { own: first, balance: 0n } })
    expect(decision).toMatchObject({
      targets: ['acorn/n#acorn-key'],
      removed: [{ stage: 'funds' }, { stage: 'own_only' }],
    })
  })
})

describe('parameters whose loss would change an answer', () => {
  it('never remove a BYOK target because an operator account could honour them', () => {
    const listed = aSnapshot([anEndpoint('birch', { supportedParameters: ['tools'] }), anEndpoint('cedar')])
    const own = ownOf(anOwnEndpoint('box'))
    const request = { parameters: ['tools'] }
    expect(decide({ snapshot: listed, request, caller: { own } }).targets).toEqual([BOX])
    const both = decide({ snapshot: listed, request, caller: { own }, policy: { own_capacity: 'first' } })
    expect(both.targets).toEqual([BOX, 'birch/m'])
  })

  it('choose among BYOK targets as they choose among operator accounts', () => {
    const able = anOwnEndpoint('lab', { priority: 9, endpoint: { supportedParameters: ['tools'] } })
    const caller = { own: ownOf(anOwnEndpoint('box'), able) }
    expect(decide({ snapshot, request: { parameters: ['tools'] }, caller }).targets).toEqual(['~lab/m#lab-id'])
  })
})

describe('the order', () => {
  const several = ownOf(
    credential({ priority: 1 }),
    aCredential('birch'),
    aCredential('cedar', { placement: 'fallback' }),
    anOwnEndpoint('box', { priority: 2 }),
  )
  const mine = ['birch/m#birch-key', ACORN, BOX]

  it.each([...SORTED, 'balanced', 'weighted', 'pinned'] as const)(
    'under %s puts BYOK targets first by priority, fallback ones after operator accounts, and what is down last',
    (objective) => {
      const policy = {
        objective,
        own_capacity: 'first',
        order: ['cedar', 'cedar/m#cedar-key'],
        shares: { cedar: 9 },
      } as const
      const down = { ...snapshot, health: healthOf({ 'birch/m#birch-key': DOWN, birch: DOWN }) }
      for (const dice of DICE) {
        const places = decide({ snapshot, policy, dice, caller: { own: several } }).candidates.map(
          ({ endpoint }) => endpoint,
        )
        expect(places.slice(0, 3)).toEqual(mine)
        expect(places.slice(3, 6).toSorted()).toEqual(['acorn/m', 'birch/m', 'cedar/m'])
        expect(places.slice(6)).toEqual(['cedar/m#cedar-key'])
        const later = decide({ snapshot: down, policy, dice, caller: { own: several } }).candidates.map(
          ({ endpoint }) => endpoint,
        )
        expect(later.slice(0, 2)).toEqual([ACORN, BOX])
        expect(later.slice(4, 5)).toEqual(['cedar/m#cedar-key'])
        expect(later.slice(5).toSorted()).toEqual(['birch/m', 'birch/m#birch-key'])
      }
    },
  )

  it.each([...SORTED, 'balanced', 'pinned', 'weighted'] as const)(
    'under %s asks two keys of one provider by their shares',
    (objective) => {
      const keys = ownOf(credential({ id: 'a' as OwnId, share: 3 }), credential({ id: 'b' as OwnId }))
      const policy = { objective, order: ['acorn'], shares: { acorn: 7 } }
      const share = sharesOf({ snapshot, policy, caller: { own: keys } })
      expect(Math.abs(share('acorn/m#a') - 0.75)).toBeLessThan(0.006)
      expect(Math.abs(share('acorn/m#b') - 0.25)).toBeLessThan(0.006)
      const { targets } = decide({ snapshot, policy, caller: { own: keys } })
      expect(targets.toSorted()).toEqual(['acorn/m#a', 'acorn/m#b'])
    },
  )

  it('goes by each account’s own health: a key that is slow or failing is no reason against another', () => {
    const keys = ownOf(credential({ id: 'a' as OwnId }), credential({ id: 'b' as OwnId }))
    const slow = {
      ...snapshot,
      health: healthOf({ 'acorn/m#a': { firstTokenMs: 5_000 }, acorn: { firstTokenMs: 9_000 } }),
    }
    const policy = { objective: 'latency', own_capacity: 'first' } as const
    expect(decide({ snapshot: slow, policy, caller: { own: keys } }).targets.slice(0, 2)).toEqual([
      'acorn/m#b',
      'acorn/m#a',
    ])
  })

  it('of a strict order are the targets that are tried, BYOK targets among them', () => {
    const policy = {
      own_capacity: 'first',
      allow_fallbacks: false,
      objective: 'pinned',
      order: ['cedar', 'acorn'],
    } as const
    const { targets } = decide({ snapshot, policy, caller: { own: ownOf(credential(), anOwnEndpoint('box')) } })
    expect(targets).toEqual([ACORN, 'cedar/m', 'acorn/m'])
    const sorted = { own_capacity: 'first', allow_fallbacks: false, objective: 'cost' } as const
    expect(decide({ snapshot, policy: sorted, caller: { own: several } }).targets).toEqual(['birch/m#birch-key'])
  })

  it('leaves the failure domain of a key that was tried before its provider’s second key', () => {
    const keys = ownOf(credential({ id: 'a' as OwnId }), credential({ id: 'b' as OwnId }), aCredential('birch'))
    const policy = { objective: 'uptime', own_capacity: 'first' } as const
    for (const dice of DICE) {
      const domains = decide({ snapshot, policy, dice, caller: { own: keys } }).targets.map((id) => id.split('/')[0])
      expect(new Set(domains.slice(0, 2))).toEqual(new Set(['acorn', 'birch']))
    }
  })

  it('keeps the credential with a warm prompt cache, and an operator account only when no BYOK target is first', () => {
    const price = { version: 1, prompt: 1_000_000n, completion: 2_000_000n, cacheRead: 1n, tiers: [] }
    const keys = { own: ownOf(credential({ id: 'a' as OwnId }), credential({ id: 'b' as OwnId, share: 50 })) }
    const listed = aSnapshot([anEndpoint('acorn', { price }), anEndpoint('birch', { price })])
    const policy = { objective: 'cost', own_capacity: 'first' } as const
    const warm = (target: string) => ({ ...listed, warm: target as TargetId })
    for (const dice of DICE) {
      const stays = decide({ snapshot: warm('acorn/m#a'), policy, dice, caller: keys })
      expect(stays).toMatchObject({ sticky: true })
      expect(stays.targets[0]).toBe('acorn/m#a')
      expect(decide({ snapshot: warm('birch/m'), policy, dice, caller: keys })).toMatchObject({ sticky: false })
      const own = ownOf(credential({ placement: 'fallback' }))
      expect(decide({ snapshot: warm('birch/m'), policy, dice, caller: { own } })).toMatchObject({ sticky: true })
    }
  })

  it('puts a key that misses a preferred speed behind the others of its priority', () => {
    const keys = ownOf(credential({ id: 'a' as OwnId }), credential({ id: 'b' as OwnId }))
    const slow = { ...snapshot, health: healthOf({ 'acorn/m#a': { firstTokenQuantiles: flat(9_000) } }) }
    const policy = { objective: 'cost', preferred_max_latency: { p50: 1 }, own_capacity: 'first' } as const
    for (const dice of DICE) {
      const { targets } = decide({ snapshot: slow, policy, dice, caller: { own: keys } })
      expect(targets.slice(0, 2)).toEqual(['acorn/m#b', 'acorn/m#a'])
    }
  })
})
