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
  type Play,
  type Script,
  type Seen,
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
    const met = { hedged: 0, won: 0, lost: 0, failed: 0, called_off: 0, sameTick: 0, cut: 0, left: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const dice = diceOf(seed)
      const play = playOf(dice)
      const seen = await playOut(play, dice)
      const wrong = wrongs(play, seen)
      if (wrong.length > 0) throw new Error(`seed ${seed}: ${wrong.join('; ')} in ${JSON.stringify(play)}`)
      count(met, seen)
    }
    // What the seeds are for does happen, often.
    for (const [what, times] of Object.entries(met)) expect(times, what).toBeGreaterThan(seeds / 200)
  })

  it('a hedge never makes a request begin later, or fail that would have begun', { timeout: 120_000 }, async () => {
    const seeds = sampleSize(COMPARED)
    let sooner = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const play = { ...playOf(diceOf(seed)), leavesAtMs: null }
      const plain = await playOut({ ...play, hedge: null }, diceOf(seed))
      const hedged = await playOut(play, diceOf(seed))
      const [plainMs, hedgedMs] = [plain.heardAtMs ?? Infinity, hedged.heardAtMs ?? Infinity]
      if (hedgedMs > plainMs) throw new Error(`seed ${seed}: ${plainMs} without, ${hedgedMs} with a hedge`)
      if (hedgedMs < plainMs) sooner++
    }
    expect(sooner).toBeGreaterThan(seeds / 10)
  })
})

/** Every promise that this request breaks. */
function wrongs(play: Play, seen: Seen): string[] {
  const { call, asked, heard, ended, hedges } = seen
  const wrong: string[] = []
  const holds = (what: string, is: boolean) => void (is || wrong.push(what))
  const [record] = ended
  holds('one record', seen.begun === 1 && ended.length === 1 && record !== undefined)
  holds('nothing left', seen.linesLeft === 0 && seen.pending === 0)
  holds('two lines at most', seen.linesMost <= (play.hedge ? 2 : 1))
  holds('the loser is off the line when the winner is heard', heard.length === 0 || seen.linesAtFirst <= 1)
  const names = asked.map(({ target }) => target)
  holds('everybody once', new Set(names).size === names.length)
  holds(
    'every attempt, by its start',
    sameList(
      call.attempts.map(({ endpoint }) => endpoint),
      names,
    ),
  )
  const winner = heard[0]?.split(' ')[0] ?? null
  holds(
    'one voice',
    sameList(
      heard,
      heard.map((_, i) => `${winner} ${i}`),
    ),
  )
  holds('whole, or said why not', seen.fault !== null || heard.length === PIECES)
  holds('whose record', record?.endpoint === winner)
  const spoke = call.attempts.filter(({ firstTokenMs }) => firstTokenMs !== null)
  holds('one winner', spoke.length === (winner ? 1 : 0) && (!winner || spoke[0]?.endpoint === winner))
  holds('timed from the request', record?.firstTokenMs === seen.heardAtMs)
  holds('one bill', record?.costNanoUsd === billOf(seen, winner))
  for (const { target, off } of asked) holds('the winner’s line is left alone', target !== winner || !off?.aborted)
  const seconds = call.attempts.filter(({ hedge }) => hedge)
  holds('one second', seconds.length === hedges.taken && hedges.settled.length === hedges.taken && hedges.taken <= 1)
  holds(
    'not too soon',
    seconds.every(({ startMs }) => startMs >= Math.max(300, play.p95Ms)),
  )
  for (const lost of call.attempts.filter(({ outcome }) => outcome === 'lost')) {
    const told = seen.told.filter((what) => what.endsWith(lost.endpoint))
    const isProbe = play.firstIsProbe && lost.endpoint === A
    holds('a loser says nothing of its target', sameList(told, isProbe ? [`release ${A}`] : []))
  }
  const settlings = seen.told.filter((what) => what.endsWith(A)).length
  if (play.firstIsProbe) holds('a probe is settled', settlings === 1)
  return wrong
}

function billOf({ heard, fault: told }: Seen, winner: string | null): bigint {
  if (winner === null) return 0n
  if (!told) return priceAt(winner, PROMPT_TOKENS + COMPLETION_TOKENS)
  return told.code === 'caller_gone' ? priceAt(winner, heard.length) : 0n
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}

function count(met: Record<string, number>, seen: Seen): void {
  const add = (what: string) => void (met[what] = (met[what] ?? 0) + 1)
  const [outcome] = seen.hedges.settled
  if (!outcome) return
  add('hedged')
  add(outcome)
  const [first, second] = seen.asked
  if (first?.off?.aborted === false && second?.off?.aborted && seen.heardAtMs === second.atMs) add('sameTick')
  if (seen.fault?.code === 'upstream_cut') add('cut')
  if (seen.fault?.code === 'caller_gone') add('left')
}

/** Times that fall together often: with one another, with the second target's start, and with the caller's leaving. */
function playOf(dice: () => number): Play {
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
    leavesAtMs: one([null, null, null, 50, 300, 301, 350, 351, 400, 700]),
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
