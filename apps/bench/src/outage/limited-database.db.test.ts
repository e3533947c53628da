import { insertTenant, testDatabase, testPool, type TestDatabase } from '@turnpike/testkit'
import type { Pool } from '@turnpike/store'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { limitDatabase, LOOKUPS_PER_SECOND_MAX, type LimitedDatabase } from './limited-database.ts'

let database: TestDatabase
let gateway: Pool
let limited: LimitedDatabase
let inUse: Buffer
let unseen: Buffer

beforeAll(async () => {
  database = await testDatabase()
  gateway = testPool(database.gatewayUrl, 8)
  const tenants = [await insertTenant(database.ownerUrl), await insertTenant(database.ownerUrl)]
  ;[inUse = Buffer.alloc(0), unseen = Buffer.alloc(0)] = tenants.map(({ digest }) => digest)
  // Prepared before the limit, as a gateway's are.
  await lookup([inUse])
  limited = await limitDatabase(database.ownerUrl, { inUse: [inUse], unseen: [unseen] })
})

afterAll(async () => {
  await limited.close()
  await gateway.end()
  await database.drop()
})

async function lookup(digests: readonly Buffer[]): Promise<Buffer[]> {
  const text = 'SELECT * FROM auth_lookup($1::bytea[])'
  const { rows } = await gateway.query<{ digest: Buffer }>({ name: 'lookup', text, values: [digests] })
  return rows.map(({ digest }) => digest)
}

it('answers as before, and counts look-ups and keys by group', async () => {
  const none = { lookups: 0, keys: 0 }
  expect(await limited.counts()).toEqual({ inUse: none, unseen: none, others: none })
  expect(await lookup([inUse])).toEqual([inUse])
  expect(await lookup([inUse, unseen, Buffer.alloc(32, 1), Buffer.alloc(32, 2)])).toHaveLength(2)
  expect(await limited.counts()).toEqual({
    inUse: { lookups: 2, keys: 2 },
    unseen: { lookups: 1, keys: 1 },
    others: { lookups: 1, keys: 2 },
  })
})

it('counts a look-up that is given up', async () => {
  const before = await limited.counts()
  const digest = String.raw`'\x00'::bytea`
  await expect(
    gateway.query(`BEGIN; SET LOCAL statement_timeout = '5ms'; SELECT * FROM auth_lookup(ARRAY[${digest}])`),
  ).rejects.toThrow('statement timeout')
  expect((await limited.counts()).others.lookups).toBe(before.others.lookups + 1)
})

it('does no more per second than it says, whoever comes at once, and sees them come', async () => {
  limited.peak()
  const began = performance.now()
  await Promise.all(Array.from({ length: 24 }, () => lookup([inUse])))
  const perSecond = 24 / ((performance.now() - began) / 1_000)
  expect(perSecond).toBeLessThanOrEqual(LOOKUPS_PER_SECOND_MAX)
  const peak = limited.peak()
  expect(peak).toBeGreaterThan(2)
  expect(peak).toBeLessThanOrEqual(8)
  expect(limited.peak()).toBe(0)
})
