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
import { HealthBook, type HealthBookOptions } from './book.ts'
import { OWN_PAGES_MAX } from './byok-health.ts'

const HOUSE = 'acorn/m' as EndpointId
const owned = (i: number) => ownTarget(HOUSE, `owner-${i}` as OwnId)
const MINE = owned(0)
/** The credential behind `owned(i)`, as far as the book looks at it. */
const owning = (i: number, version = 1) => ({ id: `owner-${i}`, version }) as OwnCredential
const FAILED = { ok: false, kind: 'outage' } as const
const OK = { ok: true, firstTokenMs: null, tokensPerSecond: 50 } as const
const NONE = { known: 0, down: 0, cooling: 0 }

function aBook(options: HealthBookOptions = {}) {
  return new HealthBook({ dice: () => 0.5, ...options })
}

function bringDown(book: HealthBook, target: TargetId) {
  for (let i = 0; i < 5; i++) book.note(target, FAILED, 0)
}

function told(endpoint: TargetId): HealthChange {
  return { endpoint, attempts: 1, failures: 0, downForMs: 0, coolForMs: 0, firstTokenMs: {}, tokensPerSecond: {} }
}

describe('a credential of a tenant', () => {
  it('that fails takes the endpoint from nobody else: not from the house, not from another tenant', () => {
    const book = aBook()
    bringDown(book, MINE)
    expect([MINE, HOUSE, owned(1)].map((target) => book.admit(target, 1_000, false))).toEqual(['skip', 'go', 'go'])
    expect(book.stats(1_000)).toMatchObject({ falls: 0, ...NONE, own: { known: 1, down: 1 } })
  })

  it('that fails at one node is suspect at the others, and nobody else’s there', () => {
    const [here, there] = [aBook(), aBook()]
    bringDown(here, MINE)
    there.hear(here.changes(0), 0)
    for (const target of [MINE, HOUSE, owned(1)]) there.note(target, FAILED, 0)
    expect([MINE, HOUSE, owned(1)].map((target) => there.admit(target, 1_000, false))).toEqual(['skip', 'go', 'go'])
  })

  it('is in no figure that people are shown of the endpoint', () => {
    const book = aBook()
    for (let i = 0; i < 30; i++) book.note(MINE, FAILED, 0)
    expect(book.figures(HOUSE, 1_000)).toEqual(aBook().figures(HOUSE, 1_000))
  })

  it('is never probed: nobody spends a tenant’s money unasked', () => {
    const book = aBook()
    bringDown(book, MINE)
    bringDown(book, HOUSE)
    expect(book.due(60_000)).toEqual([HOUSE])
    expect(book.admit(MINE, 60_000, false)).toBe('probe')
  })

  it('that is down and was not heard of for an hour is forgotten, since nobody is going to ask it', () => {
    const book = aBook()
    bringDown(book, MINE)
    book.tick(3_600_001)
    expect(book.pages.has(MINE)).toBe(false)
  })

  it('that was refused is left alone, and what was said of it is known, until then', () => {
    const book = aBook()
    const fault = new Fault('own_credential_refused', 'no')
    book.refused(MINE, 1, fault, 10_000, 0)
    expect([book.refusal(MINE, 1, 9_999), book.admit(MINE, 9_999, false)]).toEqual([fault, 'skip'])
    book.tick(9_000)
    expect(book.refusal(MINE, 1, 9_999)).toBe(fault)
    expect([book.refusal(HOUSE, 1, 0), book.refusal(owned(1), 1, 0), book.admit(HOUSE, 0, false)]).toEqual([
      null,
      null,
      'go',
    ])
    expect([book.refusal(MINE, 1, 10_000), book.admit(MINE, 10_000, false)]).toEqual([null, 'go'])
  })

  it('that was refused is asked again at once when its secret was replaced', () => {
    const book = aBook()
    book.refused(MINE, 1, new Fault('own_credential_refused', 'no'), 10_000, 0)
    book.renew({ credentials: [owning(1), owning(0, 1)], endpoints: [] })
    expect(book.admit(MINE, 100, false)).toBe('skip')
    book.renew({ credentials: [owning(1, 2), owning(0, 2)], endpoints: [] })
    expect([book.refusal(MINE, 2, 100), book.refusal(MINE, 1, 100), book.admit(MINE, 100, false)]).toEqual([
      null,
      null,
      'go',
    ])
  })
})

describe('however many credentials tenants have', () => {
  it('the catalogue’s endpoints keep their pages, and the tenants’ that were heard of last keep theirs', () => {
    const book = aBook()
    book.note(HOUSE, OK, 0)
    for (let i = 0; i < OWN_PAGES_MAX; i++) book.note(owned(i), OK, 0)
    book.note(owned(0), OK, 0)
    for (let i = OWN_PAGES_MAX; i < OWN_PAGES_MAX + 10; i++) book.note(owned(i), OK, 0)
    expect(book.stats(0)).toMatchObject({ known: 1, own: { known: OWN_PAGES_MAX } })
    const isKnown = (i: number) => book.pages.has(owned(i))
    expect([0, 1, 10, 11, OWN_PAGES_MAX + 9].map(isKnown)).toEqual([true, false, false, true, true])
  })

  it('what other nodes tell of them takes no page from this node’s own, nor from the catalogue', () => {
    const book = aBook()
    for (let i = 0; i < OWN_PAGES_MAX; i++) book.note(owned(i), OK, 0)
    book.hear([told(owned(OWN_PAGES_MAX)), told(HOUSE), told(owned(3))], 0)
    expect(book.pages.has(owned(OWN_PAGES_MAX))).toBe(false)
    expect(book.pages.has(HOUSE)).toBe(true)
    expect(book.stats(0).own.known).toBe(OWN_PAGES_MAX)
  })

  it('the catalogue’s endpoints are told of within the second, and in time each of the others', () => {
    const book = aBook()
    for (let i = 0; i < 120; i++) book.note(owned(i), OK, 0)
    book.note(HOUSE, OK, 0)
    const rounds = Array.from({ length: 4 }, (_, second) =>
      book.changes(second * 1_000).map(({ endpoint }) => endpoint),
    )
    expect(rounds[0]).toContain(HOUSE)
    expect(rounds.map((round) => round.filter((target) => target !== HOUSE).length)).toEqual([50, 50, 20, 0])
    expect(new Set(rounds.flat()).size).toBe(121)
  })
})
