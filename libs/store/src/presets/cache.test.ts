import type { TenantId, WorkspaceId } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { MINUTE_MS, settled, TestClock } from '../key-path/key-path.fixture.ts'
import { PresetCache } from './cache.ts'
import type { PresetPlace, PresetReading, PresetStatus } from './presets.ts'

const HERE: PresetPlace = { tenantId: 'tenant' as TenantId, workspaceId: 'here' as WorkspaceId }
const ELSEWHERE: PresetPlace = { tenantId: 'tenant' as TenantId, workspaceId: 'elsewhere' as WorkspaceId }

/** A store of presets as a map, which can be made to fail and to hang. */
class World {
  readonly clock = new TestClock()
  readonly presets = new Map<string, { versions: number; status: PresetStatus; padding?: number }>()
  state: 'up' | 'down' | 'silent' = 'up'
  /** While it is set, readings wait for it; they read when they begin. */
  gate: Promise<void> | null = null
  readings: string[] = []
  readonly cache = new PresetCache({ clock: this.clock, read: (...asked) => this.#read(...asked) })

  save(slug: string, place = HERE): void {
    const versions = (this.presets.get(`${place.workspaceId}/${slug}`)?.versions ?? 0) + 1
    this.presets.set(`${place.workspaceId}/${slug}`, { versions, status: 'active' })
  }

  /** Saved by another node, whose event arrives. */
  change(slug: string): void {
    this.save(slug)
    this.receive(slug)
  }

  receive(slug: string): void {
    this.cache.apply([{ entity: 'presets', entityId: `here/${slug}` }])
  }

  /** The number of the version that a request would get, or why it gets none. */
  async use(slug: string, version: number | null = null, place = HERE): Promise<unknown> {
    const found = await this.cache.lookup(place, slug, version)
    return found.kind === 'found' ? (found.preset.held?.version ?? `none of ${found.preset.newest}`) : found.kind
  }

  async #read({ workspaceId }: PresetPlace, slug: string, version: number | null): Promise<PresetReading> {
    this.readings.push(slug)
    if (this.state === 'silent') return new Promise(() => undefined)
    if (this.state === 'down') throw new Error('refused')
    const id = `${workspaceId}/${slug}`
    const preset = this.presets.get(id)
    const slugs = [...this.presets.keys()].flatMap((key) =>
      key.startsWith(workspaceId) ? [key.split('/')[1] ?? ''] : [],
    )
    const found = preset && { ...preset }
    await this.gate
    if (!found) return { kind: 'absent', slugs }
    const wanted = version ?? found.versions
    const held = wanted > found.versions ? null : { version: wanted, config: {}, systemPrompt: null }
    return {
      kind: 'found',
      preset: { id, status: found.status, newest: found.versions, held },
      bytes: found.padding ?? 100,
    }
  }
}

describe('a preset', () => {
  it('that a thousand requests name at once is read once', async () => {
    const world = new World()
    world.save('copy')
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => world.use('copy')))
    expect(new Set(answers)).toEqual(new Set([1]))
    expect(world.readings).toHaveLength(1)
  })

  it('is served from memory for thirty seconds, then read again behind the request', async () => {
    const world = new World()
    world.save('copy')
    await world.use('copy')
    world.save('copy')
    await world.clock.pass(29_999)
    expect(await world.use('copy')).toBe(1)
    expect(world.readings).toHaveLength(1)
    await world.clock.pass(1)
    expect(await world.use('copy')).toBe(1)
    await settled()
    expect(await world.use('copy')).toBe(2)
    expect(world.readings).toHaveLength(2)
  })

  it('that was changed elsewhere is used in its new version once the change was received', async () => {
    const world = new World()
    world.save('copy')
    world.save('other')
    await world.use('copy')
    await world.use('other')
    world.change('copy')
    expect(await world.use('copy')).toBe(2)
    expect(await world.use('other')).toBe(1)
    expect(world.readings).toEqual(['copy', 'other', 'copy'])
  })

