import type { UsageAnswer, UsageFigures } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { Moment } from '../parts/Moment.tsx'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import { summed, useFigureColumns } from './figures.tsx'
import type { Chart } from './series.ts'

interface Line extends UsageFigures {
  readonly startAt: string
}

/** The figures of the chart as a table, newest first: its text alternative. */
export function TimeTable({ answer, chart }: { answer: UsageAnswer; chart: Chart }) {
  const { say } = useText()
  const { cost, requests, unsuccessful, tokens } = useFigureColumns()
  const byStart = new Map(answer.buckets.map(({ startAt, series }) => [Date.parse(startAt), Object.values(series)]))
  const lines = chart.startsMs.map((ms) => ({ startAt: new Date(ms).toISOString(), ...summed(byStart.get(ms) ?? []) }))
  const columns: Column<Line>[] = [
    { id: 'time', label: say('common.time'), phone: 'title', render: ({ startAt }) => <Moment at={startAt} /> },
    ...[cost, requests, unsuccessful, tokens],
  ]
  return (
    <RecordTable
      label={say('usage.overTime')}
      rows={lines.toReversed()}
      columns={columns}
      rowId={({ startAt }) => startAt}
    />
  )
}
