import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Link from '@mui/material/Link'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useQuery } from '@tanstack/react-query'
import type { ApiKey, Policy } from '@turnpike/contract'
import { useState, type FormEvent } from 'react'
import { Link as RouterLink } from 'react-router-dom'
import { useText } from '../i18n/text.ts'
import { useAttach } from '../policies/attaching.ts'
import { allPoliciesQuery } from '../policies/calls.ts'
import { useRefusalText } from '../states/refusal.ts'
import { RowsSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'

/** Chooses the policy of a key. */
export function KeyPolicyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { say } = useText()
  const query = useQuery(allPoliciesQuery)
  return (
    <Dialog open fullWidth maxWidth="xs" onClose={onClose} aria-labelledby="key-policy">
      <DialogTitle id="key-policy">{say('policy.keyTitle', { name: apiKey.name })}</DialogTitle>
      <View
        query={query}
        skeleton={
          <DialogContent>
            <RowsSkeleton rows={1} />
          </DialogContent>
        }
      >
        {({ data }) => <Choice apiKey={apiKey} policies={data} onClose={onClose} />}
      </View>
    </Dialog>
  )
}

interface ChoiceProps {
  readonly apiKey: ApiKey
  readonly policies: readonly Policy[]
  readonly onClose: () => void
}

function Choice({ apiKey: { id, name, policy }, policies, onClose }: ChoiceProps) {
  const { say } = useText()
  const refusalText = useRefusalText()
  const attaching = useAttach()
  const [chosen, setChosen] = useState(policy?.id ?? '')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    attaching.mutate({ scope: { kind: 'key', id, name }, policyId: chosen || null }, { onSuccess: onClose })
  }
  return (
    <form onSubmit={submit}>
      <DialogContent sx={{ pt: 0, display: 'grid', gap: 2.5 }}>
        {attaching.error && <Alert severity="error">{refusalText(attaching.error)}</Alert>}
        <Typography>{say('policy.keyText')}</Typography>
        <TextField
          select
          fullWidth
          autoFocus
          label={say('policy.keyPolicy')}
          value={chosen}
          onChange={(event) => setChosen(event.target.value)}
          slotProps={{ select: { native: true }, inputLabel: { shrink: true } }}
        >
          <option value="">{say('policy.keyNone')}</option>
          {policies.map((option) => (
            <option key={option.id} value={option.id}>
              {option.name}
            </option>
          ))}
        </TextField>
        <Link component={RouterLink} to="/policies">
          {say('policy.manage')}
        </Link>
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2.5 }}>
        <Button color="inherit" onClick={onClose}>
          {say('common.cancel')}
        </Button>
        <Button
          type="submit"
          variant="contained"
          disabled={chosen === (policy?.id ?? '')}
          loading={attaching.isPending}
        >
          {say('common.save')}
        </Button>
      </DialogActions>
    </form>
  )
}
