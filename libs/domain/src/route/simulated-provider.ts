import type { Catalogue, Provider } from '../catalogue.ts'
import type { Dialect } from '../chat.ts'
import type { ModelSlug, ProviderSlug } from '../ids.ts'

/** A simulated-only provider: its address is a path on the simulator. */
export function isOnlySimulated({ baseUrl }: Pick<Provider, 'baseUrl'>): boolean {
  return baseUrl.startsWith('/')
}

/** A real provider without an operator account: the simulator answers in its name. */
export function isRealButSimulated(provider: Pick<Provider, 'simulated' | 'baseUrl'>): boolean {
  return provider.simulated && !isOnlySimulated(provider)
}

/** The provider as a BYOK credential reaches it: the simulator answers only for the operator account. */
export function asReal(provider: Provider): Provider {
  return isRealButSimulated(provider) ? { ...provider, simulated: false } : provider
}

/** The name on screens; simulated providers are marked. */
export function shownName({ name, simulated }: Pick<Provider, 'name' | 'simulated'>): string {
  return simulated ? `${name} (simulated)` : name
}

/**
 * Where requests go; null without an address. Those to a simulated provider go to the simulator.
 * @param simulatorUrl without a slash at its end; undefined: there is no simulator
 */
export function addressOf(provider: Provider, simulatorUrl: string | undefined): string | null {
  if (provider.simulated) return simulatorUrl === undefined ? null : simulatorUrl + simulatorPath(provider)
  return provider.baseUrl === '' ? null : provider.baseUrl
}

/** A real provider's path on the simulator is its slug and its dialect's version. */
function simulatorPath(provider: Provider): string {
  return isOnlySimulated(provider) ? provider.baseUrl : `/${provider.slug}/${VERSION[provider.dialect]}`
}

const VERSION = { openai: 'v1', anthropic: 'v1', google: 'v1beta' } as const satisfies Record<Dialect, string>

interface Within {
  readonly catalogue: Catalogue
  readonly reachable: ReadonlySet<ProviderSlug>
}

/** The reachable providers without simulated real ones. */
export function withoutSimulatedReal({ catalogue, reachable }: Within): Set<ProviderSlug> {
  const isItself = (slug: ProviderSlug) => {
    const provider = catalogue.providers.get(slug)
    return provider !== undefined && !isRealButSimulated(provider)
  }
  return new Set([...reachable].filter(isItself))
}

/** Whether a simulated-only provider has the model, which is then invented too. */
export function isOnlySimulatedModel(model: ModelSlug, { endpointsOf, providers }: Catalogue): boolean {
  return (endpointsOf.get(model) ?? []).some(({ provider: slug }) => {
    const provider = providers.get(slug)
    return provider !== undefined && isOnlySimulated(provider)
  })
}

/** Whether a real provider within reach has the model at a price; simulated ones are then removed. */
export function isServedByRealProvider(model: ModelSlug, { catalogue, reachable }: Within): boolean {
  return (catalogue.endpointsOf.get(model) ?? []).some(
    ({ provider, price }) =>
      price !== null && reachable.has(provider) && catalogue.providers.get(provider)?.simulated === false,
  )
}
