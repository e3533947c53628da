import type { NanoUsd } from '../money/money.ts'
import { HEDGE_LIMITS, type Hedge } from '../policy/policy.ts'

/** What an attempt that loses costs. */
export interface LostCost {
  /** By operator accounts and BYOK credentials. */
  readonly all: NanoUsd
  /** The part of it by operator accounts. */
  readonly operator: NanoUsd
}

export const NO_LOSS: LostCost = { all: 0n, operator: 0n }

/** The hedge budget of one tenant on one node. Changed in place, by each request of the tenant. */
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
  lostOperator: NanoUsd
}

const HOUR_MS = 3_600_000
/** A day and the current hour: lost cost counts for at least a day, paid cost for at most a day. */
const HOURS_MAX = 25
/** The most hedges saved in a quiet time, for a burst of slow answers. */
const TOKENS_MAX = 10
/** A thousand shares of a thousandth are one. */
const ROUNDING = 1e-9
/** Different shares of one tenant's policies; beyond this the oldest share loses its saved hedges. */
const SHARES_MAX = 32

export function newAllowance(): HedgeAllowance {
  return { tokens: new Map(), hours: [] }
}

/** A request under a policy that hedges earns its share of one hedge. The budget starts empty. */
export function earnHedge({ tokens }: HedgeAllowance, hedge: Hedge): void {
  const share = shareOf(hedge)
  const saved = tokens.get(share)
  if (saved === undefined && tokens.size >= SHARES_MAX) {
    const [oldest] = tokens.keys()
    if (oldest !== undefined) tokens.delete(oldest)
  }
  tokens.set(share, Math.min((saved ?? 0) + share, TOKENS_MAX))
}

/** The tenant paid for a request. */
export function notePaid(allowance: HedgeAllowance, paid: NanoUsd, nowMs: number): void {
  hourOf(allowance, nowMs).paid += paid
}

/**
 * Reserves one hedge, or returns the limit that forbids it: `share`, too many requests were hedged; `spend`, lost attempts cost too
 * much already. A reservation counts at its maximum until `settleHedge` replaces it by the actual cost.
 * @param most the most that the lost attempt can cost
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
  let [paid, lost, lostOperator] = [0n, most.all, most.operator]
  for (const past of allowance.hours) {
    if (past.hour > now.hour - HOURS_MAX + 1) paid += past.paid
    lost += past.lost
    lostOperator += past.lostOperator
  }
  if (hedge.extraSpend !== null && lost > hedge.extraSpend) return 'spend'
  if (most.operator > 0n && lostOperator * SPEND_SHARES > paid) return 'spend'
  allowance.tokens.set(share, Math.max(tokens - 1, 0))
  now.lost += most.all
  now.lostOperator += most.operator
  return 'taken'
}

/** Replaces the maximum of a reservation by the actual cost. */
export function settleHedge(allowance: HedgeAllowance, taken: LostCost, lost: LostCost, nowMs: number): void {
  const now = hourOf(allowance, nowMs)
  now.lost += lost.all - taken.all
  now.lostOperator += lost.operator - taken.operator
}

const SPEND_SHARES = BigInt(Math.round(1 / HEDGE_LIMITS.spendShare))

function shareOf({ extraRequests }: Hedge): number {
  return Math.min(extraRequests, HEDGE_LIMITS.extraRequests)
}

/** The current hour; hours older than a day are dropped. */
function hourOf({ hours }: HedgeAllowance, nowMs: number): Hour {
  const hour = Math.floor(nowMs / HOUR_MS)
  const last = hours.at(-1)
  if (last?.hour === hour) return last
  const begun = { hour, paid: 0n, lost: 0n, lostOperator: 0n }
  hours.push(begun)
  for (let oldest = hours[0]; oldest && oldest.hour <= hour - HOURS_MAX; oldest = hours[0]) hours.shift()
  return begun
}
