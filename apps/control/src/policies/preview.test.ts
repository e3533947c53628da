import { PolicyPreviewQuestion } from '@turnpike/contract'
import { UNKNOWN_HEALTH, type EndpointId, type Health, type PolicyId } from '@turnpike/domain'
import { aCatalogue, anEndpoint, aPrice, aProvider } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { previewOf, type PreviewContext } from './preview.ts'

const CATALOGUE = aCatalogue(
  [
    anEndpoint('acorn', 'sim/swift-8b'),
    anEndpoint('birch', 'sim/swift-8b', { price: aPrice({ prompt: 2_000_000_000n, completion: 4_000_000_000n }) }),
    anEndpoint('cedar', 'sim/swift-8b', { price: aPrice({ prompt: 9_000_000_000n, completion: 9_000_000_000n }) }),
    anEndpoint('openly', 'real/large'),
  ],
  { providers: [aProvider('openly', { simulated: false })] },
)
const LAYER = '00000000-0000-4000-8000-000000000001'

function preview(document: object, sample: object = {}, context: Partial<PreviewContext> = {}, policyId?: string) {
  const question = PolicyPreviewQuestion.parse({
    document,
    sample: { models: ['sim/swift-8b'], ...sample },
    ...(policyId !== undefined && { policyId }),
  })
  const nowMs = Date.parse('2026-11-21T12:00:00Z')
  return previewOf(question, {
    catalogue: CATALOGUE,
    layers: [],
    funds: 'simulated',
    health: new Map(),
    nowMs,
    ...context,
  })
}

const id = (provider: string) => `${provider}/sim/swift-8b`
const fast: Health = { ...UNKNOWN_HEALTH, attempts: 100, firstTokenMs: 50, tokensPerSecond: 100 }

it('orders the endpoints of a model as the draft would, by the figures that are known', () => {
  const answer = preview({ objective: 'latency' }, {}, { health: new Map([[id('cedar') as EndpointId, fast]]) })
  expect(answer.targets[0]).toBe(id('cedar'))
  expect(answer.candidates.find(({ provider }) => provider === 'cedar')).toMatchObject({
    firstTokenMs: 50,
    weight: null,
  })
  expect(answer).toMatchObject({ objective: 'latency', window: null, total: 3, removed: [], removedByStage: {} })
})

it('shows each endpoint’s chance where there is a draw, and begins with the likeliest', () => {
  const answer = preview({ objective: 'balanced' })
  const chances = new Map(answer.candidates.map(({ endpoint, weight }) => [endpoint, weight ?? 0]))
  expect([...chances.values()].reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 9)
  expect(answer.targets[0]).toBe(id('acorn'))
  expect(Math.max(...chances.values())).toBe(chances.get(id('acorn')))
  expect(preview({ objective: 'balanced' }, { draw: 0.9999999 }).targets[0]).not.toBe(id('acorn'))
  const shared = preview({ objective: 'weighted', shares: { acorn: 1, cedar: 3 } })
  expect(shared.candidates.find(({ provider }) => provider === 'cedar')?.weight).toBeCloseTo(0.75, 9)
  expect(shared.targets[0]).toBe(id('cedar'))
})

it('puts what is assumed to be down last, by provider or by endpoint, and gives it no chance', () => {
  for (const down of ['acorn', id('acorn')]) {
    const answer = preview({}, { down: [down] })
    expect(answer.targets.at(-1)).toBe(id('acorn'))
    expect(answer.candidates.find(({ provider }) => provider === 'acorn')).toMatchObject({ down: true, weight: 0 })
  }
})

it('says what is removed and by which stage', () => {
  const answer = preview({ ignore: ['birch'], max_price: { prompt: '3' } })
  expect(answer.targets).toEqual([id('acorn')])
  expect(answer.removedByStage).toEqual({ deny: 1, max_price: 1 })
  expect(preview({}, { models: ['real/large'] }).removedByStage).toEqual({ funds: 1 })
  expect(preview({}, { models: ['real/large'] }, { funds: 'operator' }).targets).toEqual(['openly/real/large'])
})

it('applies the window that is open at the time of the sample', () => {
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
  const schedule = [{ days, from: '22:00', to: '06:00', zone: 'Europe/Berlin', objective: 'cost' }]
  const document = { objective: 'latency', schedule }
  expect(preview(document, { at: '2026-11-21T21:30:00Z' })).toMatchObject({ objective: 'cost', window: 0 })
  expect(preview(document, { at: '2026-11-21T12:00:00Z' })).toMatchObject({ objective: 'latency', window: null })
})

it('lies within the wider policies, and takes the place of its own earlier version among them', () => {
  const layers = [{ id: LAYER as PolicyId, version: 4, document: { only: ['birch'] } }]
  expect(preview({ objective: 'cost' }, {}, { layers }).targets).toEqual([id('birch')])
  expect(preview({ objective: 'cost' }, {}, { layers }, LAYER).targets).toHaveLength(3)
  expect(preview({ only: ['acorn'] }, {}, { layers }).removedByStage).toEqual({ allow: 3 })
})

it('says at once that a draft would be refused for leaving nothing', () => {
  expect(preview({ only: [] }).warnings).toMatchObject([{ code: 'no_endpoint' }])
})

it.each([
  [{ models: ['sim/swift-9b'] }, 'sample.models[0]', 'sim/swift-8b'],
  [{ down: ['acron'] }, 'sample.down[0]', 'acorn'],
])('refuses the sample %j and suggests the nearest', (sample, param, suggestion) => {
  expect(() => preview({}, sample)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(suggestion) as string }),
  )
  expect(() => preview({}, sample)).toThrow(param)
})
