import { Button, Dialog, DialogActions, DialogContent, DialogTitle, Typography } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import type { KeyCreate, KeyCreated } from '@turnpike/contract'
import { useState } from 'react'
import { call } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { ActionDialog } from '../parts/ActionDialog.tsx'
import { Choice } from '../parts/Choice.tsx'
import { useNameField } from '../parts/name-field.tsx'
import { Select } from '../parts/Select.tsx'
import { useMay } from '../session.ts'
import { useFaultText } from '../states/fault-text.ts'
import { KeyReveal } from './KeyReveal.tsx'

const EXPIRIES = ['', '30', '90', '365'] as const
const DAY_MS = 86_400_000

interface CreateKeyDialogProps {
  readonly onMade: (key: string) => void
  readonly onClose: () => void
}

/** Makes a key. */
export function CreateKeyDialog({ onMade, onClose }: CreateKeyDialogProps) {
  const { say } = useText()
  const queryClient = useQueryClient()
  const name = useNameField()
  const [kind, setKind] = useState<KeyCreate['kind']>('live')
  const [days, setDays] = useState('')
  const run = async () => {
    const expiresAt = days && new Date(Date.now() + Number(days) * DAY_MS).toISOString()
    const body: KeyCreate = { name: name.taken(), kind, ...(expiresAt && { expiresAt }) }
    return call<KeyCreated>('/keys', { method: 'POST', body })
  }
  // The key is shown at once, whatever becomes of the list behind it.
  const made = ({ key }: KeyCreated) => {
    onMade(key)
    void queryClient.invalidateQueries({ queryKey: ['keys'] })
  }
  return (
    <ActionDialog
      title={say('keys.createTitle')}
      action={say('keys.create')}
      maxWidth="sm"
      run={run}
      onDone={made}
      explain={useFaultText()}
      onClose={onClose}
    >
      {(errors) => (
        <>
          {name.field(errors, say('keys.nameHint'))}
          <KindChoice kind={kind} onChange={setKind} />
          <Select
            fullWidth
            size="medium"
            label={say('keys.expires')}
            value={days}
            options={EXPIRIES.map((expiry) => [
              expiry,
              say(expiry ? 'keys.expiresDays' : 'keys.expiresNever', { days: expiry }),
            ])}
            onChange={setDays}
          />
        </>
      )}
    </ActionDialog>
  )
}

interface KindChoiceProps {
  readonly kind: KeyCreate['kind']
  readonly onChange: (kind: KeyCreate['kind']) => void
}

function KindChoice({ kind, onChange }: KindChoiceProps) {
  const { say } = useText()
  const mayManage = useMay('management-keys:create')
  const kinds: readonly KeyCreate['kind'][] = mayManage ? ['live', 'test', 'mgmt'] : ['live', 'test']
  return (
    <div>
      <Choice
        label={say('keys.kind')}
        value={kind}
        options={kinds.map((value) => ({ value, label: say(`keys.${value}`) }))}
        onChange={onChange}
      />
      <Typography variant="caption" component="p" sx={{ mt: 0.75 }}>
        {say(`keys.${kind}Hint`)}
      </Typography>
    </div>
  )
}

/** A new key, this once. A stray click does not close it. */
export function CreatedKeyDialog({ apiKey, onClose }: { apiKey: string; onClose: () => void }) {
  const { say } = useText()
  const [copied, setCopied] = useState(false)
  return (
    <Dialog open fullWidth maxWidth="sm" aria-labelledby="created-key">
      <DialogTitle id="created-key">{say('keys.shownOnce')}</DialogTitle>
      <DialogContent>
        <KeyReveal apiKey={apiKey} note={say('keys.shownOnceText')} onCopied={() => setCopied(true)} />
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2.5 }}>
        <Button color={copied ? 'primary' : 'inherit'} onClick={onClose}>
          {say(copied ? 'keys.done' : 'keys.closeUncopied')}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
