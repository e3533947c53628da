import type { ModelSlug, OwnId } from '@turnpike/domain'
import { insertTenant, testDatabase, testPool, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Author } from '../changes/mutate.ts'
import {
  createOwnEndpoint,
  findOwnEndpoint,
  listOwnEndpoints,
  readOwnEndpoint,
  removeOwnEndpoint,
  updateOwnEndpoint,
  type NewOwnEndpoint,
  type OwnEndpointSummary,
} from './endpoints.ts'
import { readOwn } from './rows.ts'
import { openOwnSecret } from './secrets.ts'
import { noteOwnTest } from './test-results.ts'
import { aNewEndpoint } from './byok.fixture.ts'
import { inTenant, type Pool } from '../connections/pools.ts'
import { openPrisma, type PrismaClient } from '../connections/prisma.ts'
import { newCredentialSecretsText, openKeyEncryptionKeys } from './secret-box.ts'

const keks = openKeyEncryptionKeys(newCredentialSecretsText())
const NOW_MS = Date.parse('2026-11-21T12:00:00Z')
const SECRET = 'box-canary-0000-1234'
let database: TestDatabase
let app: Pool
let prisma: PrismaClient
let tenant: TestTenant
let author: Author

beforeAll(async () => {
  database = await testDatabase()
  app = testPool(database.appUrl, 2)
  const options = { max: 4, statementTimeoutMs: 10_000, connectTimeoutMs: 10_000, applicationName: 'test' }
  prisma = await openPrisma(database.appUrl, options)
})
beforeEach(async () => {
  tenant = await insertTenant(database.ownerUrl)
  author = { tenantId: tenant.tenantId, userId: null }
})
afterAll(async () => {
  await Promise.all([prisma.$disconnect(), app.end()])
  await database.drop()
})

async function made(changes: Partial<NewOwnEndpoint> = {}): Promise<OwnEndpointSummary> {
  return (await createOwnEndpoint(prisma, keks, author, aNewEndpoint(changes))).value
}

/** Fifty rows, quicker than made one by one. */
async function fiftyBoxes(): Promise<void> {
  const insert = `INSERT INTO own_endpoints (id, tenant_id, name, slug, dialect, base_url, upstream_model, model, context_length,
      price_prompt, price_completion, price_request, retains_prompts, zero_retention, placement, priority)
    SELECT gen_random_uuid(), $1, 'A box', 'box-' || n, 'openai', 'https://box.example', 'm', '~tenant/m', 1, 0, 0, 0, true, false, 'first', 0
    FROM generate_series(1, 50) n`
  await inTenant(app, tenant.tenantId, (client) => client.query(insert, [tenant.tenantId]))
}

/** As a gateway has it, with its secret open. */
async function read(id: OwnId) {
  const endpoint = (await readOwn(app, tenant.tenantId)).endpoints.find((one) => one.id === id)
  return endpoint && { endpoint, secret: openOwnSecret(keks, tenant.tenantId, endpoint) }
}

