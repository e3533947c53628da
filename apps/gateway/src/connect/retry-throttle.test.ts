import type { ModelSlug, ProviderSlug } from '@turnpike/domain'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RetryThrottle } from './retry-throttle.ts'

const ACORN = 'acorn' as ProviderSlug
const BIRCH = 'birch' as ProviderSlug
const MODEL = 'm/x' as ModelSlug
const OTHER = 'm/y' as ModelSlug

it('allows retries at an account until it has failed five times more than its successes make up for', () => {
  const throttle = new RetryThrottle(() => 1)
  for (let i = 0; i < 4; i++) throttle.failed(ACORN)
  expect(throttle.mayRetry(ACORN)).toBe(true)
  throttle.failed(ACORN)
  expect([throttle.mayRetry(ACORN), throttle.mayRetry(BIRCH)]).toEqual([false, true])
  throttle.succeeded(ACORN)
  expect(throttle.mayRetry(ACORN)).toBe(true)
})

it('bounds failed retries to six and a tenth of the successes, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 400 }), (outcomes) => {
      const throttle = new RetryThrottle(() => 1)
      let failed = 0
      let succeeded = 0
      for (const ok of outcomes) {
        if (!throttle.mayRetry(ACORN)) continue
        if (ok) throttle.succeeded(ACORN)
        else throttle.failed(ACORN)
        if (ok) succeeded++
        else failed++
      }
      expect(failed).toBeLessThanOrEqual(6 + succeeded / 10)
    }),
  )
})

/** Retries that run until they are ended. */
function running(throttle: RetryThrottle, count: number) {
  const ends: (() => void)[] = []
  const outcomes = Array.from({ length: count }, () =>
    throttle.asRetry(ACORN, () => new Promise<string>((resolve) => ends.push(() => resolve('made')))),
  )
  return { outcomes, ends }
}

function aThrottle(inFlight = () => 1): RetryThrottle {
  const throttle = new RetryThrottle(inFlight)
  throttle.failed(ACORN)
  return throttle
}

it('lets an account without recent failures take over all that others drop', async () => {
  const throttle = new RetryThrottle(() => 1)
  const { outcomes, ends } = running(throttle, 500)
  expect(ends).toHaveLength(500)
  ends.forEach((end) => end())
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['made']))
})

it('lets a fifth of the requests under way be retries at accounts that fail, and three in any case', async () => {
  let inFlight = 1
  const throttle = aThrottle(() => inFlight)
  const few = running(throttle, 4)
  expect(await few.outcomes[3]).toBe('throttled')
  inFlight = 25
  const more = running(throttle, 3)
  expect(await more.outcomes[2]).toBe('throttled')
  expect([few.ends.length, more.ends.length, throttle.refused()]).toEqual([3, 2, 2])
})

it('gives a slot that comes free to the retry that has waited longest', async () => {
  const throttle = aThrottle()
  const { outcomes, ends } = running(throttle, 5)
  setImmediate(() => ends[0]?.())
  expect(await outcomes[4]).toBe('throttled')
  expect(ends).toHaveLength(4)
  ends.forEach((end) => end())
  expect(await Promise.all(outcomes.slice(0, 4))).toEqual(['made', 'made', 'made', 'made'])
})

it('keeps no more than a hundred waiting', async () => {
  const { outcomes } = running(aThrottle(), 104)
  const first = await Promise.race([outcomes[103], outcomes[3]])
  expect(first).toBe('throttled')
  expect(new Set(await Promise.all(outcomes.slice(3)))).toEqual(new Set(['throttled']))
})

it('gives the slot of a retry that failed to the next', async () => {
  const throttle = aThrottle()
  const failing = () => throttle.asRetry(ACORN, () => Promise.reject(new Error('refused')))
  for (let i = 0; i < 5; i++) await expect(failing()).rejects.toThrow('refused')
})

it('lets one request at a time try what is known to be down, for each model, and another when it is done', async () => {
  const throttle = new RetryThrottle(() => 1_000)
  let end = () => {}
  const open = new Promise<string>((resolve) => (end = () => resolve('tried')))
  const trying = [MODEL, MODEL, OTHER].map((model) => throttle.asLastResort(model, () => open))
  end()
  expect(await Promise.all(trying)).toEqual(['tried', null, 'tried'])
  await expect(throttle.asLastResort(MODEL, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  expect(await throttle.asLastResort(MODEL, () => Promise.resolve('tried'))).toBe('tried')
})
