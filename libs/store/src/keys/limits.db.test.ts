import { insertTenant, testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newSecretsText, openKeySecrets } from '../key-path/seal.ts'
import { inTransaction, type Pool } from '../connections/pools.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'
import { createPolicy, savePolicy } from '../policies/write.ts'
import { createKey, revokeKey } from './keys.ts'

let database: TestDatabase
let owner: Pool
let prisma: PrismaClient
const secrets = openKeySecrets(newSecretsText())

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl, 1)
  const options = { max: 2, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
})
afterAll(async () => {
  await Promise.all([prisma.$disconnect(), owner.end()])
  await database.drop()
})

const asSystem = (sql: string, values: readonly unknown[]) =>
  inTransaction(owner, (client) => client.query(sql, [...values]), 'BEGIN; SET LOCAL ROLE turnpike_system')

it('an organisation has 1,000 keys in force and no more; revoking one makes room, and others are not counted', async () => {
  const [mine, theirs] = [await insertTenant(database.ownerUrl), await insertTenant(database.ownerUrl)]
  await asSystem(
    `INSERT INTO api_keys (id, tenant_id, workspace_id, name, kind, digest, secret_id, last_four)
     SELECT 'k' || n || $1::text, $1::uuid, $2, 'k', 'live', sha256(('k' || n || $1::text)::bytea), secret_id, 'abcd'
     FROM generate_series(1, 999) n, (SELECT secret_id FROM api_keys WHERE id = $3) one`,
    [mine.tenantId, mine.workspaceId, mine.keyId],
  )
  const wanted = (workspaceId: typeof mine.workspaceId) =>
    ({ workspaceId, name: 'one more', kind: 'live', expiresAt: null }) as const
  const author = { tenantId: mine.tenantId, userId: null }
  const create = () => createKey(prisma, secrets, author, wanted(mine.workspaceId))
  await expect(create()).rejects.toMatchObject({ code: 'conflict', facts: { metadata: { limit: 1_000 } } })
  await createKey(prisma, secrets, { tenantId: theirs.tenantId, userId: null }, wanted(theirs.workspaceId))
  await revokeKey(prisma, author, mine.keyId, Date.now())
  await create()
  await expect(create()).rejects.toMatchObject({ code: 'conflict' })
})

it('an organisation has 200 policies and no more', async () => {
  const mine = await insertTenant(database.ownerUrl)
  await asSystem(
    `INSERT INTO policies (id, tenant_id, name) SELECT gen_random_uuid(), $1, 'p' FROM generate_series(1, 199)`,
    [mine.tenantId],
  )
  const create = () =>
    createPolicy(prisma, { tenantId: mine.tenantId, userId: null }, { name: 'one more', document: {} })
  await create()
  await expect(create()).rejects.toMatchObject({ code: 'conflict', facts: { metadata: { limit: 200 } } })
})

it('a policy has 1,000 versions and no more', async () => {
  const mine = await insertTenant(database.ownerUrl)
  const author = { tenantId: mine.tenantId, userId: null }
  const { value } = await createPolicy(prisma, author, { name: 'changed by a script', document: {} })
  await asSystem(
    `INSERT INTO policy_versions (tenant_id, policy_id, version, document)
     SELECT $1, $2, n, '{}' FROM generate_series(2, 999) n`,
    [mine.tenantId, value.id],
  )
  await asSystem('UPDATE policies SET current_version = 999 WHERE id = $1', [value.id])
  const nothing = { basedOn: null, onWide: () => undefined, checkCombined: () => undefined }
  const save = (objective: 'cost' | 'latency') =>
    savePolicy(prisma, author, value.id, { document: { objective }, ...nothing })
  expect((await save('cost')).value).toMatchObject({ version: 1_000 })
  await expect(save('latency')).rejects.toMatchObject({ code: 'conflict', facts: { metadata: { limit: 1_000 } } })
  expect((await save('cost')).value).toMatchObject({ version: 1_000, document: { objective: 'cost' } })
})
