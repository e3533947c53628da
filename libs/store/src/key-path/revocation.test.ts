import { expect, it } from 'vitest'
import { Gate, settled, World } from './key-path.fixture.ts'

it('a look-up that was under way when the key was revoked does not bring it back', async () => {
  const world = new World()
  const digest = world.key('mine')
  const held = new Gate()
  world.gate = held.wait
  const early = world.keys.lookup(digest)
  await settled()
  world.keys.tombstone(digest)
  held.open()
  expect(await early).toEqual({ kind: 'absent' })
  expect(await world.keys.lookup(digest)).toEqual({ kind: 'absent' })
})

it('Postgres that was set back to before the revocation does not bring the key back', async () => {
  const world = new World()
  const digest = world.key('mine')
  await world.known(digest)
  world.keys.tombstone(digest)
  await world.clock.pass(40 * 60_000)
  expect(await world.keys.lookup(digest)).toEqual({ kind: 'absent' })
})
