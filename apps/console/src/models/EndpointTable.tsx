import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Chip from '@mui/material/Chip'
import Table from '@mui/material/Table'
import TableBody from '@mui/material/TableBody'
import TableCell from '@mui/material/TableCell'
import TableHead from '@mui/material/TableHead'
import TableRow from '@mui/material/TableRow'
import Tooltip from '@mui/material/Tooltip'
import Typography from '@mui/material/Typography'
import type { EndpointRow, ModelRow } from '@turnpike/contract'
import { useState } from 'react'
import { count, price } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Ttft, Throughput, StateChip, Uptime } from './LiveFigures.tsx'
import type { LiveOf } from './live.ts'
import { isOnlySimulated, plainName } from './simulated.ts'

/** Endpoints shown at first: a model of thirty providers must not push all others off the page. */
const ROWS_FIRST = 6

interface EndpointTableProps {
  readonly model: ModelRow
  readonly live: LiveOf
  readonly isPhone: boolean
}

/** Who serves a model, at what price, the cheapest prompt first, and how each of them did lately. */
export function EndpointTable({ model, live, isPhone }: EndpointTableProps) {
  const { say } = useText()
  const [isWhole, setIsWhole] = useState(false)
  const { endpoints } = model
  // One row alone is no longer than the button would be.
  const rows = isWhole || endpoints.length <= ROWS_FIRST + 1 ? endpoints : endpoints.slice(0, ROWS_FIRST)
  const Rows = isPhone ? PhoneRows : WideRows
  return (
    <>
      <Rows model={model} rows={rows} live={live} />
      {rows.length < endpoints.length && (
        <Button size="small" sx={{ mt: 1 }} onClick={() => setIsWhole(true)}>
          {say('models.moreEndpoints', { smart_count: endpoints.length - rows.length })}
        </Button>
      )}
    </>
  )
}

interface RowsProps {
  readonly model: ModelRow
  readonly rows: readonly EndpointRow[]
  readonly live: LiveOf
}

function WideRows({ model, rows, live }: RowsProps) {
  const { say } = useText()
  const { tokens, rate, limit } = useFigures()
  return (
    <Box sx={{ overflowX: 'auto', mt: 1.5, mx: -1.75 }} tabIndex={0} role="region" aria-label={model.name}>
      <Table size="small" aria-label={model.name} sx={{ 'th, td': { px: 1.75, whiteSpace: 'nowrap' } }}>
        <TableHead>
          <TableRow>
            <TableCell>{say('common.provider')}</TableCell>
            <TableCell align="right">{say('models.input')}</TableCell>
            <TableCell align="right">{say('models.output')}</TableCell>
            <TableCell align="right">{say('models.contextLength')}</TableCell>
            <TableCell align="right">{say('models.maxCompletion')}</TableCell>
            <TableCell align="right">{say('models.uptime')}</TableCell>
            <TableCell align="right">{say('common.ttft')}</TableCell>
            <TableCell align="right">{say('common.throughput')}</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((endpoint) => {
            const figures = live(model.slug, endpoint.provider)
            return (
              <TableRow key={endpoint.provider} sx={{ '&:last-child td': { border: 0 } }}>
                <TableCell>
                  <ProviderName endpoint={endpoint} model={model} />
                  <StateChip figures={figures} />
                  <Regions endpoint={endpoint} />
                </TableCell>
                <TableCell align="right">{rate(endpoint.promptPerMillionNano)}</TableCell>
                <TableCell align="right">{rate(endpoint.completionPerMillionNano)}</TableCell>
                <TableCell align="right">{tokens(endpoint.contextLength)}</TableCell>
                <TableCell align="right">{limit(endpoint.maxCompletionTokens)}</TableCell>
                <TableCell align="right">
                  <Uptime figures={figures} />
                </TableCell>
                <TableCell align="right">
                  <Ttft figures={figures} />
                </TableCell>
                <TableCell align="right">
                  <Throughput figures={figures} />
                </TableCell>
              </TableRow>
            )
          })}
        </TableBody>
      </Table>
    </Box>
  )
}

/** The same on a phone: three lines for each, nothing to scroll sideways. */
function PhoneRows({ model, rows, live }: RowsProps) {
  const { say } = useText()
  const { tokens, rate } = useFigures()
  return (
    <Box component="ul" aria-label={model.name} sx={{ listStyle: 'none', m: 0, mt: 1, p: 0 }}>
      {rows.map((endpoint) => {
        const figures = live(model.slug, endpoint.provider)
        return (
          <Box
            component="li"
            key={endpoint.provider}
            sx={{ py: 1, borderTop: '1px solid', borderColor: 'divider', fontSize: '0.875rem' }}
          >
            <Box sx={{ fontWeight: 600 }}>
              <ProviderName endpoint={endpoint} model={model} />
              <StateChip figures={figures} />
              <Regions endpoint={endpoint} />
            </Box>
            <div>
              {say('models.priceLine', {
                input: rate(endpoint.promptPerMillionNano),
                output: rate(endpoint.completionPerMillionNano),
                context: tokens(endpoint.contextLength),
              })}
            </div>
            <Box sx={{ color: 'text.secondary' }}>
              <Uptime figures={figures} withLabel />
              {figures && (
                <>
                  {' · '}
                  <Ttft figures={figures} withLabel />
                  {' · '}
                  <Throughput figures={figures} />
                </>
              )}
            </Box>
          </Box>
        )
      })}
    </Box>
  )
}

function useFigures() {
  const { say, locale } = useText()
  const tokens = (amount: number) => count(amount, locale)
  return {
    tokens,
    rate: (nano: string | null) => (nano === null ? say('models.noPrice') : price(nano, locale)),
    limit: (amount: number | null) => (amount === null ? say('models.limit_none') : tokens(amount)),
  }
}

/** Marked where it is simulated, unless the whole model is and its heading says so. */
function ProviderName({ endpoint, model }: { endpoint: EndpointRow; model: ModelRow }) {
  const { say } = useText()
  return (
    <>
      {endpoint.simulated ? plainName(endpoint.providerName) : endpoint.providerName}
      {endpoint.simulated && !isOnlySimulated(model) && (
        <Tooltip title={say('common.simulatedHint')}>
          <Chip size="small" variant="outlined" label={say('common.simulated')} sx={{ ml: 1 }} />
        </Tooltip>
      )}
    </>
  )
}

function Regions({ endpoint: { regions } }: { endpoint: EndpointRow }) {
  const { say } = useText()
  if (regions.length === 0) return null
  return (
    <Typography variant="caption" component="div">
      {say('models.regions', { regions: regions.join(', ').toUpperCase() })}
    </Typography>
  )
}
