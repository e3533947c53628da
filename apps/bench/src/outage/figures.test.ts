import type { RequestRecord } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { inPhase, recoveredAfter, seenBy } from './figures.ts'

interface Said {
  readonly startedMs?: number
  readonly tookMs?: number
  readonly status?: number
  readonly phase?: string
}

function aRequest({ startedMs = 0, tookMs = 10, status = 200, phase = 'warm' }: Said = {}): RequestRecord {
  const attempt = { target: 'a', atMs: startedMs, ms: tookMs, status, type: null }
  return { key: 'k', startedMs, endedMs: startedMs + tookMs, phase, attempts: [attempt], ok: status === 200 }
}

/** Ten requests in each second, all like the one that is said for it. */
function seconds(...each: Said[]): RequestRecord[] {
  return each.flatMap((said, second) =>
    Array.from({ length: 10 }, (_, tenth) => aRequest({ ...said, startedMs: 5_000 + second * 1_000 + tenth * 100 })),
  )
}

it('counts a valid key that got 401, a request that failed, and the time of whole requests', () => {
  const records = [aRequest(), aRequest({ tookMs: 30 }), aRequest({ status: 401 }), aRequest({ status: 503 })]
  expect(seenBy(records)).toEqual({ requests: 4, failed: 2, wrong401: 1, p50Ms: 10, p99Ms: 30 })
})

it('has no times where there was nothing', () => {
  expect(seenBy([])).toMatchObject({ requests: 0, failed: 0, wrong401: 0, p99Ms: Number.NaN })
})

it('takes a request to the phase in which it began', () => {
  const records = [aRequest(), aRequest({ phase: 'calm' })]
  expect(inPhase(records, 'calm')).toEqual([records[1]])
})

it('is normal at once when nothing happens', () => {
  expect(recoveredAfter(seconds({}, {}, {}), 10)).toBe(0)
})

it('is normal from the first of three good seconds on: no failure, and times as before', () => {
  expect(recoveredAfter(seconds({ status: 401 }, { tookMs: 40 }, {}, { status: 503 }, {}, {}, {}), 10)).toBe(4)
})

it('has not recovered while one second in three is bad', () => {
  expect(recoveredAfter(seconds({}, {}, { tookMs: 40 }, {}, {}, { status: 503 }, {}, {}), 10)).toBeNull()
})

it('does not take a second without any request for a good one', () => {
  const records = seconds({}, {}, {}).filter((_, index) => index < 10 || index >= 20)
  expect(recoveredAfter(records, 10)).toBeNull()
})
