import { failureRate, isDown, type EndpointId, type HealthChange, type WindowCounts } from '@turnpike/domain'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HealthBook, type HealthBookOptions } from './book.ts'

const acorn = 'acorn/m' as EndpointId
const FAILED = { ok: false, kind: 'outage' } as const
const OK = { ok: true, firstTokenMs: null, tokensPerSecond: 50 } as const

function aBook(options: HealthBookOptions = {}) {
  return new HealthBook({ dice: () => 0.5, ...options })
}

function fallen(options: HealthBookOptions = {}) {
  const book = aBook(options)
  for (let i = 0; i < 5; i++) book.note(acorn, FAILED, 0)
  return book
}

/** One good attempt that another node tells of. */
function toldOf(endpoint: EndpointId): HealthChange {
  return { endpoint, attempts: 1, failures: 0, firstTokenMs: {}, tokensPerSecond: {}, downForMs: 0, coolForMs: 0 }
}

function page(book: HealthBook) {
  const health = book.pages.get(acorn)
  if (!health) throw new Error('there is no page')
  return health
}

describe('an endpoint that fell', () => {
  it('is skipped while there are others and never when it is the last', () => {
    const book = fallen()
    expect(book.admit(acorn, 1_000, false)).toBe('skip')
    expect(book.admit(acorn, 1_000, true)).toBe('go')
  })

  it('has one probe among five hundred arrivals, and the next when that one was called off', () => {
    const book = fallen()
    const arrivals = Array.from({ length: 500 }, () => book.admit(acorn, 20_000, false))
    expect(arrivals.filter((answer) => answer === 'probe')).toHaveLength(1)
    expect(arrivals[0]).toBe('probe')
    book.release(acorn)
    expect(book.admit(acorn, 20_001, false)).toBe('probe')
    expect(book.stats(20_001)).toMatchObject({ falls: 1, probes: 2, down: 1 })
  })

  it('tells when it falls and when it is back, once each', () => {
    const told: string[] = []
    const book = fallen({ onChange: (endpoint, state) => told.push(`${endpoint} ${state}`) })
    book.admit(acorn, 20_000, false)
    book.note(acorn, FAILED, 20_001)
    book.admit(acorn, 50_000, false)
    book.begun(acorn, 100, 50_100)
    book.note(acorn, OK, 51_000)
    expect(told).toEqual(['acorn/m down', 'acorn/m up'])
  })

  it('is due for a question of ours once no request wants it', () => {
    const book = fallen()
    book.admit(acorn, 18_000, false)
    expect(book.due(22_000)).toEqual([])
    expect(book.due(23_000)).toEqual([acorn])
    expect(book.admit(acorn, 23_000, false)).toBe('probe')
    expect(book.due(23_001)).toEqual([])
  })
})

describe('what is not the endpoint’s fault', () => {
  it('is not counted, and settles a probe', () => {
    const book = fallen()
    for (const kind of ['rate_limit', 'validation', 'moderation', 'context_length', 'empty'] as const) {
      expect(book.admit(acorn, 20_000, false)).toBe('probe')
      book.note(acorn, { ok: false, kind }, 20_000)
    }
    expect(book.admit(acorn, 20_000, false)).toBe('probe')
    expect(page(book).consecutiveFailures).toBe(5)
  })

  it('a rate limit places it last for that long, without an effect on uptime or status', () => {
    const book = aBook()
    for (let i = 0; i < 20; i++) book.note(acorn, OK, 0)
    book.cool(acorn, 60_000, 0)
    expect(isDown(page(book), 59_999)).toBe(true)
    expect(book.admit(acorn, 1, false)).toBe('skip')
    expect(book.figures(acorn, 1)).toMatchObject({ status: 0, uptime5m: 100, uptime30m: 100 })
    expect(book.admit(acorn, 60_000, false)).toBe('go')
    expect(book.stats(1)).toMatchObject({ falls: 0, cooling: 1, down: 0 })
  })

  it('a rate limit is told to the other nodes once, and counts there as long as here', () => {
    const [here, there, further] = [aBook(), aBook(), aBook()]
    here.cool(acorn, 60_000, 0)
    const told = here.changes(1_000)
    expect(told).toMatchObject([{ endpoint: acorn, attempts: 0, failures: 0, downForMs: 0, coolForMs: 59_000 }])
    expect(here.changes(2_000)).toEqual([])
    there.hear(told, 1_000)
    expect([there.admit(acorn, 59_999, false), there.admit(acorn, 60_000, false)]).toEqual(['skip', 'go'])
    expect(there.stats(1_000)).toMatchObject({ falls: 0, cooling: 1, down: 0 })
    further.hear(there.changes(2_000), 2_000)
    expect(further.admit(acorn, 2_000, false)).toBe('go')
  })

  it('a shorter rate limit of another node does not end a longer one of this node', () => {
    const book = aBook()
    book.cool(acorn, 60_000, 0)
    book.hear([{ ...toldOf(acorn), coolForMs: 1_000 }], 0)
    expect(book.admit(acorn, 59_999, false)).toBe('skip')
  })
})

