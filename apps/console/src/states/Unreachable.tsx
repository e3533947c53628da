import { Box, Button } from '@mui/material'
import { useText } from '../i18n/text.ts'
import { Empty } from './Empty.tsx'
import { useFaultText } from './fault-text.ts'

/** The console cannot learn who is signed in: a page of its own instead of a frame without a menu. */
export function Unreachable({ error, isRetrying, onRetry }: Props) {
  const { say } = useText()
  const faultText = useFaultText()
  const retry = (
    <Button variant="contained" loading={isRetrying} onClick={onRetry}>
      {say('common.retry')}
    </Button>
  )
  return (
    <Box component="main" role="alert" sx={{ minHeight: '100dvh', display: 'grid', placeItems: 'center', p: 2 }}>
      <Empty kind="unused" title={say('state.unreachable')} text={faultText(error)} action={retry} heading="h1" />
    </Box>
  )
}

interface Props {
  readonly error: unknown
  readonly isRetrying: boolean
  readonly onRetry: () => void
}
