import { randomBytes, randomUUID } from 'node:crypto'
import { DEFAULT_POLICY, type PolicyDocument } from '@turnpike/domain'
import { insertTenant, testDatabase, testRedis, waitFor, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { KeyCache } from './cache.ts'
import { KEY_CHANNEL, publishKeyEvents } from './events.ts'
import { newSecretsText, openKeySecrets } from './seal.ts'
import { openKeyCache } from './key-path.ts'
import { watchKeyEvents, type KeyWatch } from './watch.ts'
import { inTransaction, openPool, type Pool } from '../connections/pools.ts'
import { openRedis } from '../connections/redis.ts'
import { StoreTime } from '../cache/clock.ts'

const secrets = openKeySecrets(newSecretsText())
const time = new StoreTime()
let database: TestDatabase
let gateway: Pool
let owner: Pool
let redisUrl: string
/** Of a cache and of whoever looks into Redis over its shoulder. */
let redis: Redis
const watches: KeyWatch[] = []

beforeAll(async () => {
  database = await testDatabase()
  gateway = openPool(database.gatewayUrl, {
    max: 4,
    statementTimeoutMs: 2_000,
    connectTimeoutMs: 2_000,
    applicationName: 'test',
  })
  owner = openPool(database.ownerUrl, {
    max: 2,
    statementTimeoutMs: 5_000,
    connectTimeoutMs: 2_000,
    applicationName: 'test',
  })
  redisUrl = (await testRedis()).url
  redis = await connected()
}, 60_000)

afterEach(async () => {
  for (const open of watches.splice(0)) await open.close()
})

afterAll(async () => {
  redis.disconnect()
  await Promise.all([gateway.end(), owner.end()])
  await database.drop()
})

/** A connection that is patient, since these tests are about what Redis says and not about how soon. */
async function connected(): Promise<Redis> {
  const hasty = openRedis(redisUrl)
  const connection = hasty.duplicate({ commandTimeout: 5_000, socketTimeout: 10_000 })
  hasty.disconnect()
  await waitFor(() => connection.status === 'ready', { withinMs: 5_000 })
  return connection
}

function aCache(withRedis: Redis | null = null): KeyCache {
  return openKeyCache({ pool: gateway, redis: withRedis, secrets, time })
}

/** What the console does: change, version, event, in one transaction. */
async function change(keyId: string, assignment: string): Promise<number> {
  return inTransaction(
    owner,
    async (client) => {
      const changed = await client.query<{ version: bigint; digest: Buffer; tenant_id: string }>(
        `UPDATE api_keys SET ${assignment}, version = version + 1 WHERE id = $1 RETURNING version, digest, tenant_id`,
        [keyId],
      )
      const [row] = changed.rows
      await client.query(
        `WITH next AS (UPDATE event_counter SET sequence = sequence + 1 RETURNING sequence)
         INSERT INTO key_events (sequence, tenant_id, entity, entity_id, version, digests)
         SELECT sequence, $1, 'api_key', $2, $3, ARRAY[$4::bytea] FROM next`,
        [row?.tenant_id, keyId, row?.version, row?.digest],
      )
      return Number(row?.version)
    },
    'BEGIN; SET LOCAL ROLE turnpike_system',
  )
}

const INSERT_VERSION = 'INSERT INTO policy_versions (tenant_id, policy_id, version, document) VALUES ($1, $2, $3, $4)'

async function insertPolicy({ tenantId }: TestTenant, document: PolicyDocument): Promise<string> {
  const id = randomUUID()
  await asSystem('INSERT INTO policies (id, tenant_id, name) VALUES ($1, $2, $3)', [id, tenantId, 'p'])
  await asSystem(INSERT_VERSION, [tenantId, id, 1, document])
  return id
}

function asSystem(sql: string, values: unknown[]) {
  return inTransaction(owner, (client) => client.query(sql, values), 'BEGIN; SET LOCAL ROLE turnpike_system')
}

/** As a gateway with an empty cache receives them. */
async function policiesOf(digest: Buffer) {
  const answer = await aCache().lookup(digest)
  return answer.kind === 'found' ? answer.value.policies : []
}

/** Returns the states of channels, as they are reported. */
function watch(cache: KeyCache, withRedis: Redis | null, intervalMs = 50): string[] {
  const states: string[] = []
  const onChannel = (channel: string, isReceived: boolean) => states.push(`${channel} ${isReceived ? 'back' : 'lost'}`)
  watches.push(watchKeyEvents({ keys: cache, pool: gateway, redis: withRedis, secrets, time, onChannel, intervalMs }))
  return states
}

describe('a key in Postgres', () => {
  it('is found with its tenant, balance and policy', async () => {
    const tenant = await insertTenant(database.ownerUrl, { funds: 'credit', balanceNano: 5_000_000_000n })
    const answer = await aCache().lookup(tenant.digest)
    expect(answer).toMatchObject({
      kind: 'found',
      value: {
        tenantId: tenant.tenantId,
        workspaceId: tenant.workspaceId,
        keyId: tenant.keyId,
        funds: 'credit',
        balance: 5_000_000_000n,
        version: 1,
        revoked: false,
        policies: [],
      },
    })
  })

  it('brings the policies of its organisation, its workspace and its own, the widest first, with prices as whole numbers', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    const wide = await insertPolicy(tenant, { only: ['acorn', 'birch'] })
    const middle = await insertPolicy(tenant, { objective: 'cost', max_price: { prompt: '0.15' } })
    const own = await insertPolicy(tenant, {})
    const gone = await insertPolicy(tenant, { only: [] })
    await asSystem('UPDATE organisations SET policy_id = $1 WHERE tenant_id = $2', [wide, tenant.tenantId])
    await asSystem('UPDATE workspaces SET policy_id = $1 WHERE id = $2', [middle, tenant.workspaceId])
    await asSystem('UPDATE api_keys SET policy_id = $1 WHERE id = $2', [own, tenant.keyId])
    expect(await policiesOf(tenant.digest)).toMatchObject([
      { id: wide, version: 1, policy: { only: ['acorn', 'birch'], objective: null } },
      { id: middle, version: 1, policy: { objective: 'cost', max_price: { prompt: 150_000_000n, completion: null } } },
      { id: own, version: 1, policy: DEFAULT_POLICY },
    ])
    await asSystem('UPDATE api_keys SET policy_id = $1 WHERE id = $2', [gone, tenant.keyId])
    await asSystem('UPDATE policies SET archived_at = now() WHERE id = $1', [gone])
    expect((await policiesOf(tenant.digest)).map(({ id }) => id)).toEqual([wide, middle])
  })

  it('brings the version of a policy that is in force, not the newest that exists', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    const id = await insertPolicy(tenant, { objective: 'cost' })
    await asSystem(INSERT_VERSION, [tenant.tenantId, id, 2, { objective: 'latency' }])
    await asSystem('UPDATE api_keys SET policy_id = $1 WHERE id = $2', [id, tenant.keyId])
    expect(await policiesOf(tenant.digest)).toMatchObject([{ id, version: 1, policy: { objective: 'cost' } }])
  })

  it('a digest that nobody has is absent', async () => {
    expect(await aCache().lookup(randomBytes(32))).toEqual({ kind: 'absent' })
  })

  it('without Postgres is unknown', async () => {
    const nobody = openPool('postgresql://x:y@127.0.0.1:1/none', {
      max: 1,
      statementTimeoutMs: 250,
      connectTimeoutMs: 300,
      applicationName: 'test',
    })
    const cache = openKeyCache({ pool: nobody, redis: null, secrets, time })
    expect(await cache.lookup(randomBytes(32))).toMatchObject({ kind: 'unknown' })
    await nobody.end()
  })
})

