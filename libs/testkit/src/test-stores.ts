import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  ensureLogin,
  migrate,
  openPool,
  type Pool,
  seedCatalogue,
  startEmbeddedPostgres,
  startEmbeddedRedis,
} from '@turnpike/store'
import type { TestConfig } from './config.ts'

/** The databases that test files are cloned from and into. URLs without a database, to which its name is appended. */
export interface DatabaseSource {
  readonly template: string
  readonly ownerUrl: string
  readonly appUrl: string
  readonly gatewayUrl: string
}

/** The stores of one test run, each started when first asked for. */
interface TestStores {
  database(): Promise<DatabaseSource>
  /** One for each worker: processes under test share names there that no prefix keeps apart. */
  redis(worker: string): Promise<{ readonly url: string }>
  close(): Promise<void>
}

const MIGRATIONS = path.resolve(import.meta.dirname, '../../../prisma/migrations')

export function openTestStores(config: TestConfig): TestStores {
  const endings: (() => Promise<void>)[] = []
  let home: Promise<string> | null = null
  const homeOnce = (): Promise<string> => (home ??= makeHome(endings))
  let database: Promise<DatabaseSource> | null = null
  const redis = new Map<string, Promise<{ readonly url: string }>>()
  return {
    database: () => (database ??= makeTemplate(config, homeOnce, endings)),
    redis(worker) {
      const found = redis.get(worker) ?? findRedis(config, homeOnce, endings)
      redis.set(worker, found)
      return found
    },
    async close() {
      await Promise.allSettled([database, ...redis.values()])
      for (const end of endings.toReversed()) await end()
    },
  }
}

async function makeHome(endings: (() => Promise<void>)[]): Promise<string> {
  const home = await mkdtemp(path.join(tmpdir(), 'turnpike-test-'))
  // As root the server runs as a lesser user, who must get through.
  await chmod(home, 0o711)
  endings.push(() => rm(home, { recursive: true, force: true }))
  return home
}

async function makeTemplate(
  config: TestConfig,
  home: () => Promise<string>,
  endings: (() => Promise<void>)[],
): Promise<DatabaseSource> {
  const serverUrl = config.databaseUrl ?? (await startServer(await home(), endings))
  const template = `turnpike_template_${randomBytes(6).toString('hex')}`
  await atServer(serverUrl, (pool) => pool.query(`CREATE DATABASE ${template}`))
  const ownerUrl = withDatabase(serverUrl, template)
  await migrate(ownerUrl, MIGRATIONS)
  await seedCatalogue(ownerUrl, { simulated: true, real: [] })
  const password = randomBytes(16).toString('hex')
  const appUrl = await ensureLogin(ownerUrl, { role: 'turnpike_app', password })
  const gatewayUrl = await ensureLogin(ownerUrl, { role: 'turnpike_gateway', password })
  endings.push(() =>
    atServer(serverUrl, async (pool) => {
      await pool.query(`DROP DATABASE ${template} WITH (FORCE)`)
      for (const url of [appUrl, gatewayUrl]) await pool.query(`DROP ROLE ${new URL(url).username}`)
    }),
  )
  return { template, ownerUrl, appUrl, gatewayUrl }
}

async function startServer(home: string, endings: (() => Promise<void>)[]): Promise<string> {
  const server = await startEmbeddedPostgres({ home, durable: false })
  endings.push(() => server.stop())
  return server.ownerUrl
}

async function findRedis(
  config: TestConfig,
  home: () => Promise<string>,
  endings: (() => Promise<void>)[],
): Promise<{ readonly url: string }> {
  const redis = await startEmbeddedRedis({ home: await home(), url: config.redisUrl })
  if ('missing' in redis) throw new Error(`These tests need a Redis. ${redis.missing}`)
  endings.push(() => redis.stop())
  return { url: redis.url }
}

/** Runs statements of the server rather than of a database: making and dropping databases and roles. */
export async function atServer<T>(serverUrl: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool(withDatabase(serverUrl, 'postgres'), {
    max: 1,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 10_000,
    applicationName: 'turnpike testkit',
  })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

export function withDatabase(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.toString()
}
