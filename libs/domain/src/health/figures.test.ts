import { expect, it } from 'vitest'
import { figuresOf } from './figures.ts'

const counts = (attempts: number, failures = 0) => ({ attempts, failures })
const half = (attempts: number, failures = 0, digest = {}) => ({
  ...counts(attempts, failures),
  firstTokenMs: digest,
  tokensPerSecond: digest,
})
const quiet = { recent: counts(0), five: counts(0), thirty: half(0), day: counts(0) }

it('gives no figures of an endpoint with few attempts', () => {
  expect(figuresOf(quiet, false)).toEqual({
    uptime5m: null,
    uptime30m: null,
    uptime1d: null,
    latency30m: null,
    throughput30m: null,
    status: 0,
  })
  const few = { ...quiet, five: counts(4), thirty: half(19), day: counts(99) }
  expect(figuresOf(few, false)).toMatchObject({ uptime5m: null, uptime30m: null, uptime1d: null })
})

it('gives uptime in percent over three spans, and percentiles over half an hour', () => {
  const busy = { ...quiet, five: counts(5, 1), thirty: half(200, 3, { 50: 180, 60: 20 }), day: counts(3_000, 1) }
  const figures = figuresOf(busy, false)
  expect(figures).toMatchObject({ uptime5m: 80, uptime30m: 98.5, uptime1d: 99.967 })
  expect(figures.latency30m?.p50).toBeCloseTo(123.1, 0)
  expect(figures.latency30m?.p99).toBeCloseTo(319.3, 0)
  expect(figures.throughput30m).toEqual(figures.latency30m)
})

it('shows down while the breaker is open, and degraded when more than one recent attempt in twenty failed', () => {
  expect(figuresOf(quiet, true).status).toBe(-2)
  expect(figuresOf({ ...quiet, recent: counts(100, 5) }, false).status).toBe(0)
  expect(figuresOf({ ...quiet, recent: counts(100, 6) }, false).status).toBe(-1)
  expect(figuresOf({ ...quiet, recent: counts(4, 2) }, false).status).toBe(0)
})

it('uses the failures alone without a breaker', () => {
  expect(figuresOf({ ...quiet, recent: counts(10, 5) }, null).status).toBe(-2)
  expect(figuresOf({ ...quiet, recent: counts(10, 4) }, null).status).toBe(-1)
  expect(figuresOf({ ...quiet, recent: counts(10, 10) }, false).status).toBe(-1)
})