describe('an endpoint of one’s own', () => {
  it('reaches gateways as a target with a provider, a model and the declared price', async () => {
    const summary = await made({ secret: SECRET, price: { prompt: 1n, completion: 2n, cacheRead: 3n, request: 4n } })
    expect(summary).toMatchObject({ slug: 'box', baseUrl: 'https://box.example/v1', priceVersion: 1, lastFour: '1234' })
    expect(await findOwnEndpoint(prisma, tenant.tenantId, summary.id)).toEqual(summary)
    const found = await read(summary.id)
    expect(found?.secret).toBe(SECRET)
    expect(found?.endpoint).toEqual(await readOwnEndpoint(prisma, tenant.tenantId, summary.id))
    expect(found?.endpoint).toMatchObject({
      endpoint: {
        id: '~box/~tenant/llama',
        provider: '~box',
        upstreamModel: 'llama',
        price: { version: 1, prompt: 1n, completion: 2n, cacheRead: 3n, request: 4n, tiers: [] },
      },
      provider: { slug: '~box', baseUrl: 'https://box.example/v1', retainsPrompts: true, simulated: false },
      model: { slug: '~tenant/llama', name: 'A box', created: Math.floor(summary.createdAt.getTime() / 1000) },
    })
  })

  it('without a secret needs none, and none to keep one with', async () => {
    const { value } = await createOwnEndpoint(prisma, null, author, aNewEndpoint())
    expect(value).toMatchObject({ lastFour: null, fingerprint: null, secretVersion: 1 })
    expect(await read(value.id)).toMatchObject({ secret: null })
  })

  it('of a model of the catalogue serves that, and lists none of its own', async () => {
    const { id } = await made({ model: 'sim/swift-8b' as ModelSlug })
    expect((await read(id))?.endpoint).toMatchObject({ model: null, endpoint: { id: '~box/sim/swift-8b' } })
  })

  it('has an address that does not end with a slash', async () => {
    const { id } = await made({ baseUrl: 'https://box.example/v1///' })
    const { value } = await updateOwnEndpoint(prisma, keks, author, id, { baseUrl: 'https://box.example/v2/' })
    expect(value?.baseUrl).toBe('https://box.example/v2')
  })
})

it('where an endpoint processes is as it was said last, and nothing where nobody said it', async () => {
  const { id, regions } = await made()
  expect([regions, (await read(id))?.endpoint.provider.regions]).toEqual([[], []])
  for (const patch of [{ regions: ['eu', 'ch'] }, { name: 'Renamed' }]) {
    const { value } = await updateOwnEndpoint(prisma, keks, author, id, patch)
    expect([value?.regions, (await read(id))?.endpoint.provider.regions]).toEqual([
      ['eu', 'ch'],
      ['eu', 'ch'],
    ])
  }
  expect((await updateOwnEndpoint(prisma, keks, author, id, { regions: [] })).value?.regions).toEqual([])
  for (const bad of [['Germany'], ['DE'], ['de,fr'], Array.from({ length: 21 }, () => 'de')]) {
    await expect(made({ slug: 'other', regions: bad })).rejects.toThrow()
  }
})

describe('the declared price', () => {
  it('grows by a version with each change of it, and with nothing else', async () => {
    const { id, price } = await made()
    const versionAfter = async (patch: object) =>
      (await updateOwnEndpoint(prisma, keks, author, id, patch)).value?.priceVersion
    expect(await versionAfter({ price })).toBe(1)
    expect(await versionAfter({ name: 'Renamed' })).toBe(1)
    expect(await versionAfter({ price: { ...price, cacheRead: 0n } })).toBe(2)
    expect(await versionAfter({ price: { ...price, cacheRead: null } })).toBe(3)
    expect((await read(id))?.endpoint.endpoint.price).toMatchObject({ version: 3 })
  })
})

describe('the secret of an endpoint', () => {
  it('goes only where it was stored for: another host needs it again', async () => {
    const { id } = await made({ secret: SECRET })
    const move = (patch: object) =>
      updateOwnEndpoint(prisma, keks, author, id, { baseUrl: 'https://other.example/v1', ...patch })
    await expect(move({})).rejects.toMatchObject({ code: 'request_invalid', facts: { param: 'secret' } })
    for (const baseUrl of ['http://box.example/v1', 'https://box.example:8443/v1', 'https://box.example.evil/v1']) {
      await expect(move({ baseUrl })).rejects.toMatchObject({ facts: { param: 'secret' } })
    }
    expect(await read(id)).toMatchObject({ secret: SECRET, endpoint: { version: 1 } })
    await move({ secret: 'box-canary-0000-5678' })
    expect(await read(id)).toMatchObject({
      secret: 'box-canary-0000-5678',
      endpoint: { version: 2, provider: { baseUrl: 'https://other.example/v1' } },
    })
  })

  it('stays where only the path of the address changes', async () => {
    const { id } = await made({ secret: SECRET })
    await updateOwnEndpoint(prisma, keks, author, id, { baseUrl: 'https://box.example/v2' })
    expect(await read(id)).toMatchObject({
      secret: SECRET,
      endpoint: { provider: { baseUrl: 'https://box.example/v2' } },
    })
  })

  it('can be taken away, and is destroyed with its endpoint', async () => {
    const { id } = await made({ secret: SECRET })
    const { value } = await updateOwnEndpoint(prisma, keks, author, id, { secret: null })
    expect(value).toMatchObject({ lastFour: null, fingerprint: null, secretVersion: 2 })
    expect(await read(id)).toMatchObject({ secret: null })
    await updateOwnEndpoint(prisma, keks, author, id, { secret: SECRET })
    await noteOwnTest(prisma, tenant.tenantId, id, { result: 'ok', status: 200, secretVersion: 3, atMs: NOW_MS })
    expect((await findOwnEndpoint(prisma, tenant.tenantId, id))?.lastTest).toMatchObject({ result: 'ok' })
    await removeOwnEndpoint(prisma, author, id, NOW_MS)
    expect(await read(id)).toBeUndefined()
    expect(await findOwnEndpoint(prisma, tenant.tenantId, id)).toBeNull()
  })
})

