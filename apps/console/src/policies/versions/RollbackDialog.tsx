import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Policy, PolicyVersion } from '@turnpike/contract'
import { useNotify } from 'react-admin'
import { useText } from '../../i18n/text.ts'
import { policyQuery, rollBack } from '../calls.ts'
import { Changes } from './Changes.tsx'
import { ScopeList } from '../ScopeList.tsx'
import { useRefusalText } from '../../states/refusal.ts'

interface RollbackDialogProps {
  readonly policy: Policy
  readonly goal: PolicyVersion
  readonly onDone: (newest: Policy) => void
  readonly onClose: () => void
}

/** The document of an earlier version comes into force again, as a version of its own. */
export function RollbackDialog({ policy, goal, onDone, onClose }: RollbackDialogProps) {
  const { say } = useText()
  const queryClient = useQueryClient()
  const notify = useNotify()
  const refusalText = useRefusalText()
  const back = useMutation({
    mutationFn: () => rollBack(policy, goal.version),
    onSuccess: async (answer) => {
      onDone(answer.data)
      await queryClient.invalidateQueries({ queryKey: ['policies'] })
      queryClient.setQueryData(policyQuery(policy.id).queryKey, answer)
      notify('policy.rolledBackNotice', { type: 'success', messageArgs: { version: answer.data.version } })
      onClose()
    },
  })
  return (
    <Dialog open fullWidth maxWidth="sm" onClose={onClose} aria-labelledby="roll-back">
      <DialogTitle id="roll-back">{say('policy.rollbackTitle', { version: goal.version })}</DialogTitle>
      <DialogContent>
        <Stack spacing={2.5}>
          {back.isError && <Alert severity="error">{refusalText(back.error)}</Alert>}
          <Typography>{say('policy.rollbackText', { version: policy.version + 1 })}</Typography>
          <Changes before={policy.document} after={goal.document} />
          <section>
            <Typography variant="h3" sx={{ mb: 1 }}>
              {say('policies.attached')}
            </Typography>
            <ScopeList policy={policy} />
          </section>
        </Stack>
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2.5 }}>
        <Button color="inherit" onClick={onClose}>
          {say('common.cancel')}
        </Button>
        <Button variant="contained" loading={back.isPending} onClick={() => back.mutate()}>
          {say('policy.rollback')}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
