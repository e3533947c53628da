import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Link from '@mui/material/Link'
import { useText } from '../../i18n/text.ts'
import { useOwnOptions } from '../../provider-keys/TargetName.tsx'
import { Choice } from '../../parts/Choice.tsx'
import { useUrlState } from '../../parts/url-state.ts'
import { useCatalogue } from '../../models/catalogue.ts'
import { DraftContext } from '../../draft/state.ts'
import type { Editing } from './editing.ts'
import { usePolicyEntries } from './entries.tsx'
import { JsonEditor } from './JsonEditor.tsx'
import { Section } from './Section.tsx'
import { SECTIONS } from './vocabulary.ts'

interface PolicyFormProps {
  readonly editing: Editing
  readonly errors: unknown
  readonly readOnly: boolean
}

/** The document as a form or as JSON. Both show the same draft; which one is part of the address. */
export function PolicyForm({ editing, errors, readOnly }: PolicyFormProps) {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const view = url.get('view') === 'json' ? 'json' : 'form'
  return (
    <Box sx={{ display: 'grid', gap: 2, minWidth: 0 }}>
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
        <JsonEditor text={editing.json} isBroken={editing.isBroken} readOnly={readOnly} onChange={editing.writeJson} />
      ) : (
        <DraftContext value={{ draft: editing.draft, onChange: editing.change, errors }}>
          {editing.isBroken && <BrokenJson onDrop={editing.dropJson} />}
          <Sections disabled={readOnly || editing.isBroken} />
        </DraftContext>
      )}
    </Box>
  )
}

function BrokenJson({ onDrop }: { onDrop: () => void }) {
  const { say } = useText()
  const drop = (
    <Button color="inherit" size="small" onClick={onDrop}>
      {say('policies.jsonDrop')}
    </Button>
  )
  return (
    <Alert severity="warning" action={drop}>
      {say('policies.jsonBrokenForm')}
    </Alert>
  )
}

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
