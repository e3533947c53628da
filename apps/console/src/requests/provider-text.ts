import type { RequestRow } from '@turnpike/contract'
import type { Say } from '../i18n/text.ts'

/** The provider that answered, marked when by the tenant's own account; null when none did. */
export function providerText({ provider, ownId }: Pick<RequestRow, 'provider' | 'ownId'>, say: Say): string | null {
  return provider !== null && ownId !== null ? say('providerKeys.byYourAccount', { provider }) : provider
}
