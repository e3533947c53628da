import type { UsageAnswer, UsageFigures } from '@turnpike/contract'
import { count, sumNano } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Moment } from '../parts/Moment.tsx'
import { Money } from '../parts/Money.tsx'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import type { Chart } from './series.ts'

interface Line {
  readonly startAt: string
  readonly requests: number
  readonly failures: number
  readonly tokens: number
  readonly costNano: string
}

/** The figures of the chart as a table, newest first: its text alternative. */
export function TimeTable({ answer, chart }: { answer: UsageAnswer; chart: Chart }) {
  const { say, locale } = useText()
  const byStart = new Map(answer.buckets.map(({ startAt, series }) => [Date.parse(startAt), Object.values(series)]))
  const lines = chart.startsMs.map((ms) => lineOf(ms, byStart.get(ms) ?? [])).toReversed()
  const columns: Column<Line>[] = [
    { id: 'time', label: say('common.time'), phone: 'title', render: ({ startAt }) => <Moment at={startAt} /> },
    { id: 'cost', label: say('usage.metric_cost'), numeric: true, render: (line) => <Money nano={line.costNano} /> },
    {
      id: 'requests',
      label: say('usage.metric_requests'),
      numeric: true,
      render: (line) => count(line.requests, locale),
    },
    {
      id: 'failures',
      label: say('requests.failed'),
      numeric: true,
      render: (line) => count(line.failures, locale),
    },
    { id: 'tokens', label: say('usage.metric_tokens'), numeric: true, render: (line) => count(line.tokens, locale) },
  ]
  return <RecordTable label={say('usage.overTime')} rows={lines} columns={columns} rowId={({ startAt }) => startAt} />
}

function lineOf(ms: number, figures: readonly UsageFigures[]): Line {
  return {
    startAt: new Date(ms).toISOString(),
    requests: figures.reduce((sum, { requests }) => sum + requests, 0),
    failures: figures.reduce((sum, { failures }) => sum + failures, 0),
    tokens: figures.reduce((sum, one) => sum + one.promptTokens + one.completionTokens, 0),
    costNano: sumNano(figures.map(({ costNano }) => costNano)),
  }
}
