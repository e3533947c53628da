import { randomUUID } from 'node:crypto'
import { insertTenant, testDatabase, testPool, waitFor, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newSecretsText, openKeySecrets } from '../key-path/seal.ts'
import { openKeyCache } from '../key-path/key-path.ts'
import { watchKeyEvents } from '../key-path/watch.ts'
import { inTenant, inTransaction, type Pool } from '../connections/pools.ts'
import { PresetCache } from './cache.ts'
import { changePreset, savePreset } from './write.ts'
import {
  findPreset,
  findPresetVersion,
  listPresets,
  listPresetVersions,
  PRESET_VERSIONS_MAX,
  PRESETS_MAX,
  presetSlugs,
  readPreset,
} from './presets.ts'
import { StoreTime } from '../cache/clock.ts'

let database: TestDatabase
let gateway: Pool
let app: Pool
let owner: Pool
let mine: TestTenant
let theirs: TestTenant

beforeAll(async () => {
  database = await testDatabase()
  gateway = testPool(database.gatewayUrl, 4)
  app = testPool(database.appUrl, 1)
  owner = testPool(database.ownerUrl, 1)
  theirs = await insertTenant(database.ownerUrl)
})
beforeEach(async () => {
  mine = await insertTenant(database.ownerUrl)
})
afterAll(async () => {
  await Promise.all([gateway.end(), app.end(), owner.end()])
  await database.drop()
})

const asSystem = (sql: string, values: readonly unknown[]) =>
  inTransaction(owner, (client) => client.query(sql, [...values]), 'BEGIN; SET LOCAL ROLE turnpike_system')
const save = (slug: string, config: Record<string, unknown>, systemPrompt: string | null = null, by = mine) =>
  savePreset(gateway, by, { slug, config, systemPrompt })
const PAGE = { offset: 0, limit: 100 }

/** Of one preset, the oldest first. */
async function auditOf(tenant: TestTenant, presetId: string) {
  const { rows } = await inTenant(app, tenant.tenantId, (client) =>
    client.query<{ action: string; actor: string; before: object | null; after: object }>(
      `SELECT action, actor, before, after FROM audit_entries WHERE entity = 'presets' AND entity_id = $1 ORDER BY id`,
      [presetId],
    ),
  )
  return rows
}

