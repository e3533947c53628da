import type { Hedge } from '@turnpike/domain'
import { diceOf, sampleSize } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { fault } from './failover.fixture.ts'
import {
  COMPLETION_TOKENS,
  PIECES,
  playOut,
  priceAt,
  PROMPT_TOKENS,
  type Scenario,
  type Script,
  type Observed,
} from './hedge.fixture.ts'

const A = 'acorn/m/x'
const B = 'birch/m/x'
const C = 'cedar/m/x'
const HEDGE: Hedge = { afterMs: null, extraRequests: 0.05, extraSpend: null, ownCost: false }
const SEEDS = { part: 5_000, all: 100_000 }
const COMPARED = { part: 1_000, all: 10_000 }

describe('D21 two targets in a race, whatever comes first', () => {
  it('one winner, no mixing, one record, one bill, nothing left over', { timeout: 240_000 }, async () => {
    const seeds = sampleSize(SEEDS)
    const met = { hedged: 0, won: 0, lost: 0, failed: 0, cancelled: 0, sameTick: 0, cut: 0, left: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const dice = diceOf(seed)
      const scenario = scenarioOf(dice)
      const seen = await playOut(scenario, dice)
      const wrong = wrongs(scenario, seen)
      if (wrong.length > 0) throw new Error(`seed ${seed}: ${wrong.join('; ')} in ${JSON.stringify(scenario)}`)
      count(met, seen)
    }
    // What the seeds are for does happen, often.
    for (const [what, times] of Object.entries(met)) expect(times, what).toBeGreaterThan(seeds / 200)
  })

  it('a hedge never makes a request begin later, or fail that would have begun', { timeout: 120_000 }, async () => {
    const seeds = sampleSize(COMPARED)
    let sooner = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const scenario = { ...scenarioOf(diceOf(seed)), disconnectsAtMs: null }
      const plain = await playOut({ ...scenario, hedge: null }, diceOf(seed))
      const hedged = await playOut(scenario, diceOf(seed))
      const [plainMs, hedgedMs] = [plain.receivedAtMs ?? Infinity, hedged.receivedAtMs ?? Infinity]
      if (hedgedMs > plainMs) throw new Error(`seed ${seed}: ${plainMs} without, ${hedgedMs} with a hedge`)
      if (hedgedMs < plainMs) sooner++
    }
    expect(sooner).toBeGreaterThan(seeds / 10)
  })
})

/** Every promise that this request breaks. */
function wrongs(scenario: Scenario, seen: Observed): string[] {
  const { requested, received, ended, hedges } = seen
  const { attempts } = seen.progress
  const wrong: string[] = []
  const holds = (what: string, is: boolean) => void (is || wrong.push(what))
  const [record] = ended
  holds('one record', seen.begun === 1 && ended.length === 1 && record !== undefined)
  holds('nothing left', seen.connectionsLeft === 0 && seen.pending === 0)
  holds('two connections at most', seen.connectionsMost <= (scenario.hedge ? 2 : 1))
  holds('the loser is disconnected when the winner is received', received.length === 0 || seen.connectionsAtFirst <= 1)
  const names = requested.map(({ target }) => target)
  holds('every target once', new Set(names).size === names.length)
  holds(
    'every attempt, by its start',
    sameList(
      attempts.map(({ endpoint }) => endpoint),
      names,
    ),
  )
  const winner = received[0]?.split(' ')[0] ?? null
  holds(
    'one voice',
    sameList(
      received,
      received.map((_, i) => `${winner} ${i}`),
    ),
  )
  holds('whole, or with a fault', seen.fault !== null || received.length === PIECES)
  holds('whose record', record?.endpoint === winner)
  const spoke = attempts.filter(({ firstTokenMs }) => firstTokenMs !== null)
  holds('one winner', spoke.length === (winner ? 1 : 0) && (!winner || spoke[0]?.endpoint === winner))
  holds('timed from the request', record?.firstTokenMs === seen.receivedAtMs)
  holds('one bill', record?.costNanoUsd === billOf(seen, winner))
  for (const { target, cancelled } of requested) {
    holds('the winner is not cancelled', target !== winner || !cancelled?.aborted)
  }
  const seconds = attempts.filter(({ hedge }) => hedge)
  holds('one second', seconds.length === hedges.taken && hedges.settled.length === hedges.taken && hedges.taken <= 1)
  holds(
    'not too soon',
    seconds.every(({ startMs }) => startMs >= Math.max(300, scenario.p95Ms)),
  )
  for (const lost of attempts.filter(({ outcome }) => outcome === 'lost')) {
    const noted = seen.noted.filter((what) => what.endsWith(lost.endpoint))
    const isProbe = scenario.firstIsProbe && lost.endpoint === A
    holds('a loser says nothing of its target', sameList(noted, isProbe ? [`release ${A}`] : []))
  }
  const settlings = seen.noted.filter((what) => what.endsWith(A)).length
  if (scenario.firstIsProbe) holds('a probe is settled', settlings === 1)
  return wrong
}

function billOf({ received, fault: reported }: Observed, winner: string | null): bigint {
  if (winner === null) return 0n
  if (!reported) return priceAt(winner, PROMPT_TOKENS + COMPLETION_TOKENS)
  return reported.code === 'caller_gone' ? priceAt(winner, PROMPT_TOKENS + received.length) : 0n
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}

function count(met: Record<string, number>, seen: Observed): void {
  const add = (what: string) => void (met[what] = (met[what] ?? 0) + 1)
  const [outcome] = seen.hedges.settled
  if (!outcome) return
  add('hedged')
  add(outcome)
  const [first, second] = seen.requested
  if (first?.cancelled?.aborted === false && second?.cancelled?.aborted && seen.receivedAtMs === second.atMs)
    add('sameTick')
  if (seen.fault?.code === 'upstream_cut') add('cut')
  if (seen.fault?.code === 'caller_gone') add('left')
}

/** Times that coincide often: with one another, with the hedge's start, and with the disconnect. */
function scenarioOf(dice: () => number): Scenario {
  const one = <Of>(from: readonly Of[]): Of => from[Math.floor(dice() * from.length)] as Of
  const scriptOf = (times: readonly number[]): Script => {
    const roll = dice()
    if (roll < 0.1) return { does: 'hang' }
    if (roll < 0.35) return { does: 'fail', atMs: one(times), how: one(FAULTS) }
    return { does: 'answer', atMs: one(times), pieceMs: one([0, 1, 50]), cutAfter: one([null, null, 0, 1]) }
  }
  return {
    scripts: {
      [A]: scriptOf([100, 300, 301, 350, 400, 600]),
      [B]: scriptOf([0, 1, 50, 100, 300]),
      [C]: scriptOf([0, 50]),
    },
    hedge: HEDGE,
    p95Ms: one([100, 300, 350]),
    firstIsProbe: dice() < 0.2,
    isAllowed: dice() < 0.9,
    disconnectsAtMs: one([null, null, null, 50, 300, 301, 350, 351, 400, 700]),
    failover: one([{}, {}, { totalMs: 400 }, { on: ['timeout'] as const }]),
  }
}

const FAULTS = [
  fault('upstream_error', { detail: { status: 500 } }),
  fault('upstream_empty'),
  fault('upstream_rate_limited', { retryAfterMs: 60_000 }),
  fault('context_length_exceeded'),
  fault('content_refused'),
]
