import TextField from '@mui/material/TextField'
import { useState } from 'react'
import { HttpError } from 'react-admin'
import { errorAt } from '../draft/draft.ts'
import { useText } from '../i18n/text.ts'
import { ActionDialog, type ActionDialogProps } from './ActionDialog.tsx'

interface RenameDialogProps extends Pick<ActionDialogProps<unknown>, 'title' | 'refetch' | 'explain' | 'onClose'> {
  readonly name: string
  readonly rename: (name: string) => Promise<unknown>
}

/** A new name for something that stays as it is. */
export function RenameDialog({ name, rename, ...dialog }: RenameDialogProps) {
  const { say } = useText()
  const [typed, setTyped] = useState(name)
  const [tried, setTried] = useState(name)
  const run = async () => {
    setTried(typed)
    if (!typed.trim()) throw new HttpError('', 400, { errors: { name: say('common.required') } })
    await rename(typed.trim())
  }
  return (
    <ActionDialog {...dialog} action={say('common.save')} run={run} notice={['common.renamed']}>
      {(errors) => {
        const error = typed === tried ? errorAt(errors, ['name']) : null
        return (
          <TextField
            autoFocus
            label={say('common.name')}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            error={error !== null}
            helperText={error}
            autoComplete="off"
          />
        )
      }}
    </ActionDialog>
  )
}
