import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useQueryClient } from '@tanstack/react-query'
import type { KeyCreate } from '@turnpike/contract'
import { useState } from 'react'
import { Form, required, useDataProvider } from 'react-admin'
import { fieldErrorsOf } from '../api.ts'
import type { ConsoleProvider } from '../dataProvider.ts'
import { useText } from '../i18n/text.ts'
import { Choice } from '../parts/Choice.tsx'
import { FormText } from '../parts/FormText.tsx'
import { useMay } from '../session.ts'
import { useFaultText } from '../states/fault-text.ts'
import { KeyReveal } from './KeyReveal.tsx'

const EXPIRIES = ['', '30', '90', '365'] as const
const DAY_MS = 86_400_000

/** Makes a key and shows it, this once. It cannot be closed by a stray click while the key is in sight. */
export function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const { say } = useText()
  const [key, setKey] = useState<string | null>(null)
  return (
    <Dialog open fullWidth maxWidth="sm" {...(key === null && { onClose })} aria-labelledby="create-key">
      <DialogTitle id="create-key">{key === null ? say('keys.createTitle') : say('keys.shownOnce')}</DialogTitle>
      {key === null ? <CreateForm onMade={setKey} onClose={onClose} /> : <CreatedKey apiKey={key} onClose={onClose} />}
    </Dialog>
  )
}

function CreateForm({ onMade, onClose }: { onMade: (key: string) => void; onClose: () => void }) {
  const { say } = useText()
  const dataProvider = useDataProvider<ConsoleProvider>()
  const queryClient = useQueryClient()
  const faultText = useFaultText()
  const [kind, setKind] = useState<KeyCreate['kind']>('live')
  const [days, setDays] = useState('')
  const [refusal, setRefusal] = useState<unknown>(null)
  const submit = async (values: object) => {
    const name = 'name' in values ? String(values.name).trim() : ''
    const expiresAt = days && new Date(Date.now() + Number(days) * DAY_MS).toISOString()
    try {
      const { key } = await dataProvider.createKey({ name, kind, ...(expiresAt && { expiresAt }) })
      onMade(key)
      void queryClient.invalidateQueries({ queryKey: ['keys'] })
      return undefined
    } catch (error) {
      const fields = fieldErrorsOf(error)
      if (!fields) setRefusal(error)
      return fields ?? undefined
    }
  }
  return (
    <Form onSubmit={submit} noValidate disableInvalidFormNotification>
      <DialogContent>
        <Stack spacing={2.5} sx={{ pt: 0.5 }}>
          {refusal !== null && <Alert severity="error">{faultText(refusal)}</Alert>}
          <FormText
            source="name"
            label={say('common.name')}
            helperText={say('keys.nameHint')}
            validate={required(say('common.required'))}
            autoFocus
            autoComplete="off"
          />
          <KindChoice kind={kind} onChange={setKind} />
          <ExpiryChoice days={days} onChange={setDays} />
        </Stack>
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2.5 }}>
        <Button color="inherit" onClick={onClose}>
          {say('common.cancel')}
        </Button>
        <Button type="submit" variant="contained">
          {say('keys.create')}
        </Button>
      </DialogActions>
    </Form>
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

function ExpiryChoice({ days, onChange }: { days: string; onChange: (days: string) => void }) {
  const { say } = useText()
  return (
    <TextField
      select
      label={say('keys.expires')}
      value={days}
      onChange={(event) => onChange(event.target.value)}
      slotProps={{ select: { native: true }, inputLabel: { shrink: true } }}
    >
      {EXPIRIES.map((expiry) => (
        <option key={expiry} value={expiry}>
          {expiry ? say('keys.expiresDays', { days: expiry }) : say('keys.expiresNever')}
        </option>
      ))}
    </TextField>
  )
}

function CreatedKey({ apiKey, onClose }: { apiKey: string; onClose: () => void }) {
  const { say } = useText()
  const [copied, setCopied] = useState(false)
  return (
    <>
      <DialogContent>
        <KeyReveal apiKey={apiKey} note={say('keys.shownOnceText')} onCopied={() => setCopied(true)} />
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2.5 }}>
        <Button color={copied ? 'primary' : 'inherit'} onClick={onClose}>
          {say(copied ? 'keys.done' : 'keys.closeUncopied')}
        </Button>
      </DialogActions>
    </>
  )
}
