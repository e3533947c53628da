import { DatabaseError, escapeLiteral, Pool, type PoolClient, type PoolConfig, type QueryResultRow, types } from 'pg'
import { Fault, type TenantId } from '@turnpike/domain'

export type { Pool } from 'pg'

/** A connection inside a transaction, which can neither end the transaction nor release the connection. */
export type Queryable = Pick<PoolClient, 'query'>

export interface PoolOptions {
  /** The sum over all pools and processes must stay below the server's limit. */
  readonly max: number
  /** The server gives a statement up after this. */
  readonly statementTimeoutMs: number
  /** Whether the pool is exhausted or the server does not answer. */
  readonly connectTimeoutMs: number
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string
  /** Called when a connection broke while idle. The pool opens others when needed. */
  readonly onIdleError?: (error: Error) => void
}

/** For the server to report a cancelled statement before it counts as silent. */
const SILENCE_MARGIN_MS = 100
/** A fleet scaled for the peak does not hold connections at night. */
const IDLE_TIMEOUT_MS = 30_000

/** A pool with every wait bounded. 64-bit integers come as bigint, dates as `yyyy-mm-dd`; nothing is set for other pools. */
export function openPool(url: string, options: PoolOptions): Pool {
  const pool = new Pool({ ...connectionSettings(url, options), types: { getTypeParser } })
  // Without listeners a connection that breaks would end the process: while it is idle, or between two queries of a transaction.
  pool.on('error', (error) => options.onIdleError?.(error))
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** Of a bounded connection, shared with Prisma's adapter, which has its own type parsers. */
export function connectionSettings(url: string, options: PoolOptions): PoolConfig {
  return {
    connectionString: url,
    max: options.max,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    query_timeout: options.statementTimeoutMs + SILENCE_MARGIN_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
    allowExitOnIdle: false,
  }
}

/** Runs `work` in one transaction that sees and writes this tenant's rows only. Rolled back when `work` throws. */
export function inTenant<T>(pool: Pool, tenantId: TenantId, work: (client: Queryable) => Promise<T>): Promise<T> {
  const setting = `SELECT set_config('app.tenant', ${escapeLiteral(tenantId)}, true)`
  return inTransaction(pool, work, `BEGIN; ${setting}`)
}

/** The rows of one query in such a transaction. */
export async function queryInTenant<Row extends QueryResultRow>(
  pool: Pool,
  tenantId: TenantId,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const { rows } = await inTenant(pool, tenantId, (client) => client.query<Row>(text, values))
  return rows
}

/** Runs `work` in one transaction. @param begin opens it, in one round trip with whatever must hold from its start */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: Queryable) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query(begin)
    const result = await work(client)
    await client.query('COMMIT')
    client.release()
    return result
  } catch (error) {
    await abandon(client, error)
    throw error
  }
}

/** After a refusal the connection is usable. After any other error it is closed, which also rolls back. */
async function abandon(client: PoolClient, error: unknown): Promise<void> {
  let usable = error instanceof DatabaseError || error instanceof Fault
  if (usable) await client.query('ROLLBACK').catch(() => (usable = false))
  client.release(!usable)
}

const INT8 = 20
const INT8_ARRAY = 1016
const DATE = 1082

type Parser = (text: string) => unknown
const standard = types.getTypeParser as (oid: number, format?: string) => Parser
const textArray = standard(1009)

const parsers = new Map<number, Parser>([
  [INT8, BigInt],
  [INT8_ARRAY, (text) => (textArray(text) as (string | null)[]).map((item) => (item === null ? null : BigInt(item)))],
  // The driver would read it as midnight in the machine's own zone, which is another day in UTC.
  [DATE, (text) => text],
])

function getTypeParser(oid: number, format?: string): Parser {
  return (format === 'binary' ? undefined : parsers.get(oid)) ?? standard(oid, format)
}
