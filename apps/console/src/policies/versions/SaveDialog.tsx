import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { useMutation } from '@tanstack/react-query'
import type { Policy, PolicyAnswer } from '@turnpike/contract'
import { statusOf } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import type { BaseVersion } from '../form/base-version.ts'
import { savePolicy } from '../calls.ts'
import { Changes } from './Changes.tsx'
import type { Draft } from '../../draft/draft.ts'
import { ScopeList } from '../ScopeList.tsx'
import { useRefusalText } from '../../states/refusal.ts'

interface SaveDialogProps {
  readonly policy: Policy
  readonly base: BaseVersion
  readonly draft: Draft
  readonly onSaved: (answer: PolicyAnswer) => void
  /** Another version came in between. */
  readonly onConflict: () => void
  readonly onRefused: (error: unknown) => void
  readonly onClose: () => void
}

/** Says what will change and for whom before it does. */
export function SaveDialog({ policy, base, draft, onSaved, onConflict, onRefused, onClose }: SaveDialogProps) {
  const { say } = useText()
  const refusalText = useRefusalText()
  const save = useMutation({
    mutationFn: () => savePolicy(policy.id, draft, base.version),
    onSuccess: onSaved,
    onError: (error) => (statusOf(error) === 409 ? onConflict() : onRefused(error)),
  })
  return (
    <Dialog open fullWidth maxWidth="sm" onClose={onClose} aria-labelledby="save-policy">
      <DialogTitle id="save-policy">{say('policy.saveTitle', { version: base.version + 1 })}</DialogTitle>
      <DialogContent>
        <Stack spacing={2.5}>
          {save.isError && <Alert severity="error">{refusalText(save.error)}</Alert>}
          <section>
            <Typography variant="h3" sx={{ mb: 1 }}>
              {say('policy.changes')}
            </Typography>
            <Changes before={base.document} after={draft} />
          </section>
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
        <Button variant="contained" loading={save.isPending} onClick={() => save.mutate()}>
          {say('common.save')}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
