import type { PolicyDocument } from '@turnpike/contract'
import { Fault, openPolicy, type KeyId, type Own, type PolicyId } from '@turnpike/domain'
import type { AttachedPolicy } from '@turnpike/store'
import { aCatalogue, anEndpoint, anOwnCredential, aPrice } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { NOTHING_OWN } from './coverage.ts'
import { refusingUnsatisfiable } from './combined.ts'

/** Acorn costs one dollar, birch two, cedar five. */
const catalogue = aCatalogue([
  anEndpoint('acorn', 'sim/swift-8b'),
  anEndpoint('birch', 'sim/swift-8b', { price: aPrice({ prompt: 2_000_000_000n }) }),
  anEndpoint('cedar', 'sim/swift-8b', { price: aPrice({ prompt: 5_000_000_000n }) }),
])
const nowMs = Date.parse('2026-11-21T12:34:56Z')

/** A policy named after the place that it is attached to. */
function on(place: string, document: PolicyDocument): AttachedPolicy {
  return { id: place as PolicyId, name: `of ${place}`, policy: openPolicy(document), place: `the ${place}` }
}

/** Why adding the last policy to the others is refused; null when it is not. */
function refused(policies: readonly AttachedPolicy[], own: Own = NOTHING_OWN): Fault | null {
  return refusedAll([policies], policies.at(-1), own)
}

function refusedAll(
  combinations: readonly (readonly AttachedPolicy[])[],
  changed: AttachedPolicy | undefined,
  own: Own = NOTHING_OWN,
): Fault | null {
  try {
    refusingUnsatisfiable({ catalogue, own, nowMs }, 'policyId')(changed?.id ?? ('' as PolicyId), combinations)
    return null
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

describe('combined policies that leave no endpoint', () => {
  it('are refused, with the names and places of the others and the count per stage', () => {
    const fault = refused([on('workspace', { only: ['acorn'] }), on('key', { ignore: ['acorn'] })])
    expect([fault?.code, fault?.message]).toEqual([
      'request_invalid',
      'policyId: Not one of the 3 endpoints in the catalogue is left together with “of workspace” of the workspace: ' +
        'allow removes 2, deny removes 1.',
    ])
    expect(fault?.facts).toMatchObject({
      param: 'policyId',
      fields: { policyId: expect.stringContaining('Not one') as string },
      metadata: { total: 3, removed: { allow: 2, deny: 1 } },
    })
  })

  it('are refused though any two of them leave one', () => {
    const all = [
      on('organisation', { only: ['acorn', 'birch'] }),
      on('workspace', { ignore: ['acorn'] }),
      on('key', { ignore: ['birch'] }),
    ] as const
    expect(refused(all)?.message).toContain(
      'together with “of organisation” of the organisation and “of workspace” of the workspace:',
    )
    for (const left of all) expect(refused(all.filter((one) => one !== left))).toBeNull()
  })

  it('are refused in each combination, whichever policy was changed', () => {
    const [wide, kept, barred] = [
      on('organisation', { ignore: ['acorn'] }),
      on('first', { only: ['birch'] }),
      on('second', { only: ['acorn'] }),
    ]
    const combinations = [
      [wide, kept],
      [wide, barred],
    ]
    for (const changed of [wide, barred]) expect(refusedAll(combinations, changed)).not.toBeNull()
    expect(refusedAll([[wide, kept]], wide)).toBeNull()
  })

  it('are accepted when one of them left none before the change', () => {
    const [unsatisfiable, fine] = [{ only: [] }, { only: ['acorn'] }]
    expect(refused([on('workspace', unsatisfiable), on('key', fine)])).toBeNull()
    expect(refused([on('workspace', fine), on('key', unsatisfiable)])).toBeNull()
    expect(refused([on('organisation', fine), on('workspace', { ignore: ['acorn'] }), on('key', fine)])).toBeNull()
  })

  it('are accepted when they are one policy in two places', () => {
    const policy = on('workspace', { only: ['acorn'] })
    expect(refused([policy, { ...policy, place: 'the key' }])).toBeNull()
  })
})

describe('a policy with a schedule', () => {
  const every = { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const, zone: 'UTC' }
  const window = (from: string, to: string) => ({ ...every, days: [...every.days], from, to })
  const cheapByDay = on('organisation', { schedule: [{ ...window('08:00', '18:00'), max_price: { prompt: '1' } }] })
  const dearBetween = (from: string, to: string) =>
    on('key', { order: ['acorn'], allow_fallbacks: false, schedule: [{ ...window(from, to), order: ['birch'] }] })

  it('is refused when nothing is left in windows that overlap, with the names of the windows', () => {
    expect(refused([cheapByDay, on('key', { only: ['birch'] })])?.message).toContain(
      'together with “of organisation” of the organisation, in window 1 of “of organisation”: ',
    )
    expect(refused([cheapByDay, dearBetween('12:00', '12:15')])?.message).toContain(
      ', in window 1 of “of organisation” and window 1 of “of key”: ',
    )
  })

  it('is accepted when its windows never overlap', () => {
    expect(refused([cheapByDay, dearBetween('18:00', '08:00')])).toBeNull()
  })
})

describe('BYOK resources of an organisation', () => {
  const credential = (provider: string, keys: KeyId[] | null = null) =>
    anOwnCredential(provider, { placement: 'fallback', keys })
  const policies = [on('workspace', { own_capacity: 'only' }), on('key', { only: ['birch'] })]

  it('count, even those that only some keys may use', () => {
    const credentials = [credential('acorn'), credential('birch', ['0123456789abcdef' as KeyId])]
    expect(refused(policies, { credentials: credentials.slice(0, 1), endpoints: [] })).not.toBeNull()
    expect(refused(policies, { credentials, endpoints: [] })).toBeNull()
  })

  it('are not required of an organisation that has none', () => {
    expect(refused(policies)).toBeNull()
  })
})

it('checks two hundred times for one change at most, and accepts what it did not check', () => {
  const [key, barred] = [on('key', { ignore: ['acorn'] }), on('workspace', { only: ['acorn'] })]
  const fine = (count: number) => Array.from({ length: count }, () => [on('organisation', {}), key])
  expect(refusedAll([...fine(199), [barred, key]], key)).not.toBeNull()
  expect(refusedAll([...fine(200), [barred, key]], key)).toBeNull()
})
