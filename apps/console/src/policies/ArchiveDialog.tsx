import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Typography from '@mui/material/Typography'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Policy } from '@turnpike/contract'
import { useNotify } from 'react-admin'
import { useText } from '../i18n/text.ts'
import { useSession } from '../session.ts'
import { archivePolicy } from './calls.ts'
import { scopesOf, scopesText } from './scopes.ts'
import { useRefusalText } from '../states/refusal.ts'

/** Archives a policy. An attached policy has to be detached first. */
export function ArchiveDialog({ policy, onClose }: { policy: Policy; onClose: () => void }) {
  const { say } = useText()
  const queryClient = useQueryClient()
  const notify = useNotify()
  const refusalText = useRefusalText()
  const { organisation } = useSession()
  const isAttached = scopesOf(policy, organisation.name).length > 0
  const archive = useMutation({
    mutationFn: () => archivePolicy(policy.id),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['policies'] })
      notify('policy.archivedNotice', { type: 'success', messageArgs: { name: policy.name } })
      onClose()
    },
  })
  return (
    <Dialog open fullWidth maxWidth="xs" onClose={onClose} aria-labelledby="archive-policy">
      <DialogTitle id="archive-policy">{say('policy.archiveTitle', { name: policy.name })}</DialogTitle>
      <DialogContent>
        {archive.isError && (
          <Alert severity="error" sx={{ mb: 2 }}>
            {refusalText(archive.error)}
          </Alert>
        )}
        <Typography>
          {isAttached ? say('policy.archiveAttached', { names: scopesText(policy, say) }) : say('policy.archiveText')}
        </Typography>
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2.5 }}>
        <Button color="inherit" onClick={onClose}>
          {say('common.cancel')}
        </Button>
        <Button
          variant="contained"
          color="error"
          disabled={isAttached}
          loading={archive.isPending}
          onClick={() => archive.mutate()}
        >
          {say('policy.archive')}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
