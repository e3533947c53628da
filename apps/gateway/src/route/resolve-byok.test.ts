import { Fault, ownTarget, type Caller, type Own } from '@turnpike/domain'
import {
  aCaller,
  aModel,
  anEndpoint,
  anOwnCredential,
  anOwnEndpoint,
  aPrice,
  aProvider,
  aVersionedPolicy,
} from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { catalogueFor, listingsFor, listingsOf } from '../api/models/listing.ts'
import { readModelQuery } from '../api/models/query.ts'
import { select } from '../api/models/select.ts'
import { explain } from '../api/explain/explain.ts'
import { explainBody } from '../api/explain/explain.schema.ts'
import { parse } from '../http/parse.ts'
import type { Call } from '../call/call.ts'
import { excluded } from './excluded.ts'
import { aCall, aRouteRequest, aRoutingContext, routeCall } from '../call/call.fixture.ts'

const context = aRoutingContext(
  [
    anEndpoint('acorn', 'sim/swift-8b'),
    anEndpoint('birch', 'sim/swift-8b'),
    anEndpoint('real', 'made/gpt-5'),
    anEndpoint('nowhere', 'made/gpt-5'),
  ],
  {
    models: [aModel('made/lonely'), aModel('made/gpt-5', { created: 9 })],
    providers: [
      aProvider('real', { simulated: false, baseUrl: 'https://real.example/v1' }),
      aProvider('nowhere', { simulated: false, baseUrl: '' }),
    ],
  },
)
const directory = {
  ...context.directory,
  reachable: new Set([...context.directory.reachable].filter((slug) => !/real|nowhere/.test(slug))),
}
const here = { ...context, directory }

const box = anOwnEndpoint('box', '~tenant/llama', { endpoint: { price: aPrice({ prompt: 0n, completion: 0n }) } })
const lab = anOwnEndpoint('lab', '~tenant/embed')
const embedding = { ...lab, model: aModel('~tenant/embed', { outputModalities: ['embeddings'] }) }
const lonely = anOwnEndpoint('box', 'made/lonely')
const key = anOwnCredential('acorn')
const real = anOwnCredential('real', { boundTo: 'https://real.example' })
const own: Own = { credentials: [key, real], endpoints: [box, embedding, lonely] }
const SWIFT = ownTarget(anEndpoint('acorn', 'sim/swift-8b').id, key.id)
const BOX = ownTarget(box.endpoint.id, box.id)

const mine = (changes: Partial<Caller> = {}) => aCaller({ own, ...changes })
const targets = (model: string, caller: Caller = mine(), changes: Parameters<typeof aCall>[1] = {}) =>
  routeCall(aCall([model], changes, caller), here).routed.decision.targets

function excludedOf(call: Call): Fault {
  const { resolved, routed } = routeCall(call, here)
  return excluded(call, resolved.routeRequest, routed)
}

