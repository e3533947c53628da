import { Box, Button, Chip, Typography } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import type { Policy, PolicyWarning } from '@turnpike/contract'
import { useState } from 'react'
import { statusOf } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { ActionAlert } from '../../parts/ActionAlert.tsx'
import { policyQuery, savePolicy } from '../calls.ts'
import type { Editing } from './editing.ts'
import { Editor } from './Editor.tsx'
import { Conflict } from '../versions/Conflict.tsx'
import { VersionDialog } from '../versions/VersionDialog.tsx'
import { SimulateButton } from '../preview/SimulateButton.tsx'
import { Warnings } from '../Warnings.tsx'

interface EditTabProps {
  readonly newest: Policy
  readonly base: Policy
  /** Goes on with the draft, on top of this version. */
  readonly onBase: (base: Policy) => void
  /** Takes this version and forgets the draft. */
  readonly onLoad: (policy: Policy) => void
  readonly editing: Editing
  readonly warnings: readonly PolicyWarning[]
  readonly readOnly: boolean
}

/** The draft with its preview, and the actions that save it as the current version. */
export function EditTab({ newest, base, onBase, onLoad, editing, warnings, readOnly }: EditTabProps) {
  const { say } = useText()
  const queryClient = useQueryClient()
  const [isSaving, setIsSaving] = useState(false)
  const [refused, setRefused] = useState<{ readonly draft: object; readonly error: unknown } | null>(null)
  const newestVersion = { version: newest.version }
  const isBehind = newest.version > base.version
  const failed = (error: unknown) => {
    if (statusOf(error) !== 409) return setRefused({ draft: editing.draft, error })
    setIsSaving(false)
    return void queryClient.invalidateQueries({ queryKey: policyQuery(newest.id).queryKey })
  }
  return (
    <>
      {isBehind && editing.isChanged && (
        <Conflict newest={newest} draft={editing.draft} onLoad={() => onLoad(newest)} onOver={() => onBase(newest)} />
      )}
      {isBehind && !editing.isChanged && (
        <ActionAlert
          severity="info"
          action={say('policy.conflictLoad', newestVersion)}
          onAction={() => onLoad(newest)}
          sx={{ mb: 2.5 }}
        >
          {say('policy.newer', newestVersion)}
        </ActionAlert>
      )}
      {!editing.isChanged && <Warnings title={say('policy.warnings')} warnings={warnings} />}
      <Editor
        policyId={newest.id}
        editing={editing}
        readOnly={readOnly}
        refusal={refused?.draft === editing.draft ? refused.error : null}
      />
      {!readOnly && (
        <SaveBar policy={newest} editing={editing} base={base} isBlocked={isBehind} onSave={() => setIsSaving(true)} />
      )}
      {isSaving && (
        <VersionDialog
          title={say('policy.saveTitle', { version: base.version + 1 })}
          action={say('common.save')}
          policy={newest}
          before={base.document}
          after={editing.draft}
          run={() => savePolicy(newest.id, editing.draft, base.version)}
          notice={['policy.savedNotice', { version: base.version + 1 }]}
          onSaved={onLoad}
          onFailed={failed}
          onClose={() => setIsSaving(false)}
        >
          <Typography variant="h3" sx={{ mb: 1 }}>
            {say('policy.changes')}
          </Typography>
        </VersionDialog>
      )}
    </>
  )
}

interface SaveBarProps {
  readonly policy: Policy
  readonly editing: Editing
  readonly base: Policy
  /** Another version has to be looked at first. */
  readonly isBlocked: boolean
  readonly onSave: () => void
}

function SaveBar({ policy, editing, base, isBlocked, onSave }: SaveBarProps) {
  const { say } = useText()
  return (
    <Box
      sx={{
        position: 'sticky',
        bottom: 0,
        zIndex: 2,
        display: 'flex',
        flexWrap: 'wrap',
        gap: 1.5,
        alignItems: 'center',
        mt: 3,
        py: 1.5,
        borderTop: '1px solid',
        borderColor: 'divider',
        backgroundColor: 'background.default',
      }}
    >
      <Button variant="contained" disabled={!editing.isChanged || editing.isBroken || isBlocked} onClick={onSave}>
        {say('common.save')}
      </Button>
      {editing.isChanged ? (
        <>
          <Button color="inherit" onClick={() => editing.change(base.document)}>
            {say('policy.discard')}
          </Button>
          <Chip size="small" variant="outlined" color="warning" label={say('policy.unsaved')} />
        </>
      ) : (
        <Box sx={{ color: 'text.secondary' }}>{say('policy.nothingChanged')}</Box>
      )}
      <SimulateButton document={editing.draft} policyId={policy.id} name={policy.name} disabled={editing.isBroken} />
    </Box>
  )
}
