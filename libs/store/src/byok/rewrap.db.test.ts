import type { OwnCredential, OwnEndpoint, TenantId } from '@turnpike/domain'
import { insertTenant, testDatabase, testPool, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { createOwnCredential, removeOwnCredential } from './credentials.ts'
import { createOwnEndpoint } from './endpoints.ts'
import { rewrapOwn, secretsByKek } from './rewrap.ts'
import { readOwn } from './rows.ts'
import { openOwnSecret } from './secrets.ts'
import { aCredential, aNewCredential, aNewEndpoint } from './byok.fixture.ts'
import { inTransaction, type Pool } from '../connections/pools.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'
import {
  newCredentialSecretsText,
  openKeyEncryptionKeys,
  SecretUnopened,
  type KeyEncryptionKeys,
} from './secret-box.ts'

const first = newCredentialSecretsText()
const second = newCredentialSecretsText().replace(/^1:/, '2:')
const old = openKeyEncryptionKeys(first)
const both = openKeyEncryptionKeys(`${second},${first}`)
const anew = openKeyEncryptionKeys(second)

let database: TestDatabase
let app: Pool
let owner: Pool
let prisma: PrismaClient

beforeEach(async () => {
  database = await testDatabase()
  app = testPool(database.appUrl, 2)
  owner = testPool(database.ownerUrl, 1)
  const options = { max: 4, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
  return async () => {
    await Promise.all([prisma.$disconnect(), app.end(), owner.end()])
    await database.drop()
  }
})

/** An organisation with that many credentials and one endpoint, under the old key. */
async function aTenant(credentials: number): Promise<TestTenant> {
  const tenant = await insertTenant(database.ownerUrl)
  const author = { tenantId: tenant.tenantId, userId: null }
  for (let count = 0; count < credentials; count++) await createOwnCredential(prisma, old, author, aNewCredential())
  await createOwnEndpoint(prisma, old, author, aNewEndpoint({ secret: 'box-canary-0000-1234' }))
  return tenant
}

async function allOf(tenantId: TenantId): Promise<(OwnCredential | OwnEndpoint)[]> {
  const { credentials, endpoints } = await readOwn(app, tenantId)
  return [...credentials, ...endpoints]
}

async function secretsOf(tenantId: TenantId, keks: KeyEncryptionKeys): Promise<(string | null)[]> {
  return (await allOf(tenantId)).map((own) => openOwnSecret(keks, tenantId, own))
}

function asSystem(sql: string, values: unknown[]) {
  return inTransaction(owner, (client) => client.query(sql, values), 'BEGIN; SET LOCAL ROLE turnpike_system')
}

describe('a rotation of key-encryption keys', () => {
  it('wraps every secret of every organisation anew, so that the old key can be dropped', async () => {
    const tenants = [await aTenant(12), await aTenant(1)]
    const before = await allOf(tenants[0]?.tenantId as TenantId)
    expect(await secretsByKek(app)).toEqual([{ kek: 1, secrets: 15 }])
    expect(await rewrapOwn(app, prisma, both)).toEqual({ rewrapped: 15, unopened: 0, left: [{ kek: 2, secrets: 15 }] })
    for (const { tenantId } of tenants) {
      const opened = await secretsOf(tenantId, anew)
      expect(opened.at(-1)).toBe('box-canary-0000-1234')
      expect(new Set(opened.slice(0, -1))).toEqual(new Set(['sk-canary-0000-1234']))
    }
    const after = await allOf(tenants[0]?.tenantId as TenantId)
    expect(after.map(({ sealed }) => sealed?.sealed)).toEqual(before.map(({ sealed }) => sealed?.sealed))
    expect(after.map(({ version }) => version)).toEqual(before.map(({ version }) => version))
  })

  it('changes nothing when it is repeated', async () => {
    const { tenantId } = await aTenant(2)
    await rewrapOwn(app, prisma, both)
    const before = await allOf(tenantId)
    expect(await rewrapOwn(app, prisma, both)).toMatchObject({ rewrapped: 0, left: [{ kek: 2, secrets: 3 }] })
    expect(await allOf(tenantId)).toEqual(before)
  })

  it('tells gateways, whose copies were under the old key', async () => {
    const { tenantId, keyId } = await aTenant(1)
    const version = async () => {
      const { rows } = await asSystem('SELECT version::int AS version FROM api_keys WHERE id = $1', [keyId])
      return (rows[0] as { version: number }).version
    }
    const before = await version()
    await rewrapOwn(app, prisma, both)
    expect(await version()).toBeGreaterThan(before)
    const { rows } = await asSystem(
      `SELECT action FROM audit_entries WHERE tenant_id = $1 AND action LIKE '%.rewrap' ORDER BY id`,
      [tenantId],
    )
    expect(rows).toEqual([{ action: 'credential.rewrap' }, { action: 'endpoint.rewrap' }])
  })

  it('counts what it cannot open and leaves it as it is, and wraps the others', async () => {
    const [mine, theirs] = [await aTenant(1), await aTenant(1)]
    await asSystem(`UPDATE own_credentials SET bound_to = 'https://evil.example' WHERE tenant_id = $1`, [mine.tenantId])
    expect(await rewrapOwn(app, prisma, both)).toEqual({
      rewrapped: 3,
      unopened: 1,
      left: [
        { kek: 1, secrets: 1 },
        { kek: 2, secrets: 3 },
      ],
    })
    expect(await secretsOf(theirs.tenantId, anew)).toHaveLength(2)
  })

  it('leaves secrets under a key that it was not given, and says how many there are', async () => {
    await aTenant(1)
    expect(await rewrapOwn(app, prisma, anew)).toEqual({ rewrapped: 0, unopened: 0, left: [{ kek: 1, secrets: 2 }] })
  })

  it('does not count what was deleted', async () => {
    const { tenantId } = await aTenant(1)
    const [credential] = (await readOwn(app, tenantId)).credentials
    await removeOwnCredential(prisma, { tenantId, userId: null }, credential?.id ?? '', Date.now())
    expect(await secretsByKek(app)).toEqual([{ kek: 1, secrets: 1 }])
  })

  it('is needed before the old key is dropped: without it a secret is of no use, and says why by number', async () => {
    const { tenantId } = await aTenant(1)
    await expect(secretsOf(tenantId, anew)).rejects.toEqual(new SecretUnopened('kek_missing', 1))
    expect(() => openOwnSecret(null, tenantId, aCredential())).toThrow(/key-encryption key 1/)
  })
})
