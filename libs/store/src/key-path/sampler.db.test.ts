import { readFileSync } from 'node:fs'
import path from 'node:path'
import { insertTenant, testDatabase, testPool, testRedis, waitFor, type TestDatabase } from '@turnpike/testkit'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { KeyCache } from './cache.ts'
import type { Inconsistency, KeySampler } from './sampler.ts'
import { newSecretsText, openKeySecrets } from './seal.ts'
import { openKeyCache, openKeySampler } from './key-path.ts'
import type { Pool } from '../connections/pools.ts'
import { watchKeyEvents } from './watch.ts'
import { openRedis } from '../connections/redis.ts'
import { StoreTime, type Clock } from '../cache/clock.ts'

const secrets = openKeySecrets(newSecretsText())
let database: TestDatabase
let gateway: Pool
let owner: Pool
let redis: Redis
let sampler: KeySampler | null = null

beforeAll(async () => {
  database = await testDatabase()
  gateway = testPool(database.gatewayUrl)
  owner = testPool(database.ownerUrl)
  const hasty = openRedis((await testRedis()).url)
  redis = hasty.duplicate({ commandTimeout: 5_000, socketTimeout: 10_000 })
  hasty.disconnect()
  await waitFor(() => redis.status === 'ready', { withinMs: 5_000 })
}, 60_000)

afterEach(() => sampler?.close())

afterAll(async () => {
  redis.disconnect()
  await Promise.all([gateway.end(), owner.end()])
  await database.drop()
})

/** A second of this clock takes a hundred milliseconds. */
const QUICK: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now() * 10,
  after: (ms, call) => {
    const timer = setTimeout(call, ms / 10)
    return () => clearTimeout(timer)
  },
}

function opened(): { keys: KeyCache; reported: Inconsistency[]; behind: Inconsistency[] } {
  const keys = openKeyCache({ pool: gateway, redis, secrets, time: new StoreTime() })
  const reported: Inconsistency[] = []
  const behind: Inconsistency[] = []
  sampler = openKeySampler({
    keys,
    pool: gateway,
    redis,
    secrets,
    time: new StoreTime(QUICK),
    onInconsistent: (found) => reported.push(found),
    onPostgresBehind: (found) => behind.push(found),
  })
  return { keys, reported, behind }
}

/** A change without an event, which product code never makes. */
async function changeUnpublished(keyId: string, version: string): Promise<void> {
  await owner.query(`UPDATE api_keys SET version = ${version} WHERE id = $1`, [keyId])
}

/** A sampler that was late, or whose Redis was slow, forgets its suspicions, as it should: on a machine that stood still it is asked again. */
const ON_A_STALLED_MACHINE = { retry: 2 }

it('finds a change without an event, in memory and in Redis, and puts both right', ON_A_STALLED_MACHINE, async () => {
  const { keys, reported, behind } = opened()
  const tenant = await insertTenant(database.ownerUrl)
  await keys.lookup(tenant.digest)
  await waitFor(() => sampler && sampler.stats().sampled.redis > 0, { withinMs: 5_000, what: 'a sample of Redis' })
  await changeUnpublished(tenant.keyId, 'version + 1')
  await waitFor(() => reported.length === 2, { withinMs: 10_000, what: 'both incidents' })
  const found = { keyId: tenant.keyId, version: 1, truth: 2 }
  expect(reported).toEqual([
    { tier: 'memory', ...found },
    { tier: 'redis', ...found },
  ])
  expect(await keys.lookup(tenant.digest)).toMatchObject({ kind: 'found', value: { version: 2 } })
  const settled = sampler?.stats().sampled.redis ?? 0
  await waitFor(() => (sampler?.stats().sampled.redis ?? 0) > settled + 8, { withinMs: 10_000 })
  expect(reported).toHaveLength(2)
  expect(behind).toEqual([])
})

it('finds that Postgres holds less than it said, and keeps the copy', async () => {
  const tenant = await insertTenant(database.ownerUrl)
  await changeUnpublished(tenant.keyId, '9')
  const { keys, reported, behind } = opened()
  await keys.lookup(tenant.digest)
  await changeUnpublished(tenant.keyId, '4')
  await waitFor(() => behind.length > 0, { withinMs: 5_000, what: 'the finding' })
  expect(behind[0]).toEqual({ tier: 'memory', keyId: tenant.keyId, version: 9, truth: 4 })
  expect(reported).toEqual([])
  expect(await keys.lookup(tenant.digest)).toMatchObject({ value: { version: 9 } })
})

/** The next numbered change of a key, as product code makes it. */
async function changePublished(keyId: string): Promise<void> {
  await owner.query(
    `WITH next AS (UPDATE event_counter SET sequence = sequence + 1 RETURNING sequence),
       changed AS (UPDATE api_keys SET version = version + 1 WHERE id = $1 RETURNING tenant_id, digest, version)
     INSERT INTO key_events (sequence, tenant_id, entity, entity_id, version, digests)
     SELECT sequence, tenant_id, 'api_key', $1, version, ARRAY[digest] FROM next, changed`,
    [keyId],
  )
}

it('follows a restored Postgres again after the statements of the operator’s page', async () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/operations/key-check.md'), 'utf8')
  const statements = /```sql\n([^`]*event_counter[^`]*)```/.exec(page)?.[1] ?? ''
  const tenant = await insertTenant(database.ownerUrl)
  const time = new StoreTime()
  const keys = openKeyCache({ pool: gateway, redis, secrets, time })
  const watch = watchKeyEvents({ keys, pool: gateway, redis: null, secrets, time, onChannel: () => {}, intervalMs: 20 })
  const version = async () => {
    const looked = await keys.lookup(tenant.digest)
    return looked.kind === 'found' ? looked.value.version : null
  }
  for (let change = 0; change < 5; change++) await changePublished(tenant.keyId)
  await waitFor(async () => (await version()) === 6, { withinMs: 5_000 })
  await waitFor(() => (keys.sequence ?? 0n) >= 5n, { withinMs: 5_000 })
  // The backup is from before these changes.
  await owner.query('DELETE FROM key_events; UPDATE event_counter SET sequence = 0')
  await changeUnpublished(tenant.keyId, '1')
  await owner.query(statements)
  await changePublished(tenant.keyId)
  await waitFor(async () => (await version()) === 1_000_002, { withinMs: 5_000, what: 'the change after the restore' })
  await watch.close()
})