describe('a preset', () => {
  it('is made by its first version and named as its slug, in the workspace of the key', async () => {
    const { preset, inForce } = await save('copy', { model: 'a/b' }, 'Be brief.')
    expect(preset).toMatchObject({
      workspaceId: mine.workspaceId,
      slug: 'copy',
      name: 'copy',
      description: null,
      status: 'active',
      designatedVersion: 1,
      designatedVersionId: inForce.id,
      createdBy: null,
      statusUpdatedAt: null,
    })
    expect(inForce).toMatchObject({
      presetId: preset.id,
      version: 1,
      config: { model: 'a/b' },
      systemPrompt: 'Be brief.',
    })
    expect(inForce.savedBy).toBe(mine.keyId)
    expect(await findPreset(gateway, mine, 'copy')).toEqual({ preset, inForce })
  })

  it('keeps every version, the newest in force, and none for what is in force already', async () => {
    await save('copy', { model: 'a/b' })
    await save('copy', { model: 'a/b' })
    const second = await save('copy', { model: 'a/b' }, 'Be brief.')
    expect(second.preset.designatedVersion).toBe(2)
    await save('copy', { model: 'c/d' })
    const { versions, total } = (await listPresetVersions(gateway, mine, 'copy', PAGE)) ?? { versions: [], total: 0 }
    expect(total).toBe(3)
    expect(versions.map(({ version, config, systemPrompt }) => [version, config, systemPrompt])).toEqual([
      [1, { model: 'a/b' }, null],
      [2, { model: 'a/b' }, 'Be brief.'],
      [3, { model: 'c/d' }, null],
    ])
    const paged = await listPresetVersions(gateway, mine, 'copy', { offset: 1, limit: 1 })
    expect(paged?.versions.map(({ version }) => version)).toEqual([2])
    expect((await findPresetVersion(gateway, mine, 'copy', 2))?.saved).toEqual(versions[1])
    expect(await findPresetVersion(gateway, mine, 'copy', 4)).toEqual({ saved: null, newest: 3 })
  })

  it('keeps the order of members, and text that jsonb would refuse', async () => {
    const schema = { z: 1, a: { y: 2, b: 3 }, text: 'a\0b \ud800 é😀' }
    await save('copy', { response_format: { schema } })
    const found = await findPreset(gateway, mine, 'copy')
    expect(JSON.stringify(found?.inForce.config)).toBe(JSON.stringify({ response_format: { schema } }))
  })

  it('has versions that nobody can edit or delete', async () => {
    const { inForce } = await save('copy', { model: 'a/b' })
    await expect(gateway.query(`UPDATE preset_versions SET version = 9`)).rejects.toThrow(/permission denied/)
    await expect(asSystem('UPDATE preset_versions SET version = 9 WHERE id = $1', [inForce.id])).rejects.toThrow()
    await expect(owner.query('DELETE FROM preset_versions')).rejects.toThrow(/append-only/)
    await expect(gateway.query(`UPDATE presets SET name = 'x'`)).rejects.toThrow(/permission denied/)
  })

  it('is named, switched off and rolled back, each in the audit log without what it holds', async () => {
    const { preset } = await save('copy', { model: 'a/b' }, 'Be brief.')
    await save('copy', { model: 'secret-of-the-trade/b' })
    const named = await changePreset(gateway, mine, 'copy', { name: 'Copywriter', description: 'For mail.' })
    expect(named).toMatchObject({ kind: 'changed', preset: { name: 'Copywriter', statusUpdatedAt: null } })
    const back = await changePreset(gateway, mine, 'copy', { designatedVersion: 1, description: null })
    expect(back).toMatchObject({
      preset: { designatedVersion: 1, description: null },
      inForce: { systemPrompt: 'Be brief.' },
    })
    const off = await changePreset(gateway, mine, 'copy', { status: 'disabled' })
    expect(off).toMatchObject({ preset: { status: 'disabled', statusUpdatedAt: expect.any(Date) } })
    await changePreset(gateway, mine, 'copy', { status: 'disabled' })
    expect(await changePreset(gateway, mine, 'copy', { designatedVersion: 3 })).toEqual({ kind: 'version_unknown' })
    const entries = await auditOf(mine, preset.id)
    expect(entries.map(({ action }) => action)).toEqual([
      'preset.create',
      'preset.version',
      ...['preset.change', 'preset.change', 'preset.change'],
    ])
    expect(entries.every(({ actor }) => actor === mine.keyId)).toBe(true)
    expect(entries.at(-1)).toMatchObject({
      before: { status: 'active' },
      after: { status: 'disabled', designatedVersion: 1 },
    })
    expect(JSON.stringify(entries)).not.toMatch(/secret-of-the-trade|Be brief/)
  })

  it('that is archived takes no version until it is taken back', async () => {
    await save('copy', { model: 'a/b' })
    await changePreset(gateway, mine, 'copy', { status: 'archived' })
    await expect(save('copy', { model: 'c/d' })).rejects.toMatchObject({ code: 'conflict', message: /archived/ })
    await changePreset(gateway, mine, 'copy', { status: 'disabled' })
    expect((await save('copy', { model: 'c/d' })).preset).toMatchObject({ status: 'disabled', designatedVersion: 2 })
  })

  it('saved by twenty at once has twenty versions without a gap', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => save('copy', { seed: i })))
    const saved = await listPresetVersions(gateway, mine, 'copy', PAGE)
    expect(saved?.versions.map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    expect((await findPreset(gateway, mine, 'copy'))?.preset.designatedVersion).toBe(20)
  })
})

