import { randomBytes } from 'node:crypto'
import path from 'node:path'
import {
  ensureLogin,
  migrate,
  openPool,
  seedCatalogue,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type Pool,
} from '@turnpike/store'
import { startFaultProxy } from './proxy.ts'

/** A PostgreSQL of the fleet's own: migrated, with the simulated catalogue. Its address stays when it is started again. */
export interface FleetPostgres {
  /** The schema's owner, past every fault. */
  readonly ownerUrl: string
  /** As control logs in, past every fault. */
  readonly appUrl: string
  /** As gateways log in; each gets it through its own proxy. */
  readonly gatewayUrl: string
  /** Where the server itself listens now; for proxies. */
  readonly target: { readonly host: string; readonly port: number | null }
  /** The owner's connections, past every fault. */
  readonly pool: Pool
  /** Queries of `auth_lookup` that gateways have sent so far, counted in their proxies. */
  lookups(): Promise<number>
  /** Ends the server in order: sessions are closed, what was committed stays. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Ends every session of other people. @returns how many */
  terminateBackends(): Promise<number>
  close(): Promise<void>
}

const MIGRATIONS = 'prisma/migrations'
const POOL = { max: 4, statementTimeoutMs: 30_000, connectTimeoutMs: 10_000, applicationName: 'turnpike fault rig' }

/** @param lookups reads the sum of the gateways' counts */
export async function startFleetPostgres(home: string, lookups: () => number): Promise<FleetPostgres> {
  const open = () => startEmbeddedPostgres({ home, durable: false })
  let server = await open()
  const target = { host: '127.0.0.1', port: portOf(server) as number | null }
  const door = await startFaultProxy(target)
  const ownerUrl = atPort(server.ownerUrl, door.port)
  await migrate(ownerUrl, path.resolve(MIGRATIONS))
  await seedCatalogue(ownerUrl, { simulated: true, real: [] })
  const password = randomBytes(16).toString('hex')
  const appUrl = await ensureLogin(ownerUrl, { role: 'turnpike_app', password })
  const gatewayUrl = await ensureLogin(ownerUrl, { role: 'turnpike_gateway', password })
  const pool = openPool(ownerUrl, POOL)
  await pool.query(`ALTER SYSTEM SET track_functions = 'all'`)
  await pool.query('SELECT pg_reload_conf()')
  return {
    ownerUrl,
    appUrl,
    gatewayUrl,
    target,
    pool,
    lookups: async () => lookups(),
    async stop() {
      target.port = null
      await server.stop()
    },
    async start() {
      if (target.port !== null) return
      server = await open()
      target.port = portOf(server)
    },
    async terminateBackends() {
      const { rowCount } = await pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      )
      return rowCount ?? 0
    },
    async close() {
      await pool.end()
      await server.stop()
      await door.close()
    },
  }
}

/** The same address at another port. */
export function atPort(url: string, port: number): string {
  const changed = new URL(url)
  changed.port = String(port)
  return changed.toString()
}

function portOf(server: EmbeddedPostgres): number {
  return Number(new URL(server.ownerUrl).port)
}
