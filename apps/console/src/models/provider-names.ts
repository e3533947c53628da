import { useQuery } from '@tanstack/react-query'
import type { ModelRow } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { useMay } from '../session.ts'
import { modelsQuery } from './query.ts'
import { plainName } from './simulated.ts'

/** A provider as the catalogue has it. */
interface Known {
  readonly name: string
  readonly simulated: boolean
}

interface ProviderNames {
  /** The name of a provider on every page, marked where it is simulated; a slug that the catalogue does not know stays as it is. */
  readonly nameOf: (slug: string) => string
  /** The name without the mark, for a provider that is reached by an account of the reader's own: it is real then. */
  readonly realNameOf: (slug: string) => string
  readonly isSimulated: (slug: string) => boolean
}

/** Names of providers. Slugs until the catalogue came, or for a reader who may not see it. */
export function useProviderNames(): ProviderNames {
  const { say } = useText()
  const mayRead = useMay('models:read')
  const { data } = useQuery({ ...modelsQuery, enabled: mayRead })
  const known = knownProviders(data?.data ?? [])
  const realNameOf = (slug: string) => known.get(slug)?.name ?? slug
  const isSimulated = (slug: string) => known.get(slug)?.simulated === true
  const mark = ` (${say('common.simulated')})`
  return { nameOf: (slug) => realNameOf(slug) + (isSimulated(slug) ? mark : ''), realNameOf, isSimulated }
}

/** Every provider once, by its slug. */
export function knownProviders(models: readonly Pick<ModelRow, 'endpoints'>[]): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>()
  for (const { endpoints } of models) {
    for (const { provider, providerName, simulated } of endpoints) {
      if (!known.has(provider)) known.set(provider, { name: plainName(providerName), simulated })
    }
  }
  return known
}
