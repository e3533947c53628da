import { Fault, type Caller, type EndpointId } from '@turnpike/domain'
import { aCaller, anEndpoint, aPrice, aVersionedPolicy } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { explain } from './explain.ts'
import { explainBody } from './explain.schema.ts'
import { parse } from '../../http/parse.ts'
import { stringify } from '../../http/numeral.ts'
import { aRoutingContext } from '../../call/call.fixture.ts'

const dollars = (amount: bigint) => aPrice({ prompt: amount * 1_000_000_000n, completion: amount * 1_000_000_000n })
const context = aRoutingContext([
  anEndpoint('acorn', 'sim/swift-8b', { price: dollars(1n) }),
  anEndpoint('birch', 'sim/swift-8b', { price: dollars(2n) }),
  anEndpoint('cedar', 'sim/swift-8b', { price: dollars(9n), contextLength: 500 }),
])
const NOON = Date.parse('2026-11-21T12:00:00Z')

function ask(fields: object, caller: Caller = aCaller(), of = context) {
  return explain(parse(explainBody, { model: 'sim/swift-8b', ...fields }), caller, of, 0, NOON)
}

describe('what would happen', () => {
  it('is explained with every candidate’s figures and chance, and what removed the others', () => {
    const explanation = ask({ prompt_tokens: 1_000 })
    expect(explanation).toMatchObject({
      objective: 'balanced',
      window: null,
      targets: ['acorn/sim/swift-8b', 'birch/sim/swift-8b'],
      fallbacks: [],
      total: 3,
      removed: [{ endpoint: 'cedar/sim/swift-8b', stage: 'context', reason: expect.stringContaining('too small') }],
    })
    const chances = Object.fromEntries(explanation.candidates.map(({ provider, chance }) => [provider, chance]))
    expect(chances['acorn']).toBeCloseTo(0.8, 1)
    expect(chances['birch']).toBeCloseTo(0.2, 1)
    expect(explanation.summary).toBe(
      'balanced: acorn/sim/swift-8b is asked first (chance 80 %), then up to 1 more. Removed: 1 by context.',
    )
    expect(JSON.parse(stringify(explanation))).toMatchObject({ candidates: [{ expected_cost: 0.0014 }, {}] })
  })

  it('follows the draw that is given, and else the likeliest', () => {
    expect(ask({ draw: 0.99, prompt_tokens: 1_000 }).targets[0]).toBe('birch/sim/swift-8b')
    expect(ask({ draw: 0, prompt_tokens: 1_000 }).targets[0]).toBe('acorn/sim/swift-8b')
  })

  it('reads the request’s size from its messages, where it has some', () => {
    const messages = [{ role: 'user', content: 'x'.repeat(4_000) }]
    expect(ask({ messages }).removed).toMatchObject([{ stage: 'context' }])
    expect(ask({}).removed).toEqual([])
  })

  it('goes by what is supposed: providers or endpoints that are down are asked last', () => {
    expect(ask({ assume_down: ['acorn'], prompt_tokens: 1_000 })).toMatchObject({
      targets: ['birch/sim/swift-8b', 'acorn/sim/swift-8b'],
      candidates: expect.arrayContaining([expect.objectContaining({ provider: 'acorn', down: true, chance: 0 })]),
    })
    expect(ask({ assume_down: ['birch/sim/swift-8b'] }).targets.at(-1)).toBe('birch/sim/swift-8b')
    expect(context.health.get('birch/sim/swift-8b' as EndpointId)).toBeUndefined()
  })

  it('goes by schedules of the time that is supposed', () => {
    const night = {
      days: ['sat', 'sun'] as const,
      from: 22 * 60,
      to: 6 * 60,
      zone: 'Europe/Berlin',
      order: null,
      shares: null,
    }
    const caller = aCaller({
      policies: [aVersionedPolicy({ schedule: [{ ...night, objective: 'throughput', max_price: null }] })],
    })
    expect(ask({}, caller)).toMatchObject({ objective: 'balanced', window: null })
    expect(ask({ at: '2026-11-21T23:30:00+01:00' }, caller)).toMatchObject({ objective: 'throughput', window: 0 })
  })

  it('is explained, not refused, when nothing is left', () => {
    expect(ask({ provider: { only: ['nobody'] } })).toMatchObject({
      targets: [],
      total: 3,
      summary: 'No endpoint is left. Removed: 3 by allow.',
    })
  })

  it.each([
    [{ model: 'sim/swift-8c' }, 'model'],
    [{ assume_down: ['acorm'] }, 'assume_down[0]'],
    [{ at: 'tomorrow' }, 'at'],
    [{ draw: 1 }, 'draw'],
    [{ prompt_tokens: -1 }, 'prompt_tokens'],
    [{ provider: { sort: 'prise' } }, 'provider.sort'],
  ])('%j is refused by name', (fields, param) => {
    try {
      ask(fields)
      expect.unreachable()
    } catch (error) {
      expect(error instanceof Fault && error.facts.param).toBe(param)
    }
  })

  it('takes what is sent to /chat/completions as it is, aliases and all', () => {
    const explanation = ask({
      model: 'turnpike/auto:floor',
      messages: [{ role: 'user', content: 'hi' }],
      tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
      stream: true,
      max_tokens: 100,
    })
    expect(explanation).toMatchObject({ models: ['sim/swift-8b'], objective: 'cost' })
  })
})

it('explains two hundred endpoints with chances that add up to one', () => {
  const many = aRoutingContext(
    Array.from({ length: 200 }, (_, i) => anEndpoint(`p${i}`, 'sim/swift-8b', { price: dollars(BigInt(1 + (i % 9))) })),
  )
  const explanation = ask({}, aCaller(), many)
  expect(explanation.candidates).toHaveLength(200)
  const sum = explanation.candidates.reduce((total, { chance }) => total + chance, 0)
  expect(sum).toBeCloseTo(1, 9)
  const likeliest = Math.max(...explanation.candidates.map(({ chance }) => chance))
  expect(explanation.candidates.find(({ endpoint }) => endpoint === explanation.targets[0])?.chance).toBe(likeliest)
})
