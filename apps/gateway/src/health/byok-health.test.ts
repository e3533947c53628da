import {
  Fault,
  ownTarget,
  type EndpointId,
  type HealthChange,
  type OwnCredential,
  type OwnId,
  type TargetId,
} from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { HealthTracker, type HealthTrackerOptions } from './tracker.ts'
import { OWN_TARGETS_MAX } from './byok-health.ts'

const OPERATOR = 'acorn/m' as EndpointId
const owned = (i: number) => ownTarget(OPERATOR, `owner-${i}` as OwnId)
const MINE = owned(0)
/** The credential behind `owned(i)`, as far as the tracker looks at it. */
const owning = (i: number, version = 1) => ({ id: `owner-${i}`, version }) as OwnCredential
const FAILED = { ok: false, kind: 'outage' } as const
const OK = { ok: true, firstTokenMs: null, tokensPerSecond: 50 } as const
const NONE = { known: 0, down: 0, cooling: 0 }

function aBook(options: HealthTrackerOptions = {}) {
  return new HealthTracker({ dice: () => 0.5, ...options })
}

function bringDown(tracker: HealthTracker, target: TargetId) {
  for (let i = 0; i < 5; i++) tracker.note(target, FAILED, 0)
}

function reportOf(endpoint: TargetId): HealthChange {
  return { endpoint, attempts: 1, failures: 0, downForMs: 0, coolForMs: 0, firstTokenMs: {}, tokensPerSecond: {} }
}

describe('a credential of a tenant', () => {
  it('that fails leaves the endpoint in use for all others: the operator’s account and other tenants', () => {
    const tracker = aBook()
    bringDown(tracker, MINE)
    expect([MINE, OPERATOR, owned(1)].map((target) => tracker.admit(target, 1_000, false))).toEqual([
      'skip',
      'go',
      'go',
    ])
    expect(tracker.stats(1_000)).toMatchObject({ falls: 0, ...NONE, own: { known: 1, down: 1 } })
  })

  it('that fails at one node is suspect at the others, and no other tenant’s is', () => {
    const [here, there] = [aBook(), aBook()]
    bringDown(here, MINE)
    there.receive(here.changes(0), 0)
    for (const target of [MINE, OPERATOR, owned(1)]) there.note(target, FAILED, 0)
    expect([MINE, OPERATOR, owned(1)].map((target) => there.admit(target, 1_000, false))).toEqual(['skip', 'go', 'go'])
  })

  it('is in no figure that people are shown of the endpoint', () => {
    const tracker = aBook()
    for (let i = 0; i < 30; i++) tracker.note(MINE, FAILED, 0)
    expect(tracker.figures(OPERATOR, 1_000)).toEqual(aBook().figures(OPERATOR, 1_000))
  })

  it('is never probed: a probe would cost the tenant’s money', () => {
    const tracker = aBook()
    bringDown(tracker, MINE)
    bringDown(tracker, OPERATOR)
    expect(tracker.due(60_000)).toEqual([OPERATOR])
    expect(tracker.admit(MINE, 60_000, false)).toBe('probe')
  })

  it('that is down and without news for an hour is dropped, since it is never probed', () => {
    const tracker = aBook()
    bringDown(tracker, MINE)
    tracker.tick(3_600_001)
    expect(tracker.states.has(MINE)).toBe(false)
  })

  it('that was refused is in cooldown, and its refusal is kept, until then', () => {
    const tracker = aBook()
    const fault = new Fault('own_credential_refused', 'no')
    tracker.refused(MINE, 1, fault, 10_000, 0)
    expect([tracker.refusal(MINE, 1, 9_999), tracker.admit(MINE, 9_999, false)]).toEqual([fault, 'skip'])
    tracker.tick(9_000)
    expect(tracker.refusal(MINE, 1, 9_999)).toBe(fault)
    expect([
      tracker.refusal(OPERATOR, 1, 0),
      tracker.refusal(owned(1), 1, 0),
      tracker.admit(OPERATOR, 0, false),
    ]).toEqual([null, null, 'go'])
    expect([tracker.refusal(MINE, 1, 10_000), tracker.admit(MINE, 10_000, false)]).toEqual([null, 'go'])
  })

  it('that was refused is tried again at once when its secret was replaced', () => {
    const tracker = aBook()
    tracker.refused(MINE, 1, new Fault('own_credential_refused', 'no'), 10_000, 0)
    tracker.renew({ credentials: [owning(1), owning(0, 1)], endpoints: [] })
    expect(tracker.admit(MINE, 100, false)).toBe('skip')
    tracker.renew({ credentials: [owning(1, 2), owning(0, 2)], endpoints: [] })
    expect([tracker.refusal(MINE, 2, 100), tracker.refusal(MINE, 1, 100), tracker.admit(MINE, 100, false)]).toEqual([
      null,
      null,
      'go',
    ])
  })
})

describe('however many credentials tenants have', () => {
  it('the catalogue’s endpoints keep their records, and so do the tenants’ that were updated last', () => {
    const tracker = aBook()
    tracker.note(OPERATOR, OK, 0)
    for (let i = 0; i < OWN_TARGETS_MAX; i++) tracker.note(owned(i), OK, 0)
    tracker.note(owned(0), OK, 0)
    for (let i = OWN_TARGETS_MAX; i < OWN_TARGETS_MAX + 10; i++) tracker.note(owned(i), OK, 0)
    expect(tracker.stats(0)).toMatchObject({ known: 1, own: { known: OWN_TARGETS_MAX } })
    const isKnown = (i: number) => tracker.states.has(owned(i))
    expect([0, 1, 10, 11, OWN_TARGETS_MAX + 9].map(isKnown)).toEqual([true, false, false, true, true])
  })

  it('what other nodes report of them displaces no record of this node’s own, nor of the catalogue', () => {
    const tracker = aBook()
    for (let i = 0; i < OWN_TARGETS_MAX; i++) tracker.note(owned(i), OK, 0)
    tracker.receive([reportOf(owned(OWN_TARGETS_MAX)), reportOf(OPERATOR), reportOf(owned(3))], 0)
    expect(tracker.states.has(owned(OWN_TARGETS_MAX))).toBe(false)
    expect(tracker.states.has(OPERATOR)).toBe(true)
    expect(tracker.stats(0).own.known).toBe(OWN_TARGETS_MAX)
  })

  it('the catalogue’s endpoints are reported within the second, and in time each of the others', () => {
    const tracker = aBook()
    for (let i = 0; i < 120; i++) tracker.note(owned(i), OK, 0)
    tracker.note(OPERATOR, OK, 0)
    const rounds = Array.from({ length: 4 }, (_, second) =>
      tracker.changes(second * 1_000).map(({ endpoint }) => endpoint),
    )
    expect(rounds[0]).toContain(OPERATOR)
    expect(rounds.map((round) => round.filter((target) => target !== OPERATOR).length)).toEqual([50, 50, 20, 0])
    expect(new Set(rounds.flat()).size).toBe(121)
  })
})
