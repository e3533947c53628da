import Box from '@mui/material/Box'
import type { WhatIfFigures, WhatIfReport } from '@turnpike/contract'
import { count, duration, share } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Money } from '../parts/Money.tsx'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import { changeIn, figureOf, MEASURES, type Change, type Measure } from './change.ts'

/** Every figure of all requests: what happened, what is predicted, and the change. */
export function MeasureTable({ totals }: { totals: WhatIfReport['totals'] }) {
  const { say } = useText()
  const { happened, predicted } = totals
  const columns: Column<Measure>[] = [
    {
      id: 'measure',
      label: say('whatIf.measure'),
      phone: 'title',
      render: (measure) => <strong>{say(`whatIf.measure_${measure}`)}</strong>,
    },
    {
      id: 'happened',
      label: say('whatIf.actual'),
      numeric: true,
      render: (measure) => <Figure figures={happened} measure={measure} />,
    },
    {
      id: 'predicted',
      label: say('whatIf.predicted'),
      numeric: true,
      render: (measure) => <Figure figures={predicted} measure={measure} />,
    },
    {
      id: 'change',
      label: say('whatIf.change'),
      phone: 'title',
      numeric: true,
      render: (measure) => <ChangeText change={changeIn(totals, measure)} />,
    },
  ]
  return <RecordTable label={say('whatIf.report')} rows={MEASURES} columns={columns} rowId={(measure) => measure} />
}

/** One figure, formatted. */
export function Figure({ figures, measure }: { figures: WhatIfFigures; measure: Measure }) {
  const { say, locale } = useText()
  if (measure === 'cost') return <Money nano={figures.costNano} />
  const figure = figureOf(figures, measure)
  if (figure === null) return say('common.none')
  if (measure.startsWith('firstToken')) return duration(figure, locale)
  if (measure.startsWith('throughput')) return say('whatIf.perSecond', { tokens: count(Math.round(figure), locale) })
  return count(figure, locale)
}

const COLOURS = {
  better: 'success.main',
  worse: 'error.main',
  same: 'text.secondary',
  fewer: 'text.secondary',
} as const

/** By how much, with a sign, and in words whether that is good. */
function ChangeText({ change }: { change: Change | null }) {
  const { say, locale } = useText()
  if (!change) return say('common.none')
  if (change.verdict === 'same')
    return (
      <Box component="span" sx={{ color: 'text.secondary' }}>
        {say('whatIf.same')}
      </Box>
    )
  const sign = change.difference > 0 ? '+' : ''
  const text = change.part === null ? count(change.difference, locale) : share(change.part, locale)
  return (
    <Box component="span" sx={{ color: COLOURS[change.verdict], fontWeight: 600 }}>
      {`${sign}${text} · ${say(`whatIf.${change.verdict}`)}`}
    </Box>
  )
}
