import { expect, it } from 'vitest'
import { StoreTime } from './clock.ts'

/** A machine whose wall clock can be wrong, and jump. */
function aMachine() {
  const own = { wall: 0, monotonic: 0 }
  const time = new StoreTime({ wallMs: () => own.wall, monotonicMs: () => own.monotonic, after: () => () => undefined })
  return { own, time }
}

it('goes by this machine until Postgres gave its time, and by Postgres from then on', () => {
  const { own, time } = aMachine()
  own.wall = 5_000
  expect(time.wallMs()).toBe(5_000)
  time.observe(3_605_000)
  own.monotonic = 250
  expect(time.wallMs()).toBe(3_605_250)
})

it('takes no notice of a clock that jumps', () => {
  const { own, time } = aMachine()
  time.observe(1_000)
  own.wall = 3_600_000
  expect(time.wallMs()).toBe(1_000)
})
