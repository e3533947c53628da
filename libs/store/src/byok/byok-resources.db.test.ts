import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createSecretKey, randomBytes } from 'node:crypto'
import type { Own, TenantId } from '@turnpike/domain'
import {
  insertTenant,
  testDatabase,
  testPool,
  testRedis,
  waitFor,
  type TestDatabase,
  type TestTenant,
} from '@turnpike/testkit'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { KeyCache } from '../key-path/cache.ts'
import { publishKeyEvents } from '../key-path/events.ts'
import { newSecretsText, openKeySecrets } from '../key-path/seal.ts'
import { openKeyCache } from '../key-path/key-path.ts'
import { watchKeyEvents, type KeyWatch } from '../key-path/watch.ts'
import type { Mutated } from '../changes/mutate.ts'
import { createOwnCredential, removeOwnCredential, updateOwnCredential } from './credentials.ts'
import { createOwnEndpoint } from './endpoints.ts'
import { readOwn } from './rows.ts'
import { openOwnSecret } from './secrets.ts'
import { aNewCredential, aNewEndpoint } from './byok.fixture.ts'
import { inTransaction, openPool, type Pool } from '../connections/pools.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'
import { openRedis } from '../connections/redis.ts'
import { newCredentialSecretsText, openKeyEncryptionKeys } from './secret-box.ts'
import { fingerprintsOf, readSnapshot, writeSnapshot } from '../snapshot/snapshot.ts'
import { StoreTime } from '../cache/clock.ts'

const secrets = openKeySecrets(newSecretsText())
const keks = openKeyEncryptionKeys(newCredentialSecretsText())
const time = new StoreTime()
const CANARY = 'sk-canary-0000-1234'
let database: TestDatabase
let app: Pool
let gateway: Pool
let owner: Pool
let prisma: PrismaClient
let redis: Redis
const watches: KeyWatch[] = []

beforeAll(async () => {
  database = await testDatabase()
  app = testPool(database.appUrl, 2)
  gateway = testPool(database.gatewayUrl, 4)
  owner = testPool(database.ownerUrl, 1)
  const options = { max: 4, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
  const hasty = openRedis((await testRedis()).url)
  redis = hasty.duplicate({ commandTimeout: 5_000, socketTimeout: 10_000 })
  hasty.disconnect()
  await waitFor(() => redis.status === 'ready', { withinMs: 5_000 })
}, 60_000)
afterEach(async () => {
  for (const open of watches.splice(0)) await open.close()
})
afterAll(async () => {
  redis.disconnect()
  await Promise.all([prisma.$disconnect(), app.end(), gateway.end(), owner.end()])
  await database.drop()
})

/** A node's cache that receives changes; without Redis by the poll alone. */
function aNode(withRedis: Redis | null): KeyCache {
  const keys = openKeyCache({ pool: gateway, redis: withRedis, secrets, time })
  const onChannel = () => undefined
  watches.push(watchKeyEvents({ keys, pool: gateway, redis: withRedis, secrets, time, onChannel, intervalMs: 50 }))
  return keys
}

async function ownOn(node: KeyCache, { digest }: TestTenant): Promise<Own | undefined> {
  const answer = await node.lookup(digest)
  if (answer.kind !== 'found') throw new Error(`the key is ${answer.kind}`)
  return answer.value.own
}

/** As control does it. */
async function published<T>(mutation: Promise<Mutated<T>>): Promise<T> {
  const { value, events } = await mutation
  await publishKeyEvents(redis, secrets, events)
  return value
}

const authorOf = ({ tenantId }: TestTenant) => ({ tenantId, userId: null })
const create = (tenant: TestTenant) => published(createOwnCredential(prisma, keks, authorOf(tenant), aNewCredential()))

describe('what the key check answers', () => {
  it('reads the organisation’s BYOK resources without a key', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    await create(tenant)
    await published(createOwnEndpoint(prisma, keks, authorOf(tenant), aNewEndpoint({ secret: CANARY })))
    const own = await ownOn(openKeyCache({ pool: gateway, redis: null, secrets, time }), tenant)
    expect(own).toEqual(await readOwn(app, tenant.tenantId))
    expect(openOwn(own, tenant.tenantId)).toEqual([CANARY, CANARY])
  })

  it('has nothing where there is nothing, or nothing is switched on', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    const look = () => ownOn(openKeyCache({ pool: gateway, redis: null, secrets, time }), tenant)
    expect(await look()).toBeUndefined()
    const { id } = await create(tenant)
    expect(await look()).toMatchObject({ credentials: [{ id }] })
    await updateOwnCredential(prisma, keks, authorOf(tenant), id, { disabled: true })
    expect(await look()).toBeUndefined()
    expect(await readOwn(app, tenant.tenantId)).toEqual({ credentials: [], endpoints: [] })
  })

  it('is shared by all keys of an organisation, which hold it once', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    const second = randomBytes(32)
    await asSystem(
      `INSERT INTO api_keys (id, tenant_id, workspace_id, name, kind, digest, secret_id, last_four)
       VALUES ($1, $2, $3, 'second', 'live', $4, 1, 'abcd')`,
      [randomBytes(8).toString('hex'), tenant.tenantId, tenant.workspaceId, second],
    )
    await create(tenant)
    const node = openKeyCache({ pool: gateway, redis: null, secrets, time })
    expect(await ownOn(node, tenant)).toBe(await ownOn(node, { ...tenant, digest: second }))
  })
})

