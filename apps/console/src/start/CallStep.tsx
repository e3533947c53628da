import { Box, Stack, Tab, Tabs, Typography } from '@mui/material'
import type { ModelRow } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { CodeBlock } from '../parts/CodeBlock.tsx'
import { Select } from '../parts/Select.tsx'
import { useUrlState } from '../parts/url-state.ts'
import { SNIPPETS } from './snippets.ts'

const NAMES = ['curl', 'python', 'node'] as const

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
  const tab = NAMES.find((name) => name === url.get('tab')) ?? 'curl'
  const { label, install, write } = SNIPPETS[tab]
  const code = write({ key: apiKey ?? 'tp_live_…', baseUrl, model })
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
          {NAMES.map((name) => (
            <Tab key={name} value={name} label={SNIPPETS[name].label} id={`tab-${name}`} aria-controls="snippet" />
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
        <CodeBlock code={code} label={label} copyLabel={say('common.copy')} />
      </div>
      {install && (
        <Typography variant="caption">
          <code>{say('start.install', { command: install })}</code>
        </Typography>
      )}
    </Stack>
  )
}
