import { Alert, AlertTitle, Box, Button } from '@mui/material'
import { requestIdOf, statusOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Forbidden } from './Forbidden.tsx'
import { Missing } from './Missing.tsx'
import { useFaultText } from './fault-text.ts'

/** What failed, the id under which the server knows it, and another try. */
export function Failure({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { say } = useText()
  const faultText = useFaultText()
  const requestId = requestIdOf(error)
  if (statusOf(error) === 403) return <Forbidden />
  if (statusOf(error) === 404) return <Missing />
  return (
    <Alert
      severity="error"
      variant="outlined"
      sx={{ borderRadius: '12px', backgroundColor: 'background.paper', '.MuiAlert-message': { flex: 1 } }}
    >
      <AlertTitle>{say('state.failed')}</AlertTitle>
      {faultText(error)}
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center', mt: 2 }}>
        <Button variant="outlined" color="inherit" onClick={onRetry}>
          {say('common.retry')}
        </Button>
        {requestId && (
          <Box sx={{ display: 'flex', alignItems: 'center', gap: 0.5, color: 'text.secondary', fontSize: '0.8125rem' }}>
            <span>{say('common.requestId', { id: requestId })}</span>
            <CopyButton text={requestId} label={say('request.copyId')} />
          </Box>
        )}
      </Box>
    </Alert>
  )
}
