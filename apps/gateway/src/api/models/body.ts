import {
  shownName,
  type Catalogue,
  type Endpoint,
  type EndpointFigures,
  type Model,
  type NanoUsd,
  type Price,
} from '@turnpike/domain'
import type { TargetDirectory } from '../../targets/target.ts'

/**
 * A model as the contract has it, in OpenAI's and Anthropic's list shapes too, at the price of its cheapest endpoint.
 * @param endpoints those that the reader may count on, else all @param served whether a request can be sent to one of them
 */
export function modelBody(model: Model, endpoints: readonly Endpoint[], served: boolean) {
  const cheapest = cheapestOf(endpoints)
  return {
    id: model.slug,
    object: 'model',
    type: 'model',
    canonical_slug: model.slug,
    name: model.name,
    display_name: model.name,
    description: model.description,
    created: model.created,
    created_at: new Date(model.created * 1000).toISOString(),
    owned_by: authorOf(model),
    context_length: model.contextLength,
    architecture: architectureOf(model),
    pricing: cheapest?.price ? pricingOf(cheapest.price) : null,
    top_provider: {
      context_length: cheapest?.contextLength ?? model.contextLength,
      max_completion_tokens: cheapest?.maxCompletionTokens ?? null,
      is_moderated: false,
    },
    per_request_limits: null,
    supported_parameters: [...new Set(endpoints.flatMap((endpoint) => endpoint.supportedParameters))].toSorted(),
    served,
    links: { details: `/api/v1/models/${model.slug}/endpoints` },
  }
}

/** The lowest price of a prompt; undefined where no price is known. */
export function cheapestOf(endpoints: readonly Endpoint[]): Endpoint | undefined {
  let cheapest: Endpoint | undefined
  for (const endpoint of endpoints) {
    if (!endpoint.price) continue
    if (!cheapest?.price || endpoint.price.prompt < cheapest.price.prompt) cheapest = endpoint
  }
  return cheapest
}

/** Whose model it is: what precedes the first slash of its slug. */
export function authorOf({ slug }: Model): string {
  return slug.slice(0, slug.indexOf('/'))
}

/** No account at the provider, no address of it, or no price: nothing is sent there. */
const STATUS_UNSERVED = -10

/** An endpoint as the contract has it: uptime in percent, milliseconds, tokens per second. */
export function endpointBody(
  endpoint: Endpoint,
  model: Model,
  catalogue: Catalogue,
  { served, figures, withPercentiles }: { served: boolean; figures: EndpointFigures; withPercentiles: boolean },
) {
  const provider = catalogue.providers.get(endpoint.provider)
  const providerName = provider ? shownName(provider) : endpoint.provider
  return {
    name: `${providerName} | ${model.name}`,
    model_id: model.slug,
    model_name: model.name,
    provider_name: providerName,
    tag: endpoint.provider,
    quantization: endpoint.quantization,
    context_length: endpoint.contextLength,
    max_completion_tokens: endpoint.maxCompletionTokens,
    max_prompt_tokens: null,
    pricing: endpoint.price ? pricingOf(endpoint.price) : null,
    supported_parameters: endpoint.supportedParameters,
    uptime_last_5m: figures.uptime5m,
    uptime_last_30m: figures.uptime30m,
    uptime_last_1d: figures.uptime1d,
    latency_last_30m: withPercentiles ? figures.latency30m : null,
    throughput_last_30m: withPercentiles ? figures.throughput30m : null,
    status: served && endpoint.price ? figures.status : STATUS_UNSERVED,
    simulated: provider?.simulated ?? false,
    served: served && endpoint.price !== null,
    data_policy: {
      training: provider?.retainsPrompts ?? true,
      zero_retention: provider?.zeroRetention ?? false,
      regions: provider?.regions ?? [],
    },
  }
}

/** Countries in upper case; null where they are unknown, or known only to be in the European Union. */
function datacentersOf(regions: readonly string[]): readonly string[] | null {
  return regions.length === 0 || regions.includes('eu') ? null : regions.map((country) => country.toUpperCase())
}

/** Every provider as the contract has it, those that are served first. */
export function providersBody({ catalogue, reachable }: Pick<TargetDirectory, 'catalogue' | 'reachable'>) {
  const data = [...catalogue.providers.values()].map(({ slug, name, simulated, regions = [], ...policy }) => ({
    name: shownName({ name, simulated }),
    slug,
    privacy_policy_url: null,
    terms_of_service_url: null,
    status_page_url: null,
    headquarters: null,
    datacenters: datacentersOf(regions),
    simulated,
    served: reachable.has(slug),
    data_policy: { training: policy.retainsPrompts, zero_retention: policy.zeroRetention, regions },
  }))
  return data.toSorted((a, b) => Number(b.served) - Number(a.served))
}

/** What a model reads and writes, in the contract's words. */
export function architectureOf(model: Model) {
  return {
    modality: `${model.inputModalities.join('+')}->${model.outputModalities.join('+')}`,
    input_modalities: model.inputModalities,
    output_modalities: model.outputModalities,
    tokenizer: 'Other',
    instruct_type: null,
  }
}

/** Dollars per token, and per request and image, as decimal strings. */
function pricingOf(price: Price) {
  return {
    prompt: perToken(price.prompt),
    completion: perToken(price.completion),
    request: perUnit(price.request),
    image: perUnit(price.image),
    web_search: '0',
    internal_reasoning: perToken(price.reasoning ?? price.completion),
    input_cache_read: perToken(price.cacheRead ?? price.prompt),
    input_cache_write: perToken(price.cacheWrite ?? price.prompt),
    ...(price.audio !== undefined && { audio: perToken(price.audio) }),
    overrides: price.tiers.map((tier) => ({
      min_prompt_tokens: tier.abovePromptTokens,
      prompt: perToken(tier.prompt),
      completion: perToken(tier.completion),
      ...(tier.cacheRead !== undefined && { input_cache_read: perToken(tier.cacheRead) }),
      ...(tier.cacheWrite !== undefined && { input_cache_write: perToken(tier.cacheWrite) }),
    })),
  }
}

/** Nano-dollars per million tokens have fifteen decimals per token: exact, without a float. */
function perToken(perMillion: NanoUsd): string {
  const digits = perMillion.toString().padStart(16, '0')
  const fraction = digits.slice(-15).replace(/0+$/, '')
  return `${digits.slice(0, -15)}${fraction ? `.${fraction}` : ''}`
}

function perUnit(amount: NanoUsd | undefined): string {
  return perToken((amount ?? 0n) * 1_000_000n)
}
