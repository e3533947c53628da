import { note } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { liveThrough } from '../src/key-path/sim/courses.fixture.ts'

/** Enough that a race which needs three things to meet is met. */
const SEEDS = 10_000

it('A17 ten thousand courses of faults: no valid key is refused, no revoked one served, and all heals', async (context) => {
  const { seeds, validAnswers, revocations, permitsMost } = await liveThrough(SEEDS)
  note(context, {
    seeds,
    'answers for valid keys, in process': validAnswers,
    revocations,
    'queries in flight': permitsMost,
  })
  expect(seeds).toBe(SEEDS)
  expect(validAnswers).toBeGreaterThan(1_000_000)
  expect(permitsMost).toBeLessThanOrEqual(4)
}, 600_000)
