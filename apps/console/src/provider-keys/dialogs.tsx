import { Typography } from '@mui/material'
import { DraftDialog } from '../draft/DraftDialog.tsx'
import { at, textOf } from '../draft/draft.ts'
import { useText } from '../i18n/text.ts'
import { ActionDialog } from '../parts/ActionDialog.tsx'
import { deleteResource, replaceSecret, type ByokResource } from './calls.ts'
import { SecretEntry } from './entries.tsx'

interface SecretDialogProps {
  readonly row: ByokResource
  readonly onSaved: (answer: { readonly data: unknown }) => void
  readonly onClose: () => void
}

/** Replaces a stored secret. From the next request on only the new one is used. */
export function SecretDialog({ row, onSaved, onClose }: SecretDialogProps) {
  const { say } = useText()
  const isEndpoint = row.kind === 'own-endpoints'
  const hint = say('providerKeys.replaceHint')
  return (
    <DraftDialog
      title={say('providerKeys.replaceTitle', { name: row.name })}
      action={say('providerKeys.state_moved')}
      first={{}}
      save={(draft) => replaceSecret(row, textOf(at(draft, ['secret'])) || (isEndpoint ? null : ''))}
      {...{ onSaved, onClose }}
    >
      {() => (
        <SecretEntry
          label={say('providerKeys.secretNew')}
          hint={isEndpoint ? `${hint} ${say('providerKeys.replaceNone')}` : hint}
        />
      )}
    </DraftDialog>
  )
}

interface DeleteDialogProps extends Omit<SecretDialogProps, 'onSaved'> {
  /** What becomes of requests that went by it. */
  readonly consequence: string
}

/** Ends a credential or an endpoint for good. */
export function DeleteDialog({ row, consequence, onClose }: DeleteDialogProps) {
  const { say } = useText()
  const { name } = row
  return (
    <ActionDialog
      title={say('providerKeys.deleteTitle', { name })}
      action={say('providerKeys.delete')}
      color="error"
      run={() => deleteResource(row)}
      refetch="byok"
      notice={['providerKeys.deletedNotice', { name }]}
      onClose={onClose}
    >
      <Typography>{consequence}</Typography>
      <Typography>{say('providerKeys.deleteText')}</Typography>
    </ActionDialog>
  )
}
