import type { ModelSlug, ProviderSlug, TenantId } from '@turnpike/domain'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RetryThrottle } from './retry-throttle.ts'

const TENANT = 'tenant-1' as TenantId
const OTHER_TENANT = 'tenant-2' as TenantId
const ACORN = 'acorn' as ProviderSlug
const BIRCH = 'birch' as ProviderSlug
const MODEL = 'm/x' as ModelSlug
const OTHER = 'm/y' as ModelSlug

it('allows retries at an account until it has failed five times more than its successes make up for', () => {
  const throttle = new RetryThrottle(() => 1)
  for (let i = 0; i < 4; i++) throttle.failed(ACORN, TENANT)
  expect(throttle.mayRetry(ACORN, TENANT)).toBe(true)
  throttle.failed(ACORN, TENANT)
  expect([throttle.mayRetry(ACORN, TENANT), throttle.mayRetry(BIRCH, TENANT)]).toEqual([false, true])
  throttle.succeeded(ACORN, TENANT)
  expect(throttle.mayRetry(ACORN, TENANT)).toBe(true)
})

it('bounds failed retries to six and a tenth of the successes, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 400 }), (outcomes) => {
      const throttle = new RetryThrottle(() => 1)
      let failed = 0
      let succeeded = 0
      for (const ok of outcomes) {
        if (!throttle.mayRetry(ACORN, TENANT)) continue
        if (ok) throttle.succeeded(ACORN, TENANT)
        else throttle.failed(ACORN, TENANT)
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
    throttle.asRetry(ACORN, TENANT, () => new Promise<string>((resolve) => ends.push(() => resolve('made')))),
  )
  return { outcomes, ends }
}

function aThrottle(inFlight = () => 1): RetryThrottle {
  const throttle = new RetryThrottle(inFlight)
  throttle.failed(ACORN, TENANT)
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
  const failing = () => throttle.asRetry(ACORN, TENANT, () => Promise.reject(new Error('refused')))
  for (let i = 0; i < 5; i++) await expect(failing()).rejects.toThrow('refused')
})

it('lets one request at a time try what is known to be down, for each model, and another when it is done', async () => {
  const throttle = new RetryThrottle(() => 1_000)
  let end = () => {}
  const open = new Promise<string>((resolve) => (end = () => resolve('tried')))
  const trying = [MODEL, MODEL, OTHER].map((model) => throttle.asLastResort(model, TENANT, () => open))
  end()
  expect(await Promise.all(trying)).toEqual(['tried', null, 'tried'])
  await expect(throttle.asLastResort(MODEL, TENANT, () => Promise.reject(new Error('refused')))).rejects.toThrow(
    'refused',
  )
  expect(await throttle.asLastResort(MODEL, TENANT, () => Promise.resolve('tried'))).toBe('tried')
})

it('takes no retry from a tenant for the failures of another, and from all for those of three', () => {
  const throttle = new RetryThrottle(() => 1)
  const third = 'tenant-3' as TenantId
  for (let i = 0; i < 1_000; i++) throttle.failed(ACORN, TENANT)
  expect([throttle.mayRetry(ACORN, TENANT), throttle.mayRetry(ACORN, OTHER_TENANT)]).toEqual([false, true])
  for (let i = 0; i < 2; i++) throttle.failed(ACORN, OTHER_TENANT)
  expect(throttle.mayRetry(ACORN, third)).toBe(true)
  throttle.failed(ACORN, third)
  expect(throttle.mayRetry(ACORN, 'tenant-4' as TenantId)).toBe(false)
})

it('gives a tenant its slots, however many retries and last resorts of another are under way', async () => {
  const throttle = aThrottle()
  const { ends } = running(throttle, 103)
  const open = new Promise<string>(() => {})
  void throttle.asLastResort(MODEL, TENANT, () => open)
  expect(await throttle.asRetry(ACORN, OTHER_TENANT, () => Promise.resolve('made'))).toBe('made')
  expect(await throttle.asLastResort(MODEL, OTHER_TENANT, () => Promise.resolve('tried'))).toBe('tried')
  ends.forEach((end) => end())
})

it('sends ten tenants at most to a model that is down', async () => {
  const throttle = new RetryThrottle(() => 1)
  const open = new Promise<string>(() => {})
  for (let i = 0; i < 10; i++) void throttle.asLastResort(MODEL, `crowd-${i}` as TenantId, () => open)
  expect(await throttle.asLastResort(MODEL, TENANT, () => Promise.resolve('tried'))).toBeNull()
})
