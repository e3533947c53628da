import { MEANINGS, type Figure, type Meaning } from './figures.ts'
import type { Micro } from './micro.ts'
import type { StallBench } from './stall/stall.ts'

/** The figures for people: floor, gateway, ratio, and what is wanted. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.flatMap((figure) => {
    const meaning = MEANINGS[figure.name]
    return meaning ? [rowOf(figure, meaning)] : []
  })
  return lines([['', 'floor', 'gateway', 'ratio', 'goal'], ...rows])
}

export function microTable(micro: readonly Micro[]): string {
  const rows = micro.map(({ title, p50Us, p99Us, goal }) => [title, `${digits(p50Us)} µs`, `${digits(p99Us)} µs`, goal])
  return lines([['in process', 'p50', 'p99', 'goal'], ...rows])
}

/** The worst body of each way in, the longest hold first. */
export function stallTable({ goalMs, slowness, stalls }: StallBench): string {
  const rows = stalls.map(({ door, holdMs, bytes, taken, shape, frame }) => {
    const what = `${taken ? 'taken' : 'refused'}: ${shape} in ${frame}`
    return [door, `${digits(holdMs)} ms`, `${digits(holdMs / slowness)} ms`, `${digits(bytes / 1_000_000)} MB`, what]
  })
  const rest = `goal ≤ ${goalMs} ms on a machine at which this one takes ${slowness.toFixed(2)} × the time`
  const head = ['longest hold of the event loop', 'here', 'there', 'body', rest]
  return lines([head, ...rows])
}

function rowOf({ floor, gateway, ratio }: Figure, { title, unit, goal }: Meaning): string[] {
  const written = (value: number) => `${digits(value)} ${unit}`
  return [title, written(floor), written(gateway), ratio === null ? '–' : `${ratio.toFixed(2)} ×`, goal ?? '']
}

/** Three significant digits, and no more decimals than make sense. */
function digits(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(size >= 10 ? 1 : 2)
}

/** First and last column to the left, figures to the right. */
export function lines(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const last = widths.length - 1
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 || column === last ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('   ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}
