import type { PolicyDocument } from '@turnpike/contract'
import { Fault, ownTarget, type Own } from '@turnpike/domain'
import { aCatalogue, anEndpoint, anOwnCredential, anOwnEndpoint, aProvider } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { problemsOfPolicy } from './unsatisfiable.ts'
import { previewOf } from './preview.ts'
import { NOTHING_OWN } from './coverage.ts'

const CATALOGUE = aCatalogue(
  [
    anEndpoint('acorn', 'sim/swift-8b'),
    anEndpoint('birch', 'sim/swift-8b'),
    anEndpoint('acorn', 'sim/alone'),
    anEndpoint('nowhere', 'sim/swift-8b'),
  ],
  { providers: [aProvider('nowhere', { simulated: false, baseUrl: '' })] },
)
const key = anOwnCredential('acorn')
const box = anOwnEndpoint('box', '~tenant/llama')
const own: Own = { credentials: [key], endpoints: [box] }
const SWIFT = ownTarget(anEndpoint('acorn', 'sim/swift-8b').id, key.id)

const codes = (document: PolicyDocument, of = own) => problemsOfPolicy(document, CATALOGUE, of).map(({ code }) => code)

function refused(document: PolicyDocument, of = own): Fault {
  try {
    problemsOfPolicy(document, CATALOGUE, of)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error(`${JSON.stringify(document)} was taken`)
}

describe('a document', () => {
  it('may name BYOK resources wherever it names providers or models', () => {
    const document: PolicyDocument = {
      only: ['~box', 'acorn', SWIFT, 'birch'],
      order: [SWIFT, '~box/~tenant/llama'],
      model_fallback: { models: ['~tenant/llama'] },
    }
    expect(codes(document)).toEqual([])
    expect(refused(document, NOTHING_OWN).facts.param).toBe('document.only[0]')
    expect(refused({ only: ['~bx'] }).message).toContain('Did you mean ~box?')
    expect(refused({ model_fallback: { models: ['~tenant/lama'] } }).message).toContain('Did you mean ~tenant/llama?')
  })

  it('that names an account which the organisation does not have is refused with those that it has', () => {
    const { message, facts } = refused({ ignore: ['acorn/sim/swift-8b#gone'] })
    expect(facts.param).toBe('document.ignore[0]')
    expect(message).toContain(`There are ${SWIFT}.`)
  })

  it('may leave BYOK resources only, with a warning where there are none', () => {
    expect(codes({ own_capacity: 'only' })).not.toContain('own_only_without_own')
    expect(codes({ own_capacity: 'only' }, NOTHING_OWN)).toEqual(['own_only_without_own'])
    expect(codes({ only: ['~box'] })).toEqual(['one_failure_domain'])
    const { facts } = refused({ own_capacity: 'only', ignore: ['~box', 'acorn'] })
    expect(facts.metadata).toMatchObject({ removed: { deny: expect.any(Number) as number } })
  })

  it('that hedges has a warning where no model has a second target', () => {
    expect(codes({ hedge: {} }, NOTHING_OWN)).toEqual([])
    expect(codes({ hedge: {} })).toEqual(['hedge_without_second'])
    expect(codes({ hedge: {}, allow_fallbacks: false })).toEqual(['hedge_without_second'])
    expect(codes({ hedge: {}, only: ['birch'] }, NOTHING_OWN)).toEqual(['one_failure_domain', 'hedge_without_second'])
    expect(codes({ hedge: {}, only: ['acorn'], own_capacity: 'first' })).not.toContain('hedge_without_second')
  })
})

describe('a preview', () => {
  const preview = (document: PolicyDocument, sample: object = {}, of: Own = own) =>
    previewOf(
      {
        document,
        sample: { models: ['sim/swift-8b'], promptTokens: 100, maxTokens: null, parameters: [], down: [], ...sample },
      },
      {
        ...{ catalogue: CATALOGUE, layers: [], funds: 'credit', health: new Map(), nowMs: 0 },
        own: of,
      },
    )

  it('shows BYOK targets and the targets that they replace', () => {
    expect(preview({})).toMatchObject({ targets: [SWIFT], removedByStage: { own_only: 2, credential: 1 } })
    expect(preview({ own_capacity: 'first' }).targets).toEqual([SWIFT, 'birch/sim/swift-8b', 'acorn/sim/swift-8b'])
    expect(preview({}, { models: ['~tenant/llama'] }).targets).toEqual([ownTarget(box.endpoint.id, box.id)])
  })

  it('shows which endpoints have no address', () => {
    expect(preview({}, {}, NOTHING_OWN)).toMatchObject({
      targets: expect.not.arrayContaining(['nowhere/sim/swift-8b']) as string[],
      removed: [{ endpoint: 'nowhere/sim/swift-8b', stage: 'credential' }],
    })
  })

  it('can assume that BYOK accounts and endpoints are down', () => {
    expect(preview({ own_capacity: 'first' }, { down: [SWIFT] }).targets.at(-1)).toBe(SWIFT)
    const { candidates } = preview({}, { models: ['~tenant/llama'], down: ['~box'] })
    expect(candidates).toMatchObject([{ down: true }])
    expect(() => preview({}, { down: ['~box'] }, NOTHING_OWN)).toThrow('sample.down[0]')
    expect(() => preview({}, { models: ['~tenant/lama'] })).toThrow('Did you mean ~tenant/llama?')
  })
})
