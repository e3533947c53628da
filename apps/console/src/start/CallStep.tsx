import { Box, Stack, Tab, Tabs, Typography } from '@mui/material'
import type { ModelRow } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { CodeBlock } from '../parts/CodeBlock.tsx'
import { Select } from '../parts/Select.tsx'
import { useUrlState } from '../parts/url-state.ts'
import { INSTALL, snippet, SNIPPET_LABELS, SNIPPETS } from './snippets.ts'

interface CallStepProps {
  readonly apiKey: string | null
  readonly baseUrl: string
  readonly model: string
  readonly models: readonly ModelRow[]
  readonly onModel: (slug: string) => void
}

/** Ready-made programs, with everything filled in. The chosen language stays in the address. */
export function CallStep({ apiKey, baseUrl, model, models, onModel }: CallStepProps) {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const tab = SNIPPETS.find((name) => name === url.get('tab')) ?? 'curl'
  const install = INSTALL[tab]
  const code = snippet(tab, { key: apiKey ?? 'tp_live_…', baseUrl, model })
  return (
    <Stack spacing={1.5}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', justifyContent: 'space-between', alignItems: 'center', gap: 1.5 }}>
        <Tabs
          value={tab}
          onChange={(_event, name: string) => setUrl({ tab: name })}
          aria-label={say('settings.language')}
          variant="scrollable"
          scrollButtons={false}
        >
          {SNIPPETS.map((name) => (
            <Tab key={name} value={name} label={SNIPPET_LABELS[name]} id={`tab-${name}`} aria-controls="snippet" />
          ))}
        </Tabs>
        {models.length > 0 && (
          <Select
            label={say('common.model')}
            value={model}
            options={models.map(({ slug }) => [slug, slug])}
            onChange={onModel}
            minWidth={200}
          />
        )}
      </Box>
      <div id="snippet" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        <CodeBlock code={code} label={SNIPPET_LABELS[tab]} copyLabel={say('common.copy')} />
      </div>
      {install && (
        <Typography variant="caption">
          <InstallHint command={install} />
        </Typography>
      )}
    </Stack>
  )
}

function InstallHint({ command }: { command: string }) {
  const { say } = useText()
  return <code>{say('start.install', { command })}</code>
}
