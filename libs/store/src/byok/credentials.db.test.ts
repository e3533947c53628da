import { randomUUID } from 'node:crypto'
import type { KeyId, ModelSlug, OwnId, ProviderSlug } from '@turnpike/domain'
import { aKey, insertTenant, testDatabase, testPool, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Author } from '../changes/mutate.ts'
import {
  createOwnCredential,
  findOwnCredential,
  listOwnCredentials,
  readOwnCredential,
  removeOwnCredential,
  updateOwnCredential,
  type NewOwnCredential,
  type OwnCredentialSummary,
} from './credentials.ts'
import { readOwn } from './rows.ts'
import { compareCredentialSecrets, openOwnSecret } from './secrets.ts'
import { noteOwnTest } from './test-results.ts'
import { aNewCredential } from './byok.fixture.ts'
import { inTransaction, type Pool } from '../connections/pools.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'
import { newCredentialSecretsText, openKeyEncryptionKeys } from './secret-box.ts'

const keks = openKeyEncryptionKeys(newCredentialSecretsText())
const NOW_MS = Date.parse('2026-11-21T12:00:00Z')
let database: TestDatabase
let owner: Pool
let app: Pool
let prisma: PrismaClient
let tenant: TestTenant
let author: Author

beforeAll(async () => {
  database = await testDatabase()
  owner = testPool(database.ownerUrl, 1)
  app = testPool(database.appUrl, 2)
  const options = { max: 4, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
})
beforeEach(async () => {
  tenant = await insertTenant(database.ownerUrl)
  author = { tenantId: tenant.tenantId, userId: null }
})
afterAll(async () => {
  await Promise.all([prisma.$disconnect(), owner.end(), app.end()])
  await database.drop()
})

async function made(changes: Partial<NewOwnCredential> = {}): Promise<OwnCredentialSummary> {
  return (await createOwnCredential(prisma, keks, author, aNewCredential(changes))).value
}

/** The secret as a gateway would have it. */
async function secretOf(id: OwnId): Promise<string | null> {
  const own = await readOwnCredential(prisma, tenant.tenantId, id)
  return own && openOwnSecret(keks, tenant.tenantId, own)
}

async function asSystem<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  const work = async (client: Pick<Pool, 'query'>) => (await client.query<Row>(sql, values)).rows
  return inTransaction(owner, work, 'BEGIN; SET LOCAL ROLE turnpike_system')
}

/** Copies of a row, quicker than made one by one. */
async function copies(id: OwnId, count: number): Promise<void> {
  const columns =
    'tenant_id, name, provider, bound_to, placement, priority, share, kek, wrapped, sealed, last_four, fingerprint'
  await asSystem(
    `INSERT INTO own_credentials (id, ${columns}) SELECT gen_random_uuid(), ${columns} FROM own_credentials, generate_series(1, $2) WHERE id = $1`,
    [id, count],
  )
}

const rowOf = async (id: OwnId) => (await asSystem('SELECT * FROM own_credentials WHERE id = $1', [id]))[0]

