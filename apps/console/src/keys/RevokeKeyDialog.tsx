import { TextField, Typography } from '@mui/material'
import type { ApiKey } from '@turnpike/contract'
import { useState } from 'react'
import { call } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { ActionDialog } from '../parts/ActionDialog.tsx'
import { useFaultText } from '../states/fault-text.ts'

/** Ends a key for good, which is why its name has to be typed. */
export function RevokeKeyDialog({ apiKey: { id, name }, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { say } = useText()
  const [typed, setTyped] = useState('')
  return (
    <ActionDialog
      title={say('keys.revokeTitle', { name })}
      action={say('keys.revokeAction')}
      color="error"
      disabled={typed.trim() !== name}
      run={() => call(`/keys/${encodeURIComponent(id)}/revoke`, { method: 'POST' })}
      refetch="keys"
      notice={['keys.revokedNotice', { name }]}
      explain={useFaultText()}
      onClose={onClose}
    >
      <Typography>{say('keys.revokeText')}</Typography>
      <TextField
        fullWidth
        autoFocus
        autoComplete="off"
        label={say('keys.revokeType', { name })}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </ActionDialog>
  )
}
