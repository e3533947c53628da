import type { RequestRow } from '@turnpike/contract'
import type { Say } from '../i18n/text.ts'

/** Who answered, and whether by the reader's own account; null when nobody did. */
export function providerText({ provider, ownId }: Pick<RequestRow, 'provider' | 'ownId'>, say: Say): string | null {
  return provider !== null && ownId !== null ? say('providerKeys.byYourAccount', { provider }) : provider
}
