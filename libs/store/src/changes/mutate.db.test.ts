import { randomBytes, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KeyId, PolicyId, TenantId, WorkspaceId } from '@turnpike/domain'
import { testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import { mutate, VERSIONED_TABLES, type Tables } from './mutate.ts'
import type { Pool } from '../connections/pools.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'

let database: TestDatabase
let owner: Pool
let gateway: Pool
let prisma: PrismaClient

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl, 2)
  gateway = testPool(database.gatewayUrl, 2)
  const options = { max: 8, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
})

afterAll(async () => {
  await Promise.all([prisma.$disconnect(), owner.end(), gateway.end()])
  await database.drop()
})

/** Tables that have a version and are not behind the door, and why. */
const NOT_VERSIONED = {
  policy_versions: 'a version is a row, never edited',
  preset_versions: 'a version is a row, never edited',
  presets: 'no process may write it: two functions of the database do, and note each change as the door does',
  endpoint_prices: 'a version is a row, never edited',
  key_events: 'tells the versions of others',
  catalogue_version: 'the version of the catalogue, which the operator writes as a whole',
}

it('stands before every table that has a version', async () => {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT c.table_name AS name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND c.column_name = 'version' AND t.table_type = 'BASE TABLE'`,
  )
  const found = rows.map(({ name }) => name).filter((name) => !(name in NOT_VERSIONED))
  expect(found.toSorted()).toEqual([...VERSIONED_TABLES].toSorted())
})

it('is the only place that writes those tables', async () => {
  const models = 'organisation|workspace|membership|apiKey|policy|ownCredential|ownEndpoint'
  const byClient = new RegExp(`\\b(?:${models})\\.(?:create|update|upsert|delete)\\w*\\(`)
  const bySql = new RegExp(
    `(?:INSERT\\s+INTO|UPDATE|DELETE\\s+FROM|MERGE\\s+INTO)\\s+"?(?:${VERSIONED_TABLES.join('|')})\\b`,
    'i',
  )
  const writers: string[] = []
  const source = path.resolve(import.meta.dirname, '..')
  for (const name of await readdir(source, { recursive: true })) {
    if (!name.endsWith('.ts') || name.includes('.test.') || name.startsWith('generated')) continue
    const text = await readFile(path.join(source, name), 'utf8')
    if (byClient.test(text) || bySql.test(text)) writers.push(name)
  }
  expect(writers.toSorted()).toEqual(['changes/mutate-byok.ts', 'changes/mutate.ts'])
})

interface Tenant {
  readonly tenantId: TenantId
  readonly workspaceId: WorkspaceId
}

async function newTenant(): Promise<Tenant> {
  const tenant = { tenantId: randomUUID() as string as TenantId, workspaceId: randomUUID() as string as WorkspaceId }
  await change(tenant, async (door) => {
    await door.organisations.create({ name: 'a tenant', funds: 'simulated' }, 'organisation.create')
    await door.workspaces.create({ id: tenant.workspaceId, name: 'Default', slug: 'default' }, 'workspace.create')
  })
  return tenant
}

function change<T>({ tenantId }: Tenant, work: (door: Tables) => Promise<T>) {
  return mutate(prisma, { tenantId, userId: null }, work)
}

async function newKey(tenant: Tenant) {
  const id = randomBytes(8).toString('hex') as KeyId
  const digest = Uint8Array.from(randomBytes(32))
  await change(tenant, (door) =>
    door.apiKeys.create(
      {
        id,
        workspaceId: tenant.workspaceId,
        name: 'a key',
        kind: 'live',
        digest,
        secretId: 1,
        lastFour: 'abcd',
        createdBy: null,
        expiresAt: null,
      },
      'key.create',
    ),
  )
  return { id, digest: Buffer.from(digest) }
}

async function versionOf(table: string, column: string, id: string): Promise<number> {
  const { rows } = await owner.query<{ version: bigint }>(
    `SELECT version FROM (SELECT set_config('role', 'turnpike_system', true)) s, ${table} WHERE ${column} = $1`,
    [id],
  )
  return Number(rows[0]?.version)
}

async function eventsOf(entityId: string) {
  const { rows } = await gateway.query<{ entity: string; entity_id: string; version: bigint; digests: Buffer[] }>(
    'SELECT * FROM key_events_since(0, 100000)',
  )
  return rows
    .filter((row) => row.entity_id === entityId)
    .map(({ entity, version, digests }) => ({ entity, version: Number(version), digests }))
}

it('raises the version of a changed key, and tells it with its digest', async () => {
  const key = await newKey(await newTenant())
  const tenantOf = await owner.query<{ tenant_id: TenantId }>(
    `SELECT tenant_id FROM (SELECT set_config('role', 'turnpike_system', true)) s, api_keys WHERE id = $1`,
    [key.id],
  )
  const tenantId = tenantOf.rows[0]!.tenant_id
  const { events } = await mutate(prisma, { tenantId, userId: null }, (door) =>
    door.apiKeys.update(key.id, { revokedAt: new Date() }, 'key.revoke'),
  )
  expect(events).toEqual([{ digest: key.digest, version: 2, revoked: true }])
  expect(await versionOf('api_keys', 'id', key.id)).toBe(2)
  expect(await eventsOf(key.id)).toEqual([
    { entity: 'api_keys', version: 1, digests: [key.digest] },
    { entity: 'api_keys', version: 2, digests: [key.digest] },
  ])
})

