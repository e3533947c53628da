import type { ConditionalPrice, ModelPrice } from '@pydantic/genai-prices'
import { parseUsd, type Price, type Rates } from '@turnpike/domain'

/** Prices of a list: dollars by unit, perhaps with tiers and with days from which they apply. */
export type ListedPrices = ConditionalPrice[] | ModelPrice

/**
 * A model's exact price from the list. Null when the list has none, when the price varies with the time of day, when it is zero (a model
 * that is free for a while has no price to bill by), or when it is not a whole number of nano-dollars per million tokens.
 * @param now dated prices apply from their day on @param embeds whether the model answers with embeddings, which cost their prompt alone
 */
export function listedPrice(prices: ListedPrices, now: Date, embeds: boolean): Price | null {
  const current = pricesAt(prices, now)
  if (!current) return null
  const all = embeds ? { ...current, output_mtok: 0 } : current
  const starts = new Set<number>()
  for (const { unit } of RATES) {
    const price = all[unit]
    if (typeof price === 'object') for (const tier of price.tiers) starts.add(tier.start)
  }
  const base = ratesAt(all, 0)
  if (!base || (base.prompt === 0n && base.completion === 0n)) return null
  const tiers: Price['tiers'][number][] = []
  for (const abovePromptTokens of [...starts].toSorted((a, b) => a - b)) {
    const rates = ratesAt(all, abovePromptTokens + 1)
    if (!rates) return null
    tiers.push({ ...rates, abovePromptTokens })
  }
  return { ...base, version: 1, tiers }
}

/** The last dated price in effect. Null for prices by the time of day, which price versions cannot express. */
function pricesAt(prices: ListedPrices, now: Date): ModelPrice | null {
  if (!Array.isArray(prices)) return prices
  if (prices.some(({ constraint }) => constraint?.type === 'time_of_date')) return null
  const begun = prices.filter(
    ({ constraint }) => constraint?.type !== 'start_date' || new Date(constraint.start_date) <= now,
  )
  return begun.at(-1)?.prices ?? null
}

/**
 * The list’s names of the rates, with the factor between the units: a price is per thousand requests. Its other rates (searches, pages,
 * hour-long cache writes) are not offered.
 */
const RATES = [
  { rate: 'prompt', unit: 'input_mtok', per: 1n },
  { rate: 'completion', unit: 'output_mtok', per: 1n },
  { rate: 'cacheRead', unit: 'cache_read_mtok', per: 1n },
  { rate: 'cacheWrite', unit: 'cache_write_mtok', per: 1n },
  { rate: 'reasoning', unit: 'output_reasoning_mtok', per: 1n },
  { rate: 'audio', unit: 'input_audio_mtok', per: 1n },
  { rate: 'request', unit: 'requests_kcount', per: 1_000n },
] as const satisfies readonly { rate: keyof Rates; unit: string; per: bigint }[]

/** All rates for a prompt of this length; null when one of them cannot be stated exactly. */
function ratesAt(prices: ModelPrice, promptTokens: number): Rates | null {
  const found: { -readonly [Rate in keyof Rates]?: bigint } = {}
  for (const { rate, unit, per } of RATES) {
    const price = prices[unit]
    if (price === undefined) continue
    const usd =
      typeof price === 'number'
        ? price
        : (price.tiers.findLast((tier) => promptTokens > tier.start)?.price ?? price.base)
    // The shortest decimal of the float is what the list's author wrote; any other decimal would be rounded.
    const exact = parseUsd(String(usd))
    if (exact === null || exact % per !== 0n) return null
    found[rate] = exact / per
  }
  const { prompt, completion, ...others } = found
  return prompt === undefined || completion === undefined ? null : { prompt, completion, ...others }
}