function asSystem(sql: string, values: unknown[]) {
  return inTransaction(owner, (client) => client.query(sql, values), 'BEGIN; SET LOCAL ROLE turnpike_system')
}

describe('a change of an organisation’s BYOK resources', () => {
  it('is on every node within a second, with Redis and without: a new key, another secret, and its revocation', async () => {
    const tenant = await insertTenant(database.ownerUrl)
    const nodes = [aNode(redis), aNode(redis), aNode(null)]
    const onAll = (isThere: (own: Own | undefined) => boolean) =>
      waitFor(async () => (await Promise.all(nodes.map((node) => ownOn(node, tenant)))).every(isThere), {
        withinMs: 1_000,
      })
    expect(await Promise.all(nodes.map((node) => ownOn(node, tenant)))).toEqual([undefined, undefined, undefined])
    const { id } = await create(tenant)
    await onAll((own) => own?.credentials[0]?.id === id)
    await published(updateOwnCredential(prisma, keks, authorOf(tenant), id, { secret: 'sk-canary-0000-5678' }))
    await onAll((own) => own?.credentials[0]?.version === 2)
    await published(removeOwnCredential(prisma, authorOf(tenant), id, Date.now()))
    await onAll((own) => own === undefined)
  })

  it('leaves other organisations alone', async () => {
    const [mine, theirs] = [await insertTenant(database.ownerUrl), await insertTenant(database.ownerUrl)]
    const { events } = await createOwnCredential(prisma, keks, authorOf(mine), aNewCredential())
    expect(events.map(({ digest }) => digest)).toEqual([mine.digest])
    expect(await ownOn(openKeyCache({ pool: gateway, redis: null, secrets, time }), theirs)).toBeUndefined()
  })
})

it('no provider credential in plain text in Redis or in the snapshot', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-own-'))
  try {
    const tenant = await insertTenant(database.ownerUrl)
    await create(tenant)
    await published(createOwnEndpoint(prisma, keks, authorOf(tenant), aNewEndpoint({ secret: CANARY })))
    const node = aNode(redis)
    const own = await ownOn(node, tenant)
    const value = await inRedis(tenant)
    expect(value).toContain(own?.credentials[0]?.sealed.sealed)
    const everything = await Promise.all((await redis.keys('turnpike:*')).map((key) => dumped(key)))
    expect(everything.join('\n')).not.toContain('canary')

    const file = path.join(folder, 'snapshot')
    const key = createSecretKey(randomBytes(32))
    const held = node.snapshot(10)
    expect(JSON.stringify(held, (_, one: unknown) => (typeof one === 'bigint' ? `${one}` : one))).not.toContain(
      'canary',
    )
    const known = { keys: held, presets: [], catalogue: null }
    const snapshot = { takenAtMs: Date.now(), fingerprints: fingerprintsOf(secrets), ...known }
    await writeSnapshot(file, key, snapshot)
    expect((await readFile(file)).includes('canary')).toBe(false)
    const found = await readSnapshot(file, key, secrets, Date.now())
    expect(found).toEqual({ kind: 'read', snapshot })
    const restored = openKeyCache({ pool: gateway, redis: null, secrets, time })
    if (found.kind === 'read') restored.restore(found.snapshot.keys)
    expect(openOwn(await ownOn(restored, tenant), tenant.tenantId)).toEqual([CANARY, CANARY])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** What Redis holds of a key; on a busy machine the first node's writing may be given up. */
function inRedis(tenant: TestTenant): Promise<string> {
  const look = async () => {
    await ownOn(openKeyCache({ pool: gateway, redis, secrets, time }), tenant)
    return redis.get(`turnpike:key:${tenant.digest.toString('hex')}`)
  }
  return waitFor(look, { withinMs: 10_000 })
}

/** Whatever kind of value it is. */
async function dumped(key: string): Promise<string> {
  return ((await redis.dumpBuffer(key)) ?? Buffer.alloc(0)).toString('latin1')
}

function openOwn(own: Own | undefined, tenantId: TenantId) {
  return [...(own?.credentials ?? []), ...(own?.endpoints ?? [])].map((one) => openOwnSecret(keks, tenantId, one))
}

it('a node that cannot reach PostgreSQL finds a key with its organisation’s BYOK resources', async () => {
  const tenant = await insertTenant(database.ownerUrl)
  await create(tenant)
  const own = await ownOn(aNode(redis), tenant)
  await inRedis(tenant)
  const limits = { max: 1, statementTimeoutMs: 250, connectTimeoutMs: 300, applicationName: 'test' }
  const gone = openPool('postgresql://x:y@127.0.0.1:1/none', limits)
  try {
    const lookup = async () => {
      const answer = await openKeyCache({ pool: gone, redis, secrets, time }).lookup(tenant.digest)
      return answer.kind === 'found' ? answer.value : null
    }
    expect((await waitFor(lookup, { withinMs: 10_000 })).own).toEqual(own)
  } finally {
    await gone.end()
  }
})
