import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Typography from '@mui/material/Typography'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNotify } from 'react-admin'
import { useText } from '../i18n/text.ts'
import { useRefusalText } from '../states/refusal.ts'
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
  const queryClient = useQueryClient()
  const notify = useNotify()
  const refusalText = useRefusalText()
  const deleting = useMutation({
    mutationFn: () => deleteResource(row),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['byok'] })
      notify('providerKeys.deletedNotice', { type: 'success', messageArgs: { name: row.name } })
      onClose()
    },
  })
  return (
    <Dialog open fullWidth maxWidth="xs" onClose={onClose} aria-labelledby="delete-own">
      <DialogTitle id="delete-own">{say('providerKeys.deleteTitle', { name: row.name })}</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 1.5 }}>
        {deleting.isError && <Alert severity="error">{refusalText(deleting.error)}</Alert>}
        <Typography>{consequence}</Typography>
        <Typography>{say('providerKeys.deleteText')}</Typography>
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2.5 }}>
        <Button color="inherit" onClick={onClose}>
          {say('common.cancel')}
        </Button>
        <Button variant="contained" color="error" loading={deleting.isPending} onClick={() => deleting.mutate()}>
          {say('providerKeys.delete')}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
