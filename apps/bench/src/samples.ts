import {
  DEFAULT_POLICY,
  type Caller,
  type Endpoint,
  type EndpointId,
  type KeyId,
  type Model,
  type ModelSlug,
  type Policy,
  type PolicyId,
  type Provider,
  type ProviderSlug,
  type TenantId,
  type VersionedPolicy,
  type WorkspaceId,
} from '@turnpike/domain'

/** Models, providers and endpoints of cases in this process, which call nobody. */
export function aModel(slug: ModelSlug): Model {
  return {
    slug,
    name: slug,
    description: '',
    created: 0,
    contextLength: 128_000,
    inputModalities: ['text'],
    outputModalities: ['text'],
    distillable: false,
  }
}

export function aProvider(name: string, failureDomain: string): Provider {
  return {
    slug: name as ProviderSlug,
    name,
    dialect: 'openai',
    baseUrl: 'http://127.0.0.1',
    simulated: false,
    retainsPrompts: false,
    zeroRetention: false,
    failureDomain,
  }
}

/** @param prompt and @param completion nano-dollars per million tokens */
export function anEndpoint(provider: ProviderSlug, model: ModelSlug, prompt: bigint, completion: bigint): Endpoint {
  return {
    id: `${provider}/${model}` as EndpointId,
    model,
    provider,
    upstreamModel: model,
    contextLength: 128_000,
    maxCompletionTokens: null,
    quantization: 'unknown',
    supportedParameters: ['temperature', 'max_tokens'],
    price: { version: 1, prompt, completion, tiers: [] },
  }
}

/** `count` providers in four failure domains. */
export function providersOf(count: number): Provider[] {
  return Array.from({ length: count }, (_, i) => aProvider(`provider-${i}`, `domain-${i % 4}`))
}

export function aPolicy(id: string, policy: Partial<Policy> = {}): VersionedPolicy {
  return { id: id as PolicyId, version: 1, policy: { ...DEFAULT_POLICY, ...policy } }
}

/** A key of the operator's own organisation. */
export function aCaller(policy: VersionedPolicy): Caller {
  return {
    tenantId: 'tenant' as TenantId,
    workspaceId: 'workspace' as WorkspaceId,
    keyId: '0123456789abcdef' as KeyId,
    keyName: 'bench',
    kind: 'live',
    version: 1,
    funds: 'operator',
    balance: null,
    expiresAtMs: null,
    revoked: false,
    staleMaxMs: 3_600_000,
    policies: [policy],
  }
}