  it('that changes while it is read is read once more', async () => {
    const world = new World()
    world.save('copy')
    let open = () => {}
    world.gate = new Promise((resolve) => (open = resolve))
    const early = world.use('copy')
    await settled()
    world.change('copy')
    world.gate = null
    open()
    expect(await early).toBe(1)
    expect(await world.use('copy')).toBe(2)
  })

  it('that changes while it is read is used in its new version by a request that comes after the change', async () => {
    const world = new World()
    world.save('copy')
    let open = () => {}
    world.gate = new Promise((resolve) => (open = resolve))
    const early = world.use('copy')
    await settled()
    world.change('copy')
    const later = world.use('copy')
    open()
    expect([await early, await later]).toEqual([1, 2])
  })

  it('pinned to a version is another copy, and one it does not have is none', async () => {
    const world = new World()
    world.save('copy')
    world.save('copy')
    expect([await world.use('copy', 1), await world.use('copy', 2), await world.use('copy', 3)]).toEqual([
      1,
      2,
      'none of 2',
    ])
    world.change('copy')
    expect([await world.use('copy'), await world.use('copy', 1), await world.use('copy', 3)]).toEqual([3, 1, 3])
  })

  it('of one workspace is none of another', async () => {
    const world = new World()
    world.save('copy')
    expect([await world.use('copy'), await world.use('copy', null, ELSEWHERE)]).toEqual([1, 'absent'])
  })
})

describe('a preset that does not exist', () => {
  it('is absent with the slugs that there are, and any number of such names is one reading in two seconds', async () => {
    const world = new World()
    world.save('copy')
    expect(await world.cache.lookup(HERE, 'cpoy', null)).toEqual({ kind: 'absent', slugs: ['copy'] })
    for (let i = 0; i < 100; i++) expect(await world.use(`guess-${i}`)).toBe('absent')
    expect(world.readings).toHaveLength(1)
    expect(await world.use('copy')).toBe(1)
    await world.clock.pass(2_000)
    expect(await world.use('guess')).toBe('absent')
    expect(world.readings).toHaveLength(3)
  })

  it('exists as soon as its event was received', async () => {
    const world = new World()
    expect(await world.use('copy')).toBe('absent')
    world.change('copy')
    expect(await world.use('copy')).toBe(1)
  })
})

describe('with the store away', () => {
  it('a preset that was used is served for an hour and no longer, then it is unknown', async () => {
    const world = new World()
    world.save('copy')
    await world.use('copy')
    world.state = 'down'
    for (let minute = 1; minute < 60; minute++) {
      await world.clock.pass(MINUTE_MS)
      expect(await world.use('copy')).toBe(1)
    }
    await world.clock.pass(MINUTE_MS + 1)
    expect(await world.use('copy')).toBe('unknown')
  })

  it('one that was never used is unknown and not absent, and absent is not remembered past its time', async () => {
    const world = new World()
    world.save('copy')
    expect(await world.use('guess')).toBe('absent')
    world.state = 'down'
    expect(await world.use('copy')).toBe('unknown')
    await world.clock.pass(2_000)
    expect(await world.use('guess')).toBe('unknown')
  })

  it('one that is known to have changed is served as it was', async () => {
    const world = new World()
    world.save('copy')
    await world.use('copy')
    world.change('copy')
    world.state = 'down'
    expect(await world.use('copy')).toBe(1)
    world.state = 'up'
    await world.clock.pass(1_000)
    expect(await world.use('copy')).toBe(2)
  })

  it('nobody waits longer than two seconds, and the next does not wait at all', async () => {
    const world = new World()
    world.state = 'silent'
    let answer: unknown = null
    void world.use('copy').then((found) => (answer = found))
    await world.clock.pass(1_999)
    expect(answer).toBeNull()
    await world.clock.pass(1)
    await settled()
    expect(answer).toBe('unknown')
    expect(await world.use('other')).toBe('unknown')
    expect(world.readings).toEqual(['copy'])
  })

  it('the store is asked once a second, not once a request', async () => {
    const world = new World()
    world.state = 'down'
    for (let i = 0; i < 100; i++) expect(await world.use(`preset-${i}`)).toBe('unknown')
    expect(world.readings).toHaveLength(1)
    await world.clock.pass(1_000)
    await world.use('copy')
    expect(world.readings).toHaveLength(2)
  })
})