function refused(ask: () => unknown): Fault {
  try {
    ask()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('expected a fault')
}

describe('a model of one’s own name space', () => {
  it('is routed to as any other, variants and all', () => {
    expect(targets('~tenant/llama')).toEqual([BOX])
    for (const variant of ['nitro', 'floor', 'free']) expect(targets(`~tenant/llama:${variant}`)).toEqual([BOX])
    expect(targets('~tenant/embed', mine(), { kind: 'embedding' })).toHaveLength(1)
  })

  it('is one of its kind only', () => {
    expect(() => targets('~tenant/embed')).toThrow('/embeddings')
    expect(() => targets('~tenant/llama', mine(), { kind: 'embedding' })).toThrow('/chat/completions')
  })

  it('does not exist for another tenant, and is suggested to no other', () => {
    const others = [aCaller(), aCaller({ own: { credentials: [key], endpoints: [] } })]
    for (const caller of others) {
      const fault = refused(() => targets('~tenant/llama', caller))
      expect([fault.code, fault.facts.param]).toEqual(['model_unknown', 'model'])
      expect(fault.message).toBe(
        'There is no model ~tenant/llama. GET /api/v1/models/user lists what your organisation has.',
      )
    }
  })

  it.each([
    ['~tenant/lama', 'Did you mean ~tenant/llama?'],
    ['~tenant/llama:nitor', 'Did you mean :nitro?'],
    ['tenant/llama', 'Did you mean ~tenant/llama or'],
    ['~tenant/xyzzyxyzzy', 'GET /api/v1/models/user'],
  ])('that is written wrongly, as %s, is 400 with the nearest of the caller’s own', (name, hint) => {
    const fault = refused(() => targets(name))
    expect(fault.code).toBe('model_unknown')
    expect(fault.message).toContain(hint)
  })

  it('does not take aliases of families away', () => {
    expect(targets('~made/gpt-latest')).toEqual([ownTarget(anEndpoint('real', 'made/gpt-5').id, real.id)])
    expect(() => targets('~tenant/llama-latest')).toThrow('There is no model ~tenant/llama-latest')
  })
})

describe('a request for which no endpoint is left', () => {
  it('gets an error with what one’s own resources replace, and how to go on with credits', () => {
    const call = aCall(['sim/swift-8b'], {}, mine({ policies: [aVersionedPolicy({ ignore: ['acorn'] })] }))
    const { message, facts } = excludedOf(call)
    expect(message).toContain('paid for with credits, where the policy or what is your own wants your own only')
    expect(facts.metadata).toMatchObject({
      removed_by_stage: { own_only: 2, deny: 1 },
      policies: [{ version: 1 }],
      availability: { code: 'constraint_filtered', excluded_by: ['own_capacity', 'ignored_providers'] },
    })
    const models = ['sim/swift-8b']
    const long = { routeRequest: aRouteRequest(models, { promptTokens: 40_000 }) }
    const oneOwn = aCall(models, long, mine({ own: { credentials: [key], endpoints: [] } }))
    expect(excludedOf(oneOwn).facts.param).toBe('messages')
    const changes = { promptTokens: 40_000, preferences: { ignore: ['acorn'] } }
    const both = aCall(models, { routeRequest: aRouteRequest(models, changes) }, mine())
    expect(excludedOf(both).message).toContain('own_capacity “first” would go on with credits')
  })
})

describe('an explanation', () => {
  const explained = (
    fields: object,
    caller: Caller = mine({ policies: [aVersionedPolicy({ own_capacity: 'first' })] }),
  ) => explain(parse(explainBody, { model: 'sim/swift-8b', ...fields }), caller, here, 0, 0)

  it('shows one’s own targets, and why credits are not used', () => {
    expect(explained({}).targets).toEqual([SWIFT, 'birch/sim/swift-8b', 'acorn/sim/swift-8b'])
    expect(explained({}, mine())).toMatchObject({
      targets: [SWIFT],
      removed: [
        { endpoint: 'acorn/sim/swift-8b', stage: 'own_only', reason: expect.stringContaining('credits') as string },
        { endpoint: 'birch/sim/swift-8b', stage: 'own_only' },
      ],
    })
    expect(explained({ model: '~tenant/llama' }, mine()).candidates).toMatchObject([
      { is_byok: true, provider: '~box' },
    ])
  })

  it('supposes one’s own to be down: an account, its provider, an endpoint of one’s own', () => {
    expect(explained({ assume_down: [SWIFT] }).targets.at(-1)).toBe(SWIFT)
    expect(explained({ assume_down: ['acorn'] }).targets[0]).toBe('birch/sim/swift-8b')
    const down = explained({ model: '~tenant/llama', assume_down: ['~box'] }, mine())
    expect(down.candidates).toMatchObject([{ down: true }])
    const fault = refused(() => explained({ assume_down: ['~boxx'] }))
    expect(fault.facts.param).toBe('assume_down[0]')
    expect(fault.message).toContain('Did you mean ~box')
    expect(() => explained({ assume_down: ['~box'] }, aCaller())).toThrow('There is no provider or endpoint ~box')
  })
})

describe('lists of models', () => {
  const found = (query: Record<string, string>, caller: Caller = mine()) => {
    const catalogue = catalogueFor(caller, directory)
    const asked = readModelQuery(query, catalogue)
    return select(listingsFor(caller, directory, 0), asked, catalogue, () => null).map(
      ({ model }) => model.slug as string,
    )
  }

  it('for everybody never have anybody’s own', () => {
    listingsFor(mine(), directory, 0)
    expect(listingsOf(directory).map(({ model }) => model.slug)).toEqual(['sim/swift-8b', 'made/gpt-5'])
  })

  it('for a caller have what its own accounts serve too, and its own models only', () => {
    expect(found({})).toEqual(['sim/swift-8b', 'made/gpt-5', 'made/lonely', '~tenant/llama'])
    expect(found({}, aCaller())).toEqual(['sim/swift-8b'])
    expect(found({ output_modalities: 'embeddings' })).toEqual(['~tenant/embed'])
    expect(found({ model_authors: '~tenant' })).toEqual(['~tenant/llama'])
    expect(found({ providers: '~box' })).toEqual(['made/lonely', '~tenant/llama'])
    expect(() => found({ providers: '~box' }, aCaller())).toThrow('not known')
  })

  it('show what is declared, and keep to policies', () => {
    const [, , , llama] = listingsFor(mine(), directory, 0)
    expect(JSON.parse(llama?.json ?? '{}')).toMatchObject({
      id: '~tenant/llama',
      pricing: { prompt: '0' },
      served: true,
    })
    expect(found({}, mine({ policies: [aVersionedPolicy({ ignore: ['~box'] })] }))).toEqual([
      'sim/swift-8b',
      'made/gpt-5',
    ])
    expect(found({}, mine({ kind: 'test' }))).toEqual(['sim/swift-8b'])
  })
})

it('stays on one’s own account whose prompt cache is warm', () => {
  const cached = aRoutingContext([anEndpoint('acorn', 'sim/swift-8b', { price: aPrice({ cacheRead: 1n }) })])
  const keys = [anOwnCredential('acorn'), anOwnCredential('acorn')]
  const caller = aCaller({ own: { credentials: keys, endpoints: [] } })
  const call = () => aCall(['sim/swift-8b'], {}, caller)
  const usage = { promptTokens: 9, completionTokens: 1, cacheReadTokens: 9, cacheWriteTokens: 0, reasoningTokens: 0 }
  for (const { id } of keys) {
    const endpoint = anEndpoint('acorn', 'sim/swift-8b').id
    cached.affinity.learn(call(), { endpoint, owner: id, fault: null, usage, attempts: [] })
    expect(routeCall(call(), cached, 0.5).routed.decision).toMatchObject({ sticky: true })
    expect(routeCall(call(), cached, 0.5).routed.decision.targets[0]).toBe(ownTarget(endpoint, id))
  }
})
