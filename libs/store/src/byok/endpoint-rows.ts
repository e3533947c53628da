import type { Dialect, ModelSlug, NanoUsd, OwnEndpoint, OwnId, Placement } from '@turnpike/domain'
import type { OwnEndpoint as Row } from '../generated/client.ts'
import type { ResourceSummary } from './resources.ts'
import { ownEndpointOf } from './rows.ts'

/** Nano-dollars per million tokens, and per call. An explicit 0 is a price. */
export interface OwnPrice {
  readonly prompt: NanoUsd
  readonly completion: NanoUsd
  /** Null: as the prompt. */
  readonly cacheRead: NanoUsd | null
  readonly request: NanoUsd
}

/** What may be shown of an endpoint of a tenant's own: never its secret. */
export interface OwnEndpointSummary extends ResourceSummary {
  /** Its provider is `~slug`. */
  readonly slug: string
  readonly dialect: Dialect
  /** Ends without a slash. */
  readonly baseUrl: string
  readonly upstreamModel: string
  /** A model of the catalogue, or the tenant's own: `~tenant/name`. */
  readonly model: ModelSlug
  readonly contextLength: number
  readonly maxCompletionTokens: number | null
  readonly supportedParameters: readonly string[]
  readonly inputModalities: readonly string[]
  readonly outputModalities: readonly string[]
  readonly price: OwnPrice
  /** Grows with each change of the price. */
  readonly priceVersion: number
  readonly retainsPrompts: boolean
  readonly zeroRetention: boolean
  /** Where it processes, and nowhere else: countries by two letters, or `eu`. Empty: not known. */
  readonly regions: readonly string[]
  /** The end of its secret, empty for one that is too short; null: it asks for no credential. */
  readonly lastFour: string | null
  readonly fingerprint: string | null
}

/** What of a row only an endpoint shows. */
export function shownOfEndpoint(row: Row): Omit<OwnEndpointSummary, keyof ResourceSummary> {
  return {
    slug: row.slug,
    dialect: row.dialect as Dialect,
    baseUrl: row.baseUrl,
    upstreamModel: row.upstreamModel,
    model: row.model as ModelSlug,
    contextLength: row.contextLength,
    maxCompletionTokens: row.maxCompletionTokens,
    supportedParameters: row.supportedParameters,
    inputModalities: row.inputModalities,
    outputModalities: row.outputModalities,
    price: {
      prompt: row.pricePrompt,
      completion: row.priceCompletion,
      cacheRead: row.priceCacheRead,
      request: row.priceRequest,
    },
    priceVersion: row.priceVersion,
    retainsPrompts: row.retainsPrompts,
    zeroRetention: row.zeroRetention,
    regions: row.regions,
    lastFour: row.lastFour,
    fingerprint: row.fingerprint,
  }
}

/** A row as routing has it. */
export function endpointFrom(row: Row): OwnEndpoint | null {
  return ownEndpointOf({
    id: row.id as OwnId,
    version: row.secretVersion,
    name: row.name,
    slug: row.slug,
    dialect: row.dialect as Dialect,
    base_url: row.baseUrl,
    upstream_model: row.upstreamModel,
    model: row.model as ModelSlug,
    context_length: row.contextLength,
    max_completion_tokens: row.maxCompletionTokens,
    supported_parameters: row.supportedParameters,
    input_modalities: row.inputModalities,
    output_modalities: row.outputModalities,
    prompt: row.pricePrompt.toString(),
    completion: row.priceCompletion.toString(),
    cache_read: row.priceCacheRead?.toString() ?? null,
    request: row.priceRequest.toString(),
    price_version: row.priceVersion,
    retains_prompts: row.retainsPrompts,
    zero_retention: row.zeroRetention,
    regions: row.regions,
    placement: row.placement as Placement,
    priority: row.priority,
    created: Math.floor(row.createdAt.getTime() / 1000),
    kek: row.kek,
    wrapped: row.wrapped,
    sealed: row.sealed,
  })
}