it('a workspace that asks for many presets at once does not keep another from asking', async () => {
  const world = new World()
  world.save('theirs', ELSEWHERE)
  let open = () => {}
  world.gate = new Promise((resolve) => (open = resolve))
  const flood = Promise.all(Array.from({ length: 1_000 }, (_, i) => world.use('copy', i + 1)))
  const other = world.use('theirs', null, ELSEWHERE)
  await settled()
  expect(world.readings).toHaveLength(101)
  open()
  expect(await other).toBe(1)
  expect((await flood).filter((answer) => answer === 'unknown')).toHaveLength(900)
  world.gate = null
  world.save('copy')
  expect(await world.use('copy', 1)).toBe('absent')
  await world.clock.pass(2_000)
  expect(await world.use('copy', 1)).toBe(1)
})

it('holds no more than its bytes: the preset that was used longest ago is read again', async () => {
  const world = new World()
  const many = Array.from({ length: 20 }, (_, i) => `preset-${i}`)
  for (const slug of many) world.presets.set(`here/${slug}`, { versions: 1, status: 'active', padding: 1024 * 1024 })
  for (const slug of many) await world.use(slug)
  expect(world.cache.stats()).toMatchObject({ entries: 16, bytes: 16 * 1024 * 1024, readings: 20 })
  await world.use('preset-19')
  expect(world.readings).toHaveLength(20)
  await world.use('preset-0')
  expect(world.readings).toHaveLength(21)
})

describe('what one process held and the next one takes', () => {
  const WALL_MS = 1_700_000_000_000

  it('is served while nobody can be asked, for an hour from when it was read', async () => {
    const [before, after] = [new World(), new World()]
    before.save('mine')
    await before.use('mine')
    await before.clock.pass(10 * MINUTE_MS)
    const held = before.cache.snapshot(10_000, WALL_MS)
    expect(held).toMatchObject([{ id: 'here/mine', newest: 1, readAtMs: WALL_MS - 10 * MINUTE_MS }])
    after.state = 'down'
    after.cache.restore(held, WALL_MS + 5 * MINUTE_MS)
    expect(await after.use('mine')).toBe(1)
    await after.clock.pass(45 * MINUTE_MS)
    expect(await after.use('mine')).toBe('unknown')
  })

  it('is asked for before it is used where somebody can be asked: it may have changed meanwhile', async () => {
    const [before, after] = [new World(), new World()]
    before.save('mine')
    await before.use('mine')
    after.save('mine')
    after.save('mine')
    after.cache.restore(before.cache.snapshot(10_000, WALL_MS), WALL_MS)
    expect(await after.use('mine')).toBe(2)
    expect(after.readings).toEqual(['mine'])
  })

  it('is what was used last, as far as there is room', async () => {
    const world = new World()
    for (const slug of ['one', 'two', 'three']) {
      world.save(slug)
      await world.use(slug)
    }
    await world.use('one')
    const names = (bytes: number) => world.cache.snapshot(bytes, WALL_MS).map(({ id }) => id)
    expect(names(250)).toEqual(['here/one', 'here/three'])
    expect(names(99)).toEqual([])
  })

  it('cannot be edited by who uses it', () => {
    const world = new World()
    const held = { version: 1, config: '{"provider":{"order":["acorn"]}}', systemPrompt: null }
    const preset = { id: 'here/mine', status: 'active', newest: 1, held, name: 'here::mine', bytes: 100 } as const
    world.cache.restore([{ ...preset, readAtMs: WALL_MS }], WALL_MS)
    world.state = 'down'
    return expect(world.cache.lookup(HERE, 'mine', null)).resolves.toSatisfy(
      (found: { preset: { held: { config: { provider: object } } } }) =>
        Object.isFrozen(found.preset.held.config) && Object.isFrozen(found.preset.held.config.provider),
    )
  })
})