describe('each second', () => {
  it('percentiles of the last five minutes are put on the page, and leave it when they are older', () => {
    const book = aBook()
    for (let i = 1; i <= 100; i++) book.begun(acorn, i * 10, 0)
    expect(page(book).firstTokenQuantiles).toBeNull()
    book.tick(1_000)
    expect(page(book).firstTokenQuantiles?.p50).toBeGreaterThan(450)
    expect(page(book).firstTokenQuantiles?.p99).toBeLessThan(1_060)
    expect(page(book).throughputQuantiles).toBeNull()
    book.tick(6 * 60_000)
    expect(page(book).firstTokenQuantiles).toBeNull()
  })

  it('the deadline of a first token follows what is usual, once enough is known', () => {
    const book = aBook()
    expect(book.firstTokenDeadlineMs(acorn, 30_000)).toBe(30_000)
    for (let i = 0; i < 50; i++) book.begun(acorn, 4_000, 0)
    book.tick(1_000)
    expect(book.firstTokenDeadlineMs(acorn, 30_000)).toBeGreaterThan(5_000)
    expect(book.firstTokenDeadlineMs(acorn, 30_000)).toBeLessThan(7_000)
  })

  it('failures fade though nobody asks any more', () => {
    const book = aBook()
    for (let i = 0; i < 4; i++) book.note(acorn, FAILED, 0)
    expect(failureRate(page(book))).toBeGreaterThan(0.4)
    for (let nowMs = 1_000; nowMs <= 120_000; nowMs += 1_000) book.tick(nowMs)
    expect(failureRate(page(book))).toBeLessThan(0.03)
  })

  it('a page of which nothing was heard for an hour is thrown away, but never one that is down', () => {
    const book = fallen()
    book.note('birch/m' as EndpointId, OK, 0)
    book.tick(3_600_001)
    expect([...book.pages.keys()]).toEqual([acorn])
  })
})

describe('what is shown', () => {
  const none: WindowCounts = { attempts: 0, failures: 0, firstTokenMs: {}, tokensPerSecond: {} }

  it('is nothing for an endpoint that nobody used', () => {
    const figures = aBook().figures(acorn, 0)
    expect(figures).toMatchObject({ uptime5m: null, uptime30m: null, uptime1d: null, latency30m: null, status: 0 })
  })

  it('is the half hour of this process and the day of all, or the half hour of all after a start', () => {
    const past = {
      of: () => ({ thirty: { ...none, attempts: 100, failures: 50 }, day: { attempts: 200, failures: 2 } }),
    }
    const book = aBook({ past })
    for (let i = 0; i < 40; i++) book.note(acorn, OK, 0)
    expect(book.figures(acorn, 0)).toMatchObject({ uptime5m: 100, uptime30m: 50, uptime1d: 99 })
    for (let i = 0; i < 100; i++) book.note(acorn, OK, 1)
    expect(book.figures(acorn, 1)).toMatchObject({ uptime30m: 100, uptime1d: 99 })
  })

  it('is down from the fall to the first success, and does not change what the router sees', () => {
    const book = fallen()
    const before = book.pages.get(acorn)
    expect(book.figures(acorn, 25_000).status).toBe(-2)
    expect(book.pages.get(acorn)).toBe(before)
    book.admit(acorn, 25_000, false)
    book.note(acorn, OK, 25_100)
    expect(book.figures(acorn, 25_100).status).toBe(-1)
    expect(book.figures(acorn, 60_000).status).toBe(0)
  })
})

