import type { EndpointId, Fault, Policy, RouteRequest } from '@turnpike/domain'
import { aCaller, aModel, anEndpoint, aPrice, aProvider, aVersionedPolicy } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import type { Call } from '../call/call.ts'
import { excluded } from './excluded.ts'
import { aCall, aRouteRequest, aRoutingContext, routeCall } from '../call/call.fixture.ts'

const context = aRoutingContext(
  [
    anEndpoint('acorn', 'sim/swift-8b', { quantization: 'fp8' }),
    anEndpoint('birch', 'sim/swift-8b', { price: aPrice({ prompt: 5_000_000_000n }), contextLength: 8_000 }),
    anEndpoint('acorn', 'sim/embed-small'),
  ],
  {
    models: [aModel('sim/embed-small', { outputModalities: ['embeddings'] })],
    providers: [aProvider('birch', { retainsPrompts: true })],
  },
)

function refusal(changes: Partial<RouteRequest>, ...policies: Partial<Policy>[]): Fault & { layers: string[] } {
  const layers = policies.map((policy) => aVersionedPolicy(policy))
  const models = ['sim/swift-8b']
  const routeRequest = aRouteRequest(models, changes)
  const call = aCall(models, { routeRequest }, aCaller({ policies: layers }))
  return Object.assign(faultOf(call), { layers: layers.map(({ id }) => id) })
}

/** The fault of a call for which no endpoint is left. */
function faultOf(call: Call, given = context): Fault {
  const { resolved, routed } = routeCall(call, given)
  expect(routed.decision.targets).toEqual([])
  return excluded(call, resolved.routeRequest, routed)
}

describe('when no endpoint is left', () => {
  it('says how many each filter removed, and which', () => {
    const fault = refusal({ preferences: { data_collection: 'deny', quantizations: ['bf16'] } })
    expect(fault.code).toBe('endpoints_excluded')
    expect(fault.message).toContain(
      'Of 2 endpoints, 1 is at a provider that may keep or train on prompts; 1 is in none',
    )
    expect(fault.facts.metadata).toMatchObject({
      removed_by_stage: { retention: 1, quantization: 1 },
      removed: [
        { endpoint: 'acorn/sim/swift-8b', stage: 'quantization' },
        { endpoint: 'birch/sim/swift-8b', stage: 'retention' },
      ],
      availability: {
        code: 'constraint_filtered',
        excluded_by: ['data_policy:training', 'quantization'],
        requested_models: ['sim/swift-8b'],
      },
    })
  })

  it.each<[string, Partial<RouteRequest>]>([
    ['provider.only', { preferences: { only: ['cedar'] } }],
    ['provider.ignore', { preferences: { ignore: ['acorn', 'birch'] } }],
    ['provider.max_price', { preferences: { max_price: { prompt: 1n } } }],
    ['provider.quantizations', { preferences: { quantizations: ['int4'] } }],
    ['provider.zdr', { preferences: { zdr: true } }],
    ['provider.enforce_distillable_text', { preferences: { enforce_distillable_text: true } }],
    ['max_tokens', { maxTokens: 1_000_000 }],
    ['messages', { promptTokens: 1_000_000 }],
    ['seed', { parameters: ['seed', 'tools'], preferences: { require_parameters: true } }],
  ])('names the one field that did it: %s', (param, changes) => {
    const fault = refusal(changes)
    // Two fields are at fault where a parameter is required: it, and the demand for it.
    if (param === 'seed') expect(fault.facts.param).toBeUndefined()
    else expect(fault.facts.param).toBe(param)
  })

  it('names none where no single field did it', () => {
    expect(refusal({ preferences: { only: ['acorn'], ignore: ['acorn'] } }).facts.param).toBeUndefined()
    expect(refusal({ maxTokens: 1_000_000, preferences: { ignore: ['acorn', 'birch'] } }).facts.param).toBeUndefined()
  })

  it('names the policies without which there would be an endpoint, and does not blame the request', () => {
    const fault = refusal({}, { ignore: ['acorn'] }, { max_price: { ...NO_CEILING, prompt: 2_000_000_000n } }, {})
    expect(fault.facts.param).toBeUndefined()
    expect(fault.facts.metadata?.['policies']).toEqual(fault.layers.slice(0, 2).map((id) => ({ id, version: 1 })))
    expect(fault.message).toContain(fault.layers[0])
  })

  it('says that privacy did it where it did, and that nobody serves a model where nobody does', () => {
    expect(refusal({ preferences: { zdr: true } }).facts.metadata?.['availability']).toMatchObject({
      code: 'privacy_restricted',
    })
    const unreachable = { ...context, directory: { ...context.directory, reachable: new Set<never>() } }
    const fault = faultOf(aCall(['sim/swift-8b']), unreachable)
    expect(fault.facts.metadata?.['availability']).toMatchObject({ code: 'no_endpoints' })
  })

  it('says that regions did it, and which policy asked for them', () => {
    const fault = refusal({}, { regions: ['eu'] })
    expect(fault.facts.metadata).toMatchObject({
      removed_by_stage: { region: 2 },
      availability: { code: 'privacy_restricted', excluded_by: ['data_policy:region'] },
      policies: [{ id: fault.layers[0], version: 1 }],
    })
  })

  it('blames the name of the model where it asks for what is free', () => {
    expect(faultOf(aCall(['sim/swift-8b:free'])).facts.param).toBe('model')
  })
})

const NO_CEILING = { prompt: null, completion: null, request: null, image: null, audio: null }

it('refuses a model of another kind, and says where it is served', () => {
  expect(() => routeCall(aCall(['sim/embed-small']), context)).toThrow('/embeddings')
  expect(() => routeCall(aCall(['sim/swift-8b'], { kind: 'embedding' }), context)).toThrow('/chat/completions')
})

it('lets a conversation stay where its prompt cache is warm', () => {
  const two = aRoutingContext([anEndpoint('acorn'), anEndpoint('birch')].map(cachedAt))
  const caller = aCaller()
  const call = (): Call => aCall(['sim/swift-8b'], {}, caller)
  const [first = '', second = ''] = routeCall(call(), two).routed.decision.targets
  two.affinity.learn(call(), { endpoint: second as EndpointId, owner: null, fault: null, usage: CACHED, attempts: [] })
  const { decision } = routeCall(call(), two).routed
  expect(decision).toMatchObject({ sticky: true, targets: [second, first] })
})

const CACHED = { promptTokens: 100, completionTokens: 1, cacheReadTokens: 90, cacheWriteTokens: 0, reasoningTokens: 0 }

function cachedAt(endpoint: ReturnType<typeof anEndpoint>) {
  return { ...endpoint, price: aPrice({ cacheRead: 100_000_000n }) }
}
