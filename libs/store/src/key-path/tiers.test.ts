import type { KeyId, TenantId } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { aCaller, digestOf, MINUTE_MS, World } from './key-path.fixture.ts'

describe('a key that no node knows', () => {
  it('is left to the node that claimed it, and found as that one brings it', async () => {
    const world = new World()
    const digest = world.key('new')
    world.claimed.add(digest.toString('hex'))
    const answer = world.keys.lookup(digest)
    await world.clock.pass(30)
    world.redis.set(digest.toString('hex'), world.record(aCaller('new', {})))
    await world.clock.pass(60)
    expect(await answer).toMatchObject({ kind: 'found' })
    expect(world.queries).toHaveLength(0)
    expect(world.keys.stats().claimsLost).toBe(1)
  })

  it('is asked for after all when that node brings nothing', async () => {
    const world = new World()
    const digest = world.key('abandoned')
    world.claimed.add(digest.toString('hex'))
    const answer = world.keys.lookup(digest)
    await world.clock.pass(200)
    expect(await answer).toMatchObject({ kind: 'found' })
    expect(world.queries).toHaveLength(1)
  })

  it('is answered within 800 ms, waiting for a claim included', async () => {
    const world = new World()
    const digest = world.key('slow')
    world.claimed.add(digest.toString('hex'))
    world.postgres = 'silent'
    const answer = world.keys.lookup(digest)
    await world.clock.pass(800)
    expect(await answer).toMatchObject({ kind: 'unknown' })
    expect(world.keys.stats().unanswered).toEqual({ refused: 0, slow: 1, busy: 0 })
  })
})

describe('a miss is counted', () => {
  it('as cold, then as flushed for a minute once Redis was found empty', async () => {
    const world = new World()
    await world.known(world.key('cold'))
    world.keys.redisFlushed()
    await world.known(world.key('flushed'))
    await world.clock.pass(MINUTE_MS)
    await world.known(world.key('cold again'))
    expect(world.keys.stats().misses).toEqual({ cold: 2, flushed: 1, refused: 0, slow: 0, wrong: 0 })
  })

  it('by what ails Redis, also while it is left alone', async () => {
    const world = new World()
    world.cache = 'down'
    for (let i = 0; i < 20; i++) await world.known(world.key(`key ${i}`))
    expect(world.keys.stats().misses.refused).toBe(20)
    expect(world.redisCalls).toBe(5)
  })
})

describe('a revocation by id', () => {
  const denial = { tenantId: 'tenant of doomed' as TenantId, keyId: 'doomed' as KeyId }

  it('ends a key that is held, and one that is looked up later', async () => {
    const world = new World()
    const held = world.key('doomed')
    await world.known(held)
    world.keys.deny(denial)
    expect(await world.keys.lookup(held)).toEqual({ kind: 'absent' })
    const other = new World()
    other.keys.deny(denial)
    expect(await other.keys.lookup(other.key('doomed'))).toEqual({ kind: 'absent' })
  })

  it('of another tenant ends nothing', async () => {
    const world = new World()
    world.keys.deny({ ...denial, tenantId: 'tenant of an enemy' as TenantId })
    await world.known(world.key('doomed'))
  })
})

describe('an organisation that allows no stale copies', () => {
  it('is served from a fresh copy, and not at all once that is old and nobody can be asked', async () => {
    const world = new World()
    const digest = world.key('strict', { staleMaxMs: 0 })
    await world.known(digest)
    world.postgres = 'down'
    world.cache = 'down'
    await world.clock.pass(20_000)
    await world.known(digest)
    await world.clock.pass(20_000)
    expect(await world.keys.lookup(digest)).toMatchObject({ kind: 'unknown' })
    world.postgres = 'up'
    await world.clock.pass(5_000)
    await world.known(digest)
  })

  it('is asked for at once when a channel is lost', async () => {
    const world = new World()
    const digest = world.key('strict', { staleMaxMs: 0 })
    await world.known(digest)
    world.postgres = 'down'
    world.cache = 'down'
    await world.clock.pass(1)
    world.keys.channelLost()
    expect(await world.keys.lookup(digest)).toMatchObject({ kind: 'unknown' })
  })
})

describe('what an earlier process held', () => {
  it('is served while nobody can be asked, until it is an hour old by its verification', async () => {
    const before = new World()
    const digest = before.key('known')
    await before.known(digest)
    const held = before.keys.snapshot(10)
    const world = new World()
    world.postgres = 'down'
    await world.clock.pass(50 * MINUTE_MS)
    expect(world.keys.restore(held)).toBe(1)
    await world.known(digest)
    await world.clock.pass(10 * MINUTE_MS)
    expect(await world.keys.lookup(digest)).toMatchObject({ kind: 'unknown' })
  })

  it('is left out when it is from the future, too old, revoked since or denied', async () => {
    const before = new World()
    for (const name of ['young', 'revoked', 'denied']) await before.known(before.key(name))
    const held = before.keys.snapshot(10)
    const future = held.copies.map(({ digest, record }) => {
      return { digest, record: { ...record, verifiedAtMs: record.verifiedAtMs + MINUTE_MS } }
    })
    expect(new World().keys.restore({ ...held, copies: future })).toBe(0)
    const late = new World()
    await late.clock.pass(60 * MINUTE_MS)
    expect(late.keys.restore(held)).toBe(0)
    const denied = ['tenant of denied denied']
    const tombstones = [digestOf('revoked').toString('hex')]
    const world = new World()
    expect(world.keys.restore({ ...held, denied, tombstones })).toBe(1)
    expect(await world.keys.lookup(digestOf('revoked'))).toEqual({ kind: 'absent' })
  })

  it('is checked with Postgres as it is used, and goes on with the changes a little before where that process ended', async () => {
    const before = new World()
    const digest = before.key('known')
    await before.known(digest)
    before.keys.sequence = 1_042n
    const world = new World()
    world.key('known')
    world.keys.restore(before.keys.snapshot(10))
    expect(world.keys.sequence).toBe(42n)
    await world.known(digest)
    await world.clock.pass(1)
    expect(world.queries).toHaveLength(1)
  })
})

it('samples every copy in turn, a few at a time', async () => {
  const world = new World()
  for (let i = 0; i < 10; i++) await world.known(world.key(`key ${i}`))
  const seen = Array.from({ length: 5 }, () => world.keys.sample(2)).flat()
  expect(new Set(seen.map(({ digest }) => digest.toString('hex'))).size).toBe(10)
  expect(seen.every(({ version }) => version === 1)).toBe(true)
  expect(world.keys.sample(2)).toHaveLength(2)
})
