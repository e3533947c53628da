import type { OwnEndpointRow } from '@turnpike/contract'
import { at, listOf, type Draft } from '../draft/draft.ts'

/** Where the form of a new endpoint begins. Prompts count as kept unless declared otherwise; a price of zero is sent. */
export const FIRST_ENDPOINT: Draft = {
  dialect: 'openai',
  price: { request: '0' },
  inputModalities: ['text'],
  supportedParameters: ['max_tokens', 'temperature', 'top_p', 'stop'],
  retainsPrompts: true,
  placement: 'first',
}

/** An endpoint as its form shows it. */
export function draftOf(endpoint: OwnEndpointRow): Draft {
  const { cached, ...price } = endpoint.price
  return {
    name: endpoint.name,
    baseUrl: endpoint.baseUrl,
    dialect: endpoint.dialect,
    upstreamModel: endpoint.upstreamModel,
    contextLength: endpoint.contextLength,
    ...(endpoint.maxCompletionTokens !== null && { maxCompletionTokens: endpoint.maxCompletionTokens }),
    price: cached === null ? price : { ...price, cached },
    inputModalities: endpoint.inputModalities,
    supportedParameters: endpoint.supportedParameters,
    ...(endpoint.retainsPrompts && { retainsPrompts: true }),
    ...(endpoint.zeroRetention && { zeroRetention: true }),
    regions: endpoint.regions,
    placement: endpoint.placement,
    ...(endpoint.disabled && { disabled: true }),
  }
}

/** The body that is sent, emptied fields included: the server reports the required ones. */
export function endpointBodyOf(draft: Draft): Draft {
  const price = at(draft, ['price'])
  return {
    ...{ name: '', baseUrl: '', upstreamModel: '' },
    ...draft,
    maxCompletionTokens: at(draft, ['maxCompletionTokens']) ?? null,
    price: { ...(typeof price === 'object' && price), cached: at(price, ['cached']) ?? null },
    supportedParameters: listOf(at(draft, ['supportedParameters'])),
    retainsPrompts: at(draft, ['retainsPrompts']) === true,
    zeroRetention: at(draft, ['zeroRetention']) === true,
    regions: listOf(at(draft, ['regions'])),
    disabled: at(draft, ['disabled']) === true,
  }
}
