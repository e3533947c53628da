import type { Catalogue, Endpoint, EndpointId, Provider, ProviderSlug } from '@turnpike/domain'
import { adapterOf, type Adapter } from '@turnpike/providers'
import type { GatewayConfig } from './config.ts'

/** An endpoint with everything needed to call it. The secret goes to `baseUrl` and nowhere else. */
export interface Target {
  readonly endpoint: Endpoint
  readonly provider: Provider
  readonly adapter: Adapter
  readonly baseUrl: string
  readonly secret: string
}

/**
 * The headers of a request to a target. What scripts a simulated provider, and the id by which its log is compared with ours, go
 * to simulated providers and to nobody else.
 */
export function headersTo(
  target: Target,
  headers: Readonly<Record<string, string>>,
  call: { readonly id: string; readonly simulation: Readonly<Record<string, string>> },
): Readonly<Record<string, string>> {
  return target.provider.simulated ? { ...headers, ...call.simulation, 'x-request-id': call.id } : headers
}

/** An account at a provider, bound to the address it was made for. */
interface Account {
  readonly baseUrl: string
  readonly secret: string
}

/** A catalogue with the accounts of this process: what can be reached, and how. Made anew with every version of the catalogue. */
export interface Reach {
  readonly catalogue: Catalogue
  readonly reachable: ReadonlySet<ProviderSlug>
  readonly target: (id: EndpointId) => Target
}

/** Simulated providers ask for a credential as real ones do; any will do. */
const SIMULATED_SECRET = 'simulated'

/** Joins a catalogue with the accounts in the configuration. */
export function reachOf(catalogue: Catalogue, config: GatewayConfig): Reach {
  const accounts = new Map<ProviderSlug, Account>()
  for (const provider of catalogue.providers.values()) {
    const account = accountOf(provider, config)
    if (account) accounts.set(provider.slug, account)
  }
  const targets = new Map<EndpointId, Target>()
  for (const endpoints of catalogue.endpointsOf.values()) {
    for (const endpoint of endpoints) {
      const provider = catalogue.providers.get(endpoint.provider)
      const account = accounts.get(endpoint.provider)
      if (provider && account)
        targets.set(endpoint.id, { endpoint, provider, adapter: adapterOf(provider), ...account })
    }
  }
  return {
    catalogue,
    reachable: new Set(accounts.keys()),
    target(id) {
      const target = targets.get(id)
      if (!target) throw new Error(`endpoint ${id} was routed to but cannot be reached`)
      return target
    },
  }
}

function accountOf(provider: Provider, config: GatewayConfig): Account | null {
  if (provider.simulated) {
    return config.SIMULATOR_URL ? { baseUrl: config.SIMULATOR_URL + provider.baseUrl, secret: SIMULATED_SECRET } : null
  }
  const secret = secretsOf(config)[provider.slug]
  return secret === undefined ? null : { baseUrl: provider.baseUrl, secret }
}

/** The operator's credential per provider. A compatible server of one's own may want none. */
function secretsOf(config: GatewayConfig): Readonly<Record<string, string | undefined>> {
  return {
    openai: config.OPENAI_API_KEY,
    anthropic: config.ANTHROPIC_API_KEY,
    google: config.GEMINI_API_KEY,
    compatible: config.OPENAI_COMPATIBLE_BASE_URL ? (config.OPENAI_COMPATIBLE_API_KEY ?? 'none') : undefined,
  }
}
