import { Box, Chip, Tooltip } from '@mui/material'
import type { EndpointLive } from '@turnpike/contract'
import { count, duration, share } from '../format.ts'
import { useText } from '../i18n/text.ts'

interface FiguresProps {
  /** Null: no traffic. Undefined: not known. */
  readonly figures: EndpointLive | null | undefined
  /** For figures without a column that names them. */
  readonly withLabel?: boolean
}

/** The part of attempts that succeeded. Without traffic, or with little, nothing was measured. */
export function Uptime({ figures, withLabel = false }: FiguresProps) {
  const { say, locale } = useText()
  if (figures === undefined) return say('common.none')
  if (figures === null) return <Quiet>{say('models.noTraffic')}</Quiet>
  if (figures.uptime === null) {
    return (
      <Tooltip title={say('models.tooFewHint')}>
        <span>
          <Quiet>{withLabel ? `${say('models.uptime')} ${say('models.tooFew')}` : say('models.tooFew')}</Quiet>
        </span>
      </Tooltip>
    )
  }
  // 99.96 % is not all of them.
  const words = share(figures.uptime < 1 ? Math.min(figures.uptime, 0.999) : 1, locale)
  return withLabel ? `${say('models.uptime')} ${words}` : words
}

/** The median time to the first token. */
export function Ttft({ figures, withLabel = false }: FiguresProps) {
  const { say, locale } = useText()
  if (!figures || figures.firstTokenMs === null) return say('common.none')
  const words = duration(figures.firstTokenMs, locale)
  return withLabel ? `${say('common.ttft')} ${words}` : words
}

/** The median of tokens per second. */
export function Throughput({ figures }: FiguresProps) {
  const { say, locale } = useText()
  if (!figures || figures.tokensPerSecond === null) return say('common.none')
  return say('request.speedUnit', { value: count(Math.round(figures.tokensPerSecond), locale) })
}

/** What is wrong just now; nothing when nothing is. */
export function StateChip({ figures }: FiguresProps) {
  const { say } = useText()
  if (!figures || figures.state === 'up') return null
  return (
    <Chip
      size="small"
      variant="outlined"
      color={figures.state === 'down' ? 'error' : 'warning'}
      label={say(`models.state_${figures.state}`)}
      sx={{ ml: 1 }}
    />
  )
}

function Quiet({ children }: { children: string }) {
  return (
    <Box component="span" sx={{ color: 'text.secondary' }}>
      {children}
    </Box>
  )
}
