import { afterAll, beforeAll, expect, it } from 'vitest'
import { Client } from 'pg'
import { Fault, type TenantId } from '@turnpike/domain'
import { insertTenant, testDatabase, testPool, waitFor, type TestDatabase, type TestTenant } from '@turnpike/testkit'
import { inTenant, openPool, type Pool, type PoolOptions } from './pools.ts'

let database: TestDatabase
let tenant: TestTenant

beforeAll(async () => {
  database = await testDatabase()
  tenant = await insertTenant(database.ownerUrl)
})
afterAll(() => database.drop())

/** Runs `work` on a pool of one connection, and ends it. */
async function withPool<T>(changes: Partial<PoolOptions>, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool(database.appUrl, {
    max: 1,
    statementTimeoutMs: 5_000,
    connectTimeoutMs: 1_000,
    applicationName: 'pools test',
    ...changes,
  })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

const connectionOf = async (pool: Pool) =>
  (await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
const nameOf = (pool: Pool) =>
  inTenant(pool, tenant.tenantId, async (client) => (await client.query('SELECT name FROM workspaces')).rows)

it('reads 64-bit integers exactly and days as they are, here and nowhere else', async () => {
  const sql = `SELECT 9007199254740993 AS big, '{1,NULL,9007199254740993}'::bigint[] AS many, '2026-11-21'::date AS day`
  const rows = await withPool({}, async (pool) => (await pool.query(sql)).rows)
  expect(rows).toEqual([{ big: 9007199254740993n, many: [1n, null, 9007199254740993n], day: '2026-11-21' }])
  const other = new Client({ connectionString: database.appUrl })
  await other.connect()
  expect((await other.query<{ big: unknown }>(sql)).rows[0]?.big).toBe('9007199254740993')
  await other.end()
})

it('gives a slow statement up', async () => {
  await withPool({ statementTimeoutMs: 50 }, async (pool) => {
    await expect(pool.query('SELECT pg_sleep(5)')).rejects.toThrow(/statement timeout/)
    expect(await connectionOf(pool)).toBeTypeOf('number')
  })
})

it('a connection that breaks between two queries of a transaction ends the transaction, and not the process', async () => {
  const killer = testPool(database.ownerUrl, 1)
  const broken = withPool({}, (pool) =>
    inTenant(pool, tenant.tenantId, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await killer.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
      await waitFor(
        () =>
          client.query('SELECT 1').then(
            () => false,
            () => true,
          ),
        { withinMs: 5_000 },
      )
      await client.query('SELECT 1')
    }),
  )
  await expect(broken).rejects.toThrow()
  await killer.end()
})

it('does not wait for ever for a connection of an exhausted pool', async () => {
  await withPool({ connectTimeoutMs: 500 }, async (pool) => {
    const held = await pool.connect()
    await expect(pool.query('SELECT 1')).rejects.toThrow(/timeout/)
    held.release()
  })
})

it('outlives connections that are broken while idle', async () => {
  const errors: Error[] = []
  await withPool({ onIdleError: (error) => errors.push(error) }, async (pool) => {
    const pid = await connectionOf(pool)
    const owner = testPool(database.ownerUrl, 1)
    await owner.query('SELECT pg_terminate_backend($1)', [pid])
    await owner.end()
    await waitFor(() => errors.length > 0, { withinMs: 2_000 })
    expect(await connectionOf(pool)).not.toBe(pid)
  })
})

it('keeps what a tenant wrote only when the work succeeds', async () => {
  await withPool({}, async (pool) => {
    const rename = (name: string, end: () => void) =>
      inTenant(pool, tenant.tenantId, async (client) => {
        await client.query('UPDATE workspaces SET name = $1', [name])
        end()
      })
    await rename('Kept', () => undefined)
    await expect(
      rename('Lost', () => {
        throw new Fault('conflict', 'Not so.')
      }),
    ).rejects.toThrow('Not so.')
    expect(await nameOf(pool)).toEqual([{ name: 'Kept' }])
  })
})

it('keeps the connection after a refusal and closes it after anything it does not understand', async () => {
  await withPool({}, async (pool) => {
    const pid = await connectionOf(pool)
    const failing = (work: () => Promise<unknown>) => expect(inTenant(pool, tenant.tenantId, work)).rejects.toThrow()
    await failing(() => Promise.reject(new Fault('conflict', 'Not so.')))
    await expect(inTenant(pool, tenant.tenantId, (client) => client.query('SELECT 1/0'))).rejects.toThrow(/zero/)
    expect(await connectionOf(pool)).toBe(pid)
    await failing(() => Promise.reject(new Error('out of the blue')))
    expect(await connectionOf(pool)).not.toBe(pid)
  })
})

it('shows nothing to a tenant without a name', async () => {
  await withPool({}, async (pool) => {
    const empty = await inTenant(pool, '' as TenantId, (client) => client.query('SELECT FROM workspaces'))
    expect(empty.rowCount).toBe(0)
  })
})
