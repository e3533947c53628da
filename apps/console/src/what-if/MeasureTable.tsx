import { Box } from '@mui/material'
import type { WhatIfFigures, WhatIfGroup, WhatIfReport } from '@turnpike/contract'
import { count, duration, share } from '../format.ts'
import type { TextKey } from '../i18n/en/en.ts'
import { useText } from '../i18n/text.ts'
import { useProviderNames } from '../models/provider-names.ts'
import { Clipped, NAME_CHARS_MAX } from '../parts/Clipped.tsx'
import { Money } from '../parts/Money.tsx'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import { changeIn, figureOf, MEASURES, type Change, type Measure } from './change.ts'
import { Versus } from './Versus.tsx'

/** Every figure of all requests: actual, predicted, and the change. */
export function MeasureTable({ totals }: { totals: WhatIfReport['totals'] }) {
  const { say } = useText()
  const { happened, predicted } = totals
  const side = (text: TextKey, figures: WhatIfFigures): Column<Measure> => ({
    id: text,
    label: say(text),
    numeric: true,
    render: (measure) => <Figure figures={figures} measure={measure} />,
  })
  const columns: Column<Measure>[] = [
    {
      id: 'measure',
      label: say('usage.metric'),
      phone: 'title',
      render: (measure) => <strong>{say(`whatIf.measure_${measure}`)}</strong>,
    },
    side('whatIf.actual', happened),
    side('whatIf.predicted', predicted),
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

interface GroupTableProps {
  readonly title: string
  readonly kind: 'provider' | 'model'
  readonly groups: readonly WhatIfGroup[]
}

/** Before and after, per provider or per model. */
export function GroupTable({ title, kind, groups }: GroupTableProps) {
  const { say, locale } = useText()
  const { nameOf } = useProviderNames()
  const shown = (name: string) => (kind === 'provider' ? nameOf(name) : name)
  const measured = (measure: Measure): Column<WhatIfGroup> => ({
    id: measure,
    label: say(`whatIf.measure_${measure}`),
    numeric: true,
    render: ({ happened, predicted }) => (
      <Versus
        happened={<Figure figures={happened} measure={measure} />}
        predicted={<Figure figures={predicted} measure={measure} />}
      />
    ),
  })
  const columns: Column<WhatIfGroup>[] = [
    {
      id: 'name',
      label: say(`common.${kind}`),
      phone: 'title',
      render: ({ name }) => (
        <Clipped text={name === '' ? say('usage.unserved') : shown(name)} chars={NAME_CHARS_MAX} component="strong" />
      ),
    },
    {
      id: 'requests',
      label: say('common.requests'),
      numeric: true,
      render: ({ happened, predicted }) => (
        <Versus happened={count(happened.requests, locale)} predicted={count(predicted.requests, locale)} />
      ),
    },
    measured('cost'),
    measured('firstToken50'),
    measured('throughput50'),
    measured('failed'),
  ]
  return <RecordTable label={title} rows={groups} columns={columns} rowId={({ name }) => name} dense />
}

/** One figure, formatted. */
function Figure({ figures, measure }: { figures: WhatIfFigures; measure: Measure }) {
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

function ChangeText({ change }: { change: Change | null }) {
  const { say, locale } = useText()
  if (!change) return say('common.none')
  const isSame = change.verdict === 'same'
  const sign = change.difference > 0 ? '+' : ''
  const figure = change.part === null ? count(change.difference, locale) : share(change.part, locale)
  const verdict = say(`whatIf.${change.verdict}`)
  return (
    <Box component="span" sx={{ color: COLOURS[change.verdict], ...(!isSame && { fontWeight: 600 }) }}>
      {isSame ? verdict : `${sign}${figure} · ${verdict}`}
    </Box>
  )
}