describe('a provider key that is stored', () => {
  it('is found with everything but its secret, and reaches gateways sealed', async () => {
    const model = 'sim/swift-8b' as ModelSlug
    const summary = await made({ models: [model], keys: [tenant.keyId], placement: 'fallback', priority: 3, share: 7 })
    expect(summary).toEqual({
      id: summary.id,
      name: 'Ours',
      provider: 'acorn',
      boundTo: 'simulated',
      creditFallback: true,
      awaitsTest: false,
      placement: 'fallback',
      priority: 3,
      share: 7,
      models: [model],
      keys: [tenant.keyId],
      lastFour: '1234',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      secretVersion: 1,
      createdBy: null,
      createdAt: expect.any(Date),
      disabledAt: null,
      lastTest: null,
    })
    expect(await findOwnCredential(prisma, tenant.tenantId, summary.id)).toEqual(summary)
    const { credentials, endpoints } = await readOwn(app, tenant.tenantId)
    expect(endpoints).toEqual([])
    expect(credentials).toEqual([await readOwnCredential(prisma, tenant.tenantId, summary.id)])
    expect(credentials[0]).toMatchObject({ id: summary.id, version: 1, models: [model], keys: [tenant.keyId] })
    expect(await secretOf(summary.id)).toBe('sk-canary-0000-1234')
  })

  it('is in no table in plain text: not in its own, not in the audit log, not in events', async () => {
    const { id } = await made()
    await updateOwnCredential(prisma, keks, author, id, { secret: 'sk-canary-0000-5678', name: 'Other' })
    await removeOwnCredential(prisma, author, id, NOW_MS)
    for (const table of ['own_credentials', 'audit_entries', 'key_events', 'own_tests']) {
      const rows = await asSystem(`SELECT t::text AS text FROM ${table} t WHERE tenant_id = $1`, [tenant.tenantId])
      expect(JSON.stringify(rows), table).not.toContain('canary')
    }
    const trail = await asSystem<{ action: string; text: string }>(
      `SELECT action, before::text || after::text AS text FROM audit_entries WHERE entity = 'own_credentials' AND tenant_id = $1 ORDER BY id`,
      [tenant.tenantId],
    )
    expect(trail.map(({ action }) => action)).toEqual([
      'credential.create',
      'credential.update',
      'credential.secret',
      'credential.delete',
    ])
    expect(JSON.stringify(trail)).not.toMatch(/sealed|wrapped|fingerprint/)
  })

  it('concerns every key of its organisation, from its first moment to its last', async () => {
    const created = await createOwnCredential(prisma, keks, author, aNewCredential())
    const { id } = created.value
    const changed = await updateOwnCredential(prisma, keks, author, id, { share: 2 })
    const same = await updateOwnCredential(prisma, keks, author, id, { share: 2 })
    const removed = await removeOwnCredential(prisma, author, id, NOW_MS)
    const versions = [created, changed, same, removed].map(({ events }) => events.map(({ version }) => version))
    expect(versions).toEqual([[2], [3], [], [4]])
    expect(created.events[0]?.digest).toEqual(tenant.digest)
  })

  it('shows nothing of a secret that is too short to show its end', async () => {
    expect(await made({ secret: 'short-1234' })).toMatchObject({ lastFour: '' })
  })

  it('is recognised as the same secret within one organisation, and in no other', async () => {
    const [one, same, other] = [
      await made(),
      await made({ name: 'Again' }),
      await made({ secret: 'sk-other-0000-1234' }),
    ]
    expect(same.fingerprint).toBe(one.fingerprint)
    expect(other.fingerprint).not.toBe(one.fingerprint)
    const stranger = await insertTenant(database.ownerUrl)
    const theirs = { tenantId: stranger.tenantId, userId: null }
    const { value } = await createOwnCredential(prisma, keks, theirs, aNewCredential())
    expect(value.fingerprint).not.toBe(one.fingerprint)
  })

  it('names the management key that made it', async () => {
    const work = { ...author, keyId: tenant.keyId }
    const { value } = await createOwnCredential(prisma, keks, work, aNewCredential())
    expect(value.createdBy).toBe('default')
  })
})

describe('a new secret', () => {
  it('is a new version; the old one is gone', async () => {
    const { id, fingerprint } = await made()
    const before = await rowOf(id)
    const { value } = await updateOwnCredential(prisma, keks, author, id, { secret: 'sk-canary-0000-5678' })
    expect(value).toMatchObject({ secretVersion: 2, lastFour: '5678' })
    expect(value?.fingerprint).not.toBe(fingerprint)
    expect(await secretOf(id)).toBe('sk-canary-0000-5678')
    await asSystem('UPDATE own_credentials SET wrapped = $2, sealed = $3 WHERE id = $1', [
      id,
      (before as { wrapped: string }).wrapped,
      (before as { sealed: string }).sealed,
    ])
    await expect(secretOf(id)).rejects.toThrow(/not what was sealed for its place/)
  })

  it('goes only where it was stored for: another host in the row, and it does not open', async () => {
    const { id } = await made()
    await asSystem(`UPDATE own_credentials SET bound_to = 'https://evil.example' WHERE id = $1`, [id])
    await expect(secretOf(id)).rejects.toThrow(/not what was sealed for its place/)
  })

  it('is bound to the address that the provider has now', async () => {
    const { id } = await made({ provider: 'acorn' as ProviderSlug })
    await owner.query(
      `UPDATE providers SET simulated = false, base_url = 'https://api.acorn.example/v1' WHERE slug = 'acorn'`,
    )
    try {
      expect((await findOwnCredential(prisma, tenant.tenantId, id))?.boundTo).toBe('simulated')
      const { value } = await updateOwnCredential(prisma, keks, author, id, { secret: 'sk-canary-0000-5678' })
      expect(value?.boundTo).toBe('https://api.acorn.example')
      expect(await secretOf(id)).toBe('sk-canary-0000-5678')
    } finally {
      await owner.query(`UPDATE providers SET simulated = true, base_url = '/acorn/v1' WHERE slug = 'acorn'`)
    }
  })
})

