import { expect, it } from 'vitest'
import { openRedis } from '@turnpike/store'
import { testDatabase, testPool } from './database.ts'
import { testRedis } from './redis.ts'
import { waitFor } from './wait.ts'

it('gives each test a database of its own, with the schema and the seeded catalogue', async () => {
  const [one, other] = await Promise.all([testDatabase(), testDatabase()])
  const pool = testPool(one.ownerUrl, 1)
  await pool.query('CREATE TABLE mine ()')
  const neighbour = testPool(other.ownerUrl, 1)
  expect((await neighbour.query(`SELECT to_regclass('mine') AS mine`)).rows).toEqual([{ mine: null }])
  const simulated = await neighbour.query(`SELECT count(*) AS models FROM models WHERE slug LIKE 'sim/%'`)
  expect(simulated.rows).toEqual([{ models: 4n }])
  await Promise.all([pool.end(), neighbour.end()])
  await Promise.all([one.drop(), other.drop()])
})

it('logs in as the processes do', async () => {
  const database = await testDatabase()
  for (const [url, role] of [
    [database.appUrl, 'turnpike_app'],
    [database.gatewayUrl, 'turnpike_gateway'],
  ] as const) {
    const pool = testPool(url, 1)
    const { rows } = await pool.query(
      `SELECT pg_has_role($1, 'USAGE') AS member,
      (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS strong`,
      [role],
    )
    expect(rows, role).toEqual([{ member: true, strong: false }])
    await pool.end()
  }
  await database.drop()
})

it('removes the keys of one test and no others', async () => {
  const [one, other] = await Promise.all([testRedis(), testRedis()])
  const redis = openRedis(one.url)
  await waitFor(() => redis.status === 'ready', { withinMs: 5_000 })
  await redis.mset(`${one.prefix}a`, 1, `${one.prefix}b`, 2, `${other.prefix}a`, 3)
  await one.flush()
  expect(await redis.exists(`${one.prefix}a`, `${one.prefix}b`)).toBe(0)
  expect(await redis.get(`${other.prefix}a`)).toBe('3')
  await other.flush()
  redis.disconnect()
})