describe('limits', () => {
  it('a workspace has so many presets and no more, and goes on changing those', async () => {
    await asSystem(
      `INSERT INTO presets (id, tenant_id, workspace_id, slug, name)
       SELECT gen_random_uuid(), $1, $2, 'p' || n, 'p' FROM generate_series(1, $3::int - 1) n`,
      [mine.tenantId, mine.workspaceId, PRESETS_MAX],
    )
    await save('copy', { model: 'a/b' })
    await expect(save('one-more', {})).rejects.toMatchObject({ code: 'conflict' })
    expect((await save('copy', { model: 'c/d' })).preset.designatedVersion).toBe(2)
  })

  it('a preset has so many versions and no more', async () => {
    const { preset } = await save('copy', { model: 'a/b' })
    await asSystem(
      `INSERT INTO preset_versions (id, tenant_id, preset_id, version, config)
       SELECT gen_random_uuid(), $1, $2, n, '{}' FROM generate_series(2, $3::int) n`,
      [mine.tenantId, preset.id, PRESET_VERSIONS_MAX],
    )
    await expect(save('copy', { model: 'c/d' })).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('another tenant', () => {
  it('neither sees, saves nor changes a preset, though its slug is the same', async () => {
    await save('copy', { model: 'a/b' })
    expect(await findPreset(gateway, theirs, 'copy')).toBeNull()
    expect(await listPresets(gateway, theirs, PAGE)).toEqual({ presets: [], total: 0 })
    expect(await listPresets(gateway, { ...theirs, workspaceId: mine.workspaceId }, PAGE)).toEqual({
      presets: [],
      total: 0,
    })
    expect(await presetSlugs(gateway, { ...theirs, workspaceId: mine.workspaceId })).toEqual([])
    expect(await listPresetVersions(gateway, theirs, 'copy', PAGE)).toBeNull()
    expect(await findPresetVersion(gateway, theirs, 'copy', 1)).toBeNull()
    expect(await changePreset(gateway, theirs, 'copy', { status: 'disabled' })).toEqual({ kind: 'unknown' })
    await save('copy', { model: 'x/y' }, null, theirs)
    expect((await findPreset(gateway, mine, 'copy'))?.inForce.config).toEqual({ model: 'a/b' })
  })

  it('cannot save with a key of this one, and nobody with a key that is revoked', async () => {
    await expect(save('copy', {}, null, { ...theirs, keyId: mine.keyId })).rejects.toMatchObject({
      code: 'key_invalid',
    })
    await asSystem('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [mine.keyId])
    await expect(save('copy', {})).rejects.toMatchObject({ code: 'key_invalid' })
    expect(await changePreset(gateway, mine, 'copy', { status: 'disabled' })).toEqual({ kind: 'unknown' })
  })

  it('keeps its own workspaces apart', async () => {
    const workspaceId = randomUUID() as TestTenant['workspaceId']
    await asSystem(`INSERT INTO workspaces (id, tenant_id, name, slug) VALUES ($1, $2, 'b', 'b')`, [
      workspaceId,
      mine.tenantId,
    ])
    await save('copy', { model: 'a/b' })
    expect(await findPreset(gateway, { ...mine, workspaceId }, 'copy')).toBeNull()
  })
})

describe('a gateway that has used a preset', () => {
  it('uses each change of it within a poll, and a new one as soon', async () => {
    const cache = new PresetCache({ read: (...asked) => readPreset(gateway, ...asked) })
    const time = new StoreTime()
    const secrets = openKeySecrets(newSecretsText())
    const keys = openKeyCache({ pool: gateway, redis: null, secrets, time })
    const watch = watchKeyEvents({
      ...{ keys, pool: gateway, redis: null, secrets, time, onChannel: () => undefined, intervalMs: 50 },
      onChanges: (changes) => cache.apply(changes),
    })
    const using = async (slug: string) => {
      const found = await cache.lookup(mine, slug, null)
      return found.kind === 'found' ? `${found.preset.status} ${found.preset.held?.version}` : found.kind
    }
    const inUse = (slug: string, wanted: string) =>
      waitFor(async () => (await using(slug)) === wanted, { withinMs: 1_000, what: `${slug}: ${wanted}` })
    try {
      expect(await using('copy')).toBe('absent')
      await save('copy', { model: 'a/b' })
      await inUse('copy', 'active 1')
      await save('copy', { model: 'c/d' })
      await inUse('copy', 'active 2')
      await changePreset(gateway, mine, 'copy', { designatedVersion: 1 })
      await inUse('copy', 'active 1')
      await changePreset(gateway, mine, 'copy', { status: 'disabled' })
      await inUse('copy', 'disabled 1')
    } finally {
      await watch.close()
    }
  })

  it('reads what is frozen, with its size, and the slugs for what is not there', async () => {
    await save('copy', { provider: { order: ['fir'] } }, 'Be brief.')
    const read = await readPreset(gateway, mine, 'copy', null)
    if (read.kind !== 'found') throw new Error('the preset is not there')
    expect(read.bytes).toBeGreaterThan('{"provider":{"order":["fir"]}}Be brief.'.length)
    const { provider } = read.preset.held?.config ?? {}
    expect(provider).toEqual({ order: ['fir'] })
    expect(Object.isFrozen(provider) && Object.isFrozen(Object.values(provider ?? {})[0])).toBe(true)
    expect(await readPreset(gateway, mine, 'cpoy', null)).toEqual({ kind: 'absent', slugs: ['copy'] })
    expect(await readPreset(gateway, mine, 'copy', 2)).toMatchObject({
      kind: 'found',
      preset: { newest: 1, held: null },
    })
  })
})
