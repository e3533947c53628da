import { divideRounded, type NanoUsd } from './money.ts'
import type { Usage } from '../usage/usage.ts'

/** Rates of one endpoint, in nano-dollars per million tokens: $3.00 per million is `3_000_000_000n`. `request` is nano-dollars per call. */
export interface Rates {
  readonly prompt: NanoUsd
  readonly completion: NanoUsd
  /** Absent: the prompt's rate applies. */
  readonly cacheRead?: NanoUsd
  readonly cacheWrite?: NanoUsd
  /** Absent: the completion's rate applies. */
  readonly reasoning?: NanoUsd
  readonly request?: NanoUsd
  /** Nano-dollars per image of the prompt. */
  readonly image?: NanoUsd
  /** Nano-dollars per million audio tokens. */
  readonly audio?: NanoUsd
}

/** A version of an endpoint's price. Tiers replace the rates for prompts strictly longer than `abovePromptTokens`. */
export interface Price extends Rates {
  readonly version: number
  readonly tiers: readonly (Rates & { readonly abovePromptTokens: number })[]
}

/** What one answer costs, split for display; `total` is rounded once and is what gets posted. */
interface Cost {
  readonly prompt: NanoUsd
  readonly completion: NanoUsd
  readonly total: NanoUsd
}

const PER_MILLION = 1_000_000n

/** The parts are rounded for show; the total is rounded from the exact sum, half up, once. */
export function cost(usage: Usage, price: Price): Cost {
  const rates = ratesFor(usage.promptTokens, price)
  const plainPrompt = BigInt(usage.promptTokens - usage.cacheReadTokens - usage.cacheWriteTokens)
  const promptExact =
    plainPrompt * rates.prompt +
    BigInt(usage.cacheReadTokens) * (rates.cacheRead ?? rates.prompt) +
    BigInt(usage.cacheWriteTokens) * (rates.cacheWrite ?? rates.prompt)
  const completionExact =
    BigInt(usage.completionTokens - usage.reasoningTokens) * rates.completion +
    BigInt(usage.reasoningTokens) * (rates.reasoning ?? rates.completion)
  const perCallExact = (rates.request ?? 0n) * PER_MILLION
  return {
    prompt: divideRounded(promptExact, PER_MILLION),
    completion: divideRounded(completionExact, PER_MILLION),
    total: divideRounded(promptExact + completionExact + perCallExact, PER_MILLION),
  }
}

/** The rates that hold for a prompt of this length: the highest tier it exceeds, else the base. */
export function ratesFor(promptTokens: number, price: Price): Rates {
  let chosen: Rates = price
  let reached = -1
  for (const tier of price.tiers) {
    if (promptTokens > tier.abovePromptTokens && tier.abovePromptTokens > reached) {
      chosen = tier
      reached = tier.abovePromptTokens
    }
  }
  return chosen
}
