import { POLICY_BYTES_MAX, PolicyCreate, type PolicyDocument } from '@turnpike/contract'
import { POLICY_TEMPLATES } from '@turnpike/contract/lists'
import { Fault } from '@turnpike/domain'
import { aCatalogue, anEndpoint, aPrice, aProvider } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { problemsOfPolicy } from './unsatisfiable.ts'
import { parseSuggesting } from './problems.ts'
import { coverageOf } from './coverage.ts'

/** Acorn and birch run on the same machines; cedar alone keeps nothing, and is known to be in Germany. */
const CATALOGUE = aCatalogue(
  [
    anEndpoint('acorn', 'sim/swift-8b'),
    anEndpoint('acorn', 'sim/large-70b'),
    anEndpoint('birch', 'sim/swift-8b', { price: aPrice({ prompt: 2_000_000_000n }) }),
    anEndpoint('cedar', 'sim/swift-8b', { price: aPrice({ prompt: 5_000_000_000n }) }),
  ],
  {
    providers: [
      aProvider('acorn', { failureDomain: 'shed' }),
      aProvider('birch', { failureDomain: 'shed' }),
      aProvider('cedar', { failureDomain: 'barn', zeroRetention: true, regions: ['de'] }),
    ],
  },
)

const WINDOW = { days: ['mon' as const], from: '08:00', to: '18:00', zone: 'Europe/Berlin' }

/** As a POST would be answered. */
function refused(document: unknown): Fault {
  try {
    problemsOfPolicy(parseSuggesting(PolicyCreate, { name: 'p', document }).document, CATALOGUE)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error(`${JSON.stringify(document)} was taken`)
}

const codes = (document: PolicyDocument) => problemsOfPolicy(document, CATALOGUE).map(({ code }) => code)

describe('what is not known is refused with the nearest that is', () => {
  it.each([
    [{ onyl: ['acorn'] }, 'document.onyl', 'only'],
    [{ max_prices: {} }, 'document.max_prices', 'max_price'],
    [{ max_price: { promt: '1' } }, 'document.max_price.promt', 'prompt'],
    [{ failover: { first_token_s: 2 } }, 'document.failover.first_token_s', 'first_token_ms'],
    [{ schedule: [{ ...WINDOW, zoen: 'UTC' }] }, 'document.schedule[0].zoen', 'zone'],
    [{ preferred_max_latency: { p95: 1 } }, 'document.preferred_max_latency.p95', 'p90'],
    [{ objective: 'lattency' }, 'document.objective', 'latency'],
    [{ failover: { on: ['outage', 'timeouts'] } }, 'document.failover.on[1]', 'timeout'],
    [{ quantizations: ['fp_8'] }, 'document.quantizations[0]', 'fp8'],
    [{ schedule: [{ ...WINDOW, days: ['thur'] }] }, 'document.schedule[0].days[0]', 'thu'],
    [{ order: ['acorn', 'brich'] }, 'document.order[1]', 'birch'],
    [{ only: ['acron'] }, 'document.only[0]', 'acorn'],
    [{ ignore: ['ceder'] }, 'document.ignore[0]', 'cedar'],
    [{ only: ['acorn/sim/swift-8'] }, 'document.only[0]', 'acorn/sim/swift-8b'],
    [{ objective: 'weighted', shares: { acron: 1 } }, 'document.shares.acron', 'acorn'],
    [{ schedule: [{ ...WINDOW, order: ['acron'] }] }, 'document.schedule[0].order[0]', 'acorn'],
    [{ schedule: [{ ...WINDOW, shares: { acron: 1 } }] }, 'document.schedule[0].shares.acron', 'acorn'],
    [{ model_fallback: { models: ['sim/swift-9b'] } }, 'document.model_fallback.models[0]', 'sim/swift-8b'],
    [{ required_parameters: ['toolz'] }, 'document.required_parameters[0]', 'tools'],
    [{ schedule: [{ ...WINDOW, zone: 'Europe/Berln' }] }, 'document.schedule[0].zone', 'Europe/Berlin'],
  ])('%j', (document, param, suggestion) => {
    const { code, message, facts } = refused(document)
    expect([code, facts.param]).toEqual(['request_invalid', param])
    expect(message.startsWith(`${param}: There is no `)).toBe(true)
    expect(message.slice(message.indexOf('Did you mean'))).toContain(suggestion)
  })

  it('or with the whole list, when nothing is near and the list is short', () => {
    expect(refused({ objective: 'xyzzyxyzzy' }).message).toContain('There are balanced, cost, latency')
    expect(refused({ only: ['xyzzyxyzzy'] }).message).toContain('There are acorn, birch, cedar.')
  })

  it('every field at once, each beside its name in the form', () => {
    const { message, facts } = refused({
      only: ['acorn', 'brich'],
      ignore: ['ceder'],
      schedule: [{ ...WINDOW, zone: 'x' }],
    })
    expect(message).toContain('(and 2 more)')
    expect(facts.fields).toMatchObject({
      document: {
        only: { 1: expect.stringContaining('birch') as string },
        ignore: { 0: expect.stringContaining('cedar') as string },
        schedule: { 0: { zone: expect.stringContaining('time zone') as string } },
      },
    })
  })
})

it('a region that is none is refused with its place', () => {
  const { message, facts } = refused({ regions: ['eu', 'Germany'] })
  expect(facts.param).toBe('document.regions[1]')
  expect(message).toContain('two letters of a country')
})

describe('an objective without what it goes by is refused', () => {
  it.each([
    [{ objective: 'pinned' }, 'document.order'],
    [{ objective: 'pinned', order: [] }, 'document.order'],
    [{ objective: 'weighted', order: ['acorn'] }, 'document.shares'],
    [{ schedule: [{ ...WINDOW, objective: 'pinned' }] }, 'document.schedule[0].order'],
    [{ objective: 'pinned', order: ['acorn'], schedule: [{ ...WINDOW, order: [] }] }, 'document.schedule[0].order'],
    [{ schedule: [{ ...WINDOW, objective: 'weighted' }] }, 'document.schedule[0].shares'],
  ])('%j', (document, param) => {
    expect(refused(document).facts.param).toBe(param)
  })

  it('but a window may go by the order that the policy has', () => {
    expect(codes({ order: ['acorn', 'cedar'], schedule: [{ ...WINDOW, objective: 'pinned' }] })).toEqual([])
  })
})

it('refuses a document that is larger than a policy may be', () => {
  const shares = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`${'x'.repeat(90)}${i}`, 1]))
  expect(JSON.stringify(shares).length).toBeGreaterThan(POLICY_BYTES_MAX)
  const { message, facts } = refused({ shares })
  expect([facts.param, message.includes('32 KiB')]).toEqual(['document', true])
})

