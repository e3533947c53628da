import { expect, it } from 'vitest'
import { Fault } from '@turnpike/domain'
import { Failures, Limit, waitMs } from './limits.ts'

/** Milliseconds to wait; null when allowed. */
function waitOf(work: Promise<void>): Promise<number | null> {
  return work.then(
    () => null,
    (error: unknown) => {
      if (error instanceof Fault && error.code === 'rate_limited') return error.facts.retryAfterMs ?? -1
      throw error
    },
  )
}

it('allows so many within so long, each subject for itself, and says when the next is', async () => {
  const limit = new Limit({ name: 'test', most: 2, withinMs: 60_000, shared: null })
  const take = (subject: string) => waitOf(limit.take(subject, 'slow down'))
  expect([await take('a'), await take('a'), await take('b')]).toEqual([null, null, null])
  const wait = await take('a')
  expect(wait).toBeGreaterThan(50_000)
  expect(wait).toBeLessThanOrEqual(60_000)
})

it('makes the wait after failures longer, never longer than its bound, and never for ever', () => {
  const patience = { free: 5, delayMsMax: 30_000 }
  const waits = Array.from({ length: 12 }, (_, count) => waitMs({ count, endsInMs: 15 * 60_000 }, patience))
  expect(waits).toEqual([0, 0, 0, 0, 0, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  expect(waitMs({ count: 11, endsInMs: 15 * 60_000 - 30_000 }, patience)).toBe(0)
})

it('makes the sixth sign-in after five failures wait, of that subject only, until the right password', async () => {
  const failures = new Failures({ name: 'test', shared: null, free: 5, delayMsMax: 30_000 })
  for (let i = 0; i < 5; i++) {
    expect(await waitOf(failures.refuseTooSoon('a', 'wait'))).toBeNull()
    await failures.note('a')
  }
  expect(await waitOf(failures.refuseTooSoon('a', 'wait'))).toBeGreaterThan(0)
  expect(await waitOf(failures.refuseTooSoon('b', 'wait'))).toBeNull()
  await failures.clear('a')
  expect(await waitOf(failures.refuseTooSoon('a', 'wait'))).toBeNull()
})
