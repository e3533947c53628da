import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ConfigError, createLogger } from '@turnpike/server'
import {
  KeyCache,
  newSecretsText,
  openKeySecrets,
  PresetCache,
  type KeySnapshot,
  type PresetCacheOptions,
  type PresetInUse,
} from '@turnpike/store'
import { aCaller, aCatalogue } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { gatewayConfig } from '../config.ts'
import { openSnapshot } from './snapshot.ts'

const SECRETS = openKeySecrets(newSecretsText())
const KEY = randomBytes(32).toString('hex')

const PLACE = { tenantId: aCaller().tenantId, workspaceId: aCaller().workspaceId }
const PRESET: PresetInUse = {
  ...{ id: 'a preset', status: 'active', newest: 1 },
  held: { version: 1, config: { model: 'sim/swift-8b', nano: '1' }, systemPrompt: 'Be brief.' },
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'turnpike-snapshot-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function open(environment: Record<string, string>, secrets = SECRETS) {
  const config = gatewayConfig({ DATABASE_URL: 'unused', KEY_SECRETS: 'unused', JOURNAL_DIR: 'unused', ...environment })
  return openSnapshot(config, secrets, createLogger({ name: 'test', level: 'fatal' }))
}

it('a file without a key, or with one that is none, is refused in a sentence that does not repeat it', async () => {
  const file = path.join(folder, 'refused')
  const missing = open({ SNAPSHOT_FILE: file })
  await expect(missing).rejects.toThrow(ConfigError)
  await expect(missing).rejects.toThrow(/^SNAPSHOT_FILE is set and SNAPSHOT_KEY is not\./)
  for (const key of ['secret', '0'.repeat(64)]) {
    const wrong = open({ SNAPSHOT_FILE: file, SNAPSHOT_KEY: key })
    await expect(wrong).rejects.toThrow(/^SNAPSHOT_KEY: The key of snapshots (must be|is too regular)/)
    await expect(wrong).rejects.not.toThrow(key)
  }
})

it('without a file nothing is kept, whatever the key', async () => {
  const snapshot = await open({ SNAPSHOT_KEY: 'unused' })
  snapshot.keep(aCache(), somePresets(), () => null)
  expect(snapshot.catalogue).toBeNull()
  expect(snapshot.metrics).toEqual([])
  await snapshot.close()
})

it('hands keys and catalogue from one process to the next, and not to one of other secrets', async () => {
  const environment = { SNAPSHOT_FILE: path.join(folder, 'deep', 'gateway.snapshot'), SNAPSHOT_KEY: KEY }
  const digest = randomBytes(32)
  const catalogue = { catalogue: aCatalogue(), confirmedAtMs: Date.now() }
  const first = await open(environment)
  const before = aCache()
  before.restore(aCachedKey(digest))
  const presets = somePresets(() => Promise.resolve({ kind: 'found', preset: PRESET, bytes: 600 }))
  await presets.lookup(PLACE, 'mine', null)
  first.keep(before, presets, () => catalogue)
  await first.close()
  expect((await stat(environment.SNAPSHOT_FILE)).mode & 0o777).toBe(0o600)

  const second = await open(environment)
  const after = aCache()
  second.restore(after)
  expect(await after.lookup(digest)).toMatchObject({ kind: 'found' })
  expect(second.catalogue).toEqual(catalogue)
  const restored = somePresets()
  second.restorePresets(restored)
  expect(await restored.lookup(PLACE, 'mine', null)).toEqual({ kind: 'found', preset: PRESET, bytes: 600 })
  expect(refusedBy(second)).toBe(0)

  const stranger = await open(environment, openKeySecrets(newSecretsText()))
  const empty = aCache()
  stranger.restore(empty)
  expect(empty.stats().entries).toBe(0)
  const none = somePresets()
  stranger.restorePresets(none)
  expect(none.stats().entries).toBe(0)
  expect(stranger.catalogue).toBeNull()
  expect(refusedBy(stranger)).toBe(1)
})

/** Presets of an absent store, unless a test gives a `read`. */
function somePresets(read: PresetCacheOptions['read'] = () => Promise.reject(new Error('away'))): PresetCache {
  return new PresetCache({ read })
}

/** A cache whose stores are both away. */
function aCache(): KeyCache {
  return new KeyCache({ redis: null, fromPostgres: () => Promise.reject(new Error('away')) })
}

function aCachedKey(digest: Buffer): KeySnapshot {
  const record = { version: 1, caller: aCaller(), verifiedAtMs: Date.now() }
  return { copies: [{ digest: digest.toString('hex'), record }], tombstones: [], denied: [], sequence: null }
}

function refusedBy({ metrics }: Awaited<ReturnType<typeof open>>): number | undefined {
  const reading = metrics.find(({ name }) => name === 'turnpike_snapshot_refused_total')
  return reading && 'read' in reading ? reading.read() : undefined
}
