import { randomBytes, randomUUID } from 'node:crypto'
import {
  type Caller,
  type Catalogue,
  catalogueOf,
  DEFAULT_POLICY,
  type Endpoint,
  type EndpointId,
  type KeyId,
  type Model,
  type ModelSlug,
  type OwnCredential,
  type OwnEndpoint,
  type OwnId,
  type Policy,
  type PolicyId,
  type Price,
  type Provider,
  type ProviderSlug,
  type TenantId,
  type VersionedPolicy,
  type WorkspaceId,
} from '@turnpike/domain'

/** Somebody with money, a live key and no policy. */
export function aCaller(changes: Partial<Caller> = {}): Caller {
  return {
    tenantId: randomUUID() as TenantId,
    workspaceId: randomUUID() as WorkspaceId,
    keyId: randomBytes(8).toString('hex') as KeyId,
    keyName: 'default',
    kind: 'live',
    version: 1,
    funds: 'credit',
    balance: 10_000_000_000n,
    expiresAtMs: null,
    revoked: false,
    policies: [],
    staleMaxMs: 3_600_000,
    ...changes,
  }
}

function aPolicy(changes: Partial<Policy> = {}): Policy {
  return { ...DEFAULT_POLICY, ...changes }
}

export function aVersionedPolicy(changes: Partial<Policy> = {}, version = 1): VersionedPolicy {
  return { id: randomUUID() as PolicyId, version, policy: aPolicy(changes) }
}

/** $1 and $2 per million tokens. */
export function aPrice(changes: Partial<Price> = {}): Price {
  return { version: 1, prompt: 1_000_000_000n, completion: 2_000_000_000n, tiers: [], ...changes }
}

/** One that is made up; with `simulated: false`, a real one. */
export function aProvider(slug = 'acorn', changes: Partial<Provider> = {}): Provider {
  const { simulated = true } = changes
  return {
    slug: slug as ProviderSlug,
    name: slug,
    dialect: 'openai',
    baseUrl: simulated ? `/${slug}/v1` : `https://${slug}.example/v1`,
    simulated,
    retainsPrompts: false,
    zeroRetention: false,
    failureDomain: slug,
    ...changes,
  }
}

export function aModel(slug = 'sim/swift-8b', changes: Partial<Model> = {}): Model {
  return {
    slug: slug as ModelSlug,
    name: slug,
    description: '',
    created: 0,
    contextLength: 32_768,
    inputModalities: ['text'],
    outputModalities: ['text'],
    distillable: false,
    ...changes,
  }
}

/** One model at one provider; its id follows from both. */
export function anEndpoint(
  provider = 'acorn',
  model = 'sim/swift-8b',
  changes: Partial<Omit<Endpoint, 'id' | 'provider' | 'model'>> = {},
): Endpoint {
  return {
    id: `${provider}/${model}` as EndpointId,
    model: model as ModelSlug,
    provider: provider as ProviderSlug,
    upstreamModel: model.slice(model.indexOf('/') + 1),
    contextLength: 32_768,
    maxCompletionTokens: 8_192,
    quantization: 'unknown',
    supportedParameters: ['max_tokens', 'temperature', 'tools', 'tool_choice', 'response_format'],
    price: aPrice(),
    ...changes,
  }
}

/** A tenant's credential at a simulated provider, before credits and for anything. */
export function anOwnCredential(provider = 'acorn', changes: Partial<OwnCredential> = {}): OwnCredential {
  return {
    id: randomUUID() as OwnId,
    version: 1,
    provider: provider as ProviderSlug,
    boundTo: 'simulated',
    placement: 'first',
    priority: 0,
    share: 1,
    models: null,
    keys: null,
    creditFallback: true,
    sealed: { kek: 1, wrapped: '', sealed: '' },
    ...changes,
  }
}

/** A tenant's own endpoint, which asks for no credential: `~slug/model`. */
export function anOwnEndpoint(
  slug = 'box',
  model = '~tenant/llama',
  changes: Partial<Omit<OwnEndpoint, 'endpoint'>> & { readonly endpoint?: Partial<Endpoint> } = {},
): OwnEndpoint {
  const { endpoint, ...others } = changes
  return {
    id: randomUUID() as OwnId,
    version: 1,
    endpoint: { ...anEndpoint(`~${slug}`, model), ...endpoint },
    provider: aProvider(`~${slug}`, { simulated: false, baseUrl: `https://${slug}.example/v1` }),
    model: model.startsWith('~') ? aModel(model) : null,
    placement: 'first',
    priority: 0,
    sealed: null,
    ...others,
  }
}

/** A catalogue of these endpoints, with every model and provider that they name unless given. */
export function aCatalogue(
  endpoints: readonly Endpoint[] = [anEndpoint()],
  given: { version?: number; models?: readonly Model[]; providers?: readonly Provider[] } = {},
): Catalogue {
  const models = new Map(endpoints.map(({ model }) => [model, aModel(model)]))
  const providers = new Map(endpoints.map(({ provider }) => [provider, aProvider(provider)]))
  for (const model of given.models ?? []) models.set(model.slug, model)
  for (const provider of given.providers ?? []) providers.set(provider.slug, provider)
  return catalogueOf(given.version ?? 1, [...models.values()], [...providers.values()], endpoints)
}
