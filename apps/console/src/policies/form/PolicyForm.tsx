import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Link from '@mui/material/Link'
import { useText } from '../../i18n/text.ts'
import { useOwnOptions } from '../../provider-keys/TargetName.tsx'
import { Choice } from '../../parts/Choice.tsx'
import { useUrlState } from '../../parts/url-state.ts'
import { useCatalogue } from '../../models/catalogue.ts'
import { at } from '../../draft/draft.ts'
import { DraftContext } from '../../draft/state.ts'
import type { Editing } from './editing.ts'
import { HedgeSection, OwnSection } from './hedge-and-own.tsx'
import { JsonEditor } from './JsonEditor.tsx'
import { ObjectiveSection } from './ObjectiveSection.tsx'
import { ScheduleSection } from './ScheduleSection.tsx'
import {
  CapabilitiesSection,
  DataSection,
  FailoverSection,
  FallbackSection,
  PricesSection,
  ProvidersSection,
  AffinitySection,
  PerformanceSection,
} from './sections.tsx'

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
          <Sections editing={editing} disabled={readOnly || editing.isBroken} />
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

function Sections({ editing, disabled }: { editing: Editing; disabled: boolean }) {
  const catalogue = useCatalogue()
  const own = useOwnOptions()
  const providerOptions = [...own.providers, ...catalogue.providerOptions]
  return (
    <Box
      component="fieldset"
      disabled={disabled}
      sx={{ border: 0, m: 0, p: 0, minWidth: 0, display: 'grid', gap: 1.5 }}
    >
      <ObjectiveSection providers={providerOptions} />
      <ProvidersSection providers={providerOptions} />
      <OwnSection />
      <PricesSection />
      <DataSection />
      <CapabilitiesSection />
      <PerformanceSection />
      <FailoverSection />
      <HedgeSection />
      <FallbackSection
        models={[...own.models, ...catalogue.modelOptions]}
        hasModels={at(editing.draft, ['model_fallback', 'models']) !== undefined}
      />
      <ScheduleSection providers={providerOptions} />
      <AffinitySection />
    </Box>
  )
}
