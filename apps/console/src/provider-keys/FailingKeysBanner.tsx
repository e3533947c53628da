import { Alert, Button } from '@mui/material'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from 'react-router-dom'
import { momentShort } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { useLive } from '../live.ts'
import { plainName } from '../models/simulated.ts'
import { failingKeysQuery } from './calls.ts'

/** How often it is asked while no request arrives: a key may also be mended elsewhere. */
const RENEWED_MS = 60_000

/** On every page while requests are refused for a provider key. It is news beside the page: a failure to fetch it is not. */
export function FailingKeysBanner() {
  const { say, locale } = useText()
  const queryClient = useQueryClient()
  const { data } = useQuery({ ...failingKeysQuery, refetchInterval: RENEWED_MS })
  useLive('request', () => void queryClient.refetchQueries({ queryKey: failingKeysQuery.queryKey, stale: true }))
  return data?.data.map(({ id, name, providerName, since, requests, creditFallback }) => (
    <Alert
      key={id}
      severity="error"
      sx={{ mb: 2, overflowWrap: 'anywhere' }}
      action={
        <Button component={Link} to="/provider-keys" color="inherit" size="small">
          {say('providerKeys.failingLook')}
        </Button>
      }
    >
      {say('providerKeys.failing', {
        ...{ provider: plainName(providerName), name, smart_count: requests },
        since: momentShort(since, Date.now(), locale),
      })}{' '}
      {say(`providerKeys.failing${creditFallback ? 'Credits' : 'Fail'}`)}
    </Alert>
  ))
}
