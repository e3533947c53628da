import { Chip, Tooltip } from '@mui/material'
import type { RequestRow } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { hasSucceeded } from '../start/arrivals.ts'
import { faultTextKey } from '../states/fault-text.ts'

/** How a request ended: by number, by colour, and in words on hover. */
export function StatusChip({ row }: { row: RequestRow }) {
  const { say } = useText()
  if (hasSucceeded(row) && !row.cancelled)
    return <Chip size="small" variant="outlined" color="success" label={row.status} />
  const isFailed = !hasSucceeded(row)
  // A stream that broke off began with a 200. A colour alone would not show that it failed.
  const status = row.status < 400 ? say('requests.failed') : row.status
  const label = isFailed ? status : say('requests.cancelled')
  return (
    <Tooltip title={isFailed ? say(faultTextKey(row.fault ?? 'internal')) : say('fault.caller_gone')}>
      <Chip size="small" variant="outlined" color={isFailed ? 'error' : 'warning'} label={label} />
    </Tooltip>
  )
}
