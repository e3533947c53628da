import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ApiKey } from '@turnpike/contract'
import { useState, type FormEvent } from 'react'
import { useDataProvider, useNotify } from 'react-admin'
import type { ConsoleProvider } from '../dataProvider.ts'
import { useText } from '../i18n/text.ts'
import { useFaultText } from '../states/fault-text.ts'

/** Ends a key for good, which is why its name has to be typed. */
export function RevokeKeyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { say } = useText()
  const dataProvider = useDataProvider<ConsoleProvider>()
  const queryClient = useQueryClient()
  const notify = useNotify()
  const faultText = useFaultText()
  const [typed, setTyped] = useState('')
  const revoke = useMutation({
    mutationFn: () => dataProvider.revokeKey(apiKey.id),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['keys'] })
      notify('keys.revokedNotice', { type: 'success', messageArgs: { name: apiKey.name } })
      onClose()
    },
  })
  const isConfirmed = typed.trim() === apiKey.name
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isConfirmed) revoke.mutate()
  }
  return (
    <Dialog open fullWidth maxWidth="xs" onClose={onClose} aria-labelledby="revoke-key">
      <DialogTitle id="revoke-key">{say('keys.revokeTitle', { name: apiKey.name })}</DialogTitle>
      <form onSubmit={submit}>
        <DialogContent sx={{ pt: 0 }}>
          {revoke.isError && (
            <Alert severity="error" sx={{ mb: 2 }}>
              {faultText(revoke.error)}
            </Alert>
          )}
          <Typography sx={{ mb: 2.5 }}>{say('keys.revokeText')}</Typography>
          <TextField
            fullWidth
            autoFocus
            autoComplete="off"
            label={say('keys.revokeType', { name: apiKey.name })}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2.5 }}>
          <Button color="inherit" onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button type="submit" variant="contained" color="error" disabled={!isConfirmed} loading={revoke.isPending}>
            {say('keys.revokeAction')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
