import { addToDigest, type Digest } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { HedgeTiming } from './hedge-timing.ts'

/** So many first tokens, evenly spread up to so many milliseconds. */
function evenly(times: number, mostMs: number): Digest {
  const digest: Digest = {}
  for (let i = 1; i <= times; i++) addToDigest(digest, (i * mostMs) / times)
  return digest
}

const WITHIN = { least: 0.93, most: 1.07 }

function near(ms: number | undefined, wanted: number): void {
  expect(ms).toBeGreaterThan(WITHIN.least * wanted)
  expect(ms).toBeLessThan(WITHIN.most * wanted)
}

it('the 95th percentile does not sink when the slowest attempts lose', () => {
  const timing = new HedgeTiming()
  // Of a thousand that would have come within a second, fifty lost soon after 950 ms.
  for (let i = 0; i < 50; i++) timing.addLost(960)
  timing.settle(950, 1_000)
  timing.refresh(evenly(950, 950))
  near(timing.usual?.p95Ms, 950)
  expect(timing.usual?.samples).toBe(950)
})

it('takes other nodes to have as many lost attempts as this one', () => {
  const timing = new HedgeTiming()
  for (let i = 0; i < 25; i++) timing.addLost(960)
  timing.settle(475, 1_000)
  timing.refresh(evenly(1_900, 950))
  near(timing.usual?.p95Ms, 950)
})

it('forgets lost attempts after five minutes', () => {
  const timing = new HedgeTiming()
  for (let i = 0; i < 500; i++) timing.addLost(5_000)
  timing.settle(500, 1_000)
  timing.refresh(evenly(500, 100))
  near(timing.usual?.p95Ms, 5_000)
  timing.settle(500, 400_000)
  timing.refresh(evenly(500, 100))
  near(timing.usual?.p95Ms, 95)
})

it('says nothing where nothing is known', () => {
  const timing = new HedgeTiming()
  timing.refresh({})
  expect(timing.usual).toBeNull()
})
