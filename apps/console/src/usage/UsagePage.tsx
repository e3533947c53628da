import { Box, Button, Card, Chip, Typography } from '@mui/material'
import { USAGE_GROUPS } from '@turnpike/contract/lists'
import { lazy, Suspense, useState } from 'react'
import { Link } from 'react-router-dom'
import { span } from '../format.ts'
import { dateFormat } from '../i18n/locale.ts'
import { useText } from '../i18n/text.ts'
import { Choice } from '../parts/Choice.tsx'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { Select } from '../parts/Select.tsx'
import { useUrlState, type UrlChanges } from '../parts/url-state.ts'
import { Page } from '../shell/Page.tsx'
import { Empty } from '../states/Empty.tsx'
import { BlockSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { GroupTable } from './GroupTable.tsx'
import { useNames, type Group } from './groups.ts'
import { RANGES, selectionOf, type PeriodSelection } from './period.ts'
import { METRICS, chartOf, type Metric } from './series.ts'
import { TimeTable } from './TimeTable.tsx'
import { Totals } from './Totals.tsx'
import { useUsage, type UsageView } from './query.ts'

const UsageChart = lazy(() => import('./UsageChart.tsx'))

const CHART_HEIGHT = 320

/** What was used and what it cost. Everything chosen here is in the address. */
export default function UsagePage() {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const selection = selectionOf(url)
  const metric = METRICS.find((name) => name === url.get('metric')) ?? 'cost'
  const group = USAGE_GROUPS.find((name) => name === url.get('group')) ?? 'model'
  const query = useUsage(selection, group)
  return (
    <Page
      title={say('nav.usage')}
      text={say('usage.text')}
      actions={<RangePicker selection={selection} onChange={setUrl} />}
    >
      <View query={query} skeleton={<BlockSkeleton height={540} />}>
        {(view) =>
          view.answer.totals.requests === 0 ? (
            <Nothing
              isLongest={selection.kind === 'range' && selection.range === '30d'}
              onLonger={() => setUrl({ range: '30d', from: null, to: null })}
            />
          ) : (
            <Figures {...view} metric={metric} group={group} onChange={setUrl} />
          )
        }
      </View>
    </Page>
  )
}

interface RangePickerProps {
  readonly selection: PeriodSelection
  readonly onChange: (changes: UrlChanges) => void
}

/** How far back to look. A fixed period comes from a link or a click on a bar, and can be let go of. */
function RangePicker({ selection, onChange }: RangePickerProps) {
  const { say, locale } = useText()
  if (selection.kind === 'fixed') {
    const text = span(selection.from, selection.to, locale)
    return <Chip label={text} onDelete={() => onChange({ from: null, to: null })} />
  }
  return (
    <Select
      label={say('usage.range')}
      value={selection.range}
      options={RANGES.map((range) => [range, say(`usage.range_${range}`)])}
      onChange={(range) => onChange({ range })}
    />
  )
}

interface FiguresProps extends UsageView {
  readonly metric: Metric
  readonly group: Group
  readonly onChange: (changes: UrlChanges) => void
}

function Figures({ answer, period, metric, group, onChange }: FiguresProps) {
  const { say } = useText()
  return (
    <Box sx={{ ...ONE_COLUMN, gap: 3 }}>
      <Totals totals={answer.totals} />
      <Card component="section" aria-label={say('usage.overTime')} sx={{ p: { xs: 2, sm: 3 } }}>
        <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 2, justifyContent: 'space-between', mb: 2 }}>
          <Choice
            label={say('usage.metric')}
            value={metric}
            options={METRICS.map((value) => ({ value, label: say(`usage.metric_${value}`) }))}
            onChange={(value) => onChange({ metric: value })}
          />
          <Choice
            label={say('usage.group')}
            value={group}
            options={USAGE_GROUPS.map((value) => ({ value, label: say(`usage.group_${value}`) }))}
            onChange={(value) => onChange({ group: value })}
          />
        </Box>
        <OverTime answer={answer} period={period} metric={metric} group={group} />
      </Card>
      <section>
        <Typography variant="h2" sx={{ mb: 1.5 }}>
          {say('usage.byGroup')}
        </Typography>
        <GroupTable answer={answer} period={period} group={group} />
      </section>
    </Box>
  )
}

function OverTime({ answer, period, metric, group }: Omit<FiguresProps, 'onChange'>) {
  const { say } = useText()
  const [form, setForm] = useState<'chart' | 'table'>('chart')
  const chart = chartOf(answer, metric, period)
  const nameOf = useNames(group, answer.labels)
  return (
    <>
      {form === 'chart' ? (
        <Suspense fallback={<BlockSkeleton height={CHART_HEIGHT} />}>
          <UsageChart
            {...{ chart, metric, group, period, nameOf }}
            bucketSeconds={answer.bucketSeconds}
            height={CHART_HEIGHT}
          />
        </Suspense>
      ) : (
        <TimeTable answer={answer} chart={chart} />
      )}
      <Box
        sx={{ display: 'flex', flexWrap: 'wrap', justifyContent: 'space-between', alignItems: 'center', gap: 1, mt: 1 }}
      >
        <Typography variant="caption">
          {chart.partial !== null && answer.partialUntil && <PartialNote until={answer.partialUntil} />}
        </Typography>
        <Choice
          label={say('usage.overTime')}
          value={form}
          options={[
            { value: 'chart', label: say('usage.asChart') },
            { value: 'table', label: say('usage.asTable') },
          ]}
          onChange={setForm}
        />
      </Box>
    </>
  )
}

function PartialNote({ until }: { until: string }) {
  const { say, locale } = useText()
  const time = dateFormat(locale, { timeStyle: 'medium' }).format(new Date(until))
  return say('usage.partial', { time })
}

function Nothing({ isLongest, onLonger }: { isLongest: boolean; onLonger: () => void }) {
  const { say } = useText()
  if (!isLongest) {
    const longer = (
      <Button variant="outlined" onClick={onLonger}>
        {say('usage.longer')}
      </Button>
    )
    return (
      <Empty kind="filtered" title={say('usage.emptyRangeTitle')} text={say('usage.emptyRangeText')} action={longer} />
    )
  }
  const start = (
    <Button component={Link} to="/start" variant="contained">
      {say('requests.emptyAction')}
    </Button>
  )
  return <Empty kind="unused" title={say('usage.emptyTitle')} text={say('usage.emptyText')} action={start} />
}
