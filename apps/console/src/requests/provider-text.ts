import type { RequestRow } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { useProviderNames } from '../models/provider-names.ts'

/** The provider that answered: marked as simulated, or as reached by an account of the reader's own; null when none answered. */
export function useProviderText(): (row: Pick<RequestRow, 'provider' | 'ownId'>) => string | null {
  const { say } = useText()
  const { nameOf, realNameOf } = useProviderNames()
  return ({ provider, ownId }) => {
    if (provider === null) return null
    return ownId === null ? nameOf(provider) : say('providerKeys.byYourAccount', { provider: realNameOf(provider) })
  }
}
