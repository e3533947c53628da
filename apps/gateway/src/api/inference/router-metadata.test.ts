import { Fault, ownTarget, type Attempt, type EndpointId, type ModelSlug, type ProviderSlug } from '@turnpike/domain'
import { aCaller, anEndpoint, aProvider } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { decisionBody, decisionHeader } from './decision.ts'
import { anOwnEndpoint, someKeks } from '../../targets/byok.fixture.ts'
import { metadataField, routerMetadata } from './router-metadata.ts'
import { aCall, aRouteRequest, aRoutingContext, routeCall } from '../../call/call.fixture.ts'
import { Progress } from '../../call/progress.ts'

const context = aRoutingContext([anEndpoint('acorn'), anEndpoint('birch')], {
  providers: [aProvider('acorn', { name: 'Äcorn' })],
})
const asking = { responseOptions: { decision: true, metadata: true, region: 'fra' } }

function attempt(provider: string, fault: Attempt['fault']): Attempt {
  return {
    endpoint: `${provider}/sim/swift-8b` as EndpointId,
    provider: provider as ProviderSlug,
    model: 'sim/swift-8b' as ModelSlug,
    startMs: 0,
    firstTokenMs: null,
    endMs: 1,
    outcome: fault ? 'failed' : 'answered',
    status: fault ? null : 200,
    fault,
  }
}

function answered() {
  const models = ['sim/swift-8b']
  const preferences = { order: ['acorn'], preferred_min_throughput: { p50: 20 } }
  const call = aCall(models, { ...asking, routeRequest: aRouteRequest(models, { preferences }) })
  const { progress } = routeCall(call, context)
  progress.record(attempt('acorn', 'upstream_unreachable'))
  progress.record(attempt('birch', null))
  return progress
}

describe('openrouter_metadata', () => {
  it('says how the model was found, what was left, what was tried and which target answered', () => {
    expect(routerMetadata(answered(), null, 1_234.4)).toEqual({
      requested: 'sim/swift-8b',
      strategy: 'direct',
      region: 'fra',
      summary: 'direct, pinned: 2 of 2 endpoints of sim/swift-8b; birch/sim/swift-8b answered at attempt 2',
      attempt: 2,
      is_byok: false,
      endpoints: {
        total: 2,
        available: [
          { provider: 'Äcorn (simulated)', model: 'sim/swift-8b', selected: false },
          { provider: 'birch (simulated)', model: 'sim/swift-8b', selected: true },
        ],
      },
      params: { quality_floor: null, throughput_floor: 20, version_group: null },
      attempts: [
        { provider: 'Äcorn (simulated)', model: 'sim/swift-8b', status: 502 },
        { provider: 'birch (simulated)', model: 'sim/swift-8b', status: 200 },
      ],
      pipeline: [],
      generation_time: 1_234,
    })
  })

  it('says when an account of the tenant’s own answered, and names an endpoint of its own as the tenant does', () => {
    const caller = aCaller()
    const own = anOwnEndpoint(caller.tenantId, someKeks())
    const call = aCall(['~tenant/llama'], asking, { ...caller, own: { credentials: [], endpoints: [own] } })
    const { progress, routed } = routeCall(call, context)
    const target = ownTarget(own.endpoint.id, own.id)
    progress.record({ ...attempt('~box', null), endpoint: target, model: own.endpoint.model })
    expect(routerMetadata(progress, null, 0)).toMatchObject({
      is_byok: true,
      endpoints: { total: 1, available: [{ provider: 'The box', model: '~tenant/llama', selected: true }] },
      attempts: [{ provider: 'The box', model: '~tenant/llama', status: 200 }],
    })
    expect(decisionBody(routed.decision)).toMatchObject({ candidates: [{ is_byok: true }] })
  })

  it('comes with errors before and after a route was chosen, but never with those of our own making', () => {
    const unrouted = new Progress(aCall(['sim/nobody'], asking))
    expect(routerMetadata(unrouted, new Fault('model_unknown', 'x'), 0)).toMatchObject({
      attempt: 0,
      endpoints: { total: 0, available: [] },
    })
    expect(metadataField(answered(), new Fault('no_healthy_provider', 'x'))).toHaveProperty('openrouter_metadata')
    expect(metadataField(answered(), new Fault('internal', 'x'))).toBeNull()
  })

  it('is absent unless it was asked for', () => {
    expect(metadataField(new Progress(aCall(['sim/swift-8b'])))).toBeNull()
  })
})

describe('the header x-turnpike-decision', () => {
  it('tells the whole decision as JSON that fits a header', () => {
    const header = decisionHeader(answered())['x-turnpike-decision'] ?? ''
    expect(header).toMatch(/^[ -~]+$/)
    expect(JSON.parse(header)).toMatchObject({
      id: 'gen-20261121-00000000000000000000',
      objective: 'pinned',
      targets: ['acorn/sim/swift-8b', 'birch/sim/swift-8b'],
      candidates: [
        { endpoint: 'acorn/sim/swift-8b', expected_cost: expect.any(Number), first_token_ms: 600 },
        { endpoint: 'birch/sim/swift-8b' },
      ],
    })
  })

  it('is only the id where the decision is longer than 4 KiB', () => {
    const many = aRoutingContext(Array.from({ length: 40 }, (_, i) => anEndpoint(`provider-${i}`)))
    const { progress } = routeCall(aCall(['sim/swift-8b'], asking), many)
    expect(decisionHeader(progress)).toEqual({ 'x-turnpike-decision': '{"id":"gen-20261121-00000000000000000000"}' })
  })

  it('is not sent unasked, or before a route was chosen', () => {
    expect(decisionHeader(routeCall(aCall(['sim/swift-8b']), context).progress)).toEqual({})
    expect(decisionHeader(new Progress(aCall(['sim/swift-8b'], asking)))).toEqual({})
  })
})
