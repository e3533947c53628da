import { Alert, AlertTitle, Box, Button } from '@mui/material'
import { Link } from 'react-router-dom'
import { requestIdOf, statusOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { useSession } from '../session.ts'
import { Empty } from './Empty.tsx'
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

/** What role one has, and who can change that. */
export function Forbidden() {
  const { say } = useText()
  const { role } = useSession()
  return (
    <Empty
      kind="unused"
      title={say('state.forbidden')}
      text={say('state.forbiddenText', { role: say(`settings.role_${role}`) })}
    />
  )
}

/** Missing as a page of its own. */
export function MissingPage() {
  return <Missing heading="h1" />
}

/** An address that leads nowhere, or to something of another organisation: the two look alike on purpose. */
function Missing({ heading = 'h2' }: { heading?: 'h1' | 'h2' }) {
  const { say } = useText()
  const home = (
    <Button component={Link} to="/" variant="contained">
      {say('state.home')}
    </Button>
  )
  const words = { title: say('state.missing'), text: say('state.missingText') }
  return <Empty kind="unused" {...words} heading={heading} action={home} />
}
