import { Chip, Tooltip } from '@mui/material'
import { ago } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { COLOURS, statusOf, type Tested } from './status.ts'

/** What is known of a credential; when it was tested on hover. */
export function CredentialStatusChip({ row }: { row: Tested }) {
  const { say, locale } = useText()
  const state = statusOf(row)
  const chip = (
    <Chip size="small" variant="outlined" color={COLOURS[state]} label={say(`providerKeys.state_${state}`)} />
  )
  if (state === 'moved') return <Tooltip title={say('providerKeys.movedHint')}>{chip}</Tooltip>
  if (!row.test) return chip
  return <Tooltip title={say('providerKeys.testedAgo', { ago: ago(row.test.at, Date.now(), locale) })}>{chip}</Tooltip>
}
