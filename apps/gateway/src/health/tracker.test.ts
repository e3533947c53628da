import { failureRate, isDown, type EndpointId, type HealthChange, type WindowCounts } from '@turnpike/domain'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HealthTracker, type HealthTrackerOptions } from './tracker.ts'

const acorn = 'acorn/m' as EndpointId
const FAILED = { ok: false, kind: 'outage' } as const
const OK = { ok: true, firstTokenMs: null, tokensPerSecond: 50 } as const

function aBook(options: HealthTrackerOptions = {}) {
  return new HealthTracker({ dice: () => 0.5, ...options })
}

function fallen(options: HealthTrackerOptions = {}) {
  const tracker = aBook(options)
  for (let i = 0; i < 5; i++) tracker.note(acorn, FAILED, 0)
  return tracker
}

/** One good attempt that another node reports. */
function reportOf(endpoint: EndpointId): HealthChange {
  return { endpoint, attempts: 1, failures: 0, firstTokenMs: {}, tokensPerSecond: {}, downForMs: 0, coolForMs: 0 }
}

function stateOf(tracker: HealthTracker) {
  const health = tracker.states.get(acorn)
  if (!health) throw new Error('there is no record')
  return health
}

describe('an endpoint that fell', () => {
  it('is skipped while there are others and never when it is the last', () => {
    const tracker = fallen()
    expect(tracker.admit(acorn, 1_000, false)).toBe('skip')
    expect(tracker.admit(acorn, 1_000, true)).toBe('go')
  })

  it('has one probe among five hundred arrivals, and the next when that one was cancelled', () => {
    const tracker = fallen()
    const arrivals = Array.from({ length: 500 }, () => tracker.admit(acorn, 20_000, false))
    expect(arrivals.filter((answer) => answer === 'probe')).toHaveLength(1)
    expect(arrivals[0]).toBe('probe')
    tracker.release(acorn)
    expect(tracker.admit(acorn, 20_001, false)).toBe('probe')
    expect(tracker.stats(20_001)).toMatchObject({ falls: 1, probes: 2, down: 1 })
  })

  it('reports when it goes down and when it is back, once each', () => {
    const reported: string[] = []
    const tracker = fallen({ onChange: (endpoint, state) => reported.push(`${endpoint} ${state}`) })
    tracker.admit(acorn, 20_000, false)
    tracker.note(acorn, FAILED, 20_001)
    tracker.admit(acorn, 50_000, false)
    tracker.begun(acorn, 100, 50_100)
    tracker.note(acorn, OK, 51_000)
    expect(reported).toEqual(['acorn/m down', 'acorn/m up'])
  })

  it('is due for a question of ours once no request wants it', () => {
    const tracker = fallen()
    tracker.admit(acorn, 18_000, false)
    expect(tracker.due(22_000)).toEqual([])
    expect(tracker.due(23_000)).toEqual([acorn])
    expect(tracker.admit(acorn, 23_000, false)).toBe('probe')
    expect(tracker.due(23_001)).toEqual([])
  })
})

describe('what is not the endpoint’s fault', () => {
  it('is not counted, and settles a probe', () => {
    const tracker = fallen()
    for (const kind of ['rate_limit', 'validation', 'moderation', 'context_length', 'empty'] as const) {
      expect(tracker.admit(acorn, 20_000, false)).toBe('probe')
      tracker.note(acorn, { ok: false, kind }, 20_000)
    }
    expect(tracker.admit(acorn, 20_000, false)).toBe('probe')
    expect(stateOf(tracker).consecutiveFailures).toBe(5)
  })

  it('a rate limit places it last for that long, without an effect on uptime or status', () => {
    const tracker = aBook()
    for (let i = 0; i < 20; i++) tracker.note(acorn, OK, 0)
    tracker.startCooldown(acorn, 60_000, 0)
    expect(isDown(stateOf(tracker), 59_999)).toBe(true)
    expect(tracker.admit(acorn, 1, false)).toBe('skip')
    expect(tracker.figures(acorn, 1)).toMatchObject({ status: 0, uptime5m: 100, uptime30m: 100 })
    expect(tracker.admit(acorn, 60_000, false)).toBe('go')
    expect(tracker.stats(1)).toMatchObject({ falls: 0, cooling: 1, down: 0 })
  })

  it('a rate limit is reported to the other nodes once, and counts there as long as here', () => {
    const [here, there, further] = [aBook(), aBook(), aBook()]
    here.startCooldown(acorn, 60_000, 0)
    const reported = here.changes(1_000)
    expect(reported).toMatchObject([{ endpoint: acorn, attempts: 0, failures: 0, downForMs: 0, coolForMs: 59_000 }])
    expect(here.changes(2_000)).toEqual([])
    there.receive(reported, 1_000)
    expect([there.admit(acorn, 59_999, false), there.admit(acorn, 60_000, false)]).toEqual(['skip', 'go'])
    expect(there.stats(1_000)).toMatchObject({ falls: 0, cooling: 1, down: 0 })
    further.receive(there.changes(2_000), 2_000)
    expect(further.admit(acorn, 2_000, false)).toBe('go')
  })

  it('a shorter rate limit of another node does not end a longer one of this node', () => {
    const tracker = aBook()
    tracker.startCooldown(acorn, 60_000, 0)
    tracker.receive([{ ...reportOf(acorn), coolForMs: 1_000 }], 0)
    expect(tracker.admit(acorn, 59_999, false)).toBe('skip')
  })
})

