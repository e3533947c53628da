import { Box, Button, Chip, Table, TableBody, TableCell, TableHead, TableRow, Tooltip, Typography } from '@mui/material'
import type { EndpointRow, ModelRow } from '@turnpike/contract'
import { useState, type ReactNode } from 'react'
import { count, price } from '../format.ts'
import type { TextKey } from '../i18n/en/en.ts'
import { useText } from '../i18n/text.ts'
import { SCROLLS_INSIDE } from '../parts/Clipped.tsx'
import { Ttft, Throughput, StateChip, Uptime } from './LiveFigures.tsx'
import type { LiveOf } from './query.ts'
import { isOnlySimulated, plainName } from './simulated.ts'

/** Endpoints shown at first: a model of thirty providers must not push all others off the page. */
const ROWS_FIRST = 6

type Figures = ReturnType<LiveOf>

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

interface RowsProps extends Omit<EndpointTableProps, 'isPhone'> {
  readonly rows: readonly EndpointRow[]
}

type FigureColumn = readonly [label: TextKey, render: (endpoint: EndpointRow, figures: Figures) => ReactNode]

function WideRows({ model, rows, live }: RowsProps) {
  const { say } = useText()
  const { tokens, rate, limit } = useFigures()
  const columns: readonly FigureColumn[] = [
    ['models.input', ({ promptPerMillionNano }) => rate(promptPerMillionNano)],
    ['models.output', ({ completionPerMillionNano }) => rate(completionPerMillionNano)],
    ['models.contextLength', ({ contextLength }) => tokens(contextLength)],
    ['models.maxCompletion', ({ maxCompletionTokens }) => limit(maxCompletionTokens)],
    ['models.uptime', (_endpoint, figures) => <Uptime figures={figures} />],
    ['common.ttft', (_endpoint, figures) => <Ttft figures={figures} />],
    ['common.throughput', (_endpoint, figures) => <Throughput figures={figures} />],
  ]
  return (
    <Box sx={{ ...SCROLLS_INSIDE, mt: 1.5, mx: -1.75 }} tabIndex={0} role="region" aria-label={model.name}>
      <Table size="small" aria-label={model.name} sx={{ 'th, td': { px: 1.75, whiteSpace: 'nowrap' } }}>
        <TableHead>
          <TableRow>
            <TableCell>{say('common.provider')}</TableCell>
            {columns.map(([label]) => (
              <TableCell key={label} align="right">
                {say(label)}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((endpoint) => {
            const figures = live(model.slug, endpoint.provider)
            return (
              <TableRow key={endpoint.provider} sx={{ '&:last-child td': { border: 0 } }}>
                <TableCell>
                  <Provider {...{ endpoint, model, figures }} />
                </TableCell>
                {columns.map(([label, render]) => (
                  <TableCell key={label} align="right">
                    {render(endpoint, figures)}
                  </TableCell>
                ))}
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
              <Provider {...{ endpoint, model, figures }} />
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

interface ProviderProps {
  readonly endpoint: EndpointRow
  readonly model: ModelRow
  readonly figures: Figures
}

/** Marked where it is simulated, unless the whole model is and its heading says so. */
function Provider({ endpoint: { simulated, providerName, regions }, model, figures }: ProviderProps) {
  const { say } = useText()
  return (
    <>
      {simulated ? plainName(providerName) : providerName}
      {simulated && !isOnlySimulated(model) && (
        <Tooltip title={say('common.simulatedHint')}>
          <Chip size="small" variant="outlined" label={say('common.simulated')} sx={{ ml: 1 }} />
        </Tooltip>
      )}
      <StateChip figures={figures} />
      {regions.length > 0 && (
        <Typography variant="caption" component="div">
          {say('models.regions', { regions: regions.join(', ').toUpperCase() })}
        </Typography>
      )}
    </>
  )
}