describe('a key in Redis', () => {
  it('is found by a node that has no Postgres, exactly as it was', async () => {
    const tenant = await insertTenant(database.ownerUrl, { funds: 'credit', balanceNano: 1n })
    const first = await aCache(redis).lookup(tenant.digest)
    await waitFor(() => redis.exists(placeOf(tenant.digest)), { withinMs: 2_000 })
    const gone = openPool('postgresql://x:y@127.0.0.1:1/none', {
      max: 1,
      statementTimeoutMs: 250,
      connectTimeoutMs: 300,
      applicationName: 'test',
    })
    const other = openKeyCache({ pool: gone, redis, secrets, time })
    expect(await other.lookup(tenant.digest)).toEqual(first)
    await gone.end()
  })

  it('of another digest, of other secrets, or altered, is no answer and is counted', async () => {
    const mine = await insertTenant(database.ownerUrl)
    const theirs = await insertTenant(database.ownerUrl)
    await aCache(redis).lookup(theirs.digest)
    const value = await waitFor(() => redis.get(placeOf(theirs.digest)), { withinMs: 2_000 })
    const others = openKeySecrets(newSecretsText())
    await openKeyCache({ pool: gateway, redis, secrets: others, time }).lookup(mine.digest)
    const foreign = await waitFor(() => redis.get(placeOf(mine.digest)), { withinMs: 2_000 })
    for (const wrong of [value, foreign, value.replace('1|c', '2|c'), value.slice(0, -1), 'rubbish', '']) {
      await redis.set(placeOf(mine.digest), wrong)
      const own = await connected()
      const cache = aCache(own)
      expect(await cache.lookup(mine.digest)).toMatchObject({ kind: 'found', value: { tenantId: mine.tenantId } })
      expect(cache.stats().redisWrong).toBe(1)
      own.disconnect()
    }
  })

  it('a tombstone stays, whatever a late fill writes', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    await publishKeyEvents(redis, secrets, [{ digest: tenant.digest, version: 1, revoked: true }])
    expect(await aCache(redis).lookup(tenant.digest)).toEqual({ kind: 'absent' })
    await redis.del(placeOf(tenant.digest))
    const before = aCache(redis)
    expect(await before.lookup(tenant.digest)).toMatchObject({ kind: 'found' })
    const late = await waitFor(() => redis.get(placeOf(tenant.digest)), { withinMs: 2_000 })
    expect(late).toMatch(/^1\|c\|/)
    await publishKeyEvents(redis, secrets, [{ digest: tenant.digest, version: 2, revoked: true }])
    await aCache(null).lookup(tenant.digest)
    expect(await redis.get(placeOf(tenant.digest))).toMatch(/^2\|t\|/)
  })
})

