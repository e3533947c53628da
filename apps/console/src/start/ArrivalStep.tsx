import { Alert, AlertTitle, Box, Link, Skeleton, Stack, Typography } from '@mui/material'
import type { RequestRow } from '@turnpike/contract'
import { Link as RouterLink } from 'react-router-dom'
import { ago, duration, money } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Clipped, NAME_CHARS_MAX } from '../parts/Clipped.tsx'
import { GateArm } from '../parts/GateArm.tsx'
import { useProviderText } from '../requests/provider-text.ts'
import { View } from '../states/View.tsx'
import { causeText, diagnosisText } from '../states/cause-text.ts'
import { useArrivals, useRefusal, type Refusal } from './arrivals.ts'

interface ArrivalStepProps {
  /** There is a key, so that a request may come. */
  readonly awaited: boolean
}

/** The first request, the moment it arrives: what served it, or what went wrong and how to mend it. */
export function ArrivalStep({ awaited }: ArrivalStepProps) {
  return (
    <View query={useArrivals()} skeleton={<Skeleton variant="rounded" height={110} />}>
      {(rows) => <Arrivals rows={rows} awaited={awaited} />}
    </View>
  )
}

function Arrivals({ rows, awaited }: ArrivalStepProps & { readonly rows: readonly RequestRow[] }) {
  const { say } = useText()
  const refusal = useRefusal()
  const providerText = useProviderText()
  const served = rows.find(({ outcome }) => outcome === 'succeeded')
  // Only what failed since the last success still needs mending.
  const failed = rows.slice(0, served ? rows.indexOf(served) : undefined)[0]
  return (
    <Stack spacing={2}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: { xs: 2, sm: 4 } }}>
        <GateArm open={served !== undefined} width={168} />
        <Box aria-live="polite" sx={{ flex: '1 1 260px', minWidth: 0 }}>
          {served ? (
            <Succeeded row={served} name={providerText(served) ?? ''} />
          ) : (
            <>
              <Typography variant="h3">{awaited ? say('start.waiting') : say('start.idle')}</Typography>
              {awaited && <Typography color="textSecondary">{say('start.waitingText')}</Typography>}
            </>
          )}
        </Box>
      </Box>
      <div aria-live="polite">
        {isNewest(refusal, rows[0]) ? <Refused refusal={refusal} /> : failed && <Failed row={failed} />}
      </div>
    </Stack>
  )
}

/** What came later explains what the person tried last. */
function isNewest(refusal: Refusal | null, row: RequestRow | undefined): refusal is Refusal {
  return refusal !== null && (row === undefined || refusal.at > row.beganAt)
}

function Succeeded({ row, name }: { row: RequestRow; name: string }) {
  const { say, locale } = useText()
  return (
    <>
      <Typography variant="h3" sx={{ fontSize: '1.1875rem' }}>
        {say('start.served', {
          provider: name,
          duration: duration(row.totalMs, locale),
          cost: money(row.costNano, locale),
        })}{' '}
        <Link component={RouterLink} to={`/requests/${row.id}/show?tab=route`}>
          {say('start.why', { provider: name })}
        </Link>
      </Typography>
      <Typography color="textSecondary">
        <Clipped text={row.model ?? row.requestedModel} chars={NAME_CHARS_MAX} /> ·{' '}
        {say('start.arrivedAt', { ago: ago(row.beganAt, Date.now(), locale) })}
      </Typography>
    </>
  )
}

function Failed({ row }: { row: RequestRow }) {
  const { say, locale } = useText()
  return (
    <Alert severity="warning" variant="outlined">
      <AlertTitle>{say('start.failedTitle')}</AlertTitle>
      {causeText(row, say)}
      <Box sx={{ mt: 0.75, fontSize: '0.8125rem' }}>
        <code>
          {row.status} {row.fault}
        </code>{' '}
        · <Clipped text={row.requestedModel} chars={NAME_CHARS_MAX} /> ·{' '}
        {say('start.arrivedAt', { ago: ago(row.beganAt, Date.now(), locale) })} ·{' '}
        <Link component={RouterLink} to={`/requests/${row.id}/show`} color="inherit">
          {say('start.failedLook')}
        </Link>
      </Box>
    </Alert>
  )
}

/** A request that belongs to no key, from the network of this browser. */
function Refused({ refusal }: { refusal: Refusal }) {
  const { say, locale } = useText()
  return (
    <Alert severity="warning" variant="outlined">
      <AlertTitle>{say('start.refusedTitle')}</AlertTitle>
      {diagnosisText(refusal.diagnosis, say)}
      <Box sx={{ mt: 0.75, fontSize: '0.8125rem' }}>
        {say('start.refusedText')} {say('start.arrivedAt', { ago: ago(refusal.at, Date.now(), locale) })}
      </Box>
    </Alert>
  )
}
