import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { waitFor } from '@turnpike/testkit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { digestOf, MINUTE_MS, settled, TestClock, World } from '../key-path/key-path.fixture.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'
import { openSnapshotKey } from './frames.ts'
import { keepSnapshot } from './keeper.ts'
import type { Snapshot } from './lines.ts'
import { aSnapshot, hexOf, SECRETS } from './snapshot-data.fixture.ts'

const KEY = openSnapshotKey(hexOf('the key of snapshots'))

let folder = ''
let file = ''
let files = 0

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'turnpike-keeper-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(() => {
  file = path.join(folder, String(files++), 'keys.snapshot')
})

const bytes = () => readFile(file).catch(() => null)
const versionWritten = async () => {
  const found = await readSnapshot(file, KEY, SECRETS, Date.now())
  return found.kind === 'read' ? (found.snapshot.keys.copies[0]?.record.version ?? 0) : null
}

/** A keeper under a clock of its own, with what it knows in our hands. */
function aKeeper(first: Snapshot) {
  const clock = new TestClock()
  const world = { known: first, taken: 0, states: [] as string[] }
  const keeper = keepSnapshot({
    path: file,
    key: KEY,
    clock,
    take() {
      world.taken++
      return world.known
    },
    onState: (state) => void world.states.push(state),
  })
  const minute = async () => {
    const before = world.taken
    await waitFor(() => clock.pass(MINUTE_MS).then(() => world.taken > before), { withinMs: 5_000 })
  }
  return { world, keeper, clock, minute }
}

it('a minute after something changed it is on disk, and at the end whatever is known', async () => {
  const { world, keeper, clock } = aKeeper(aSnapshot())
  await clock.pass(MINUTE_MS - 1)
  expect(world.taken).toBe(0)
  await clock.pass(1)
  await waitFor(async () => (await versionWritten()) === 1, { withinMs: 5_000 })
  world.known = aSnapshot({ version: 2 })
  await keeper.close()
  expect(await versionWritten()).toBe(2)
  await clock.pass(5 * MINUTE_MS)
  expect(world.taken).toBe(2)
})

it('what did not change is not written again, but for once in ten minutes', async () => {
  const { keeper, minute } = aKeeper(aSnapshot())
  await minute()
  const first = await waitFor(bytes, { withinMs: 5_000 })
  for (let i = 0; i < 5; i++) await minute()
  expect(await bytes()).toEqual(first)
  for (let i = 0; i < 6; i++) await minute()
  await waitFor(async () => !(await bytes())?.equals(first), { withinMs: 5_000 })
  await keeper.close()
})

it('a revocation or another price is a change', async () => {
  const { world, keeper, minute } = aKeeper(aSnapshot())
  const { keys, catalogue } = world.known
  const changes: Partial<Snapshot>[] = [
    { keys: { ...keys, tombstones: [hexOf('now'), ...keys.tombstones] } },
    { keys: { ...keys, denied: ['another', ...keys.denied] } },
    { keys: { ...keys, copies: keys.copies.slice(1) } },
    { catalogue: catalogue && { ...catalogue, catalogue: { ...catalogue.catalogue, version: 7 } } },
  ]
  await minute()
  let last = await waitFor(bytes, { withinMs: 5_000 })
  for (const change of changes) {
    world.known = { ...world.known, ...change }
    await minute()
    const next = await waitFor(async () => ((await bytes())?.equals(last) ? null : bytes()), { withinMs: 5_000 })
    last = next
  }
  await keeper.close()
})

it('a disk that refuses is reported once, as is its return, and the age grows meanwhile', async () => {
  await mkdir(path.dirname(file), { recursive: true })
  const { world, keeper, clock, minute } = aKeeper(aSnapshot())
  // A folder in its place cannot be written over, whoever we are.
  await mkdir(`${file}.writing`)
  await minute()
  await waitFor(() => world.states.length === 1, { withinMs: 5_000 })
  await minute()
  await minute()
  expect(world.states).toEqual(['failing'])
  expect(keeper.ageMs()).toBeGreaterThanOrEqual(3 * MINUTE_MS)
  await rm(`${file}.writing`, { recursive: true })
  await minute()
  await waitFor(() => world.states.length === 2, { withinMs: 5_000 })
  expect(world.states).toEqual(['failing', 'kept'])
  await clock.pass(10)
  expect(keeper.ageMs()).toBeLessThan(MINUTE_MS)
  await keeper.close()
})

it('a process that knows nothing yet leaves what it found, even what it cannot read', async () => {
  const found = Buffer.from('sealed with a key that this process was not given')
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, found)
  const blank = { ...aSnapshot(), catalogue: null }
  const { keeper, minute } = aKeeper({ ...blank, keys: { copies: [], tombstones: [], denied: [], sequence: null } })
  await minute()
  await keeper.close()
  expect(await bytes()).toEqual(found)
})

it('with it a cache serves for an hour from the check of each key, and remembers what was revoked', async () => {
  const before = new World()
  const [early, late, revoked] = ['early', 'late', 'revoked'].map((name) => before.key(name))
  if (!early || !late || !revoked) throw new Error('three keys were made')
  await before.known(early)
  await before.known(revoked)
  await before.clock.pass(30 * MINUTE_MS)
  await before.known(late)
  before.keys.tombstone(revoked)
  const nowMs = before.clock.wallMs()
  const held = { ...aSnapshot({ takenAtMs: nowMs }), keys: before.keys.snapshot(20_000) }
  await writeSnapshot(file, KEY, held)

  const after = new World()
  after.postgres = 'down'
  after.cache = 'down'
  await after.clock.pass(45 * MINUTE_MS)
  const found = await readSnapshot(file, KEY, SECRETS, after.clock.wallMs())
  if (found.kind !== 'read') throw new Error(found.kind)
  expect(after.keys.restore(found.snapshot.keys)).toBe(2)
  await after.known(early)
  await after.known(late)
  expect(await after.keys.lookup(revoked)).toEqual({ kind: 'absent' })
  expect(await after.keys.lookup(digestOf('never seen'))).toMatchObject({ kind: 'unknown' })
  await after.clock.pass(20 * MINUTE_MS)
  expect(await after.keys.lookup(early)).toMatchObject({ kind: 'unknown' })
  await after.known(late)
  await settled()
})

it('a key from it that was revoked meanwhile is not let in once, when Redis alone can say so', async () => {
  const before = new World()
  const digest = before.key('revoked meanwhile')
  await before.known(digest)
  const held = before.keys.snapshot(20_000)

  const after = new World()
  after.postgres = 'down'
  after.redis.set(digest.toString('hex'), { version: 2, caller: null, verifiedAtMs: after.clock.wallMs() })
  expect(after.keys.restore(held)).toBe(1)
  expect(await after.keys.lookup(digest)).toEqual({ kind: 'absent' })
})
