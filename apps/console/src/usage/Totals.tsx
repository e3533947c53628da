import { Box, Card } from '@mui/material'
import type { UsageTotals } from '@turnpike/contract'
import type { ReactNode } from 'react'
import { count, duration } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Money } from '../parts/Money.tsx'
import { unsuccessfulText } from './figures.tsx'

/** The sums of the period, as the server made them. */
export function Totals({ totals }: { totals: UsageTotals }) {
  const { say, locale } = useText()
  const tokens = {
    prompt: count(totals.promptTokens, locale),
    completion: count(totals.completionTokens, locale),
  }
  return (
    <Card
      component="dl"
      aria-live="polite"
      sx={{ m: 0, display: 'grid', gridTemplateColumns: { xs: '1fr 1fr', md: 'repeat(5, 1fr)' }, overflow: 'hidden' }}
    >
      <Total label={say('usage.metric_cost')}>
        <Money nano={totals.costNano} />
      </Total>
      <Total label={say('usage.metric_requests')}>{count(totals.requests, locale)}</Total>
      <Total label={say('requests.outcome_succeeded')} note={unsuccessfulText(totals, say, locale)}>
        {count(totals.succeeded, locale)}
      </Total>
      <Total label={say('usage.metric_tokens')} note={say('usage.totalTokensSplit', tokens)}>
        {count(totals.promptTokens + totals.completionTokens, locale)}
      </Total>
      <Total label={say('usage.totalFirstToken')} wide>
        {totals.firstTokenMsMean === null ? say('common.none') : duration(totals.firstTokenMsMean, locale)}
      </Total>
    </Card>
  )
}

interface TotalProps {
  readonly label: string
  readonly note?: string
  /** Fills the last row on a phone, where an odd one would leave a hole. */
  readonly wide?: boolean
  readonly children: ReactNode
}

function Total({ label, note, wide = false, children }: TotalProps) {
  return (
    <Box
      sx={{
        p: 2.25,
        gridColumn: { xs: wide ? 'span 2' : 'auto', md: 'auto' },
        boxShadow: (theme) => `0 0 0 0.5px ${theme.palette.divider}`,
      }}
    >
      <Box component="dt" sx={{ color: 'text.secondary', fontSize: '0.8125rem' }}>
        {label}
      </Box>
      <Box component="dd" sx={{ m: 0, mt: 0.25, fontSize: '1.375rem', fontWeight: 650, letterSpacing: '-0.02em' }}>
        {children}
        {note && (
          <Box
            component="span"
            sx={{ display: 'block', color: 'text.secondary', fontSize: '0.8125rem', fontWeight: 400, letterSpacing: 0 }}
          >
            {note}
          </Box>
        )}
      </Box>
    </Box>
  )
}
