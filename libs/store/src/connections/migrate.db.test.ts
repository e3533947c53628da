import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Logger, runOnce } from 'graphile-worker'
import { emptyDatabase, testPool } from '@turnpike/testkit'
import { migrate } from './migrate.ts'
import { ensureLogin } from './roles.ts'

const MIGRATIONS = path.resolve(import.meta.dirname, '../../../../prisma/migrations')

let database: Awaited<ReturnType<typeof emptyDatabase>>
let folder: string

beforeEach(async () => {
  database = await emptyDatabase()
  folder = await mkdtemp(path.join(tmpdir(), 'turnpike-migrations-'))
  await cp(MIGRATIONS, folder, { recursive: true })
})
afterEach(async () => {
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

async function add(name: string, sql: string): Promise<void> {
  await mkdir(path.join(folder, name), { recursive: true })
  await writeFile(path.join(folder, name, 'migration.sql'), sql)
}

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  const pool = testPool(database.ownerUrl, 1)
  try {
    return (await pool.query<Record<string, unknown>>(sql)).rows
  } finally {
    await pool.end()
  }
}

/** All relations and functions, each with the transaction that wrote it last. */
function schema(): Promise<Record<string, unknown>[]> {
  return rows(`SELECT c.oid::regclass::text AS name, c.xmin::text AS written, pg_relation_size(c.oid) AS bytes FROM pg_class c
    WHERE c.relnamespace IN ('public'::regnamespace, 'graphile_worker'::regnamespace)
    UNION ALL SELECT oid::regprocedure::text, xmin::text, 0 FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`)
}

it('applies each migration once, in order', async () => {
  const first = await migrate(database.ownerUrl, folder)
  expect(first.length).toBeGreaterThan(2)
  expect(first).toEqual(first.toSorted())
  expect(await migrate(database.ownerUrl, folder)).toEqual([])
  await add('99990101000000_later', 'CREATE TABLE later (id int)')
  expect(await migrate(database.ownerUrl, folder)).toEqual(['99990101000000_later'])
})

it('lets four processes start at once and applies nothing twice', async () => {
  const all = await Promise.all([1, 2, 3, 4].map(() => migrate(database.ownerUrl, folder)))
  const counts = all.map((applied) => applied.length).toSorted((a, b) => a - b)
  expect(counts.slice(0, 3)).toEqual([0, 0, 0])
  const [history] = await rows(
    'SELECT count(*) AS all, count(DISTINCT migration_name) AS names FROM _prisma_migrations',
  )
  expect(history).toEqual({ all: BigInt(counts[3] ?? 0), names: BigInt(counts[3] ?? 0) })
})

it('refuses a migration that was edited after it was applied', async () => {
  await add('99990101000000_later', 'CREATE TABLE later (id int)')
  await migrate(database.ownerUrl, folder)
  await add('99990101000000_later', 'CREATE TABLE later (id bigint)')
  await expect(migrate(database.ownerUrl, folder)).rejects.toThrow(/99990101000000_later was edited/)
})

it.each([
  ['a later', '99990101000000_later'],
  ['an earlier', '20261121000000_tables'],
])('refuses a database of %s release in one sentence, and changes nothing in it', async (maker, name) => {
  await rm(folder, { recursive: true })
  await add(
    name,
    `CREATE TABLE organisations (tenant_id uuid);
     CREATE FUNCTION ensure_partitions(wanted date) RETURNS void LANGUAGE sql AS ''`,
  )
  await migrate(database.ownerUrl, folder)
  const before = await schema()
  await expect(migrate(database.ownerUrl, MIGRATIONS)).rejects.toThrow(
    `The database was made by ${maker} release of Turnpike, with the migration ${name}, and stays as it is: ` +
      'use an empty database, or for one inside TURNPIKE_HOME another folder.',
  )
  expect(await schema()).toEqual(before)
})

it('leaves nothing of a migration that fails, and names it', async () => {
  await add('99990101000000_broken', 'CREATE TABLE half (id int); SELECT 1/0;')
  await expect(migrate(database.ownerUrl, folder)).rejects.toThrow(/99990101000000_broken failed: division by zero/)
  expect(await rows(`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }])
  await add('99990101000000_broken', 'CREATE TABLE whole (id int)')
  expect(await migrate(database.ownerUrl, folder)).toEqual(['99990101000000_broken'])
})

it('makes the partitions of today and tomorrow', async () => {
  await migrate(database.ownerUrl, folder)
  const found = await rows(`SELECT count(*) AS parts FROM pg_inherits
    WHERE inhparent IN ('usage_events'::regclass, 'request_features'::regclass)`)
  expect(found).toEqual([{ parts: 4n }])
})

it('works for an owner who is no superuser', async () => {
  const name = `${new URL(database.ownerUrl).pathname.slice(1)}_owner`
  await rows(`CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD 'plain'`)
  await rows(`ALTER DATABASE ${new URL(database.ownerUrl).pathname.slice(1)} OWNER TO ${name}`)
  const plainUrl = new URL(database.ownerUrl)
  plainUrl.username = name
  plainUrl.password = 'plain'
  try {
    expect(await migrate(plainUrl.toString(), folder)).not.toEqual([])
    expect(await migrate(plainUrl.toString(), folder)).toEqual([])
    const appUrl = await ensureLogin(plainUrl.toString(), { role: 'turnpike_app', password: 'another' })
    const app = testPool(appUrl, 1)
    expect((await app.query('SELECT slug FROM models')).rows).toEqual([])
    await app.end()
    await rows(`DROP ROLE ${new URL(appUrl).username}`)
  } finally {
    await rows(`ALTER DATABASE ${new URL(database.ownerUrl).pathname.slice(1)} OWNER TO CURRENT_USER`)
    await rows(`REASSIGN OWNED BY ${name} TO CURRENT_USER; DROP OWNED BY ${name}; DROP ROLE ${name}`)
  }
})

it('gives the queue to the application and not to the gateway', async () => {
  await migrate(database.ownerUrl, folder)
  const appUrl = await ensureLogin(database.ownerUrl, { role: 'turnpike_app', password: 'one' })
  const gatewayUrl = await ensureLogin(database.ownerUrl, { role: 'turnpike_gateway', password: 'two' })
  const app = testPool(appUrl, 2)
  const gateway = testPool(gatewayUrl, 1)
  const done: unknown[] = []
  try {
    await app.query(`SELECT graphile_worker.add_job('greet', '{"name":"Ada"}', job_key := 'once')`)
    await expect(gateway.query(`SELECT graphile_worker.add_job('greet', '{}')`)).rejects.toThrow(/permission denied/)
    const logger = new Logger(() => () => undefined)
    const taskList = { greet: (payload: unknown) => void done.push(payload) }
    await runOnce({ connectionString: appUrl, taskList, logger, noHandleSignals: true })
  } finally {
    await app.end()
    await gateway.end()
    await rows(`DROP ROLE ${new URL(appUrl).username}, ${new URL(gatewayUrl).username}`)
  }
  expect(done).toEqual([{ name: 'Ada' }])
})
