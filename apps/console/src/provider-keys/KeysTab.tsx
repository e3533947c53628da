import { useQuery } from '@tanstack/react-query'
import type { ProviderKey } from '@turnpike/contract'
import { useText, type Say } from '../i18n/text.ts'
import { plainName } from '../models/simulated.ts'
import { providerKeysQuery } from './calls.ts'
import { KeyDialog } from './KeyDialog.tsx'
import { KeyList } from './KeyList.tsx'
import { ResourceTab } from './ResourceTab.tsx'

/** The organisation's keys at providers. */
export function KeysTab() {
  const { say } = useText()
  return (
    <ResourceTab
      kind="provider-keys"
      query={useQuery(providerKeysQuery)}
      texts={{ add: 'providerKeys.add', emptyTitle: 'providerKeys.emptyTitle', emptyText: 'providerKeys.emptyText' }}
      List={KeyList}
      Dialog={KeyDialog}
      consequenceOf={(key, keys) => consequenceOf(key, keys, say)}
    />
  )
}

/** The other keys of its provider take over, or credits. */
function consequenceOf(key: ProviderKey, keys: readonly ProviderKey[], say: Say): string {
  const left = keys.filter(({ id, provider, disabled }) => id !== key.id && provider === key.provider && !disabled)
  const provider = plainName(key.providerName)
  return left.length > 0
    ? say('providerKeys.deleteLeft', { provider, names: left.map(({ name }) => name).join(', ') })
    : say('providerKeys.deleteLast', { provider })
}
