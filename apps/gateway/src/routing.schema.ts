import { Fault, parseUsd, type ModelSlug, type Objective, type RoutePreferences } from '@turnpike/domain'
import { z } from 'zod'

const slugs = z.array(z.string().min(1).max(100)).max(100)
/** Dollars per million tokens, as number or decimal string. */
const dollars = z.union([z.string(), z.number().min(0)])

/** How a request may steer its own route: OpenRouter's fields, on every inference route. */
export const routingFields = {
  model: z.string('must be given: the model as author/slug').min(1, 'must be given: the model as author/slug').max(256),
  models: z.array(z.string().min(1).max(256)).max(16).nullish(),
  provider: z
    .looseObject({
      order: slugs.nullish(),
      only: slugs.nullish(),
      ignore: slugs.nullish(),
      allow_fallbacks: z.boolean().nullish(),
      require_parameters: z.boolean().nullish(),
      data_collection: z.enum(['allow', 'deny']).nullish(),
      sort: z.enum(['price', 'latency', 'throughput']).nullish(),
      max_price: z.looseObject({ prompt: dollars.nullish(), completion: dollars.nullish() }).nullish(),
    })
    .nullish(),
}

export type RoutingBody = z.infer<z.ZodObject<typeof routingFields>>

const OBJECTIVE = { price: 'cost', latency: 'latency', throughput: 'throughput' } as const satisfies Record<
  string,
  Objective
>

/** The models of a request in order of preference, each once. */
export function modelsOf(body: RoutingBody): ModelSlug[] {
  return [...new Set([body.model, ...(body.models ?? [])])] as ModelSlug[]
}

/** The `provider` object in the router's words. Throws Fault `request_invalid` for a price that is not one. */
export function preferencesOf(body: RoutingBody): RoutePreferences {
  const provider = body.provider
  if (!provider) return {}
  return {
    ...(provider.order && { order: provider.order }),
    ...(provider.only && { only: provider.only }),
    ...(provider.ignore && { ignore: provider.ignore }),
    ...(provider.sort && { objective: OBJECTIVE[provider.sort] }),
    ...(provider.allow_fallbacks === false && { allowFallbacks: false }),
    ...(provider.require_parameters && { requireParameters: true }),
    ...(provider.data_collection === 'deny' && { denyRetention: true }),
    ...priceOf('maxPromptPrice', 'prompt', provider.max_price?.prompt),
    ...priceOf('maxCompletionPrice', 'completion', provider.max_price?.completion),
  }
}

function priceOf(
  key: 'maxPromptPrice' | 'maxCompletionPrice',
  field: string,
  amount: string | number | null | undefined,
) {
  if (amount === null || amount === undefined) return {}
  const parsed = parseUsd(typeof amount === 'number' ? plainDecimal(amount) : amount)
  if (parsed === null) {
    throw new Fault('request_invalid', `provider.max_price.${field} must be dollars per million tokens, such as 0.5.`, {
      param: `provider.max_price.${field}`,
    })
  }
  return { [key]: parsed }
}

/** A number without its exponent, to nine decimals: 1e-7 is 0.0000001. */
function plainDecimal(amount: number): string {
  return amount.toFixed(9).replace(/\.?0+$/, '') || '0'
}
