import { Alert, Box, Link, TextField } from '@mui/material'
import { useText } from '../../i18n/text.ts'
import { ONE_COLUMN } from '../../parts/Clipped.tsx'
import { useOwnOptions } from '../../provider-keys/TargetName.tsx'
import { ActionAlert } from '../../parts/ActionAlert.tsx'
import { Choice } from '../../parts/Choice.tsx'
import { useUrlState } from '../../parts/url-state.ts'
import { useCatalogue } from '../../models/catalogue.ts'
import { DraftContext } from '../../draft/state.ts'
import type { Editing } from './editing.ts'
import { usePolicyEntries } from './entries.tsx'
import { Section } from './Section.tsx'
import { SECTIONS } from './vocabulary.ts'

interface PolicyFormProps {
  readonly editing: Editing
  readonly errors: unknown
  readonly readOnly: boolean
}

/** The document as a form or as JSON, by the address. Both show the same draft. */
export function PolicyForm({ editing, errors, readOnly }: PolicyFormProps) {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const view = url.get('view') === 'json' ? 'json' : 'form'
  return (
    <Box sx={{ ...ONE_COLUMN, gap: 2, minWidth: 0 }}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 2, alignItems: 'center', justifyContent: 'space-between' }}>
        <Choice
          label={say('common.policy')}
          value={view}
          options={[
            { value: 'form', label: say('policies.formView') },
            { value: 'json', label: say('common.json') },
          ]}
          onChange={(wanted) => setUrl({ view: wanted === 'json' ? wanted : null })}
        />
        <Link href="#preview-title" sx={{ display: { lg: 'none' } }}>
          {say('preview.jump')}
        </Link>
      </Box>
      {readOnly && <Alert severity="info">{say('policies.readOnly')}</Alert>}
      {view === 'json' ? (
        <JsonEditor editing={editing} readOnly={readOnly} />
      ) : (
        <DraftContext value={{ draft: editing.draft, onChange: editing.change, errors }}>
          {editing.isBroken && (
            <ActionAlert severity="warning" action={say('policies.jsonDrop')} onAction={editing.dropJson}>
              {say('policies.jsonBrokenForm')}
            </ActionAlert>
          )}
          <Sections disabled={readOnly || editing.isBroken} />
        </DraftContext>
      )}
    </Box>
  )
}

/** The document as it is kept and as the API takes it. */
function JsonEditor({ editing: { json, isBroken, writeJson }, readOnly }: { editing: Editing; readOnly: boolean }) {
  const { say } = useText()
  return (
    <TextField
      multiline
      fullWidth
      minRows={16}
      maxRows={40}
      label={say('policies.jsonLabel')}
      value={json}
      onChange={(event) => writeJson(event.target.value)}
      error={isBroken}
      helperText={say(isBroken ? 'policies.jsonBroken' : 'policies.jsonHint')}
      slotProps={{ htmlInput: { spellCheck: false, readOnly, style: MONOSPACE } }}
    />
  )
}

const MONOSPACE = { fontFamily: 'ui-monospace, Menlo, Consolas, monospace', fontSize: 13 }

function Sections({ disabled }: { disabled: boolean }) {
  const catalogue = useCatalogue()
  const own = useOwnOptions()
  const providers = [...own.providers, ...catalogue.providerOptions]
  const entries = usePolicyEntries(providers, [...own.models, ...catalogue.modelOptions])
  return (
    <Box
      component="fieldset"
      disabled={disabled}
      sx={{ border: 0, m: 0, p: 0, minWidth: 0, display: 'grid', gap: 1.5 }}
    >
      {SECTIONS.map((name) => (
        <Section key={name} name={name} entries={entries} />
      ))}
    </Box>
  )
}
