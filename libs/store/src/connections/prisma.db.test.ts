import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { UserId } from '@turnpike/domain'
import { insertTenant, testDatabase, testPool, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { inTransaction } from './pools.ts'
import { openPrisma, type PrismaClient, withPerson, withTenant } from './prisma.ts'
import { isStoreUnavailable } from './store-unavailable.ts'

const LIMITS = { max: 2, statementTimeoutMs: 2_000, connectTimeoutMs: 1_000, applicationName: 'prisma test' }

let database: TestDatabase
let prisma: PrismaClient
let mine: TestTenant
let theirs: TestTenant
const person = randomUUID() as UserId

beforeAll(async () => {
  database = await testDatabase()
  mine = await insertTenant(database.ownerUrl, { name: 'Mine' })
  theirs = await insertTenant(database.ownerUrl, { name: 'Theirs' })
  const owner = testPool(database.ownerUrl, 1)
  await inTransaction(
    owner,
    (client) =>
      client.query(`INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, 'owner'), ($3, $4, 'owner')`, [
        mine.tenantId,
        person,
        theirs.tenantId,
        randomUUID(),
      ]),
    'BEGIN; SET LOCAL ROLE turnpike_system',
  )
  await owner.end()
  prisma = await openPrisma(database.appUrl, LIMITS)
})
afterAll(async () => {
  await prisma.$disconnect()
  await database.drop()
})

it('sees one tenant at a time, and nothing outside', async () => {
  const seen = await withTenant(prisma, mine.tenantId, null, (tx) => tx.workspace.findMany())
  expect(seen.map((workspace) => workspace.tenantId)).toEqual([mine.tenantId])
  expect(await prisma.workspace.findMany()).toEqual([])
})

it('shows people the organisations that they belong to, and no others', async () => {
  const seen = await withPerson(prisma, person, (tx) => tx.organisation.findMany())
  expect(seen.map((organisation) => organisation.name)).toEqual(['Mine'])
  expect(await withPerson(prisma, person, (tx) => tx.workspace.findMany())).toEqual([])
})

it('keeps nothing of work that fails', async () => {
  const failing = withTenant(prisma, mine.tenantId, person, async (tx) => {
    await tx.workspace.updateMany({ data: { name: 'Lost' } })
    throw new Error('changed my mind')
  })
  await expect(failing).rejects.toThrow('changed my mind')
  const [workspace] = await withTenant(prisma, mine.tenantId, null, (tx) => tx.workspace.findMany())
  expect(workspace?.name).toBe('Default')
})

it('keeps 64-bit amounts exact', async () => {
  const { tenantId } = await insertTenant(database.ownerUrl, { funds: 'credit', balanceNano: 9_007_199_254_740_993n })
  const account = await withTenant(prisma, tenantId, null, (tx) => tx.ledgerAccount.findFirst())
  expect(account?.balance).toBe(9_007_199_254_740_993n)
})

it('gives a slow statement up', async () => {
  const slow = await openPrisma(database.appUrl, { ...LIMITS, statementTimeoutMs: 100 })
  await expect(slow.$queryRaw`SELECT pg_sleep(5)::text`).rejects.toThrow(/timeout/)
  await slow.$disconnect()
})

it('is there before its database, and says at each question that nobody answers', async () => {
  const nowhere = new URL(database.appUrl)
  nowhere.port = '1'
  const early = await openPrisma(nowhere.toString(), LIMITS)
  await expect(early.catalogueVersion.findFirst()).rejects.toSatisfy(isStoreUnavailable)
  await early.$disconnect()
})

it('is not opened on a database that refuses it', async () => {
  const unknown = new URL(database.appUrl)
  unknown.pathname = '/no_such_database'
  await expect(openPrisma(unknown.toString(), LIMITS)).rejects.toThrow()
})
