import { expect, it } from 'vitest'
import { Fault } from '@turnpike/domain'
import { Failures, Limit, subjectOf } from './limits.ts'

/** Milliseconds to wait; null when allowed. */
function waitOf(work: () => void): number | null {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof Fault && error.code === 'rate_limited') return error.facts.retryAfterMs ?? -1
    throw error
  }
}

it('allows so many within so long, and says when the next is', () => {
  const limit = new Limit({ most: 3, withinMs: 1_000 })
  const take = (nowMs: number) => waitOf(() => limit.take('a', nowMs, 'slow down'))
  expect([take(0), take(100), take(200), take(300)]).toEqual([null, null, null, 700])
  expect([take(1_000), take(1_001), take(1_100)]).toEqual([null, 99, null])
})

it('counts each subject for itself', () => {
  const limit = new Limit({ most: 1, withinMs: 1_000 })
  const take = (subject: string) => waitOf(() => limit.take(subject, 0, 'slow down'))
  expect([take('a'), take('b'), take('a')]).toEqual([null, null, 1_000])
})

it('forgets the oldest subjects rather than grow without end', () => {
  const limit = new Limit({ most: 1, withinMs: 1_000 })
  for (let i = 0; i <= 50_000; i++) limit.take(String(i), 0, 'slow down')
  expect(waitOf(() => limit.take('0', 1, 'slow down'))).toBeNull()
  expect(waitOf(() => limit.take('50000', 1, 'slow down'))).not.toBeNull()
})

it('makes the wait after failures longer, never longer than half a minute, and never for ever', () => {
  const failures = new Failures()
  const waits: (number | null)[] = []
  for (let i = 0; i < 12; i++) {
    waits.push(waitOf(() => failures.refuseTooSoon('a', 0)))
    failures.note('a', 0)
  }
  expect(waits).toEqual([null, null, null, null, null, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  expect(waitOf(() => failures.refuseTooSoon('a', 30_000))).toBeNull()
  expect(waitOf(() => failures.refuseTooSoon('b', 0))).toBeNull()
})

it('starts anew after a quarter of an hour, and after the right password', () => {
  const failures = new Failures()
  for (let i = 0; i < 9; i++) failures.note('a', 0)
  failures.note('a', 15 * 60_000)
  expect(waitOf(() => failures.refuseTooSoon('a', 15 * 60_000))).toBeNull()
  for (let i = 0; i < 9; i++) failures.note('b', 0)
  failures.clear('b')
  expect(waitOf(() => failures.refuseTooSoon('b', 0))).toBeNull()
})

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:0001:0002::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('takes %s for %s: in IPv6 a household has 2⁶⁴ addresses', (address, subject) => {
  expect(subjectOf(address)).toBe(subject)
})
