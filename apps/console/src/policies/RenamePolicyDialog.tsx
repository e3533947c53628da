import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useQueryClient } from '@tanstack/react-query'
import type { Policy } from '@turnpike/contract'
import { useState } from 'react'
import { Form, required, useNotify } from 'react-admin'
import { fieldErrorsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { FormText } from '../parts/FormText.tsx'
import { renamePolicy } from './calls.ts'
import { useRefusalText } from '../states/refusal.ts'

/** A new name for a policy; what it says stays as it is. */
export function RenamePolicyDialog({ policy, onClose }: { policy: Policy; onClose: () => void }) {
  const { say } = useText()
  const queryClient = useQueryClient()
  const notify = useNotify()
  const refusalText = useRefusalText()
  const [refusal, setRefusal] = useState<unknown>(null)
  const submit = async (values: object) => {
    try {
      await renamePolicy(policy.id, 'name' in values ? String(values.name).trim() : '')
      await queryClient.invalidateQueries({ queryKey: ['policies'] })
      notify('common.renamed', { type: 'success' })
      onClose()
      return undefined
    } catch (error) {
      const fields = fieldErrorsOf(error)
      if (!fields) setRefusal(error)
      return fields ?? undefined
    }
  }
  return (
    <Dialog open fullWidth maxWidth="xs" onClose={onClose} aria-labelledby="rename-policy">
      <DialogTitle id="rename-policy">{say('policy.renameTitle')}</DialogTitle>
      <Form record={{ name: policy.name }} onSubmit={submit} noValidate disableInvalidFormNotification>
        <DialogContent sx={{ pt: '6px !important' }}>
          {refusal !== null && (
            <Alert severity="error" sx={{ mb: 2 }}>
              {refusalText(refusal)}
            </Alert>
          )}
          <FormText
            source="name"
            label={say('common.name')}
            validate={required(say('common.required'))}
            autoFocus
            autoComplete="off"
          />
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2.5 }}>
          <Button color="inherit" onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button type="submit" variant="contained">
            {say('common.save')}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  )
}