describe('a provider key that is switched off or deleted', () => {
  it('reaches no gateway, and its secret is destroyed when it is deleted', async () => {
    const { id } = await made()
    const off = await updateOwnCredential(prisma, keks, author, id, { disabled: true })
    expect(off.value?.disabledAt).toBeInstanceOf(Date)
    expect((await readOwn(app, tenant.tenantId)).credentials).toEqual([])
    expect(await secretOf(id)).toBe('sk-canary-0000-1234')
    await updateOwnCredential(prisma, keks, author, id, { disabled: false })
    expect((await readOwn(app, tenant.tenantId)).credentials).toHaveLength(1)
    expect((await removeOwnCredential(prisma, author, id, NOW_MS)).value).toMatchObject({ id })
    expect(await rowOf(id)).toMatchObject({ kek: null, wrapped: null, sealed: null, name: 'Ours' })
    expect((await readOwn(app, tenant.tenantId)).credentials).toEqual([])
    expect(await findOwnCredential(prisma, tenant.tenantId, id)).toBeNull()
    expect((await updateOwnCredential(prisma, keks, author, id, { name: 'x' })).value).toBeNull()
    expect((await removeOwnCredential(prisma, author, id, NOW_MS)).value).toBeNull()
  })
})

describe('a test call', () => {
  it('is remembered for the secret that it was made with, raises no version and is forgotten with it', async () => {
    const { id } = await made()
    const found = { result: 'refused', status: 401, secretVersion: 1, atMs: NOW_MS } as const
    await noteOwnTest(prisma, tenant.tenantId, id, found)
    const lastTest = { result: 'refused', status: 401, testedAt: new Date(NOW_MS) }
    expect(await findOwnCredential(prisma, tenant.tenantId, id)).toMatchObject({ lastTest })
    const { value, events } = await updateOwnCredential(prisma, keks, author, id, { secret: 'sk-canary-0000-5678' })
    expect(value?.lastTest).toBeNull()
    expect(events.map(({ version }) => version)).toEqual([3])
    await noteOwnTest(prisma, tenant.tenantId, id, found)
    expect((await findOwnCredential(prisma, tenant.tenantId, id))?.lastTest).toBeNull()
    await removeOwnCredential(prisma, author, id, NOW_MS)
    await noteOwnTest(prisma, tenant.tenantId, id, { ...found, secretVersion: 2 })
    expect(await asSystem('SELECT FROM own_tests WHERE own_id = $1', [id])).toEqual([])
  })

  it('of another organisation’s key is not remembered', async () => {
    const { id } = await made()
    const stranger = await insertTenant(database.ownerUrl)
    await noteOwnTest(prisma, stranger.tenantId, id, { result: 'ok', status: 200, secretVersion: 1, atMs: NOW_MS })
    expect(await asSystem('SELECT FROM own_tests WHERE own_id = $1', [id])).toEqual([])
  })
})