describe('two books that tell each other', () => {
  function exchange(from: HealthBook, to: HealthBook, nowMs: number) {
    const changes = from.changes(nowMs)
    to.hear(changes, nowMs)
    return changes
  }

  it('have the same figures and percentiles, though only one was asked', () => {
    const [here, there] = [aBook(), aBook()]
    for (let i = 0; i < 30; i++) {
      here.begun(acorn, 500, 0)
      here.note(acorn, { ...OK, begun: true }, 0)
    }
    exchange(here, there, 0)
    here.tick(1_000)
    there.tick(1_000)
    expect(page(there).firstTokenQuantiles).toEqual(page(here).firstTokenQuantiles)
    expect(there.figures(acorn, 1_000)).toEqual(here.figures(acorn, 1_000))
    expect(page(there).attempts).toBeCloseTo(page(here).attempts)
  })

  it('an outage told by the other makes the next own failure the last', () => {
    const there = aBook()
    exchange(fallen(), there, 1_000)
    expect(there.admit(acorn, 1_000, false)).toBe('go')
    there.note(acorn, FAILED, 1_000)
    expect(there.admit(acorn, 1_001, false)).toBe('skip')
  })

  it('tell what they saw once, and never what they only heard', () => {
    const [here, there] = [fallen(), aBook()]
    expect(exchange(here, there, 1_000)).toMatchObject([{ endpoint: acorn, attempts: 5, failures: 5 }])
    expect(here.changes(2_000)).toMatchObject([{ endpoint: acorn, attempts: 0, failures: 0 }])
    expect(there.changes(2_000)).toEqual([])
  })

  it('tell of two hundred endpoints at a time, and of every one in turn', () => {
    const book = aBook()
    const all = Array.from({ length: 450 }, (_, i) => `p${i}/m` as EndpointId)
    const told = new Set<string>()
    for (let round = 0; round < 3; round++) {
      for (const endpoint of all) book.note(endpoint, OK, round * 1_000)
      const changes = book.changes(round * 1_000)
      expect(changes).toHaveLength(200)
      for (const { endpoint } of changes) told.add(endpoint)
    }
    expect(told.size).toBe(450)
  })

  it('take no more endpoints from others than there can be', () => {
    const book = aBook()
    const many = Array.from({ length: 10_050 }, (_, i) => toldOf(`p${i}/m` as EndpointId))
    book.hear(many, 0)
    expect(book.pages.size).toBe(10_000)
  })
})

it('a book that hears only successes calls nothing down, and nothing ever throws while the clock does not go back', () => {
  const does = fc.constantFrom<(book: HealthBook, nowMs: number) => void>(
    (book, nowMs) => book.admit(acorn, nowMs, false),
    (book, nowMs) => book.begun(acorn, 300, nowMs),
    (book, nowMs) => book.note(acorn, OK, nowMs),
    (book) => book.release(acorn),
    (book, nowMs) => book.tick(nowMs),
    (book, nowMs) => void book.due(nowMs),
    (book, nowMs) => void book.figures(acorn, nowMs),
    (book, nowMs) => book.hear(book.changes(nowMs), nowMs),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(does, fc.double({ min: 0, max: 1e7, noNaN: true })), { maxLength: 100 }), (story) => {
      const book = aBook()
      let nowMs = 0
      for (const [happen, passedMs] of story) {
        nowMs += passedMs
        happen(book, nowMs)
        expect(book.admit(acorn, nowMs, false)).toBe('go')
        expect(book.due(nowMs)).toEqual([])
      }
    }),
  )
})
