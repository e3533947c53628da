import { expect, it } from 'vitest'
import { spanOf } from './usage-span.ts'

const span = (from: string, to: string, bucket: 'auto' | '900' | '3600' | '86400' = 'auto') =>
  spanOf({ from, to, bucket, timeZone: 'UTC' })

it('reaches out to the quarters of an hour around it, which is what is kept', () => {
  const { fromMs, toMs } = span('2026-11-20T10:07:30.000Z', '2026-11-20T10:16:00Z')
  expect([new Date(fromMs).toISOString(), new Date(toMs).toISOString()]).toEqual([
    '2026-11-20T10:00:00.000Z',
    '2026-11-20T10:30:00.000Z',
  ])
})

it.each([
  ['2026-11-20T00:00:00Z', '2026-11-21T00:00:00Z', 900],
  ['2026-11-18T00:00:00Z', '2026-11-21T00:00:00Z', 3_600],
  ['2026-11-07T00:00:00Z', '2026-11-21T00:00:00Z', 3_600],
  ['2026-10-21T00:00:00Z', '2026-11-21T00:00:00Z', 86_400],
])('chooses buckets that make a readable chart from %s to %s: %i s', (from, to, seconds) => {
  const { bucketSeconds, fromMs, toMs } = span(from, to)
  expect(bucketSeconds).toBe(seconds)
  expect((toMs - fromMs) / 1_000 / bucketSeconds).toBeLessThanOrEqual(400)
})

it('takes the bucket that was asked for, within reason', () => {
  expect(span('2026-11-20T00:00:00Z', '2026-11-21T00:00:00Z', '86400').bucketSeconds).toBe(86_400)
  expect(() => span('2026-01-01T00:00:00Z', '2026-11-21T00:00:00Z', '900')).toThrow('Too fine')
})
