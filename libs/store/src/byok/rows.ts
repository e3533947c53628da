import {
  OWN_AUTHOR,
  type Dialect,
  type Endpoint,
  type EndpointId,
  type KeyId,
  type Model,
  type ModelSlug,
  type Own,
  type OwnCredential,
  type OwnEndpoint,
  type OwnId,
  type Placement,
  type Provider,
  type ProviderSlug,
  type SealedSecret,
  type TenantId,
} from '@turnpike/domain'
import { inTenant, type Pool } from '../connections/pools.ts'

/** What `byok_resources` answers. Amounts are decimal strings of nano-dollars per million tokens, `request` per call. */
export interface StoredOwn {
  readonly credentials: readonly StoredCredential[]
  readonly endpoints: readonly StoredEndpoint[]
}

interface StoredSecret {
  readonly kek: number | null
  readonly wrapped: string | null
  readonly sealed: string | null
}

export interface StoredCredential extends StoredSecret {
  readonly id: OwnId
  readonly version: number
  readonly provider: ProviderSlug
  readonly bound_to: string
  readonly placement: Placement
  readonly priority: number
  readonly share: number
  /** Empty: any. */
  readonly models: readonly ModelSlug[]
  readonly keys: readonly KeyId[]
  readonly credit_fallback: boolean
}

export interface StoredEndpoint extends StoredSecret {
  readonly id: OwnId
  readonly version: number
  readonly name: string
  readonly slug: string
  readonly dialect: Dialect
  readonly base_url: string
  readonly upstream_model: string
  readonly model: ModelSlug
  readonly context_length: number
  readonly max_completion_tokens: number | null
  readonly supported_parameters: readonly string[]
  readonly input_modalities: readonly string[]
  readonly output_modalities: readonly string[]
  readonly prompt: string
  readonly completion: string
  readonly cache_read: string | null
  readonly request: string
  readonly price_version: number
  readonly retains_prompts: boolean
  readonly zero_retention: boolean
  /** Absent: not known. */
  readonly regions?: readonly string[]
  readonly placement: Placement
  readonly priority: number
  /** Unix seconds. */
  readonly created: number
}

/** What an organisation has switched on, sealed, for callers without a key. As a member of turnpike_app. */
export async function readOwn(pool: Pool, tenantId: TenantId): Promise<Own> {
  const { rows } = await inTenant(pool, tenantId, (client) =>
    client.query<{ own: StoredOwn | null }>('SELECT byok_resources($1) AS own', [tenantId]),
  )
  return ownOf(rows[0]?.own ?? null) ?? { credentials: [], endpoints: [] }
}

/** Null: nothing. A row that cannot be read is left out, so that its keys are found all the same. */
export function ownOf(stored: StoredOwn | null): Own | null {
  if (!stored) return null
  return {
    credentials: stored.credentials.flatMap((row) => ownCredentialOf(row) ?? []),
    endpoints: stored.endpoints.flatMap((row) => ownEndpointOf(row) ?? []),
  }
}

/** Null for a row whose secret is gone. */
export function ownCredentialOf(row: StoredCredential): OwnCredential | null {
  const sealed = sealedOf(row)
  if (!sealed) return null
  return {
    id: row.id,
    version: row.version,
    provider: row.provider,
    boundTo: row.bound_to,
    placement: row.placement,
    priority: row.priority,
    share: row.share,
    models: row.models.length === 0 ? null : row.models,
    keys: row.keys.length === 0 ? null : row.keys,
    creditFallback: row.credit_fallback,
    sealed,
  }
}

/** Null for a row whose address is none. */
export function ownEndpointOf(row: StoredEndpoint): OwnEndpoint | null {
  if (!URL.canParse(row.base_url)) return null
  const slug = `~${row.slug}` as ProviderSlug
  return {
    id: row.id,
    version: row.version,
    endpoint: endpointPart(row, slug),
    provider: providerPart(row, slug),
    model: isOwnModel(row.model) ? modelPart(row) : null,
    placement: row.placement,
    priority: row.priority,
    sealed: sealedOf(row),
  }
}

/** Whether it is a model in a tenant's own name space. */
export function isOwnModel(slug: string): boolean {
  return slug.startsWith(`${OWN_AUTHOR}/`)
}

function endpointPart(row: StoredEndpoint, provider: ProviderSlug): Endpoint {
  return {
    id: `${provider}/${row.model}` as EndpointId,
    model: row.model,
    provider,
    upstreamModel: row.upstream_model,
    contextLength: row.context_length,
    maxCompletionTokens: row.max_completion_tokens,
    quantization: 'unknown',
    supportedParameters: row.supported_parameters,
    price: {
      version: row.price_version,
      prompt: BigInt(row.prompt),
      completion: BigInt(row.completion),
      ...(row.cache_read !== null && { cacheRead: BigInt(row.cache_read) }),
      request: BigInt(row.request),
      tiers: [],
    },
  }
}

/** Endpoints at one address fail together. */
function providerPart(row: StoredEndpoint, slug: ProviderSlug): Provider {
  return {
    slug,
    name: row.name,
    dialect: row.dialect,
    baseUrl: row.base_url,
    simulated: false,
    retainsPrompts: row.retains_prompts,
    zeroRetention: row.zero_retention,
    regions: row.regions ?? [],
    failureDomain: new URL(row.base_url).origin,
  }
}

function modelPart(row: StoredEndpoint): Model {
  return {
    slug: row.model,
    name: row.name,
    description: '',
    created: row.created,
    contextLength: row.context_length,
    inputModalities: row.input_modalities,
    outputModalities: row.output_modalities,
    distillable: false,
  }
}

function sealedOf({ kek, wrapped, sealed }: StoredSecret): SealedSecret | null {
  return kek === null || wrapped === null || sealed === null ? null : { kek, wrapped, sealed }
}
