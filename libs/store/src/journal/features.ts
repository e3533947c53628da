import type { ModelSlug, NanoUsd, PriceCeiling, RoutePreferences, RouteRequest } from '@turnpike/domain'

/** Columns of `request_features`: what the router was given. */
export interface FeatureColumns {
  readonly models: readonly string[]
  readonly prompt_tokens: number
  readonly max_tokens: number | null
  readonly parameters: readonly string[]
  /** As in RoutePreferences; prices are decimal strings of nano-dollars. */
  readonly preferences: Readonly<Record<string, unknown>>
}

/** What the router was given, with the dice, as columns. */
export function featureColumns(features: RouteRequest, draw: number): FeatureColumns & { readonly draw: number } {
  const { max_price, ...preferences } = features.preferences
  return {
    models: features.models,
    prompt_tokens: features.promptTokens,
    max_tokens: features.maxTokens,
    parameters: features.parameters,
    preferences: max_price ? { ...preferences, max_price: withTexts(max_price) } : preferences,
    draw,
  }
}

/** Reads columns that `featureColumns` made. */
export function openFeatures(columns: FeatureColumns): RouteRequest {
  const { max_price, ...preferences } = columns.preferences as StoredPreferences
  return {
    models: columns.models as ModelSlug[],
    promptTokens: columns.prompt_tokens,
    maxTokens: columns.max_tokens,
    parameters: columns.parameters,
    preferences: max_price ? { ...preferences, max_price: withNanos(max_price) } : preferences,
  }
}

type StoredPreferences = Omit<RoutePreferences, 'max_price'> & { readonly max_price?: PriceTexts }

type PriceTexts = Readonly<Partial<Record<keyof PriceCeiling, string | null>>>

function withTexts(prices: Partial<PriceCeiling>): PriceTexts {
  return Object.fromEntries(Object.entries(prices).map(([part, nano]) => [part, textOf(nano)]))
}

function textOf(nano: NanoUsd | null): string | null {
  return nano === null ? null : nano.toString()
}

function withNanos(prices: PriceTexts): Partial<PriceCeiling> {
  const nanos = Object.entries(prices).map(([part, text]) => [part, text === null ? null : BigInt(text)])
  return Object.fromEntries(nanos) as Partial<PriceCeiling>
}
