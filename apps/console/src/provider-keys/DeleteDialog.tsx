import { Typography } from '@mui/material'
import { useText } from '../i18n/text.ts'
import { ActionDialog } from '../parts/ActionDialog.tsx'
import { deleteResource, type ByokResource } from './calls.ts'

interface DeleteDialogProps {
  readonly row: ByokResource
  /** What becomes of requests that went by it. */
  readonly consequence: string
  readonly onClose: () => void
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
