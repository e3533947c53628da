import { Tab, Tabs } from '@mui/material'
import { useText } from '../i18n/text.ts'
import { useUrlState } from '../parts/url-state.ts'
import { Page } from '../shell/Page.tsx'
import { EndpointsTab } from './EndpointsTab.tsx'
import { KeysTab } from './KeysTab.tsx'

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
