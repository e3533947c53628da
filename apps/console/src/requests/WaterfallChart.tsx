import { Box, Chip, Tooltip, Typography } from '@mui/material'
import type { RequestDetail } from '@turnpike/contract'
import { duration } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Clipped, NAME_CHARS_MAX, ONE_COLUMN } from '../parts/Clipped.tsx'
import { useProviderNames } from '../models/provider-names.ts'
import { useAccounts } from '../provider-keys/TargetName.tsx'
import { faultTextKey } from '../states/fault-text.ts'
import { usageWarningsOf } from './usage-warnings.ts'
import { layOut, type Bar } from './waterfall.ts'

const COLOURS = {
  answered: 'success.main',
  failed: 'error.main',
  cut: 'error.main',
  cancelled: 'warning.main',
  lost: 'text.disabled',
} as const
const WORD_COLOURS = { ...COLOURS, lost: 'text.secondary' } as const

/** Attempts as bars over time, each with its outcome in words, which are complete by themselves. */
export function WaterfallChart({ request }: { request: RequestDetail }) {
  const { say } = useText()
  const { attemptList } = request
  const { bars, ticksMs, axisMs } = layOut(attemptList, request.totalMs)
  const accountOf = useAccounts(attemptList.map(({ endpoint }) => endpoint))
  if (bars.length === 0) return <Typography>{say('request.noAttempts')}</Typography>
  return (
    <>
      <Typography variant="body2" color="textSecondary" sx={{ mb: 2 }}>
        {say('request.attemptsText')}
        {attemptList.some(({ hedge }) => hedge) && ` ${say('request.hedgeText')}`}
      </Typography>
      <Box component="ol" sx={{ listStyle: 'none', m: 0, p: 0, ...ONE_COLUMN, gap: 2.25 }}>
        {bars.map((bar, index) => (
          <Attempt
            key={`${bar.attempt.endpoint} ${bar.attempt.startMs}`}
            bar={bar}
            number={index + 1}
            account={accountOf(bar.attempt.endpoint)}
          />
        ))}
      </Box>
      <Axis ticksMs={ticksMs} axisMs={axisMs} />
    </>
  )
}

interface AttemptProps {
  readonly bar: Bar
  /** From 1. */
  readonly number: number
  /** What the reader's own account is called by which it went; null: ours. */
  readonly account: string | null
}

function Attempt({ bar, number, account }: AttemptProps) {
  const { say } = useText()
  const { attempt } = bar
  return (
    <li>
      <Head bar={bar} number={number} account={account} />
      <Box
        aria-hidden="true"
        sx={{ position: 'relative', height: 20, borderRadius: '4px', backgroundColor: 'action.hover' }}
      >
        <Box
          sx={{
            position: 'absolute',
            left: `${bar.left}%`,
            width: `${bar.width}%`,
            height: '100%',
            borderRadius: '4px',
            backgroundColor: COLOURS[attempt.outcome],
          }}
        />
        {bar.mark !== null && (
          <Box
            sx={{
              position: 'absolute',
              left: `${bar.mark}%`,
              top: -4,
              width: 4,
              height: 28,
              ml: '-2px',
              borderRadius: '2px',
              backgroundColor: 'gate.amber',
              outline: '2px solid',
              outlineColor: (theme) => theme.palette.background.paper,
            }}
          />
        )}
      </Box>
      {attempt.fault !== null && (
        <Typography variant="body2" sx={{ mt: 0.75 }}>
          {say(faultTextKey(attempt.fault))}{' '}
          {attempt.status !== null && say('request.providerStatus', { status: attempt.status })}
        </Typography>
      )}
    </li>
  )
}

function Head({ bar: { attempt, hedgeOf }, number, account }: AttemptProps) {
  const { say, locale } = useText()
  const { nameOf, realNameOf } = useProviderNames()
  const name = account === null ? nameOf(attempt.provider) : realNameOf(attempt.provider)
  const tookMs = attempt.endMs - attempt.startMs
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: '2px 10px', alignItems: 'baseline', mb: 0.75 }}>
      <Box component="span" sx={{ fontWeight: 650, display: 'inline-flex', minWidth: 0, whiteSpace: 'pre' }}>
        {number}. <Clipped text={name} chars={NAME_CHARS_MAX} />
      </Box>
      {account !== null && <Chip size="small" color="info" variant="outlined" label={account} />}
      <Box component="span" sx={{ color: WORD_COLOURS[attempt.outcome], fontWeight: 600 }}>
        {say(`request.outcome_${attempt.outcome}`)}
      </Box>
      <Typography component="span" variant="caption">
        {hedgeOf !== null && `${say('request.hedgeOf', { number: hedgeOf })}, `}
        {say('request.took', { duration: duration(tookMs, locale) })}
        {attempt.firstTokenMs !== null &&
          `, ${say('request.firstTokenAt', { duration: duration(attempt.firstTokenMs - attempt.startMs, locale) })}`}
      </Typography>
      {usageWarningsOf(attempt).map((warning) => (
        <Tooltip key={warning} title={say(`request.usageWarning_${warning}Text`)}>
          <Chip size="small" color="warning" variant="outlined" label={say(`request.usageWarning_${warning}`)} />
        </Tooltip>
      ))}
    </Box>
  )
}

function Axis({ ticksMs, axisMs }: { ticksMs: readonly number[]; axisMs: number }) {
  const { locale } = useText()
  return (
    <Box
      aria-hidden="true"
      sx={{
        position: 'relative',
        height: 26,
        mt: 1.5,
        borderTop: '1px solid',
        borderColor: 'divider',
        color: 'text.secondary',
        fontSize: '0.75rem',
      }}
    >
      {ticksMs.map((ms, index) => (
        <Box
          key={ms}
          sx={{
            position: 'absolute',
            left: `${(ms / axisMs) * 100}%`,
            pt: 0.75,
            whiteSpace: 'nowrap',
            transform: index === 0 ? 'none' : index === ticksMs.length - 1 ? 'translateX(-100%)' : 'translateX(-50%)',
          }}
        >
          {duration(ms, locale)}
        </Box>
      ))}
    </Box>
  )
}