describe('each second', () => {
  it('percentiles are those of the last five minutes, and gone when they are older', () => {
    const tracker = aBook()
    for (let i = 1; i <= 100; i++) tracker.begun(acorn, i * 10, 0)
    expect(stateOf(tracker).firstTokenQuantiles).toBeNull()
    tracker.tick(1_000)
    expect(stateOf(tracker).firstTokenQuantiles?.p50).toBeGreaterThan(450)
    expect(stateOf(tracker).firstTokenQuantiles?.p99).toBeLessThan(1_060)
    expect(stateOf(tracker).throughputQuantiles).toBeNull()
    tracker.tick(6 * 60_000)
    expect(stateOf(tracker).firstTokenQuantiles).toBeNull()
  })

  it('the deadline of a first token follows what is usual, once enough is known', () => {
    const tracker = aBook()
    expect(tracker.firstTokenDeadlineMs(acorn, 30_000)).toBe(30_000)
    for (let i = 0; i < 50; i++) tracker.begun(acorn, 4_000, 0)
    tracker.tick(1_000)
    expect(tracker.firstTokenDeadlineMs(acorn, 30_000)).toBeGreaterThan(5_000)
    expect(tracker.firstTokenDeadlineMs(acorn, 30_000)).toBeLessThan(7_000)
  })

  it('failures fade without further attempts', () => {
    const tracker = aBook()
    for (let i = 0; i < 4; i++) tracker.note(acorn, FAILED, 0)
    expect(failureRate(stateOf(tracker))).toBeGreaterThan(0.4)
    for (let nowMs = 1_000; nowMs <= 120_000; nowMs += 1_000) tracker.tick(nowMs)
    expect(failureRate(stateOf(tracker))).toBeLessThan(0.03)
  })

  it('a record without news for an hour is dropped, but never one that is down', () => {
    const tracker = fallen()
    tracker.note('birch/m' as EndpointId, OK, 0)
    tracker.tick(3_600_001)
    expect([...tracker.states.keys()]).toEqual([acorn])
  })
})

describe('what is shown', () => {
  const none: WindowCounts = { attempts: 0, failures: 0, firstTokenMs: {}, tokensPerSecond: {} }

  it('is nothing for an endpoint that was never used', () => {
    const figures = aBook().figures(acorn, 0)
    expect(figures).toMatchObject({ uptime5m: null, uptime30m: null, uptime1d: null, latency30m: null, status: 0 })
  })

  it('is the half hour of this process and the day of all, or the half hour of all after a start', () => {
    const past = {
      of: () => ({ thirty: { ...none, attempts: 100, failures: 50 }, day: { attempts: 200, failures: 2 } }),
    }
    const tracker = aBook({ past })
    for (let i = 0; i < 40; i++) tracker.note(acorn, OK, 0)
    expect(tracker.figures(acorn, 0)).toMatchObject({ uptime5m: 100, uptime30m: 50, uptime1d: 99 })
    for (let i = 0; i < 100; i++) tracker.note(acorn, OK, 1)
    expect(tracker.figures(acorn, 1)).toMatchObject({ uptime30m: 100, uptime1d: 99 })
  })

  it('is down from the fall to the first success, and does not change what the router sees', () => {
    const tracker = fallen()
    const before = tracker.states.get(acorn)
    expect(tracker.figures(acorn, 25_000).status).toBe(-2)
    expect(tracker.states.get(acorn)).toBe(before)
    tracker.admit(acorn, 25_000, false)
    tracker.note(acorn, OK, 25_100)
    expect(tracker.figures(acorn, 25_100).status).toBe(-1)
    expect(tracker.figures(acorn, 60_000).status).toBe(0)
  })
})