describe('a policy that leaves no endpoint of the catalogue', () => {
  it.each<[PolicyDocument, string, object]>([
    [{ only: [] }, 'allow removes 4', { allow: 4 }],
    [{ ignore: ['acorn', 'birch', 'cedar'] }, 'deny removes 4', { deny: 4 }],
    [{ max_price: { prompt: '0.5' } }, 'max_price removes 4', { max_price: 4 }],
    [{ zdr: true, ignore: ['cedar'] }, 'zero_retention removes 3, deny removes 1', { zero_retention: 3, deny: 1 }],
    [{ regions: ['us'] }, 'region removes 4', { region: 4 }],
  ])('is refused with the count per stage: %j', (document, counts, removed) => {
    const { message, facts } = refused(document)
    expect(message).toBe(`document: Not one of the 4 endpoints in the catalogue is left: ${counts}.`)
    expect(facts).toMatchObject({ param: 'document', metadata: { total: 4, removed } })
  })

  it('is refused if it is only in one of its windows', () => {
    const schedule = [WINDOW, { ...WINDOW, max_price: { prompt: '0.1' } }]
    const { message, facts } = refused({ schedule })
    expect(facts.param).toBe('document.schedule[1]')
    expect(message).toContain('while this window is open: max_price removes 4')
  })

  it('is accepted when the catalogue has no endpoint', () => {
    expect(coverageOf({ only: [] }, aCatalogue([]), 1).total).toBe(0)
    expect(() => problemsOfPolicy({ only: [] }, aCatalogue([]))).not.toThrow()
  })
})

describe('a policy is taken with a warning', () => {
  it('when all that it leaves shares a failure domain', () => {
    expect(codes({ only: ['acorn', 'birch'] })).toEqual(['one_failure_domain'])
    expect(codes({ only: ['acorn', 'cedar'] })).toEqual([])
    expect(codes({ zdr: true })).toEqual(['one_failure_domain'])
    expect(codes({ regions: ['eu'] })).toEqual(['one_failure_domain'])
  })

  it('when its own lists exclude what its order or its shares name', () => {
    expect(codes({ only: ['acorn', 'cedar'], order: ['birch'] })).toEqual(['order_excluded'])
    expect(codes({ ignore: ['acorn'], objective: 'weighted', shares: { 'acorn/sim/swift-8b': 1, cedar: 1 } })).toEqual([
      'share_excluded',
    ])
    expect(codes({ only: ['acorn/sim/swift-8b', 'cedar'], order: ['acorn'] })).toEqual([])
    const schedule = [{ ...WINDOW, order: ['birch'] }]
    expect(codes({ ignore: ['birch'], schedule })).toEqual(['order_excluded'])
  })

  it('and none of the templates has one, or is refused', () => {
    for (const [name, template] of Object.entries(POLICY_TEMPLATES)) {
      if (name !== 'private') expect([name, codes(template)]).toEqual([name, []])
    }
    expect(codes(POLICY_TEMPLATES.private)).toEqual(['one_failure_domain'])
  })
})