describe('a change in the console', () => {
  it('revokes within a second through Postgres alone', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    const cache = aCache()
    watch(cache, null)
    expect(await cache.lookup(tenant.digest)).toMatchObject({ kind: 'found' })
    await change(tenant.keyId, 'revoked_at = now()')
    await waitFor(async () => (await cache.lookup(tenant.digest)).kind === 'absent', { withinMs: 1_000 })
  })

  it('reaches a node at once through Redis, before it polls', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    const cache = aCache(redis)
    watch(cache, redis, 60_000)
    expect(await cache.lookup(tenant.digest)).toMatchObject({ kind: 'found' })
    const version = await change(tenant.keyId, 'revoked_at = now()')
    await listening(cache)
    await publishKeyEvents(redis, secrets, [{ digest: tenant.digest, version, revoked: true }])
    await waitFor(async () => (await cache.lookup(tenant.digest)).kind === 'absent', { withinMs: 1_000 })
  })

  it('a renamed key is seen by its new name', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    const cache = aCache(redis)
    watch(cache, redis)
    await cache.lookup(tenant.digest)
    await change(tenant.keyId, "name = 'new'")
    await waitFor(
      async () => {
        const answer = await cache.lookup(tenant.digest)
        return answer.kind === 'found' && answer.value.keyName === 'new'
      },
      { withinMs: 1_000 },
    )
  })

  it('a message that we did not seal changes nothing', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    const cache = aCache(redis)
    watch(cache, redis, 60_000)
    await cache.lookup(tenant.digest)
    await listening(cache)
    const digest = tenant.digest.toString('hex')
    await redis.publish(KEY_CHANNEL, JSON.stringify([{ digest, version: 9, revoked: true }]))
    await listening(cache)
    expect(await cache.lookup(tenant.digest)).toMatchObject({ kind: 'found' })
  })

  it('is received after PostgreSQL was restored from a backup, whose changes have smaller numbers', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    const cache = aCache()
    cache.sequence = 1_000_000n
    watch(cache, null)
    expect(await cache.lookup(tenant.digest)).toMatchObject({ kind: 'found' })
    await waitFor(() => cache.sequence !== null && cache.sequence < 1_000_000n, { withinMs: 2_000 })
    await change(tenant.keyId, 'revoked_at = now()')
    await waitFor(async () => (await cache.lookup(tenant.digest)).kind === 'absent', { withinMs: 1_000 })
  })

  it('a channel that is lost is reported, and so is its return', async () => {
    const cache = aCache(redis)
    const states = watch(cache, redis)
    await listening(cache)
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await waitFor(() => states.includes('redis back'), { withinMs: 5_000 })
    expect(states).toEqual(['redis lost', 'redis back'])
  })
})

function placeOf(digest: Buffer): string {
  return `turnpike:key:${digest.toString('hex')}`
}

/** Resolves when what is published in Redis is received. */
async function listening(cache: KeyCache): Promise<void> {
  const digest = randomBytes(32)
  await waitFor(
    async () => {
      await publishKeyEvents(redis, secrets, [{ digest, version: 1, revoked: true }])
      return cache.snapshot(0).tombstones.includes(digest.toString('hex'))
    },
    { withinMs: 2_000 },
  )
}
