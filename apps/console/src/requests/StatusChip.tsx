import { Chip, Tooltip } from '@mui/material'
import type { RequestRow } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { causeText } from '../states/cause-text.ts'

const COLOURS = {
  succeeded: 'success',
  failed: 'error',
  interrupted: 'error',
  cancelled: 'warning',
  rejected: 'warning',
} as const

/** How a request ended: in words, and why on hover. A status is shown only for success: others say less than the outcome. */
export function StatusChip({ row }: { row: Pick<RequestRow, 'outcome' | 'status' | 'fault' | 'diagnosis'> }) {
  const { say } = useText()
  const { outcome, status } = row
  const isSuccess = outcome === 'succeeded'
  const label = isSuccess ? status : say(`requests.outcome_${outcome}`)
  const chip = <Chip size="small" variant="outlined" color={COLOURS[outcome]} label={label} />
  if (isSuccess) return chip
  return <Tooltip title={`${causeText(row, say)} (${status})`}>{chip}</Tooltip>
}
