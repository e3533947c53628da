import type { Catalogue, Endpoint, Model, NanoUsd, Price } from '@turnpike/domain'

/** A model as the contract has it; the body serves OpenAI's and Anthropic's list shapes too. Its price is its cheapest endpoint's. */
export function modelBody(model: Model, catalogue: Catalogue) {
  const endpoints = catalogue.endpointsOf.get(model.slug) ?? []
  const priced = endpoints.filter((endpoint) => endpoint.price !== null)
  const cheapest = priced.toSorted((a, b) => Number((a.price?.prompt ?? 0n) - (b.price?.prompt ?? 0n)))[0]
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
    owned_by: model.slug.split('/')[0] ?? '',
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
    links: { details: `/api/v1/models/${model.slug}/endpoints` },
  }
}

/** An endpoint as the contract has it. */
export function endpointBody(endpoint: Endpoint, model: Model, catalogue: Catalogue) {
  const provider = catalogue.providers.get(endpoint.provider)
  return {
    name: `${provider?.name ?? endpoint.provider} | ${model.name}`,
    model_id: model.slug,
    model_name: model.name,
    provider_name: provider?.name ?? endpoint.provider,
    tag: endpoint.provider,
    quantization: endpoint.quantization,
    context_length: endpoint.contextLength,
    max_completion_tokens: endpoint.maxCompletionTokens,
    max_prompt_tokens: null,
    pricing: endpoint.price ? pricingOf(endpoint.price) : null,
    supported_parameters: endpoint.supportedParameters,
    simulated: provider?.simulated ?? false,
    status: endpoint.price ? 0 : -1,
  }
}

function architectureOf(model: Model) {
  return {
    modality: `${model.inputModalities.join('+')}->${model.outputModalities.join('+')}`,
    input_modalities: model.inputModalities,
    output_modalities: model.outputModalities,
    tokenizer: 'Other',
    instruct_type: null,
  }
}

/** Dollars per token, as decimal strings. */
function pricingOf(price: Price) {
  return {
    prompt: perToken(price.prompt),
    completion: perToken(price.completion),
    request: perToken((price.request ?? 0n) * 1_000_000n),
    image: '0',
    web_search: '0',
    internal_reasoning: perToken(price.reasoning ?? price.completion),
    input_cache_read: perToken(price.cacheRead ?? price.prompt),
    input_cache_write: perToken(price.cacheWrite ?? price.prompt),
    overrides: price.tiers.map((tier) => ({
      min_prompt_tokens: tier.abovePromptTokens,
      prompt: perToken(tier.prompt),
      completion: perToken(tier.completion),
    })),
  }
}

/** Nano-dollars per million tokens have fifteen decimals per token: exact, without a float. */
function perToken(perMillion: NanoUsd): string {
  const digits = perMillion.toString().padStart(16, '0')
  const fraction = digits.slice(-15).replace(/0+$/, '')
  return `${digits.slice(0, -15)}${fraction ? `.${fraction}` : ''}`
}
