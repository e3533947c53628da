import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { quantile } from './digest.ts'
import { addToWindow, advance, newWindow } from './window.ts'

const anAttempt = (failures: number, bucket: number) => ({
  attempts: 1,
  failures,
  firstTokenMs: { [bucket]: 1 },
  tokensPerSecond: {},
})

it('a window holds what happened within it and nothing older', () => {
  const window = newWindow(60_000, 5)
  addToWindow(window, anAttempt(1, 10), 0)
  addToWindow(window, anAttempt(0, 20), 240_000)
  expect(window.sum).toMatchObject({ attempts: 2, failures: 1, firstTokenMs: { 10: 1, 20: 1 } })
  expect(advance(window, 299_999)).toBe(false)
  expect(advance(window, 300_000)).toBe(true)
  expect(window.sum).toEqual({ attempts: 1, failures: 0, firstTokenMs: { 10: 0, 20: 1 }, tokensPerSecond: {} })
  advance(window, 1e12)
  expect(window.sum).toMatchObject({ attempts: 0, failures: 0 })
  expect(quantile(window.sum.firstTokenMs, 0.5)).toBeNull()
})

it('its sum is that of its slots, and it never has more slots than it is long, for any clock', () => {
  const story = fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(1), fc.nat(160)))
  fc.assert(
    fc.property(story, (attempts) => {
      const window = newWindow(5_000, 6)
      let nowMs = 0
      for (const [passedMs, failures, bucket] of attempts) {
        nowMs += passedMs
        addToWindow(window, anAttempt(failures, bucket), nowMs)
        expect(window.slots.length).toBeLessThanOrEqual(6)
        expect(window.sum.attempts).toBe(window.slots.reduce((sum, slot) => sum + slot.attempts, 0))
        expect(window.sum.failures).toBe(window.slots.reduce((sum, slot) => sum + slot.failures, 0))
      }
    }),
  )
})
