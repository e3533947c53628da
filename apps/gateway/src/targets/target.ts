import {
  addressOf,
  type Catalogue,
  type Endpoint,
  type EndpointId,
  type OwnCredential,
  type OwnEndpoint,
  type Provider,
  type ProviderSlug,
  type TargetId,
} from '@turnpike/domain'
import { adapterOf, type Adapter } from '@turnpike/providers'
import type { GatewayConfig } from '../config.ts'

/** `unrestricted`: to providers that the operator chose. `restricted`: to addresses that a tenant wrote. */
export type EgressMode = 'unrestricted' | 'restricted'

/** An endpoint by one account, with everything needed to call it. */
export interface Target {
  /** What health, candidates and attempts know the target by. */
  readonly id: TargetId
  readonly endpoint: Endpoint
  readonly provider: Provider
  readonly adapter: Adapter
  readonly baseUrl: string
  /** The credential in clear, for `baseUrl` only; empty: none is asked for. Throws a Fault where it may not be sent. */
  readonly secret: () => string
  /** Whose failures are counted together: the operator's account at a provider, or one of a tenant's. */
  readonly account: string
  readonly egress: EgressMode
  /** The tenant's BYOK resource that it uses; null: the operator's account. */
  readonly own: OwnCredential | OwnEndpoint | null
}

/** Only simulated providers get the headers that script them, and the id by which their log is compared with ours. */
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
  readonly secret: () => string
}

/** A catalogue with the accounts of this process. Made anew with every version of the catalogue. */
export interface TargetDirectory {
  readonly catalogue: Catalogue
  readonly reachable: ReadonlySet<ProviderSlug>
  readonly target: (id: TargetId) => Target
}

/** The simulator wants a credential, and never sees one of the operator's. */
const SIMULATED_SECRET = 'simulated'

/** Joins a catalogue with the accounts in the configuration. */
export function targetDirectory(catalogue: Catalogue, config: GatewayConfig): TargetDirectory {
  const accounts = new Map<ProviderSlug, Account>()
  for (const provider of catalogue.providers.values()) {
    const account = accountOf(provider, config)
    if (account) accounts.set(provider.slug, account)
  }
  const targets = new Map<TargetId, Target>()
  for (const endpoints of catalogue.endpointsOf.values()) {
    for (const endpoint of endpoints) {
      const provider = catalogue.providers.get(endpoint.provider)
      const account = accounts.get(endpoint.provider)
      if (provider && account) targets.set(endpoint.id, operatorTarget(endpoint, provider, account))
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

const indexed = new WeakMap<Catalogue, ReadonlyMap<EndpointId, Endpoint>>()

/** An endpoint of the catalogue, with an account or not; undefined for none. */
export function endpointIn(catalogue: Catalogue, id: EndpointId): Endpoint | undefined {
  const known = indexed.get(catalogue)
  if (known) return known.get(id)
  const made = new Map([...catalogue.endpointsOf.values()].flat().map((endpoint) => [endpoint.id, endpoint] as const))
  indexed.set(catalogue, made)
  return made.get(id)
}

function operatorTarget(endpoint: Endpoint, provider: Provider, account: Account): Target {
  return {
    id: endpoint.id,
    endpoint,
    provider,
    adapter: adapterOf(provider),
    ...account,
    account: provider.slug,
    egress: 'unrestricted',
    own: null,
  }
}

/** The row of a provider decides: the operator's account does not make a simulated provider real. */
function accountOf(provider: Provider, config: GatewayConfig): Account | null {
  const baseUrl = addressOf(provider, config.SIMULATOR_URL)
  if (baseUrl === null) return null
  const secret = provider.simulated ? SIMULATED_SECRET : secretsOf(config)[provider.slug]
  return secret === undefined ? null : { baseUrl, secret: () => secret }
}

/** The operator's credential per provider. A self-hosted compatible server may want none. */
function secretsOf(config: GatewayConfig): Readonly<Record<string, string | undefined>> {
  return {
    openai: config.OPENAI_API_KEY,
    anthropic: config.ANTHROPIC_API_KEY,
    google: config.GEMINI_API_KEY,
    compatible: config.OPENAI_COMPATIBLE_BASE_URL ? (config.OPENAI_COMPATIBLE_API_KEY ?? 'none') : undefined,
  }
}
