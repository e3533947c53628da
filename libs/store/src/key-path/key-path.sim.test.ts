import { note, sampleSize } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { aCaller, MINUTE_MS, World } from './key-path.fixture.ts'
import { liveThrough } from './sim/courses.fixture.ts'
import type { Step } from './sim/steps.fixture.ts'
import { live } from './sim/world.fixture.ts'

/** All of them are enough that a race which needs three things to meet is met. */
const SEEDS = { part: 300, all: 10_000 }

it('A17 in any course of faults no valid key is refused, no revoked one served, and all heals', async (context) => {
  const { seeds, validAnswers, revocations, permitsMost } = await liveThrough(sampleSize(SEEDS))
  note(context, {
    'answers for valid keys, in process': validAnswers,
    revocations,
    'queries in flight': permitsMost,
  })
  expect(validAnswers).toBeGreaterThan(100 * seeds)
  expect(permitsMost).toBeGreaterThan(1)
  expect(permitsMost).toBeLessThanOrEqual(4)
}, 600_000)

/** What went wrong once, at its shortest. */
describe('by name', () => {
  it('a pending revocation that is published again and again does not end after 65 minutes', async () => {
    const world = new World()
    const digest = world.key('doomed')
    const { tenantId, keyId } = aCaller('doomed', {})
    world.keys.deny({ tenantId, keyId })
    await world.clock.pass(35 * MINUTE_MS)
    world.keys.deny({ tenantId, keyId })
    await world.clock.pass(31 * MINUTE_MS)
    expect(await world.keys.lookup(digest)).toEqual({ kind: 'absent' })
  })

  it('a key that was revoked before a quick restart is not taken from what Redis missed', async () => {
    const steps: Step[] = [
      { do: 'pass', ms: 200 },
      { do: 'ask', at: 0, key: 0, keys: 1 },
      { do: 'pass', ms: 200 },
      { do: 'kill', at: 0 },
      { do: 'redis', where: 'console', mode: 'refuse' },
      { do: 'revoke', key: 0 },
      { do: 'pass', ms: 1_500 },
      { do: 'save', at: 1, copies: 100 },
      { do: 'restart', at: 1, saved: true },
      { do: 'pass', ms: 4_000 },
      { do: 'ask', at: 1, key: 0, keys: 1 },
      { do: 'pass', ms: 50 },
    ]
    await live({ seed: 1, steps })
  })

  it('a value of Redis that was read while the key changed answers nobody', async () => {
    const world = new World()
    const digest = world.key('mine')
    world.redis.set(digest.toString('hex'), world.record(aCaller('mine', {})))
    const asked = world.keys.lookup(digest)
    while (world.redisCalls === 0) await Promise.resolve()
    world.key('mine', { version: 3 })
    world.keys.drop([digest])
    expect(await asked).toMatchObject({ kind: 'found', value: { version: 3 } })
  })

  it('an old value in Redis does not take the place of a newer copy while Postgres is away', async () => {
    const world = new World()
    const digest = world.key('mine')
    await world.known(digest)
    const old = world.redis.get(digest.toString('hex'))
    await world.clock.pass(MINUTE_MS)
    await world.known(digest)
    await world.clock.pass(1)
    if (old) world.redis.set(digest.toString('hex'), old)
    world.postgres = 'down'
    await world.clock.pass(40 * MINUTE_MS)
    await world.known(digest)
    await world.clock.pass(19.5 * MINUTE_MS)
    await world.known(digest)
  })
})
