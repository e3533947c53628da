import type { Dialect } from './chat.ts'
import type { EndpointId, ModelSlug, ProviderSlug } from './ids.ts'
import type { Price } from './money/price.ts'

/** A model as callers name it, at any provider. */
export interface Model {
  readonly slug: ModelSlug
  readonly name: string
  readonly description: string
  /** Unix seconds. */
  readonly created: number
  readonly contextLength: number
  readonly inputModalities: readonly string[]
  readonly outputModalities: readonly string[]
  /** Its author permits training other models on its answers. Unknown counts as no. */
  readonly distillable: boolean
  /** Purposes that its name states, such as `programming` or `finance`. Most models have none. */
  readonly categories?: readonly string[]
}

/**
 * Who serves models. `baseUrl` ends without a slash; an empty one means that the provider has no address.
 * `simulated`: `apps/simulator` answers requests of the operator account, at no real cost. The address of a simulated-only provider is
 * its path on the simulator; a real provider that is simulated keeps its own address (`simulated-provider.ts`).
 */
export interface Provider {
  readonly slug: ProviderSlug
  readonly name: string
  readonly dialect: Dialect
  readonly baseUrl: string
  readonly simulated: boolean
  /** May keep or train on prompts. */
  readonly retainsPrompts: boolean
  /** Keeps nothing of a request once it is answered. Unknown counts as no. */
  readonly zeroRetention: boolean
  /** Where it processes what it is sent, as in `region.ts`, and nowhere else. Absent or empty: not known. */
  readonly regions?: readonly string[]
  /** Endpoints that share a domain are expected to fail together. */
  readonly failureDomain: string
}

/** A model at a provider: what a request can be sent to. */
export interface Endpoint {
  readonly id: EndpointId
  readonly model: ModelSlug
  readonly provider: ProviderSlug
  readonly upstreamModel: string
  readonly contextLength: number
  readonly maxCompletionTokens: number | null
  readonly quantization: string
  readonly supportedParameters: readonly string[]
  /** Null: the price is unknown. Such an endpoint is an incident and is never served. */
  readonly price: Price | null
}

/** Everything that can be routed to, as of one version. Replaced whole, never edited. */
export interface Catalogue {
  readonly version: number
  readonly models: ReadonlyMap<ModelSlug, Model>
  readonly providers: ReadonlyMap<ProviderSlug, Provider>
  readonly endpointsOf: ReadonlyMap<ModelSlug, readonly Endpoint[]>
}

/** Builds the maps of a catalogue from its rows. */
export function catalogueOf(
  version: number,
  models: readonly Model[],
  providers: readonly Provider[],
  endpoints: readonly Endpoint[],
): Catalogue {
  return {
    version,
    models: new Map(models.map((model) => [model.slug, model])),
    providers: new Map(providers.map((provider) => [provider.slug, provider])),
    endpointsOf: grouped(endpoints, ({ model }) => model),
  }
}

/** Those of one name, in the order of the list. */
export function grouped<Name, One>(all: readonly One[], nameOf: (one: One) => Name): Map<Name, One[]> {
  const groups = new Map<Name, One[]>()
  for (const one of all) {
    const known = groups.get(nameOf(one))
    if (known) known.push(one)
    else groups.set(nameOf(one), [one])
  }
  return groups
}
