import type { UsageAnswer, UsageFigures } from '@turnpike/contract'
import { describe, expect, it } from 'vitest'
import { periodOf, selectionOf } from './period.ts'
import { chartOf, OTHER } from './series.ts'

const HOUR_MS = 3_600_000
const BEGIN_MS = Date.parse('2026-03-01T10:00:00Z')
const at = (hours: number) => new Date(BEGIN_MS + hours * HOUR_MS).toISOString()

function figures(requests: number): UsageFigures {
  return {
    requests,
    ...{ succeeded: 1, failed: 0, interrupted: 0, cancelled: 0, rejected: 0 },
    promptTokens: requests * 10,
    completionTokens: requests,
    costNano: `${requests}000000000`,
  }
}

function anAnswer(buckets: UsageAnswer['buckets'], names: string[], partialUntil: string | null = null): UsageAnswer {
  const totals = { ...figures(0), cacheReadTokens: 0, reasoningTokens: 0, firstTokenMsMean: null }
  return { bucketSeconds: 3600, buckets, names, totals, labels: {}, partialUntil }
}

describe('the chart', () => {
  const period = { from: at(0), to: at(4) }

  it('fills hours without requests, before, between and after', () => {
    const buckets = [
      { startAt: at(1), series: { a: figures(2) } },
      { startAt: at(3), series: { a: figures(5) } },
    ]
    const chart = chartOf(anAnswer(buckets, ['a']), 'requests', period)
    expect(chart.startsMs.map((ms) => new Date(ms).toISOString())).toEqual([at(0), at(1), at(2), at(3)])
    expect(chart.series).toEqual([{ name: 'a', values: [0, 2, 0, 5] }])
  })

  it('begins with the bucket that the period begins in', () => {
    const chart = chartOf(anAnswer([{ startAt: at(2), series: { a: figures(1) } }], ['a']), 'cost', {
      from: at(0.5),
      to: at(3),
    })
    expect(new Date(chart.startsMs[0] ?? 0).toISOString()).toBe(at(0))
    expect(chart.series[0]?.values).toEqual([0, 0, 1])
  })

  it('joins what is small into one series and loses none of it', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const series = Object.fromEntries(names.map((name, index) => [name, figures(index + 1)]))
    const chart = chartOf(anAnswer([{ startAt: at(0), series }], names), 'requests', { from: at(0), to: at(1) })
    expect(chart.series).toHaveLength(7)
    expect(chart.series.at(-1)).toEqual({ name: OTHER, values: [15] })
    expect(chart.series.reduce((sum, { values }) => sum + (values[0] ?? 0), 0)).toBe(36)
  })

  it('marks the last bar only while the present is in it', () => {
    const buckets = [{ startAt: at(0), series: { a: figures(1) } }]
    expect(chartOf(anAnswer(buckets, ['a'], at(3.5)), 'tokens', period).partial).toBe(3)
    expect(chartOf(anAnswer(buckets, ['a']), 'tokens', period).partial).toBeNull()
  })
})

const selected = (text: string) => selectionOf(new URLSearchParams(text))

describe('the period', () => {
  it('is the last day unless the address says otherwise', () => {
    expect(selected('')).toEqual({ kind: 'range', range: '24h' })
    expect(selected('range=7d')).toEqual({ kind: 'range', range: '7d' })
    expect(selected('range=99y')).toEqual({ kind: 'range', range: '24h' })
  })

  it('takes two moments over a range, and nonsense for nothing', () => {
    expect(selected('from=2026-03-01T00:00Z&to=2026-03-02T00:00Z')).toEqual({
      kind: 'fixed',
      from: '2026-03-01T00:00:00.000Z',
      to: '2026-03-02T00:00:00.000Z',
    })
    expect(selected('from=2026-03-02T00:00Z&to=2026-03-01T00:00Z').kind).toBe('range')
    expect(selected('from=yesterday&to=2026-03-01').kind).toBe('range')
  })

  it('moves a range with the present', () => {
    expect(periodOf({ kind: 'range', range: '1h' }, BEGIN_MS)).toEqual({ from: at(-1), to: at(0) })
  })
})
