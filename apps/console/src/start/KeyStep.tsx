import { Button, Stack, Typography } from '@mui/material'
import { useText } from '../i18n/text.ts'
import { KeyReveal } from '../keys/KeyReveal.tsx'
import { useMay } from '../session.ts'
import { Failure } from '../states/Failure.tsx'
import { useCreatedKey } from './created-key.ts'

/** One click makes the key; it is shown here and nowhere again. */
export function KeyStep() {
  const { say } = useText()
  const mayCreate = useMay('keys:create')
  const { key, make } = useCreatedKey()
  const create = () => make.mutate({ name: say('nav.start'), kind: 'live' })
  if (key !== null) return <KeyReveal apiKey={key} note={say('start.keyMade')} />
  if (!mayCreate) return <Typography>{say('start.keyForbidden')}</Typography>
  return (
    <Stack spacing={2} sx={{ alignItems: 'flex-start' }}>
      <Button variant="contained" size="large" loading={make.isPending} onClick={create}>
        {say('keys.create')}
      </Button>
      {make.isError && <Failure error={make.error} onRetry={create} />}
    </Stack>
  )
}
