import type { ModelSlug, Own, OwnCredential, OwnEndpoint, ProviderSlug } from '@turnpike/domain'
import type { NewOwnCredential } from './credentials.ts'
import type { NewOwnEndpoint } from './endpoints.ts'
import { ownCredentialOf, ownEndpointOf, type StoredCredential, type StoredEndpoint } from './rows.ts'

/** For tests: a credential at a simulated provider, and an endpoint with a secret that has a price for everything. */
export function anOwn(): Own {
  return {
    credentials: [aCredential()],
    endpoints: [anEndpoint({ kek: 1, wrapped: 'wrapped', sealed: 'sealed', cache_read: '1' })],
  }
}

/** For tests: a credential at a simulated provider; nothing can be opened with what it holds. */
export function aCredential(changes: Partial<StoredCredential> = {}): OwnCredential {
  const credential = ownCredentialOf(aStoredCredential(changes))
  if (!credential) throw new Error('a credential without a secret')
  return credential
}

/** For tests: an endpoint of one's own that asks for no credential and costs 25 cents per million tokens of an answer. */
export function anEndpoint(changes: Partial<StoredEndpoint> = {}): OwnEndpoint {
  const endpoint = ownEndpointOf(aStoredEndpoint(changes))
  if (!endpoint) throw new Error('an endpoint without an address')
  return endpoint
}

export function aStoredCredential(changes: Partial<StoredCredential> = {}): StoredCredential {
  return {
    id: '00000000-0000-4000-8000-0000000000c1' as StoredCredential['id'],
    version: 1,
    provider: 'acorn' as ProviderSlug,
    bound_to: 'simulated',
    placement: 'first',
    priority: 0,
    share: 1,
    models: [],
    keys: [],
    credit_fallback: true,
    kek: 1,
    wrapped: 'wrapped',
    sealed: 'sealed',
    ...changes,
  }
}

export function aStoredEndpoint(changes: Partial<StoredEndpoint> = {}): StoredEndpoint {
  return {
    id: '00000000-0000-4000-8000-0000000000e1' as StoredEndpoint['id'],
    version: 1,
    name: 'A box',
    slug: 'box',
    dialect: 'openai',
    base_url: 'https://box.example/v1',
    upstream_model: 'llama',
    model: '~tenant/llama' as ModelSlug,
    context_length: 8_192,
    max_completion_tokens: null,
    supported_parameters: ['temperature'],
    input_modalities: ['text'],
    output_modalities: ['text'],
    prompt: '0',
    completion: '250000000',
    cache_read: null,
    request: '0',
    price_version: 1,
    retains_prompts: true,
    zero_retention: false,
    placement: 'first',
    priority: 0,
    created: 1_760_000_000,
    kek: null,
    wrapped: null,
    sealed: null,
    ...changes,
  }
}

/** For tests: what a form sends. */
export function aNewCredential(changes: Partial<NewOwnCredential> = {}): NewOwnCredential {
  return {
    name: 'Ours',
    provider: 'acorn' as ProviderSlug,
    secret: 'sk-canary-0000-1234',
    placement: 'first',
    priority: 0,
    share: 1,
    models: null,
    keys: null,
    ...changes,
  }
}

export function aNewEndpoint(changes: Partial<NewOwnEndpoint> = {}): NewOwnEndpoint {
  return {
    name: 'A box',
    slug: 'box',
    dialect: 'openai',
    baseUrl: 'https://box.example/v1/',
    upstreamModel: 'llama',
    model: '~tenant/llama' as ModelSlug,
    contextLength: 8_192,
    maxCompletionTokens: null,
    supportedParameters: ['temperature'],
    inputModalities: ['text'],
    outputModalities: ['text'],
    price: { prompt: 0n, completion: 250_000_000n, cacheRead: null, request: 0n },
    retainsPrompts: true,
    zeroRetention: false,
    placement: 'first',
    priority: 0,
    secret: null,
    ...changes,
  }
}
