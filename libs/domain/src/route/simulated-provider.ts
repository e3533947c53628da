import type { Catalogue, Provider } from '../catalogue.ts'
import type { Dialect } from '../chat.ts'
import type { ModelSlug, ProviderSlug } from '../ids.ts'

/** The provider does not exist: its address is a path on the simulator, and it has no other. */
export function isOnlySimulated({ baseUrl }: Pick<Provider, 'baseUrl'>): boolean {
  return baseUrl.startsWith('/')
}

/** The provider exists, and the simulator answers the house in its place. */
export function isRealButSimulated(provider: Pick<Provider, 'simulated' | 'baseUrl'>): boolean {
  return provider.simulated && !isOnlySimulated(provider)
}

/** The provider itself, as an account of a tenant's own reaches it: its stand-in answers the house and nobody else. */
export function asReal(provider: Provider): Provider {
  return isRealButSimulated(provider) ? { ...provider, simulated: false } : provider
}

/** Its name as people are shown it: whoever the simulator answers for is marked. */
export function shownName({ name, simulated }: Pick<Provider, 'name' | 'simulated'>): string {
  return simulated ? `${name} (simulated)` : name
}

/**
 * Where requests to a provider go; null where there is no address. A simulated one is on the simulator, whatever address it has itself.
 * @param simulatorUrl without a slash at its end; undefined: there is no simulator
 */
export function addressOf(provider: Provider, simulatorUrl: string | undefined): string | null {
  if (provider.simulated) return simulatorUrl === undefined ? null : simulatorUrl + simulatorPath(provider)
  return provider.baseUrl === '' ? null : provider.baseUrl
}

/** A stand-in answers under the provider's slug; the paths of its dialect begin behind a version. */
function simulatorPath(provider: Provider): string {
  return isOnlySimulated(provider) ? provider.baseUrl : `/${provider.slug}/${VERSION[provider.dialect]}`
}

const VERSION = { openai: 'v1', anthropic: 'v1', google: 'v1beta' } as const satisfies Record<Dialect, string>

/** A catalogue, and the providers in it that the house can ask. */
interface Within {
  readonly catalogue: Catalogue
  readonly reachable: ReadonlySet<ProviderSlug>
}

/** Whom the house reaches but for stand-ins: real providers, and those that are made up. */
export function withoutSimulatedReal({ catalogue, reachable }: Within): Set<ProviderSlug> {
  const isItself = (slug: ProviderSlug) => {
    const provider = catalogue.providers.get(slug)
    return provider !== undefined && !isRealButSimulated(provider)
  }
  return new Set([...reachable].filter(isItself))
}

/** Whether a made-up provider has the model: it is made up itself, and answers without any account. */
export function isOnlySimulatedModel(model: ModelSlug, { endpointsOf, providers }: Catalogue): boolean {
  return (endpointsOf.get(model) ?? []).some(({ provider: slug }) => {
    const provider = providers.get(slug)
    return provider !== undefined && isOnlySimulated(provider)
  })
}

/** Whether a real provider within reach has the model, at a price: then nobody needs to stand in. */
export function isServedByRealProvider(model: ModelSlug, { catalogue, reachable }: Within): boolean {
  return (catalogue.endpointsOf.get(model) ?? []).some(
    ({ provider, price }) =>
      price !== null && reachable.has(provider) && catalogue.providers.get(provider)?.simulated === false,
  )
}
