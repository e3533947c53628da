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

it('the 95th percentile does not sink when the slowest are called off', () => {
  const racing = new HedgeTiming()
  // Of a thousand that would have come within a second, fifty were called off soon after 950 ms.
  for (let i = 0; i < 50; i++) racing.addLost(960)
  racing.settle(950, 1_000)
  racing.refresh(evenly(950, 950))
  near(racing.usual?.p95Ms, 950)
  expect(racing.usual?.samples).toBe(950)
})

it('takes other nodes to have called off as many as this one', () => {
  const racing = new HedgeTiming()
  for (let i = 0; i < 25; i++) racing.addLost(960)
  racing.settle(475, 1_000)
  racing.refresh(evenly(1_900, 950))
  near(racing.usual?.p95Ms, 950)
})

it('forgets who was called off after five minutes', () => {
  const racing = new HedgeTiming()
  for (let i = 0; i < 500; i++) racing.addLost(5_000)
  racing.settle(500, 1_000)
  racing.refresh(evenly(500, 100))
  near(racing.usual?.p95Ms, 5_000)
  racing.settle(500, 400_000)
  racing.refresh(evenly(500, 100))
  near(racing.usual?.p95Ms, 95)
})

it('says nothing where nothing is known', () => {
  const racing = new HedgeTiming()
  racing.refresh({})
  expect(racing.usual).toBeNull()
})
