import { Box, useTheme } from '@mui/material'
import { BarChart } from '@mui/x-charts/BarChart'
import { useNavigate } from 'react-router-dom'
import { count, money } from '../format.ts'
import { dateFormat } from '../i18n/locale.ts'
import { useText } from '../i18n/text.ts'
import { NAME_CHARS_MAX } from '../parts/Clipped.tsx'
import { useMay } from '../session.ts'
import { requestsPath, type Group } from './groups.ts'
import { Legend } from './Legend.tsx'
import type { Period } from './period.ts'
import { SERIES_MAX, type Chart, type Metric } from './series.ts'
import { roundTicks } from './ticks.ts'

interface UsageChartProps {
  readonly chart: Chart
  readonly metric: Metric
  readonly group: Group
  readonly period: Period
  readonly bucketSeconds: number
  readonly height: number
  readonly nameOf: (series: string) => string
}

const NANO_PER_USD = 1e9

/** Stacked bars over time. A click on a bar leads to its requests; the bar that is still filling is hatched. */
export default function UsageChart({ chart, metric, group, period, bucketSeconds, height, nameOf }: UsageChartProps) {
  const { say, locale } = useText()
  const navigate = useNavigate()
  const mayRead = useMay('requests:read')
  const { gate } = useTheme().palette
  const colours = chart.series.map((_, index) => gate.series[Math.min(index, SERIES_MAX)] ?? gate.amber)
  const show = (value: number | null) => valueText(value ?? 0, metric, locale)
  const drill = (bar: number) => {
    const bucket = bucketOf(chart, bar, period)
    if (mayRead && bucket) void navigate(requestsPath('none', '', bucket))
  }
  const series = chart.series.map(({ name, values }, index) => ({
    id: String(index),
    data: [...values],
    stack: 'all',
    label: nameOf(name),
    color: colours[index] ?? gate.amber,
    valueFormatter: (value: number | null) => (value ? show(value) : null),
  }))
  const plain = { disableLine: true, disableTicks: true }
  return (
    <>
      <Box
        role="img"
        aria-label={say('usage.chart', { metric: say(`usage.metric_${metric}`), group: say(`usage.group_${group}`) })}
        sx={{ mx: -1, ...(mayRead && { cursor: 'pointer' }) }}
      >
        <BarChart
          height={height}
          margin={{ left: 4, right: 16, top: 12, bottom: 4 }}
          skipAnimation
          grid={{ horizontal: true }}
          xAxis={[timeAxis(chart.startsMs, bucketSeconds, period, locale)]}
          yAxis={[{ ...plain, width: metric === 'cost' ? 76 : 56, valueFormatter: show, tickNumber: 5 }]}
          series={series}
          slots={{ bar: HatchedBar }}
          slotProps={{
            bar: { partial: chart.partial } as object,
            // The largest part of a bar is what one looks for.
            tooltip: { trigger: 'axis', sort: 'desc', sx: TOOLTIP },
          }}
          hideLegend
          onAxisClick={(_event, axis) => axis && drill(axis.dataIndex)}
        >
          <HatchPatterns colours={colours} />
        </BarChart>
      </Box>
      <Legend series={series} />
    </>
  )
}

/** Names of any length: the tooltip stays beside the pointer. */
const TOOLTIP = {
  '& th': { maxWidth: `${NAME_CHARS_MAX}ch`, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
} as const

const DAY_SECONDS = 86_400
/** Beyond two days, hours on an axis do not distinguish the days. */
const LONG_MS = 2 * DAY_SECONDS * 1000

/** The axis of a chart whose bars begin at these moments: short at the ticks, complete in the tooltip. */
function timeAxis(startsMs: readonly number[], bucketSeconds: number, { from, to }: Period, locale: string) {
  const isDays = bucketSeconds >= DAY_SECONDS
  const isLong = Date.parse(to) - Date.parse(from) > LONG_MS
  const write = (options: Intl.DateTimeFormatOptions) => dateFormat(locale, options)
  const ticks = roundTicks(startsMs, isLong ? 'days' : 'times')
  const tick = write(isDays || isLong ? { day: 'numeric', month: 'short' } : { timeStyle: 'short' })
  const full = write(isDays ? { dateStyle: 'full' } : { dateStyle: 'medium', timeStyle: 'short' })
  return {
    scaleType: 'band' as const,
    data: startsMs.map((ms) => new Date(ms)),
    valueFormatter: (date: Date, { location }: { location: string }) =>
      (location === 'tick' ? tick : full).format(date),
    categoryGapRatio: 0.25,
    disableLine: true,
    disableTicks: true,
    ...(!isDays && { tickInterval: (date: Date) => ticks.has(date.getTime()) }),
  }
}

/** A height in words. Heights are floats: an amount may differ from the table in its last digit. */
function valueText(value: number, metric: Metric, locale: string): string {
  return metric === 'cost' ? money(BigInt(Math.round(value * NANO_PER_USD)).toString(), locale) : count(value, locale)
}

/** The span of a bar; the last one ends with the period. */
function bucketOf({ startsMs }: Chart, bar: number, { to }: Period): Period | null {
  const startMs = startsMs[bar]
  if (startMs === undefined) return null
  return { from: new Date(startMs).toISOString(), to: new Date(startsMs[bar + 1] ?? Date.parse(to)).toISOString() }
}

const idOf = (series: string | number) => `hatch-${series}`

interface HatchedBarProps {
  readonly x?: number
  readonly y?: number
  readonly width?: number
  readonly height?: number
  readonly ownerState: { readonly dataIndex: number; readonly seriesId: string | number; readonly color: string }
  /** Index of the bar that is still filling. */
  readonly partial?: number | null
}

/** A bar of the chart. While its time is not over it is hatched: it is not complete. */
function HatchedBar({ x, y, width, height, ownerState, partial }: HatchedBarProps) {
  const fill = ownerState.dataIndex === partial ? `url(#${idOf(ownerState.seriesId)})` : ownerState.color
  return <rect {...{ x, y, width, height, fill }} />
}

/** The hatching of every series, in its colour. @param colours by index, which is the series' id */
function HatchPatterns({ colours }: { colours: readonly string[] }) {
  return (
    <defs>
      {colours.map((colour, index) => (
        <pattern
          key={colour}
          id={idOf(index)}
          width="6"
          height="6"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect width="6" height="6" fill={colour} opacity="0.35" />
          <rect width="3" height="6" fill={colour} />
        </pattern>
      ))}
    </defs>
  )
}
