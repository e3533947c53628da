import type { ModelSlug, PriceCeiling, RoutePreferences, RouteRequest } from '@turnpike/domain'

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
    preferences: max_price ? { ...preferences, max_price: pricesAs(max_price, String) } : preferences,
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
    preferences: max_price ? { ...preferences, max_price: pricesAs(max_price, BigInt) } : preferences,
  }
}

type StoredPreferences = Omit<RoutePreferences, 'max_price'> & { readonly max_price?: Prices<string> }

type Prices<Amount> = Readonly<Partial<Record<keyof PriceCeiling, Amount | null>>>

function pricesAs<From, To>(prices: Prices<From>, to: (amount: From) => To): Prices<To> {
  return Object.fromEntries(Object.entries(prices).map(([part, amount]) => [part, amount === null ? null : to(amount)]))
}
