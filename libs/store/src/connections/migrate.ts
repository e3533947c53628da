import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { Logger, runMigrations } from 'graphile-worker'
import { Client } from 'pg'

/** The lock of Prisma's own command line. */
const PRISMA_LOCK = 72_707_369
/** Migrations take milliseconds: another process that takes longer hangs. */
const LOCK_TIMEOUT_MS = 60_000

/**
 * Updates the database: our migrations, those of the job queue with the rights on it, and the partitions of today and tomorrow (UTC).
 * Keeps Prisma's history table. Each file runs in a transaction, hence none may hold CREATE INDEX CONCURRENTLY. Any number of processes
 * may call it at once. Returns the names of the applied files.
 * @throws Error when another release made the database, or when an applied file was edited or left unfinished by the command line
 */
export async function migrate(ownerUrl: string, migrationsDir: string): Promise<string[]> {
  const wanted = await readMigrations(migrationsDir)
  const client = new Client({
    connectionString: ownerUrl,
    connectionTimeoutMillis: 5_000,
    application_name: 'turnpike migrate',
  })
  await client.connect()
  try {
    await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`)
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK])
    const applied = await applyMissing(client, wanted)
    await prepareQueue(client, ownerUrl)
    await client.query(
      `SELECT ensure_partitions((now() AT TIME ZONE 'UTC')::date + ahead) FROM generate_series(0, 1) AS ahead`,
    )
    return applied
  } finally {
    await client.end()
  }
}

interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

async function readMigrations(dir: string): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(path.join(dir, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function applyMissing(client: Client, wanted: readonly Migration[]): Promise<string[]> {
  const history = await readHistory(client)
  refuseForeign([...history.keys()], wanted)
  const applied: string[] = []
  for (const migration of wanted) {
    const before = history.get(migration.name)
    if (!before) {
      await apply(client, migration)
      applied.push(migration.name)
    } else if (!before.finished) {
      throw new Error(`The migration ${migration.name} did not finish. Resolve it with "prisma migrate resolve" first.`)
    } else if (before.checksum !== migration.checksum) {
      throw new Error(`The migration ${migration.name} was edited after it was applied. Restore it and add a new one.`)
    }
  }
  return applied
}

/** Before any change, so that a database of another release stays as it is. */
function refuseForeign(applied: readonly string[], wanted: readonly Migration[]): void {
  const unknown = applied.find((name) => wanted.every((migration) => migration.name !== name))
  if (unknown === undefined) return
  const isLater = unknown > (wanted.at(-1)?.name ?? '')
  throw new Error(
    `The database was made by ${isLater ? 'a later' : 'an earlier'} release of Turnpike, with the migration ${unknown}, ` +
      'and stays as it is: use an empty database, or for one inside TURNPIKE_HOME another folder.',
  )
}

async function readHistory(client: Client): Promise<Map<string, { checksum: string; finished: boolean }>> {
  await client.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`)
  const { rows } = await client.query<{ name: string; checksum: string; finished: boolean }>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  )
  return new Map(rows.map((row) => [row.name, row]))
}

async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(sql)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, name],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw new Error(`The migration ${name} failed: ${error instanceof Error ? error.message : 'unknown'}`, {
      cause: error,
    })
  }
}

/** About progress; failures are thrown. */
const silent = new Logger(() => () => undefined)

/** Jobs cross tenants: the application role may see all of them, the gateway none. */
async function prepareQueue(client: Client, ownerUrl: string): Promise<void> {
  await runMigrations({ connectionString: ownerUrl, logger: silent })
  await client.query(`DO $$
    DECLARE wanted regclass;
    BEGIN
      GRANT USAGE ON SCHEMA graphile_worker TO turnpike_app;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA graphile_worker TO turnpike_app;
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA graphile_worker TO turnpike_app;
      REVOKE INSERT, UPDATE, DELETE ON graphile_worker.migrations FROM turnpike_app;
      FOR wanted IN
        SELECT c.oid FROM pg_class c
        WHERE c.relnamespace = 'graphile_worker'::regnamespace AND c.relkind = 'r' AND c.relrowsecurity
          AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'turnpike_app')
      LOOP
        EXECUTE format('CREATE POLICY turnpike_app ON %s TO turnpike_app USING (true) WITH CHECK (true)', wanted);
      END LOOP;
    END $$`)
}
