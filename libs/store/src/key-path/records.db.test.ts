import { randomBytes } from 'node:crypto'
import { testRedis, waitFor } from '@turnpike/testkit'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCached, writeCached, type KeyRecord } from './records.ts'
import { newSecretsText, openKeySecrets } from './seal.ts'
import { aCaller } from './key-path.fixture.ts'
import { openRedis } from '../connections/redis.ts'

const secrets = openKeySecrets(newSecretsText())
let redis: Redis

beforeAll(async () => {
  const hasty = openRedis((await testRedis()).url)
  redis = hasty.duplicate({ commandTimeout: 5_000, socketTimeout: 10_000 })
  hasty.disconnect()
  await waitFor(() => redis.status === 'ready', { withinMs: 5_000 })
})

afterAll(() => redis.disconnect())

function aRecord(version: number, tombstone = false): KeyRecord {
  return { version, caller: tombstone ? null : aCaller('mine', { version }), verifiedAtMs: Date.now() }
}

/** What Redis holds after these were written in this order. */
async function after(...records: readonly KeyRecord[]): Promise<KeyRecord | null> {
  const digest = randomBytes(32)
  for (const record of records) await writeCached(redis, secrets, digest, record)
  return readCached(redis, secrets, digest, Date.now())
}

describe('Redis keeps', () => {
  it('the higher version, whoever writes last', async () => {
    expect(await after(aRecord(2), aRecord(1))).toMatchObject({ version: 2 })
    expect(await after(aRecord(9), aRecord(10))).toMatchObject({ version: 10 })
  })

  it('a tombstone, whatever a look-up that began before it writes', async () => {
    expect(await after(aRecord(2, true), aRecord(3))).toMatchObject({ version: 2, caller: null })
  })

  it('a tombstone of a version that nobody knew, in place of what it held', async () => {
    expect(await after(aRecord(5), aRecord(0, true))).toMatchObject({ caller: null })
  })
})
