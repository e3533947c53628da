import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useQueryClient } from '@tanstack/react-query'
import type { ApiKey } from '@turnpike/contract'
import { useState } from 'react'
import { Form, required, useDataProvider, useNotify } from 'react-admin'
import { fieldErrorsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { FormText } from '../parts/FormText.tsx'
import { useFaultText } from '../states/fault-text.ts'

/** A new name for a key; the key itself stays as it is. */
export function RenameKeyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { say } = useText()
  const dataProvider = useDataProvider()
  const queryClient = useQueryClient()
  const notify = useNotify()
  const faultText = useFaultText()
  const [refusal, setRefusal] = useState<unknown>(null)
  const submit = async (values: object) => {
    const data = { name: 'name' in values ? String(values.name).trim() : '' }
    try {
      await dataProvider.update('keys', { id: apiKey.id, data, previousData: apiKey })
      await queryClient.invalidateQueries({ queryKey: ['keys'] })
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
    <Dialog open fullWidth maxWidth="xs" onClose={onClose} aria-labelledby="rename-key">
      <DialogTitle id="rename-key">{say('keys.renameTitle')}</DialogTitle>
      <Form record={{ name: apiKey.name }} onSubmit={submit} noValidate disableInvalidFormNotification>
        <DialogContent sx={{ pt: '6px !important' }}>
          {refusal !== null && (
            <Alert severity="error" sx={{ mb: 2 }}>
              {faultText(refusal)}
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
