import {
  addressOf,
  destinationOf,
  endpointOf,
  Fault,
  indexOf,
  asReal,
  ownerOf,
  shownName,
  type Caller,
  type OwnCredential,
  type OwnEndpoint,
  type TargetId,
} from '@turnpike/domain'
import { adapterOf } from '@turnpike/providers'
import type { OwnSecrets } from './byok-secrets.ts'
import { endpointIn, type TargetDirectory, type Target } from './target.ts'

/** What it takes to call a target by a BYOK resource. */
interface ByokDependencies {
  readonly secrets: Pick<OwnSecrets, 'open'>
  /** Where simulated providers answer; undefined: nowhere. */
  readonly simulatorUrl: string | undefined
}

/** The directory with this caller's BYOK resources, which no other tenant sees. Nothing is copied. */
export function withByok(directory: TargetDirectory, caller: Caller, dependencies: ByokDependencies): TargetDirectory {
  if (!caller.own) return directory
  const { byId } = indexOf(caller.own)
  return {
    ...directory,
    target(id) {
      const owner = ownerOf(id)
      if (owner === null) return directory.target(id)
      const own = byId.get(owner)
      const reached =
        own &&
        ('boundTo' in own
          ? byCredential(id, own, directory, caller, dependencies)
          : atEndpoint(id, own, caller, dependencies))
      if (!reached) throw new Error(`target ${id} was routed to but cannot be reached`)
      return { id, ...reached, adapter: adapterOf(reached.provider), account: own.id, own }
    },
  }
}

/** What of a target the kind of the BYOK resource decides; null: it cannot be reached. */
type Reached = Pick<Target, 'endpoint' | 'provider' | 'baseUrl' | 'secret' | 'egress'> | null

/** By the tenant's account at the provider itself, also where the simulator answers for it. */
function byCredential(
  id: TargetId,
  own: OwnCredential,
  { catalogue }: TargetDirectory,
  { tenantId }: Caller,
  { secrets, simulatorUrl }: ByokDependencies,
): Reached {
  const endpoint = endpointIn(catalogue, endpointOf(id))
  const listed = catalogue.providers.get(own.provider)
  const provider = listed && asReal(listed)
  const baseUrl = provider && addressOf(provider, simulatorUrl)
  if (!endpoint || !provider || !baseUrl || endpoint.provider !== own.provider) return null
  const secret = () => {
    if (destinationOf(provider) !== own.boundTo) throw movedAway(shownName(provider), own)
    return secrets.open(tenantId, own)
  }
  return { endpoint, provider, baseUrl, secret, egress: 'unrestricted' }
}

/** An address that the tenant wrote: only ever by restricted egress. */
function atEndpoint(id: TargetId, own: OwnEndpoint, { tenantId }: Caller, { secrets }: ByokDependencies): Reached {
  const { endpoint, provider } = own
  if (endpoint.id !== endpointOf(id) || provider.simulated || provider.baseUrl === '') return null
  const secret = () => (own.sealed === null ? '' : secrets.open(tenantId, own))
  return { endpoint, provider, baseUrl: provider.baseUrl, secret, egress: 'restricted' }
}

function movedAway(provider: string, { id }: OwnCredential): Fault {
  return new Fault(
    'own_credential_refused',
    `${provider} answers at another address than when your credential ${id} was stored, so it was not sent. Store it again under Provider keys.`,
    { metadata: { credential: id, is_byok: true } },
  )
}
