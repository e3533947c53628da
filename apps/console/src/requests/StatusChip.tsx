import { Chip, Tooltip } from '@mui/material'
import type { RequestRow } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { faultTextKey } from '../states/fault-text.ts'

const COLOURS = {
  succeeded: 'success',
  failed: 'error',
  interrupted: 'error',
  cancelled: 'warning',
  rejected: 'warning',
} as const

/** How a request ended: in words, and why on hover. A status is shown only for success: others say less than the outcome. */
export function StatusChip({
  row: { outcome, status, fault },
}: {
  row: Pick<RequestRow, 'outcome' | 'status' | 'fault'>
}) {
  const { say } = useText()
  const isSuccess = outcome === 'succeeded'
  const label = isSuccess ? status : say(`requests.outcome_${outcome}`)
  const chip = <Chip size="small" variant="outlined" color={COLOURS[outcome]} label={label} />
  if (isSuccess) return chip
  return <Tooltip title={`${say(faultTextKey(fault ?? 'internal'))} (${status})`}>{chip}</Tooltip>
}
