import { ownerOf, type TargetId } from '../ids.ts'
import type { NanoUsd } from '../money/money.ts'
import { HEDGE_LIMITS, type Hedge } from '../policy/policy.ts'
import { cost, type Price } from '../money/price.ts'
import { NO_USAGE } from '../usage/usage.ts'

/** First tokens of one target in the last five minutes, of all nodes. */
export interface FirstTokens {
  readonly samples: number
  /** 95 of a hundred came within this. */
  readonly p95Ms: number
}

/**
 * After how long without a first token a second target may be asked, milliseconds: the 95th percentile of the first one, the policy's
 * time or the operator's least, whichever is longest. Null: not at all, since too little is known of the first one to call it slow.
 */
export function hedgeAfterMs(hedge: Hedge, usual: FirstTokens | null): number | null {
  if (!usual || usual.samples < HEDGE_LIMITS.samplesMin) return null
  return Math.max(hedge.afterMs ?? 0, usual.p95Ms, HEDGE_LIMITS.afterMsMin)
}

/** What has to be known of targets to choose a second one. */
interface HedgeCandidates {
  /** Up, and in nobody's way: not down, cooling, or waiting for a probe. */
  readonly isUp: (target: TargetId) => boolean
  /** Whose infrastructure it runs on. */
  readonly domainOf: (target: TargetId) => string
}

/**
 * Whom to ask beside `first`: the first of the targets that is up, one in another failure domain before all others. Null for nobody.
 * Where either would be paid for by the tenant's own credential, only if the policy says so.
 */
export function hedgeTarget(
  hedge: Hedge,
  first: TargetId,
  targets: readonly TargetId[],
  { isUp, domainOf }: HedgeCandidates,
): TargetId | null {
  const mayPay = (target: TargetId) => hedge.ownCost || ownerOf(target) === null
  if (!mayPay(first)) return null
  const able = targets.filter((target) => target !== first && mayPay(target) && isUp(target))
  const domain = domainOf(first)
  return able.find((target) => domainOf(target) !== domain) ?? able[0] ?? null
}

/**
 * What a provider charges for an attempt that was called off before its first content: the whole prompt, and the fee per request. What
 * it generates unheard until it notices is not known here.
 */
export function lostCost(price: Price, promptTokens: number): NanoUsd {
  return cost({ ...NO_USAGE, promptTokens }, price).total
}
