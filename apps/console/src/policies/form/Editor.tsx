import { Alert, Box, Card, Typography } from '@mui/material'
import { useState } from 'react'
import { useText } from '../../i18n/text.ts'
import { useOwnOptions } from '../../provider-keys/TargetName.tsx'
import { BlockSkeleton } from '../../states/Loading.tsx'
import { useCatalogue } from '../../models/catalogue.ts'
import type { Editing } from './editing.ts'
import { PolicyForm } from './PolicyForm.tsx'
import { Preview } from '../preview/Preview.tsx'
import { usePreview } from '../preview/query.ts'
import { documentErrorsOf } from '../../states/refusal.ts'
import { FIRST_SAMPLE, sampleOf } from '../preview/sample.ts'
import { SampleForm } from '../preview/SampleForm.tsx'

interface EditorProps {
  /** The policy that the draft is to be a version of; null for a new one. */
  readonly policyId: string | null
  readonly editing: Editing
  readonly readOnly: boolean
  /** Why the last save was refused; null when it was not. */
  readonly refusal: unknown
}

/** The form and, next to it or on a narrow window below it, the preview. */
export function Editor({ policyId, editing, readOnly, refusal }: EditorProps) {
  const { say } = useText()
  const { isLoading, models, modelOptions, providerOptions } = useCatalogue()
  const own = useOwnOptions()
  const [fields, setFields] = useState(FIRST_SAMPLE)
  const sample = sampleOf(fields, models)
  const question = sample && { document: editing.draft, sample, ...(policyId !== null && { policyId }) }
  const state = usePreview(question)
  return (
    <Box
      sx={{
        display: 'grid',
        gap: 3,
        alignItems: 'start',
        gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'minmax(0, 1fr) 400px' },
      }}
    >
      <PolicyForm
        editing={editing}
        errors={documentErrorsOf(refusal) ?? documentErrorsOf(state.error)}
        readOnly={readOnly}
      />
      <Card
        component="section"
        aria-labelledby="preview-title"
        sx={{
          p: { xs: 2, sm: 2.5 },
          display: 'grid',
          gap: 2,
          position: { lg: 'sticky' },
          top: 24,
          maxHeight: { lg: 'calc(100dvh - 48px)' },
          overflowY: { lg: 'auto' },
        }}
      >
        <div>
          <Typography variant="h2" id="preview-title">
            {say('preview.title')}
          </Typography>
          <Typography variant="caption" component="p">
            {say('preview.text')}
          </Typography>
        </div>
        {sample === null && isLoading && <BlockSkeleton height={320} />}
        {sample === null && !isLoading && <Alert severity="info">{say('preview.noModels')}</Alert>}
        {sample !== null && (
          <>
            <SampleForm
              fields={{ ...fields, model: sample.models[0] ?? '' }}
              models={[...own.models, ...modelOptions]}
              providers={[...own.providers, ...providerOptions]}
              onChange={setFields}
            />
            <Preview state={state} />
          </>
        )}
      </Card>
    </Box>
  )
}
