import type { NanoUsd } from '../money/money.ts'
import { HEDGE_LIMITS, type Hedge } from '../policy/policy.ts'

/** What an attempt that loses costs. */
export interface LostCost {
  /** Whoever pays. */
  readonly all: NanoUsd
  /** Of that, what goes by the house's accounts. */
  readonly operator: NanoUsd
}

export const NO_LOSS: LostCost = { all: 0n, operator: 0n }

/** What one tenant may spend on second targets, as one node saw it. Changed in place: each request of the tenant adds to it. */
export interface HedgeAllowance {
  /** Earned by requests and taken by hedges, by the share at which they were earned. */
  readonly tokens: Map<number, number>
  /** The oldest first. */
  readonly hours: Hour[]
}

interface Hour {
  readonly hour: number
  paid: NanoUsd
  lost: NanoUsd
  lostOurs: NanoUsd
}

const HOUR_MS = 3_600_000
/** A day and the hour that has begun: what was lost counts for a day at least, what was paid for a day at most. */
const HOURS_MAX = 25
/** What a quiet time saves up: a burst of slow answers finds so many. */
const TOKENS_MAX = 10
/** A thousand shares of a thousandth are one. */
const ROUNDING = 1e-9
/** Policies of one tenant that differ in their share; of more the oldest loses what it saved. */
const SHARES_MAX = 32

export function newAllowance(): HedgeAllowance {
  return { tokens: new Map(), hours: [] }
}

/** A request came under a policy that hedges: it earns its share of a second one. Nothing is there before it was earned. */
export function earnHedge({ tokens }: HedgeAllowance, hedge: Hedge): void {
  const share = shareOf(hedge)
  const saved = tokens.get(share)
  if (saved === undefined && tokens.size >= SHARES_MAX) {
    for (const oldest of tokens.keys()) {
      tokens.delete(oldest)
      break
    }
  }
  tokens.set(share, Math.min((saved ?? 0) + share, TOKENS_MAX))
}

/** The tenant paid for a request. */
export function notePaid(allowance: HedgeAllowance, paid: NanoUsd, nowMs: number): void {
  hourOf(allowance, nowMs).paid += paid
}

/**
 * Takes leave for one second target; says what forbids it otherwise, and takes nothing: `share`, too many of the requests have one;
 * `spend`, losers cost too much as it is. What is taken counts at its highest until `settleHedge` says what it came to.
 * @param most the highest that the loser may cost
 */
export function takeHedge(
  allowance: HedgeAllowance,
  hedge: Hedge,
  most: LostCost,
  nowMs: number,
): 'taken' | 'share' | 'spend' {
  const share = shareOf(hedge)
  const tokens = allowance.tokens.get(share) ?? 0
  if (tokens < 1 - ROUNDING) return 'share'
  const now = hourOf(allowance, nowMs)
  let [paid, lost, lostOurs] = [0n, most.all, most.operator]
  for (const past of allowance.hours) {
    if (past.hour > now.hour - HOURS_MAX + 1) paid += past.paid
    lost += past.lost
    lostOurs += past.lostOurs
  }
  if (hedge.extraSpend !== null && lost > hedge.extraSpend) return 'spend'
  if (most.operator > 0n && lostOurs * SPEND_SHARES > paid) return 'spend'
  allowance.tokens.set(share, Math.max(tokens - 1, 0))
  now.lost += most.all
  now.lostOurs += most.operator
  return 'taken'
}

/** What was taken at its highest came to so much. */
export function settleHedge(allowance: HedgeAllowance, taken: LostCost, lost: LostCost, nowMs: number): void {
  const now = hourOf(allowance, nowMs)
  now.lost += lost.all - taken.all
  now.lostOurs += lost.operator - taken.operator
}

const SPEND_SHARES = BigInt(Math.round(1 / HEDGE_LIMITS.spendShare))

function shareOf({ extraRequests }: Hedge): number {
  return Math.min(extraRequests, HEDGE_LIMITS.extraRequests)
}

/** The current hour; those that are over for a day are let go. */
function hourOf({ hours }: HedgeAllowance, nowMs: number): Hour {
  const hour = Math.floor(nowMs / HOUR_MS)
  const last = hours.at(-1)
  if (last?.hour === hour) return last
  const begun = { hour, paid: 0n, lost: 0n, lostOurs: 0n }
  hours.push(begun)
  for (let oldest = hours[0]; oldest && oldest.hour <= hour - HOURS_MAX; oldest = hours[0]) hours.shift()
  return begun
}
