import type { ConditionalPrice, ModelPrice } from '@pydantic/genai-prices'
import { parseUsd, type Price, type Rates } from '@turnpike/domain'

/** Prices as the list has them: dollars, by unit, perhaps with tiers and days from which they hold. */
export type ListedPrices = ConditionalPrice[] | ModelPrice

/**
 * A model's price as the list has it, exact. Null when nobody knows it, when it changes with the time of day, when it is nothing at
 * all (what is free for a while is not a price to bill by), or when it cannot be stated in whole nano-dollars per million tokens.
 * @param now dated prices hold from their day on @param embeds whether the model answers with embeddings, which cost their prompt alone
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

/** The last of the dated prices that has begun. Prices by the time of day have no place in our price versions: null. */
function pricesAt(prices: ListedPrices, now: Date): ModelPrice | null {
  if (!Array.isArray(prices)) return prices
  if (prices.some(({ constraint }) => constraint?.type === 'time_of_date')) return null
  const begun = prices.filter(
    ({ constraint }) => constraint?.type !== 'start_date' || new Date(constraint.start_date) <= now,
  )
  return begun.at(-1)?.prices ?? null
}

/**
 * The list's names of the rates that we bill by, and how many of their units make one of ours: a thousand requests are a thousand
 * times one request. Its others (searches, pages, hour-long cache writes) we do not offer.
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
    // The shortest decimal that names the float is what its author wrote; anything else would be a rounding of ours.
    const exact = parseUsd(String(usd))
    if (exact === null || exact % per !== 0n) return null
    found[rate] = exact / per
  }
  const { prompt, completion, ...others } = found
  return prompt === undefined || completion === undefined ? null : { prompt, completion, ...others }
}
