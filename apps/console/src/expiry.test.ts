import { expect, it } from 'vitest'
import { SessionExpiry } from './expiry.ts'

it('holds every refused call until the person has signed in, and then lets all of them go on', async () => {
  const expiry = new SessionExpiry()
  const notices: boolean[] = []
  expiry.watch(() => notices.push(expiry.isExpired()))
  const calls = [expiry.begin(), expiry.begin()]
  expect(expiry.isExpired()).toBe(true)
  expiry.settle(true)
  expect(await Promise.all(calls)).toEqual([true, true])
  expect([expiry.isExpired(), notices]).toEqual([false, [true, false]])
})

it('lets the calls fail when the person signs out instead, and holds the next session anew', async () => {
  const expiry = new SessionExpiry()
  const refused = expiry.begin()
  expiry.settle(false)
  expect(await refused).toBe(false)
  const next = expiry.begin()
  expiry.settle(true)
  expect(await next).toBe(true)
})
