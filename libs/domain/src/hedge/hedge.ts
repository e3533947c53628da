import { ownerOf, type TargetId } from '../ids.ts'
import type { NanoUsd } from '../money/money.ts'
import { HEDGE_LIMITS, type Hedge } from '../policy/policy.ts'
import { cost, type Price } from '../money/price.ts'
import { NO_USAGE } from '../usage/usage.ts'

/** First tokens of one target in the last five minutes, of all nodes. */
export interface FirstTokens {
  readonly samples: number
  /** The 95th percentile. */
  readonly p95Ms: number
}

/**
 * The time without a first token after which a hedge may start, milliseconds: the longest of the first target's 95th percentile, the
 * policy's time and the operator's minimum. Null: no hedge, since the first target has too few samples.
 */
export function hedgeAfterMs(hedge: Hedge, usual: FirstTokens | null): number | null {
  if (!usual || usual.samples < HEDGE_LIMITS.samplesMin) return null
  return Math.max(hedge.afterMs ?? 0, usual.p95Ms, HEDGE_LIMITS.afterMsMin)
}

interface HedgeCandidates {
  /** Neither down, in a cooldown, nor waiting for a probe. */
  readonly isUp: (target: TargetId) => boolean
  readonly domainOf: (target: TargetId) => string
}

/**
 * The hedge target of `first`: the first target that is up, preferably in another failure domain; null for none. A target with a BYOK
 * credential, as first target or as hedge, needs the policy's permission.
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

/** The whole prompt and the fee per request. Tokens generated until the provider notices are unknown. */
export function lostCost(price: Price, promptTokens: number): NanoUsd {
  return cost({ ...NO_USAGE, promptTokens }, price).total
}
