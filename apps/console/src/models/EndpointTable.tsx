import Box from '@mui/material/Box'
import Chip from '@mui/material/Chip'
import Table from '@mui/material/Table'
import TableBody from '@mui/material/TableBody'
import TableCell from '@mui/material/TableCell'
import TableHead from '@mui/material/TableHead'
import TableRow from '@mui/material/TableRow'
import Tooltip from '@mui/material/Tooltip'
import type { EndpointRow, ModelRow } from '@turnpike/contract'
import { count, price } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { plainName } from './plain-name.ts'

/** Who serves a model and at what price, the cheapest prompt first. */
export function EndpointTable({ model }: { model: ModelRow }) {
  const { say, locale } = useText()
  const rate = (nano: string | null) => (nano === null ? say('models.noPrice') : price(nano, locale))
  const limit = (tokens: number | null) => (tokens === null ? say('models.limit_none') : count(tokens, locale))
  return (
    <Box
      sx={{ overflowX: 'auto', mt: 1.5, mx: { xs: -0.75, sm: -1.75 } }}
      tabIndex={0}
      role="region"
      aria-label={model.name}
    >
      <Table size="small" aria-label={model.name} sx={{ 'th, td': { px: { xs: 0.75, sm: 1.75 } } }}>
        <TableHead>
          <TableRow>
            <TableCell>{say('models.provider')}</TableCell>
            <TableCell align="right">{say('models.input')}</TableCell>
            <TableCell align="right">{say('models.output')}</TableCell>
            <TableCell align="right">{say('models.contextLength')}</TableCell>
            <TableCell align="right">{say('models.maxCompletion')}</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {model.endpoints.map((endpoint) => (
            <TableRow key={endpoint.provider} sx={{ '&:last-child td': { border: 0 }, td: { whiteSpace: 'nowrap' } }}>
              <TableCell>
                <ProviderName endpoint={endpoint} />
              </TableCell>
              <TableCell align="right">{rate(endpoint.promptPerMillionNano)}</TableCell>
              <TableCell align="right">{rate(endpoint.completionPerMillionNano)}</TableCell>
              <TableCell align="right">{count(endpoint.contextLength, locale)}</TableCell>
              <TableCell align="right">{limit(endpoint.maxCompletionTokens)}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Box>
  )
}

function ProviderName({ endpoint }: { endpoint: EndpointRow }) {
  const { say } = useText()
  return (
    <>
      {endpoint.simulated ? plainName(endpoint.providerName) : endpoint.providerName}
      {endpoint.simulated && (
        <Tooltip title={say('common.simulatedHint')}>
          <Chip size="small" variant="outlined" label={say('common.simulated')} sx={{ ml: 1 }} />
        </Tooltip>
      )}
    </>
  )
}