it('raises the version of every key of an organisation that changed, and of no other', async () => {
  const tenant = await newTenant()
  const keys = [await newKey(tenant), await newKey(tenant)]
  const stranger = await newKey(await newTenant())
  const { events } = await change(tenant, (door) =>
    door.organisations.update(tenant.tenantId, { name: 'renamed' }, 'organisation.rename'),
  )
  expect(events.map(({ digest }) => digest.toString('hex')).toSorted()).toEqual(
    keys.map(({ digest }) => digest.toString('hex')).toSorted(),
  )
  expect(events.map(({ version }) => version)).toEqual([2, 2])
  expect(await versionOf('api_keys', 'id', stranger.id)).toBe(1)
})

it('raises the version of every key that a policy governs: its own, its workspace’s and its organisation’s', async () => {
  const tenant = await newTenant()
  const [own, other] = [await newKey(tenant), await newKey(tenant)]
  const [forKey, forWorkspace, forAll] = [newPolicyId(), newPolicyId(), newPolicyId()]
  const stranger = await newKey(await newTenant())
  await change(tenant, async (door) => {
    for (const id of [forKey, forWorkspace, forAll]) await door.policies.create({ id, name: id }, 'policy.create')
    await door.apiKeys.update(own.id, { policyId: forKey }, 'key.policy')
    await door.workspaces.update(tenant.workspaceId, { policyId: forWorkspace }, 'workspace.policy')
    await door.organisations.update(tenant.tenantId, { policyId: forAll }, 'organisation.policy')
  })
  const changed = async (id: PolicyId) => {
    const patch = { currentVersion: 2 }
    const { events } = await change(tenant, (door) => door.policies.update(id, patch, 'policy.version'))
    return events.map(({ digest }) => digest.toString('hex')).toSorted()
  }
  const both = [own.digest.toString('hex'), other.digest.toString('hex')].toSorted()
  expect(await changed(forKey)).toEqual([own.digest.toString('hex')])
  expect(await changed(forWorkspace)).toEqual(both)
  expect(await changed(forAll)).toEqual(both)
  expect(await versionOf('api_keys', 'id', stranger.id)).toBe(1)
})

function newPolicyId(): PolicyId {
  return randomUUID() as string as PolicyId
}

it('leaves nothing behind when the work fails: no row, no version, no event, no audit entry', async () => {
  const tenant = await newTenant()
  const key = await newKey(tenant)
  const before = await eventsOf(key.id)
  const failing = change(tenant, async (door) => {
    await door.apiKeys.update(key.id, { name: 'never' }, 'key.rename')
    throw new Error('the form was wrong')
  })
  await expect(failing).rejects.toThrow('the form was wrong')
  expect(await versionOf('api_keys', 'id', key.id)).toBe(1)
  expect(await eventsOf(key.id)).toEqual(before)
})

it('neither finds nor changes what belongs to another organisation', async () => {
  const key = await newKey(await newTenant())
  const stranger = await newTenant()
  const { value, events } = await change(stranger, async (door) => [
    await door.apiKeys.find(key.id),
    await door.apiKeys.update(key.id, { revokedAt: new Date() }, 'key.revoke'),
  ])
  expect([value, events]).toEqual([[null, null], []])
  expect(await versionOf('api_keys', 'id', key.id)).toBe(1)
})

it('counts two changes of one row at once as two versions', async () => {
  const tenant = await newTenant()
  const key = await newKey(tenant)
  await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      change(tenant, (door) => door.apiKeys.update(key.id, { name: `${i}` }, 'key.rename')),
    ),
  )
  expect(await versionOf('api_keys', 'id', key.id)).toBe(7)
  expect((await eventsOf(key.id)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7])
})

it('never lets a reader of events skip one, however many organisations change at once', async () => {
  const tenants = await Promise.all(Array.from({ length: 5 }, newTenant))
  const { rows } = await gateway.query<{ last: bigint }>(
    'SELECT max(sequence) AS last FROM key_events_since(0, 100000)',
  )
  let last = rows[0]?.last ?? 0n
  const seen: bigint[] = []
  let done = false
  const reader = (async () => {
    for (let over = false; !over;) {
      over = done
      const page = await gateway.query<{ sequence: bigint }>('SELECT sequence FROM key_events_since($1, 1000)', [last])
      for (const { sequence } of page.rows) seen.push((last = sequence))
    }
  })()
  const rename = (tenant: Tenant, name: string) =>
    change(tenant, (door) => door.organisations.update(tenant.tenantId, { name }, 'organisation.rename'))
  await Promise.all(tenants.flatMap((tenant) => ['a', 'b', 'c', 'd'].map((name) => rename(tenant, name))))
  done = true
  await reader
  expect(seen).toHaveLength(20)
  expect(seen).toEqual(seen.map((_, i) => (seen[0] ?? 0n) + BigInt(i)))
})
