import { grouped, type Catalogue, type Endpoint, type Model, type Provider } from './catalogue.ts'
import { ownTarget, type KeyId, type ModelSlug, type OwnId, type ProviderSlug, type TargetId } from './ids.ts'
import { isOnlySimulated } from './route/simulated-provider.ts'

/** BYOK resources of an organisation. Part of the key check's answer, so they outlive the stores as keys do. */
export interface Own {
  readonly credentials: readonly OwnCredential[]
  readonly endpoints: readonly OwnEndpoint[]
}

/** Before what credits pay for, or after it. */
export const PLACEMENTS = ['first', 'fallback'] as const
export type Placement = (typeof PLACEMENTS)[number]

/** An account of the tenant's at a provider of the catalogue. */
export interface OwnCredential {
  readonly id: OwnId
  /** Grows with each new secret. */
  readonly version: number
  readonly provider: ProviderSlug
  /** Where the secret may be sent, as `destinationOf` had it when it was stored. It is sent nowhere else. */
  readonly boundTo: string
  readonly placement: Placement
  /** 0 to 99; smaller is tried first. */
  readonly priority: number
  /** Of the traffic of one priority, relative; above 0. */
  readonly share: number
  /** Only for these models; null: any. */
  readonly models: readonly ModelSlug[] | null
  /** Only for requests with these keys; null: any of the organisation's. */
  readonly keys: readonly KeyId[] | null
  /** While the provider refuses the secret, credits pay for the models that it serves first. */
  readonly creditFallback: boolean
  readonly sealed: SealedSecret
}

/**
 * An endpoint that the tenant runs or rents. `endpoint.id` is `~slug/model`, `provider.slug` is `~slug`; its model is one of the
 * catalogue, or one in the tenant's own name space: `~tenant/name`. The price is the one that the tenant declared.
 */
export interface OwnEndpoint {
  readonly id: OwnId
  readonly version: number
  readonly endpoint: Endpoint
  readonly provider: Provider
  /** As it is listed; null for a model of the catalogue. */
  readonly model: Model | null
  readonly placement: Placement
  readonly priority: number
  /** Null: it asks for no credential. */
  readonly sealed: SealedSecret | null
}

/** A secret under a key of its own, which is wrapped by the key-encryption key with that number. Texts are base64url. */
export interface SealedSecret {
  readonly kek: number
  readonly wrapped: string
  readonly sealed: string
}

/** A tenant's own models begin with this author. */
export const OWN_AUTHOR = '~tenant'

/**
 * The address that a secret stored for this provider may be sent to: its origin, or `simulated` for a simulated-only provider; null for a
 * provider without an address. The simulator never receives a tenant's secret for a real provider.
 */
export function destinationOf({ baseUrl }: Pick<Provider, 'baseUrl'>): string | null {
  if (isOnlySimulated({ baseUrl })) return 'simulated'
  return URL.canParse(baseUrl) ? new URL(baseUrl).origin : null
}

/** The same, indexed. */
export interface OwnIndex {
  readonly credentialsOf: ReadonlyMap<ProviderSlug, readonly OwnCredential[]>
  readonly endpointsOf: ReadonlyMap<ModelSlug, readonly OwnEndpoint[]>
  /** Those in the tenant's own name space. */
  readonly models: ReadonlyMap<ModelSlug, Model>
  readonly byId: ReadonlyMap<OwnId, OwnCredential | OwnEndpoint>
}

const indexed = new WeakMap<Own, OwnIndex>()

/** Built once, and kept as long as the object lives. */
export function indexOf(own: Own): OwnIndex {
  const known = indexed.get(own)
  if (known) return known
  const made = {
    credentialsOf: grouped(own.credentials, ({ provider }) => provider),
    endpointsOf: grouped(own.endpoints, ({ endpoint }) => endpoint.model),
    models: new Map(own.endpoints.flatMap(({ model }) => (model ? [[model.slug, model] as const] : []))),
    byId: new Map([...own.credentials, ...own.endpoints].map((one) => [one.id, one] as const)),
  }
  indexed.set(own, made)
  return made
}

/** Every target that a credential or endpoint of the organisation can be, whether a request may use it or not. */
export function ownTargets(
  { credentials, endpoints }: Own,
  { endpointsOf }: Pick<Catalogue, 'endpointsOf'>,
): TargetId[] {
  const accounts = grouped(credentials, ({ provider }) => provider)
  const atProviders = [...endpointsOf.values()]
    .flat()
    .flatMap(({ id, provider }) => (accounts.get(provider) ?? []).map((one) => ownTarget(id, one.id)))
  return [...atProviders, ...endpoints.map(({ endpoint, id }) => ownTarget(endpoint.id, id))]
}
