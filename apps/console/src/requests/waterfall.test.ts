import type { AttemptRow } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { layOut } from './waterfall.ts'

function anAttempt(startMs: number, endMs: number, firstTokenMs: number | null = null): AttemptRow {
  return {
    endpoint: 'p/a/b',
    provider: 'p',
    model: 'a/b',
    startMs,
    endMs,
    firstTokenMs,
    outcome: firstTokenMs === null ? 'failed' : 'answered',
    status: null,
    fault: null,
  }
}

it('places attempts in proportion to their time', () => {
  const { bars, axisMs } = layOut([anAttempt(0, 250), anAttempt(250, 1000, 500)], 1000)
  expect(axisMs).toBe(1000)
  expect(bars.map(({ left, width, mark }) => [left, width, mark])).toEqual([
    [0, 25, null],
    [25, 75, 50],
  ])
})

it('shows even the shortest attempt, and inside the axis', () => {
  const { bars } = layOut([anAttempt(0, 0), anAttempt(1000, 1000)], 1000)
  for (const { left, width } of bars) {
    expect(width).toBeGreaterThan(0.5)
    expect(left + width).toBeLessThanOrEqual(100)
  }
})

it('divides the axis into round steps that reach its end', () => {
  expect(layOut([], 412).ticksMs).toEqual([0, 100, 200, 300, 400, 500])
  expect(layOut([], 7300).ticksMs).toEqual([0, 2000, 4000, 6000, 8000])
})

it('names the attempt that a second one hedges', () => {
  const failed = anAttempt(0, 100)
  const slow: AttemptRow = { ...anAttempt(100, 700), outcome: 'lost' }
  const hedge: AttemptRow = { ...anAttempt(500, 900, 690), hedge: true }
  const hedgesOf = (attempts: AttemptRow[]) => layOut(attempts, 900).bars.map(({ hedgeOf }) => hedgeOf)
  expect(hedgesOf([failed, slow, hedge])).toEqual([null, null, 2])
  expect(hedgesOf([failed, hedge, slow])).toEqual([null, 3, null])
})

it('has an axis even for a request that took no time', () => {
  expect(layOut([], 0).axisMs).toBeGreaterThan(0)
  expect(layOut([anAttempt(0, 0)], 0).bars[0]?.left).toBe(0)
})

it('grows for an attempt that ended after the request was recorded', () => {
  expect(layOut([anAttempt(0, 1800)], 1000).axisMs).toBe(2000)
})
