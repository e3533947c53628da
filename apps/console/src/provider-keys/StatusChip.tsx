import { Chip, Tooltip } from '@mui/material'
import type { OwnTest } from '@turnpike/contract'
import { ago } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { COLOURS, statusOf } from './status.ts'

interface StateChipProps {
  readonly row: { readonly disabled: boolean; readonly moved?: boolean; readonly test: OwnTest | null }
}

/** What is known of a credential; when it was tested on hover. */
export function CredentialStatusChip({ row }: StateChipProps) {
  const { say, locale } = useText()
  const state = statusOf(row)
  const chip = (
    <Chip size="small" variant="outlined" color={COLOURS[state]} label={say(`providerKeys.state_${state}`)} />
  )
  if (state === 'moved') return <Tooltip title={say('providerKeys.movedHint')}>{chip}</Tooltip>
  if (!row.test) return chip
  return <Tooltip title={say('providerKeys.testedAgo', { ago: ago(row.test.at, Date.now(), locale) })}>{chip}</Tooltip>
}
