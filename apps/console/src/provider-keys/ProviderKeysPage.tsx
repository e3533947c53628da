import { Tab, Tabs } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { OwnEndpointRow, ProviderKey } from '@turnpike/contract'
import { useText, type Say } from '../i18n/text.ts'
import { plainName } from '../models/simulated.ts'
import { useUrlState } from '../parts/url-state.ts'
import { Page } from '../shell/Page.tsx'
import { ownEndpointsQuery, providerKeysQuery } from './calls.ts'
import { EndpointDialog } from './EndpointDialog.tsx'
import { EndpointList } from './EndpointList.tsx'
import { KeyDialog } from './KeyDialog.tsx'
import { KeyList } from './KeyList.tsx'
import { ResourceTab } from './ResourceTab.tsx'

const TABS = ['keys', 'endpoints'] as const

/** BYOK resources: provider keys and own endpoints. The tab is part of the address. */
export default function ProviderKeysPage() {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const tab = url.get('tab') === 'endpoints' ? 'endpoints' : 'keys'
  return (
    <Page title={say('nav.provider-keys')} text={say('providerKeys.text')}>
      <Tabs
        value={tab}
        onChange={(_event, name: string) => setUrl({ tab: name === 'keys' ? null : name, add: null })}
        aria-label={say('nav.provider-keys')}
        sx={{ mb: 2.5 }}
      >
        {TABS.map((name) => (
          <Tab key={name} value={name} label={say(`providerKeys.tab_${name}`)} id={`tab-${name}`} aria-controls="own" />
        ))}
      </Tabs>
      <div id="own" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'keys' ? <KeysTab /> : <EndpointsTab />}
      </div>
    </Page>
  )
}

const KEY_TEXTS = {
  add: 'providerKeys.add',
  emptyTitle: 'providerKeys.emptyTitle',
  emptyText: 'providerKeys.emptyText',
} as const

/** The organisation's keys at providers. */
function KeysTab() {
  const { say } = useText()
  return (
    <ResourceTab
      kind="provider-keys"
      query={useQuery(providerKeysQuery)}
      texts={KEY_TEXTS}
      List={KeyList}
      Dialog={KeyDialog}
      onSecretSaved={(key, tests) => tests.note(key)}
      consequenceOf={(key, keys) => afterKey(key, keys, say)}
    />
  )
}

/** The other keys of its provider take over, or credits. */
function afterKey(key: ProviderKey, keys: readonly ProviderKey[], say: Say): string {
  const left = keys.filter(({ id, provider, disabled }) => id !== key.id && provider === key.provider && !disabled)
  const provider = plainName(key.providerName)
  return left.length > 0
    ? say('providerKeys.deleteLeft', { provider, names: left.map(({ name }) => name).join(', ') })
    : say('providerKeys.deleteLast', { provider })
}

const ENDPOINT_TEXTS = {
  add: 'providerKeys.addEndpoint',
  emptyTitle: 'providerKeys.emptyEndpointsTitle',
  emptyText: 'providerKeys.emptyEndpointsText',
} as const

/** Endpoints that the organisation runs or rents. */
function EndpointsTab() {
  const { say } = useText()
  return (
    <ResourceTab
      kind="own-endpoints"
      query={useQuery(ownEndpointsQuery)}
      texts={ENDPOINT_TEXTS}
      List={EndpointList}
      Dialog={EndpointDialog}
      consequenceOf={(gone, all) => afterEndpoint(gone, all, say)}
    />
  )
}

/** A model of one's own is gone with its last endpoint; one of the catalogue is served by others. */
function afterEndpoint(gone: OwnEndpointRow, all: readonly OwnEndpointRow[], say: Say): string {
  const { model } = gone
  const isLast = !all.some((other) => other.id !== gone.id && other.model === model && !other.disabled)
  if (isLast && model.startsWith('~')) return say('providerKeys.deleteModel', { model })
  return say(isLast ? 'providerKeys.deleteCatalogue' : 'providerKeys.deleteOthers', { model })
}
