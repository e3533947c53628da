import { setMaxListeners } from 'node:events'
import type { TenantId } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { WAIT_MS_MAX, RateLimitQueue, WAITING_MAX } from './rate-limit-queue.ts'

const tenant = (name: string) => name as TenantId
const FOREVER = new AbortController().signal
setMaxListeners(Infinity, FOREVER)
const now = () => performance.now()

it('lets a request go when its time has come, and not before', async () => {
  const queue = new RateLimitQueue(now)
  const [lateMs, soonMs] = [now() + 40, now() + 15]
  const late = queue.wait(tenant('a'), lateMs, FOREVER).then((served) => [served, now() >= lateMs])
  const soon = queue.wait(tenant('a'), soonMs, FOREVER).then((served) => [served, now() >= soonMs])
  expect(queue.count).toBe(2)
  expect(await Promise.all([late, soon])).toEqual([
    [true, true],
    [true, true],
  ])
  expect(queue.count).toBe(0)
})

it('refuses a request that would wait too long, or whose caller has disconnected', async () => {
  const queue = new RateLimitQueue(now)
  expect(await queue.wait(tenant('a'), now() + WAIT_MS_MAX + 100, FOREVER)).toBe(false)
  expect(await queue.wait(tenant('a'), now() + 10, AbortSignal.abort())).toBe(false)
})

it('frees the slot of a caller who disconnects at once', async () => {
  const queue = new RateLimitQueue(now)
  const disconnecting = new AbortController()
  const waiting = queue.wait(tenant('a'), now() + 1_500, disconnecting.signal)
  disconnecting.abort()
  expect(await waiting).toBe(false)
  expect(queue.count).toBe(0)
})

it('lets tenants take turns, each in the order in which its requests came', async () => {
  const queue = new RateLimitQueue(now)
  const order: string[] = []
  const untilMs = now() + 10
  const names = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']
  await Promise.all(
    names.map((name) => queue.wait(tenant(name.charAt(0)), untilMs, FOREVER).then(() => order.push(name))),
  )
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
})

it('takes no slot from a tenant that holds as few as the newcomer, when it is full', async () => {
  const queue = new RateLimitQueue(now)
  const untilMs = now() + 60
  const waiting = Array.from({ length: WAITING_MAX }, (_, i) => queue.wait(tenant(`tenant ${i}`), untilMs, FOREVER))
  expect(await queue.wait(tenant('newcomer'), untilMs, FOREVER)).toBe(false)
  expect(await queue.wait(tenant('tenant 0'), untilMs, FOREVER)).toBe(false)
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]))
})

it('takes the slot of a newcomer from the tenant that holds most, its latest one', async () => {
  const queue = new RateLimitQueue(now)
  const untilMs = now() + 60
  const most = Array.from({ length: WAITING_MAX / 2 + 1 }, () => queue.wait(tenant('most'), untilMs, FOREVER))
  const less = Array.from({ length: WAITING_MAX / 2 - 1 }, () => queue.wait(tenant('less'), untilMs, FOREVER))
  expect(await queue.wait(tenant('newcomer'), untilMs, FOREVER)).toBe(true)
  expect(await most.at(-1)).toBe(false)
  expect(new Set(await Promise.all([...most.slice(0, -1), ...less]))).toEqual(new Set([true]))
})

it('is full at its limit, and then takes from the tenant that holds most slots for one that holds fewer', async () => {
  const queue = new RateLimitQueue(now)
  const untilMs = now() + 60
  const greedy = Array.from({ length: WAITING_MAX }, () => queue.wait(tenant('greedy'), untilMs, FOREVER))
  expect(await queue.wait(tenant('greedy'), untilMs, FOREVER)).toBe(false)
  const modest = Array.from({ length: 60 }, () => queue.wait(tenant('modest'), untilMs, FOREVER))
  expect(queue.count).toBe(WAITING_MAX)
  const served = async (waiting: readonly Promise<boolean>[]) => (await Promise.all(waiting)).filter(Boolean).length
  expect([await served(greedy), await served(modest)]).toEqual([50, 50])
})