describe('two trackers that report to each other', () => {
  function exchange(from: HealthTracker, to: HealthTracker, nowMs: number) {
    const changes = from.changes(nowMs)
    to.receive(changes, nowMs)
    return changes
  }

  it('have the same figures and percentiles, though only one saw attempts', () => {
    const [here, there] = [aBook(), aBook()]
    for (let i = 0; i < 30; i++) {
      here.begun(acorn, 500, 0)
      here.note(acorn, { ...OK, begun: true }, 0)
    }
    exchange(here, there, 0)
    here.tick(1_000)
    there.tick(1_000)
    expect(stateOf(there).firstTokenQuantiles).toEqual(stateOf(here).firstTokenQuantiles)
    expect(there.figures(acorn, 1_000)).toEqual(here.figures(acorn, 1_000))
    expect(stateOf(there).attempts).toBeCloseTo(stateOf(here).attempts)
  })

  it('an outage reported by the other makes the next own failure the last', () => {
    const there = aBook()
    exchange(fallen(), there, 1_000)
    expect(there.admit(acorn, 1_000, false)).toBe('go')
    there.note(acorn, FAILED, 1_000)
    expect(there.admit(acorn, 1_001, false)).toBe('skip')
  })

  it('report what they saw once, and never what they only received', () => {
    const [here, there] = [fallen(), aBook()]
    expect(exchange(here, there, 1_000)).toMatchObject([{ endpoint: acorn, attempts: 5, failures: 5 }])
    expect(here.changes(2_000)).toMatchObject([{ endpoint: acorn, attempts: 0, failures: 0 }])
    expect(there.changes(2_000)).toEqual([])
  })

  it('tell of two hundred endpoints at a time, and of every one in turn', () => {
    const tracker = aBook()
    const all = Array.from({ length: 450 }, (_, i) => `p${i}/m` as EndpointId)
    const reported = new Set<string>()
    for (let round = 0; round < 3; round++) {
      for (const endpoint of all) tracker.note(endpoint, OK, round * 1_000)
      const changes = tracker.changes(round * 1_000)
      expect(changes).toHaveLength(200)
      for (const { endpoint } of changes) reported.add(endpoint)
    }
    expect(reported.size).toBe(450)
  })

  it('take no more endpoints from others than there can be', () => {
    const tracker = aBook()
    const many = Array.from({ length: 10_050 }, (_, i) => reportOf(`p${i}/m` as EndpointId))
    tracker.receive(many, 0)
    expect(tracker.states.size).toBe(10_000)
  })
})

it('a tracker that receives only successes has no endpoint down, and nothing ever throws while the clock does not go back', () => {
  const does = fc.constantFrom<(tracker: HealthTracker, nowMs: number) => void>(
    (tracker, nowMs) => tracker.admit(acorn, nowMs, false),
    (tracker, nowMs) => tracker.begun(acorn, 300, nowMs),
    (tracker, nowMs) => tracker.note(acorn, OK, nowMs),
    (tracker) => tracker.release(acorn),
    (tracker, nowMs) => tracker.tick(nowMs),
    (tracker, nowMs) => void tracker.due(nowMs),
    (tracker, nowMs) => void tracker.figures(acorn, nowMs),
    (tracker, nowMs) => tracker.receive(tracker.changes(nowMs), nowMs),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(does, fc.double({ min: 0, max: 1e7, noNaN: true })), { maxLength: 100 }), (story) => {
      const tracker = aBook()
      let nowMs = 0
      for (const [happen, passedMs] of story) {
        nowMs += passedMs
        happen(tracker, nowMs)
        expect(tracker.admit(acorn, nowMs, false)).toBe('go')
        expect(tracker.due(nowMs)).toEqual([])
      }
    }),
  )
})
