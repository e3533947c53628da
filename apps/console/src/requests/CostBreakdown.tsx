import { Box, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material'
import type { RequestDetail } from '@turnpike/contract'
import { count, money, moneyExact } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { SCROLLS_INSIDE } from '../parts/Clipped.tsx'
import { isOwnName } from '../provider-keys/target.ts'

/** What was charged, to the last nano-dollar. */
export function CostBreakdown({ request }: { request: RequestDetail }) {
  const { say, locale } = useText()
  const { providerCostNano } = request
  if (providerCostNano !== null) {
    const words = isOwnName(request.provider ?? '') ? 'request.billDeclared' : 'request.billOwn'
    return <Typography>{say(words, { cost: money(providerCostNano, locale) })}</Typography>
  }
  if (request.bill.length === 0) return <Typography color="textSecondary">{say('request.billNone')}</Typography>
  return (
    <Box sx={{ ...SCROLLS_INSIDE, mx: { xs: -0.75, sm: -1.75 } }} tabIndex={0}>
      <Table size="small" aria-label={say('request.costBreakdown')} sx={{ 'th, td': { px: { xs: 0.75, sm: 1.75 } } }}>
        <TableHead>
          <TableRow>
            <TableCell>{say('request.billItem')}</TableCell>
            <TableCell align="right">{say('common.tokens')}</TableCell>
            <TableCell align="right">{say('request.billRate')}</TableCell>
            <TableCell align="right">{say('request.billAmount')}</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {request.bill.map((line) => (
            <TableRow key={line.label}>
              <TableCell>{say(`request.bill_${line.label}`)}</TableCell>
              <TableCell align="right">{line.tokens > 0 && count(line.tokens, locale)}</TableCell>
              <TableCell align="right">
                {line.label !== 'rounding' && moneyExact(line.ratePerMillionNano, locale)}
              </TableCell>
              <TableCell align="right">{moneyExact(line.amountNano, locale)}</TableCell>
            </TableRow>
          ))}
          <TableRow sx={{ td: { fontWeight: 650, border: 0 } }}>
            <TableCell colSpan={3}>{say('request.billTotal')}</TableCell>
            <TableCell align="right">{moneyExact(request.costNano, locale)}</TableCell>
          </TableRow>
        </TableBody>
      </Table>
      {request.priceVersion !== null && (
        <Typography variant="caption" component="p" sx={{ px: { xs: 0.75, sm: 1.75 }, pt: 1 }}>
          {say('request.priceVersion', { version: request.priceVersion })}
        </Typography>
      )}
    </Box>
  )
}