describe('what is refused', () => {
  it.each<readonly [string, Partial<NewOwnCredential>, string]>([
    ['a provider that nobody knows', { provider: 'nobody' as ProviderSlug }, 'provider'],
    ['a key of another organisation', { keys: ['ffffffffffffffff' as KeyId] }, 'keys'],
    ['a list of no models', { models: [] }, 'models'],
    ['a list of no keys', { keys: [] }, 'keys'],
  ])('%s is named by its field', async (_, changes, param) => {
    await expect(made(changes)).rejects.toMatchObject({ code: 'request_invalid', facts: { param } })
    expect(await listOwnCredentials(prisma, tenant.tenantId)).toEqual([])
  })

  it('a provider that has no address', async () => {
    await owner.query(
      `INSERT INTO providers (slug, name, dialect, base_url, failure_domain, origin) VALUES ('nowhere', 'Nowhere', 'openai', '', 'x', 'x')
       ON CONFLICT DO NOTHING`,
    )
    const created = made({ provider: 'nowhere' as ProviderSlug })
    await expect(created).rejects.toMatchObject({ code: 'request_invalid', facts: { param: 'provider' } })
  })

  it('the fifty-first, until one is deleted', async () => {
    const first = await made()
    await copies(first.id, 49)
    await expect(made()).rejects.toMatchObject({ code: 'conflict' })
    await removeOwnCredential(prisma, author, first.id, NOW_MS)
    expect(await made()).toMatchObject({ name: 'Ours' })
    expect(await listOwnCredentials(prisma, tenant.tenantId)).toHaveLength(50)
  })

  it('more than every key of the organisation can carry, and what is switched off weighs nothing', async () => {
    const models = Array.from({ length: 100 }, (_, i) => `${i}`.padStart(256, 'm') as ModelSlug)
    const heavy: OwnCredentialSummary[] = []
    for (let count = 0; count < 3; count++) heavy.push(await made({ models }))
    await expect(made({ models })).rejects.toMatchObject({ code: 'conflict' })
    const off = await made({ models, disabled: true })
    const on = updateOwnCredential(prisma, keks, author, off.id, { disabled: false })
    await expect(on).rejects.toMatchObject({ code: 'conflict' })
    expect((await readOwn(app, tenant.tenantId)).credentials.map(({ id }) => id)).toEqual(heavy.map(({ id }) => id))
  })

  it('any secret where CREDENTIAL_SECRETS is not set, which is said', async () => {
    const created = createOwnCredential(prisma, null, author, aNewCredential())
    await expect(created).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('CREDENTIAL_SECRETS'),
    })
  })

  it('any secret under another key of a number that the database knows: no gateway could open it', async () => {
    await made()
    const others = openKeyEncryptionKeys(newCredentialSecretsText())
    const created = createOwnCredential(prisma, others, author, aNewCredential())
    await expect(created).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('entry 1'),
    })
    expect(await compareCredentialSecrets(app, others)).toEqual([1])
    expect(await compareCredentialSecrets(app, keks)).toEqual([])
  })

  it('whatever another organisation has', async () => {
    const { id } = await made()
    const stranger = await insertTenant(database.ownerUrl, { key: aKey() })
    const theirs = { tenantId: stranger.tenantId, userId: null }
    expect(await findOwnCredential(prisma, stranger.tenantId, id)).toBeNull()
    expect(await readOwnCredential(prisma, stranger.tenantId, id)).toBeNull()
    expect((await updateOwnCredential(prisma, keks, theirs, id, { name: 'taken' })).value).toBeNull()
    expect((await removeOwnCredential(prisma, theirs, id, NOW_MS)).value).toBeNull()
    expect(await findOwnCredential(prisma, tenant.tenantId, randomUUID())).toBeNull()
    expect(await findOwnCredential(prisma, tenant.tenantId, id)).toMatchObject({ name: 'Ours' })
  })
})

it('a list stands as it is tried: before credits first, then by priority and age', async () => {
  await made({ name: 'last', placement: 'fallback' })
  await made({ name: 'second', priority: 5 })
  await made({ name: 'first', priority: 1 })
  await made({ name: 'third', priority: 5 })
  const names = (await listOwnCredentials(prisma, tenant.tenantId)).map(({ name }) => name)
  expect(names).toEqual(['first', 'second', 'third', 'last'])
})