describe('what is refused', () => {
  it('a slug that is taken; a deleted endpoint gives it back', async () => {
    const { id } = await made()
    await expect(made()).rejects.toMatchObject({ code: 'conflict', facts: { param: 'slug' } })
    await removeOwnEndpoint(prisma, author, id, NOW_MS)
    expect((await made()).id).not.toBe(id)
    const stranger = await insertTenant(database.ownerUrl)
    const theirs = { tenantId: stranger.tenantId, userId: null }
    expect((await createOwnEndpoint(prisma, keks, theirs, aNewEndpoint())).value.slug).toBe('box')
  })

  it('a model that is neither in the catalogue nor one’s own', async () => {
    const created = made({ model: 'sim/nobody' as ModelSlug })
    await expect(created).rejects.toMatchObject({ code: 'request_invalid', facts: { param: 'model' } })
  })

  it('an address that is none', async () => {
    await expect(made({ baseUrl: 'box' })).rejects.toMatchObject({
      code: 'request_invalid',
      facts: { param: 'baseUrl' },
    })
  })

  it('the fifty-first', async () => {
    await fiftyBoxes()
    await expect(made()).rejects.toMatchObject({ code: 'conflict' })
    expect(await listOwnEndpoints(prisma, tenant.tenantId)).toHaveLength(50)
  })

  it('whatever another organisation has', async () => {
    const { id } = await made({ secret: SECRET })
    const stranger = await insertTenant(database.ownerUrl)
    const theirs = { tenantId: stranger.tenantId, userId: null }
    expect(await findOwnEndpoint(prisma, stranger.tenantId, id)).toBeNull()
    expect(await readOwnEndpoint(prisma, stranger.tenantId, id)).toBeNull()
    expect((await updateOwnEndpoint(prisma, keks, theirs, id, { name: 'taken' })).value).toBeNull()
    expect((await removeOwnEndpoint(prisma, theirs, id, NOW_MS)).value).toBeNull()
    expect((await readOwn(app, stranger.tenantId)).endpoints).toEqual([])
  })
})

it('concerns every key of its organisation, and leaves the secret out of the audit log', async () => {
  const created = await createOwnEndpoint(prisma, keks, author, aNewEndpoint({ secret: SECRET }))
  const moved = await updateOwnEndpoint(prisma, keks, author, created.value.id, { priority: 4 })
  expect([created, moved].map(({ events }) => events.map(({ version }) => version))).toEqual([[2], [3]])
  const entries = await prisma.$transaction(async (transaction) => {
    await transaction.$queryRaw`SELECT set_config('app.tenant', ${tenant.tenantId}, true)`
    return transaction.auditEntry.findMany({ where: { entity: 'own_endpoints' }, orderBy: { id: 'asc' } })
  })
  expect(entries.map(({ action }) => action)).toEqual(['endpoint.create', 'endpoint.update'])
  expect(JSON.stringify(entries, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))).not.toMatch(
    /canary|sealed|wrapped|fingerprint/,
  )
})
